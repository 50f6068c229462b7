//! Bodies as the platform posts them, of every event, against what handlers shall see.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_core::{
    Change, ChatKind, Command, DecodeErrorKind, Event, Generation, JoinChat, Message, Payload, decode,
};

macro_rules! body {
    ($name:literal) => {
        include_bytes!(concat!("bodies/", $name, ".form"))
    };
}

fn one(body: &[u8]) -> Event {
    let mut events = decode(body).unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn message(body: &[u8]) -> Message {
    match one(body).payload {
        Payload::MessageAdd(message) | Payload::MessageUpdate(message) => message,
        other => panic!("{other:?}"),
    }
}

fn command(body: &[u8]) -> Command {
    match one(body).payload {
        Payload::Command(command) => command,
        other => panic!("{other:?}"),
    }
}

fn join(body: &[u8]) -> JoinChat {
    match one(body).payload {
        Payload::JoinChat(join) => join,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_message_of_the_first_generation() {
    let event = one(body!("onimbotmessageadd-group"));
    assert_eq!((event.name.as_str(), event.generation), ("ONIMBOTMESSAGEADD", Generation::V1));
    assert_eq!(event.sent_at, Some(1_771_940_028));
    assert_eq!(event.portal.member_id.as_ref().unwrap().as_str(), "inventedmemberid0001");
    assert_eq!(event.portal.client_endpoint.as_deref(), Some("https://portal.example/rest/"));
    let bot = event.bot.as_ref().unwrap();
    assert_eq!((bot.id.get(), bot.code.as_str()), (1567, "like_bot"));
    let auth = bot.auth.as_ref().unwrap();
    assert_eq!(
        auth.access_token.expose(),
        "invented3315af9f1b07cce4f44f838c94266fdf",
        "the bot's, not the author's"
    );
    assert_eq!((auth.user_id.unwrap().get(), auth.scope.as_slice()), (1567, &["imbot".to_owned()][..]));

    let message = message(body!("onimbotmessageadd-group"));
    assert_eq!(message.text, "thanks for the map");
    assert_eq!(message.original_text, "[USER=1567]Like bot[/USER] , thanks for the map");
    assert!(message.mentions_bot && !message.is_system);
    assert_eq!((message.id.get(), message.dialog.as_str()), (85351, "chat2157"));
    assert_eq!((message.chat.kind, message.chat.id.unwrap().get()), (ChatKind::Group, 2157));
    assert_eq!(message.chat.title.as_deref(), Some("Tea kitchen & Co. #3"));
    assert_eq!((message.author.id.get(), message.author.name.as_str()), (1027, "Mira Novak"));
    assert_eq!((message.author.gender, message.language.as_deref()), (Some('F'), Some("en")));
    assert_eq!(
        event.data().get("PARAMS").get("CHAT_COLOR").as_str(),
        Some("AZURE"),
        "what has no field is reachable"
    );
}

#[test]
fn a_private_message_has_no_chat_fields() {
    let message = message(body!("onimbotmessageadd-private"));
    assert_eq!((message.text.as_str(), message.dialog.as_str()), ("Thanks a lot!", "1027"));
    assert_eq!((message.chat.kind, message.chat.id, message.chat.title), (ChatKind::Private, None, None));
    assert!(!message.mentions_bot);
}

#[test]
fn the_second_generation_gives_the_same_message() {
    let event = one(body!("onimbotv2messageadd"));
    assert_eq!(event.generation, Generation::V2);
    let bot = event.bot.as_ref().unwrap();
    assert_eq!(bot.auth.as_ref().unwrap().scope, ["im", "imbot"]);
    let message = message(body!("onimbotv2messageadd"));
    assert_eq!(message.text, "Thank you, bot & friends = 100%");
    assert_eq!((message.id.get(), message.dialog.as_str()), (1789, "chat5"));
    assert_eq!((message.chat.kind, message.author.name.as_str()), (ChatKind::Group, "Jonas Berg"));
    assert!(!message.is_system && !message.author.is_bot);
}

#[test]
fn edits_deletions_and_arrivals() {
    let edited = message(body!("onimbotmessageupdate-group"));
    assert_eq!((edited.id.get(), edited.text.as_str()), (85537, "thanks for the list"));
    assert_eq!(
        (edited.author.id.get(), edited.author.name.as_str()),
        (1027, ""),
        "an edit names only the id"
    );
    assert_eq!(message(body!("onimbotv2messageupdate")).text, "Thank you! (edited)");

    for body in [
        &body!("onimbotmessagedelete-group")[..],
        body!("onimbotmessagedelete-private"),
        body!("onimbotv2messagedelete"),
    ] {
        let Payload::MessageDelete(deleted) = one(body).payload else { panic!("a deletion") };
        assert!(deleted.id.get() > 1000 && deleted.user.is_some());
    }
    let group = join(body!("onimbotjoinchat-group"));
    assert_eq!((group.chat.kind, group.user.unwrap().name.as_str()), (ChatKind::Group, "Mira Novak"));
    assert_eq!(join(body!("onimbotjoinchat-private")).chat.kind, ChatKind::Private);
    assert_eq!(join(body!("onimbotv2joinchat")).chat.title.as_deref(), Some("Bridge project"));
    for body in [&body!("onimbotdelete")[..], body!("onimbotv2delete")] {
        let event = one(body);
        assert!(matches!(event.payload, Payload::BotDelete(_)) && event.bot.is_some());
    }
}

#[test]
fn commands_reactions_and_contexts() {
    for body in [&body!("onimcommandadd-group")[..], body!("onimcommandadd-private")] {
        let command = command(body);
        assert_eq!((command.name.as_str(), command.params.as_str()), ("tea", "mint"));
        assert_eq!(
            (command.context.as_deref(), command.message.text.as_str()),
            (Some("textarea"), "/tea mint")
        );
        assert!(command.id.is_some());
        assert_eq!(command.user.unwrap().name, "Jonas Berg");
    }
    let command = command(body!("onimbotv2commandadd"));
    assert_eq!(
        (command.name.as_str(), command.params.as_str(), command.id.unwrap().get()),
        ("tea", "oolong", 1078)
    );

    let Payload::ReactionChange(change) = one(body!("onimbotv2reactionchange")).payload else {
        panic!("a reaction")
    };
    assert_eq!((change.reaction.as_str(), change.added), ("like", true));
    assert_eq!(
        (change.user.unwrap().id.get(), change.message.author.id.get()),
        (1, 1456),
        "who reacted, who wrote"
    );

    let Payload::ContextGet(context) = one(body!("onimbotv2contextget")).payload else { panic!("a context") };
    assert_eq!((context.entity_type.as_deref(), context.entity_id.as_deref()), (Some("task"), Some("1164")));
    assert_eq!((context.chat.kind, context.dialog.as_str()), (ChatKind::Private, "1"));
}

#[test]
fn the_applications_events() {
    let Payload::AppInstall(install) = one(body!("onappinstall")).payload else { panic!("an installation") };
    assert_eq!((install.version.as_str(), install.active, install.installed), ("1.0.0", true, true));
    assert!(install.auth.unwrap().refresh_token.is_some());
    let Payload::AppUpdate(update) = one(body!("onappupdate")).payload else { panic!("an update") };
    assert_eq!((update.version.as_str(), update.previous_version.as_str()), ("2.1.0", "2.0.3"));
    let Payload::AppUninstall(uninstall) = one(body!("onappuninstall")).payload else { panic!("a removal") };
    assert!(uninstall.clean);
    let Payload::AppPayment(payment) = one(body!("onapppayment")).payload else { panic!("a payment") };
    assert_eq!((payment.status.as_str(), payment.expired, payment.days.is_some()), ("S", false, true));
    let Payload::AppMethodConfirm(confirm) = one(body!("onappmethodconfirm")).payload else {
        panic!("a confirmation")
    };
    assert_eq!((confirm.method.as_str(), confirm.confirmed), ("voximplant.user.get", true));
}

#[test]
fn open_channels_and_connectors() {
    let Payload::OpenLineMessage(message) = one(body!("onopenlinemessageadd")).payload else {
        panic!("a message")
    };
    assert_eq!((message.change, message.text.as_str()), (Change::Add, "thanks"));
    assert_eq!((message.connector.id.as_str(), message.connector.line), ("livechat", Some(1128)));
    for (body, change) in [
        (&body!("onopenlinemessageupdate")[..], Change::Update),
        (body!("onopenlinemessagedelete"), Change::Delete),
    ] {
        let Payload::OpenLineMessage(message) = one(body).payload else { panic!("a message") };
        assert_eq!((message.change, message.id.get(), message.chat.unwrap().get()), (change, 3056, 2024));
        assert_eq!(message.connector.id, "livechat");
    }
    for (body, finished) in [
        (&body!("onsessionstart")[..], false),
        (body!("onsessionfinish"), true),
        (body!("onimconnectordialogstart"), false),
        (body!("onimconnectordialogfinish"), true),
    ] {
        let Payload::Session(session) = one(body).payload else { panic!("a session") };
        assert_eq!(session.finished, finished);
        assert!(session.id > 1000 && session.chat.is_some() && !session.connector.id.is_empty());
    }
    let Payload::ConnectorMessage(message) = one(body!("onimconnectormessageadd")).payload else {
        panic!("a message")
    };
    assert_eq!((message.change, message.connector.chat_id.as_str()), (Change::Add, "channel-123"));
    assert!(message.text.ends_with("Danke!") && message.author.is_some());
    for body in [&body!("onimconnectormessageupdate")[..], body!("onimconnectormessagedelete")] {
        let Payload::ConnectorMessage(message) = one(body).payload else { panic!("a message") };
        assert_eq!(message.external_ids, ["ext-msg-005"]);
    }
    for body in [&body!("onimconnectorlinedelete")[..], body!("onimconnectorstatusdelete")] {
        let Payload::ConnectorRemoved(removed) = one(body).payload else { panic!("a removal") };
        assert_eq!(removed.line, Some(1107));
    }
}

#[test]
fn a_users_own_events_are_those_of_a_bot_without_the_bot() {
    let event = one(br#"{"event": "ONIMV2MESSAGEADD", "data": {"chat": {"dialogId": "chat5", "type": "chat"},
        "message": {"id": 5012, "authorId": 1, "text": "Thanks everyone!"}, "user": {"id": 1, "name": "Jonas Berg"}}}"#);
    assert!(event.bot.is_none());
    let Payload::MessageAdd(message) = event.payload else { panic!("a message") };
    assert_eq!((message.text.as_str(), message.author.name.as_str()), ("Thanks everyone!", "Jonas Berg"));
}

#[test]
fn other_events_pass_through_with_their_data() {
    let event = one(b"event=onSomethingNew&data[DATA][0][message][text]=thanks");
    assert_eq!(event.name, "ONSOMETHINGNEW");
    assert!(matches!(event.payload, Payload::Other));
    let message = event.data().get("DATA").get("0").get("message");
    assert_eq!(message.get("text").as_str(), Some("thanks"));
}

#[test]
fn each_bot_and_each_command_in_one_body_gets_its_event() {
    let commands = b"event=ONIMCOMMANDADD\
        &data[COMMAND][7][COMMAND]=tea&data[COMMAND][7][COMMAND_ID]=7&data[COMMAND][7][BOT_ID]=5&data[COMMAND][7][COMMAND_PARAMS]=a\
        &data[COMMAND][8][COMMAND]=cup&data[COMMAND][8][BOT_ID]=6\
        &data[PARAMS][MESSAGE_ID]=1&data[PARAMS][DIALOG_ID]=27&data[PARAMS][FROM_USER_ID]=27";
    let events = decode(commands).unwrap();
    let seen: Vec<_> = events
        .iter()
        .map(|event| match &event.payload {
            Payload::Command(command) => {
                (command.name.as_str(), command.id.unwrap().get(), event.bot.as_ref().unwrap().id.get())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seen, [("tea", 7, 5), ("cup", 8, 6)]);
    assert_eq!(events[0].data(), events[1].data());
}

#[test]
fn files_in_every_shape() {
    let v1 = b"event=ONIMBOTMESSAGEADD&data[PARAMS][MESSAGE_ID]=1&data[PARAMS][DIALOG_ID]=27&data[PARAMS][REPLY_ID]=9\
        &data[PARAMS][FILES][33][id]=33&data[PARAMS][FILES][33][name]=tea.png&data[PARAMS][FILES][33][size]=2048\
        &data[PARAMS][FILE_ID][]=33&data[PARAMS][FILE_ID][]=34";
    let message_v1 = message(v1);
    let files: Vec<_> =
        message_v1.files.iter().map(|file| (file.id.get(), file.name.as_deref(), file.size)).collect();
    assert_eq!(files, [(33, Some("tea.png"), Some(2048)), (34, None, None)]);
    assert_eq!(message_v1.reply_to.unwrap().get(), 9);

    let v2 = br#"{"event":"ONIMBOTV2MESSAGEADD","data":{"bot":{"id":"5"},"chat":{"id":3,"dialogId":"chat3"},
        "message":{"id":1,"authorId":27,"text":null,"params":{"FILE_ID":[34]},"files":[{"id":33,"name":"tea.png"}]}}}"#;
    let message_v2 = message(v2);
    assert_eq!(message_v2.files.iter().map(|file| file.id.get()).collect::<Vec<_>>(), [33, 34]);
    assert_eq!(message_v2.text, "");
}

#[test]
fn open_channels_are_a_kind_of_their_own_and_the_platforms_messages_are_marked() {
    let body = b"event=ONIMBOTMESSAGEADD&data[PARAMS][MESSAGE_ID]=1&data[PARAMS][DIALOG_ID]=chat3&data[PARAMS][SYSTEM]=Y\
        &data[PARAMS][CHAT_TYPE]=L&data[PARAMS][CHAT_ENTITY_TYPE]=LINES&data[PARAMS][CHAT_ENTITY_ID]=livechat|1|2|3";
    let message = message(body);
    assert_eq!(message.chat.kind, ChatKind::OpenLine);
    assert_eq!(message.chat.entity_id.as_deref(), Some("livechat|1|2|3"));
    assert!(message.is_system);
}

#[test]
fn nothing_shown_of_an_event_holds_a_token() {
    for body in [
        &body!("onimbotmessageadd-group")[..],
        body!("onimbotv2messageadd"),
        body!("onappinstall"),
        body!("onimcommandadd-group"),
    ] {
        let shown = format!("{:?}", one(body));
        assert!(
            !shown.contains("invented3") && !shown.contains("inventedapp") && !shown.contains("invented54"),
            "{shown}"
        );
    }
}

#[test]
fn digits_may_be_encoded_like_anything_else() {
    let body = b"event=ONIMBOTMESSAGEADD&data[PARAMS][MESSAGE_ID]=%37%30&data[PARAMS][DIALOG_ID]=%32%37";
    let message = message(body);
    assert_eq!((message.id.get(), message.dialog.as_str()), (70, "27"));
}

#[test]
fn a_command_finds_its_message_where_params_does_not_name_it() {
    let body = b"event=ONIMCOMMANDADD&data[COMMAND][7][COMMAND]=tea&data[COMMAND][7][MESSAGE_ID]=9&data[PARAMS][DIALOG_ID]=27";
    assert_eq!(command(body).message.id.get(), 9);
}

#[test]
fn many_bots_with_much_data_are_refused() {
    let bots: String = (1..2000).map(|id| format!("&data[BOT][{id}][BOT_ID]={id}")).collect();
    let body = format!("event=ONIMBOTMESSAGEADD&data[PARAMS][MESSAGE_ID]=1&data[PARAMS][DIALOG_ID]=27{bots}");
    assert_eq!(decode(body.as_bytes()).unwrap_err().kind(), DecodeErrorKind::TooComplex);
}

#[test]
fn lists_stand_for_maps_where_php_left_the_names_out() {
    let body = br#"{"event": "ONIMBOTMESSAGEADD", "auth": {"client_endpoint": "https://portal.example/rest/"}, "data": {
        "BOT": [{"BOT_ID": 5, "access_token": "t"}], "USER": [],
        "PARAMS": {"MESSAGE_ID": 12.0, "DIALOG_ID": "27", "FILES": [{"id": 33}]}}}"#;
    let event = one(body);
    let auth = event.bot.as_ref().unwrap().auth.as_ref().unwrap();
    assert_eq!(auth.client_endpoint, "https://portal.example/rest/", "the portal's own address will do");
    let message = message(body);
    assert_eq!((message.id.get(), message.files[0].id.get()), (12, 33));
    let nothing = std::str::from_utf8(body).unwrap().replace("12.0", "0");
    assert_eq!(
        decode(nothing.as_bytes()).unwrap_err().kind(),
        DecodeErrorKind::Missing("data[PARAMS][MESSAGE_ID]")
    );
}

#[test]
fn a_forwarded_message_says_where_it_stood() {
    let body = |forward: &str| {
        format!(
            r#"{{"event": "ONIMBOTV2MESSAGEADD", "data": {{"chat": {{"dialogId": "chat3"}},
            "message": {{"id": 1, "forward": {forward}}}}}}}"#
        )
    };
    for id in ["789", r#""789""#, r#""chat5/789""#] {
        let forward =
            format!(r#"{{"id": {id}, "userId": 27, "chatId": "5", "date": "2026-02-24T16:40:00+03:00"}}"#);
        let forward = message(body(&forward).as_bytes()).forward.unwrap();
        let ids = (forward.id.unwrap().get(), forward.author.unwrap().get(), forward.chat.unwrap().get());
        assert_eq!(ids, (789, 27, 5));
    }
    assert!(message(body("null").as_bytes()).forward.is_none());
    assert!(message(body(r#""""#).as_bytes()).forward.is_none());
}
