//! What typed calls write, over real sockets, and what they make of the answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test says no more politely that it failed"
)]

use std::{
    collections::VecDeque,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use b24bot_actions::{
    Client, ErrorCode, ErrorKind, LikeAction, Limits, Portals, RetryPolicy, WebhookUrl,
    content::OutgoingMessage,
    methods::{
        BotProfile, BotProperties, BotType, ChatEntity, ChatType, Color, CommandText, EventMode, LineConfig,
        Method, QueueEntry, QueueType, Reaction, SortOrder,
    },
};
use b24bot_core::{BotId, ChatId, MessageId, UserId};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

/// Answers in turn with what a test prepared, and keeps what it was asked.
#[derive(Clone, Default)]
struct Portal {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Portal {
    async fn start() -> (Self, Client) {
        async fn answer(State(portal): State<Portal>, uri: Uri, Json(body): Json<Value>) -> Response {
            let method = uri.path().rsplit('/').next().unwrap().to_owned();
            portal.asked.lock().unwrap().push((method, body));
            let answer = portal.answers.lock().unwrap().pop_front();
            let (status, answer) = answer.unwrap_or((200, json!({ "result": true })));
            (StatusCode::from_u16(status).unwrap(), Json(answer)).into_response()
        }
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let portal = Self::default();
        let app = Router::new().fallback(answer).with_state(portal.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let portals = Portals::builder()
            .webhook(WebhookUrl::parse(&format!("http://{address}/rest/1/secret/")).unwrap())
            .retry(RetryPolicy::default().attempts(1))
            .limits(Limits::default().burst(1000).per_second(1000.0))
            .build()
            .unwrap();
        (portal, portals.webhook_client().unwrap())
    }

    fn prepare(&self, answers: impl IntoIterator<Item = Value>) {
        self.answers.lock().unwrap().extend(answers.into_iter().map(|answer| (200, answer)));
    }

    fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Each call's method and body, without sending it.
fn written(call: impl Method) -> (String, Value) {
    let call = call.into_call().unwrap();
    (call.method().to_owned(), serde_json::to_value(call.parameters()).unwrap())
}

#[tokio::test]
async fn what_builders_write() {
    let (_, client) = Portal::start().await;
    let (im, imbot, v2) = (|| client.im(), || client.imbot(), || client.imbot().v2());
    let lines = || client.imopenlines();
    for ((method, body), wanted_method, wanted) in [
        (
            written(im().message().add("chat5", "Hi").reply_to(7).system(true).url_preview(false)),
            "im.message.add",
            json!({ "DIALOG_ID": "chat5", "MESSAGE": "Hi", "REPLY_ID": 7, "SYSTEM": "Y", "URL_PREVIEW": "N" }),
        ),
        (
            written(im().message().like(7, LikeAction::Minus)),
            "im.message.like",
            json!({ "MESSAGE_ID": 7, "ACTION": "minus" }),
        ),
        (
            written(
                im().chat().add().title("Lunch").kind(ChatType::Open).color(Color::LightBlue).users([27, 42]),
            ),
            "im.chat.add",
            json!({ "TITLE": "Lunch", "TYPE": "OPEN", "COLOR": "LIGHT_BLUE", "USERS": [27, 42] }),
        ),
        (
            written(im().chat().get(ChatEntity::Crm, "DEAL|1663")),
            "im.chat.get",
            json!({ "ENTITY_TYPE": "CRM", "ENTITY_ID": "DEAL|1663" }),
        ),
        (
            written(im().chat().user().delete(5, BotId::from(39))),
            "im.chat.user.delete",
            json!({ "CHAT_ID": 5, "USER_ID": 39 }),
        ),
        (written(im().dialog().read_all()), "im.dialog.read.all", json!({})),
        (
            written(im().user().status().idle().start().ago(10)),
            "im.user.status.idle.start",
            json!({ "AGO": 10 }),
        ),
        (
            written(
                im().notify()
                    .send(27, "Ding")
                    .tag("LUNCH|1")
                    .attach([json!({ "DELIMITER": { "SIZE": 200 } })]),
            ),
            "im.notify",
            json!({ "USER_ID": 27, "MESSAGE": "Ding", "TAG": "LUNCH|1", "ATTACH": [{ "DELIMITER": { "SIZE": 200 } }] }),
        ),
        (
            written(
                im().v2().file().upload("chat5", "a.txt", "aGk=").message("Look").extra("fields.later", 1),
            ),
            "im.v2.File.upload",
            json!({ "dialogId": "chat5", "fields": { "name": "a.txt", "content": "aGk=", "message": "Look", "later": 1 } }),
        ),
        (
            written(imbot().register(
                "like_bot",
                "https://b/a",
                "https://b/w",
                "https://b/d",
                BotProfile::new("Like", "Bot").color(Color::from("NEON")).extra("LATER", true),
            )),
            "imbot.register",
            json!({
                "CODE": "like_bot", "EVENT_MESSAGE_ADD": "https://b/a", "EVENT_WELCOME_MESSAGE": "https://b/w",
                "EVENT_BOT_DELETE": "https://b/d",
                "PROPERTIES": { "NAME": "Like", "LAST_NAME": "Bot", "COLOR": "NEON", "LATER": true },
            }),
        ),
        (
            written(
                imbot()
                    .command()
                    .update(99)
                    .hidden(true)
                    .lang([CommandText::new("en", "Help").params("topic")]),
            ),
            "imbot.command.update",
            json!({
                "COMMAND_ID": 99,
                "FIELDS": { "HIDDEN": "Y", "LANG": [{ "LANGUAGE_ID": "en", "TITLE": "Help", "PARAMS": "topic" }] },
            }),
        ),
        (
            written(
                v2().bot()
                    .register("like_bot", BotProperties::new("Like").color(Color::LightBlue))
                    .kind(BotType::Personal)
                    .event_mode(EventMode::Fetch)
                    .reactions(false),
            ),
            "imbot.v2.Bot.register",
            json!({ "fields": {
                "code": "like_bot", "properties": { "name": "Like", "color": "lightBlue" }, "type": "personal",
                "eventMode": "fetch", "isReactionsEnabled": false,
            } }),
        ),
        (
            written(v2().chat().message().send(1001, "chat5").message("Hi").reply_to(5).bot_token("t")),
            "imbot.v2.Chat.Message.send",
            json!({ "botId": 1001, "dialogId": "chat5", "botToken": "t", "fields": { "message": "Hi", "replyId": 5 } }),
        ),
        (
            written(v2().chat().message().reaction().add(1001, 7, Reaction::RedHeart)),
            "imbot.v2.Chat.Message.Reaction.add",
            json!({ "botId": 1001, "messageId": 7, "reaction": "redHeart" }),
        ),
        (
            written(v2().chat().text_field().enabled(1001, "27").enabled(false)),
            "imbot.v2.Chat.TextField.enabled",
            json!({ "botId": 1001, "dialogId": "27", "enabled": false }),
        ),
        (
            written(
                lines().config().add(
                    LineConfig::default()
                        .line_name("Help")
                        .active(true)
                        .queue_type(QueueType::All)
                        .queue([QueueEntry::user(27), QueueEntry::department(3)]),
                ),
            ),
            "imopenlines.config.add",
            json!({ "PARAMS": {
                "LINE_NAME": "Help", "ACTIVE": "Y", "QUEUE_TYPE": "all",
                "QUEUE": [{ "ENTITY_TYPE": "user", "ENTITY_ID": 27 }, { "ENTITY_TYPE": "department", "ENTITY_ID": 3 }],
            } }),
        ),
        (
            written(lines().config().list().get().select(["ID"]).limit(5).queue(true)),
            "imopenlines.config.list.get",
            json!({ "PARAMS": { "select": ["ID"], "limit": 5 }, "OPTIONS": { "QUEUE": "Y" } }),
        ),
        (written(client.method().get().name("profile")), "method.get", json!({ "name": "profile" })),
        (
            written(client.user().get().filter(json!({ "ACTIVE": true })).order(SortOrder::Descending)),
            "user.get",
            json!({ "FILTER": { "ACTIVE": true }, "order": "DESC" }),
        ),
        (
            written(client.event().offline().get().clear(0).limit(10)),
            "event.offline.get",
            json!({ "clear": 0, "limit": 10 }),
        ),
    ] {
        assert_eq!((method.as_str(), &body), (wanted_method, &wanted));
    }
}

#[tokio::test]
async fn calls_are_sent_as_they_are_written_and_answers_are_typed() {
    let (portal, client) = Portal::start().await;
    portal.prepare([
        json!({ "result": "34239" }),
        json!({ "result": { "id": "789", "uuidMap": [] }, "total": 1 }),
        json!({ "result": { "id": "1", "FIRST_NAME": "Ann", "phones": false, "bot": "N", "status": "dnd" } }),
        json!({ "result": { "result": true } }),
        json!({ "result": null }),
    ]);
    let message: MessageId = client.im().message().add("chat5", "Hi").await.unwrap();
    assert_eq!(message, 34239.into());
    let sent = client.imbot().v2().chat().message().send(1001, "chat5").message("Hi").send().await.unwrap();
    assert_eq!((sent.result.id, sent.result.uuid_map.len(), sent.total), (Some(789.into()), 0, Some(1)));
    let user = client.im().user().get().await.unwrap();
    assert_eq!((user.id, user.first_name.as_str(), user.bot), (UserId::from(1), "Ann", false));
    assert_eq!(user.status.unwrap().as_str(), "dnd");
    assert!(client.imbot().v2().chat().leave(1001, "chat5").await.unwrap());
    assert!(client.im().chat().get(ChatEntity::Crm, "DEAL|1").await.unwrap().is_none());
    assert_eq!(
        portal.asked()[..2],
        [
            ("im.message.add".to_owned(), json!({ "DIALOG_ID": "chat5", "MESSAGE": "Hi" })),
            (
                "imbot.v2.Chat.Message.send".to_owned(),
                json!({ "botId": 1001, "dialogId": "chat5", "fields": { "message": "Hi" } })
            ),
        ]
    );
}

#[test]
fn answers_that_the_platform_shows_no_example_of() {
    use b24bot_actions::methods::{answers::UserOrId, im::department, imopenlines::session};

    let ids = r#"{"7": [3, "67"], "3": []}"#;
    let staff = department::DepartmentEmployeesGet::read(ids).unwrap();
    assert_eq!(staff["7"].iter().map(UserOrId::id).collect::<Vec<_>>(), [3.into(), 67.into()]);
    let people = r#"{"7": [{"id": 3, "first_name": "Ann", "phones": {"inner_phone": "42"}}]}"#;
    let staff = department::DepartmentManagersGet::read(people).unwrap();
    let UserOrId::User(ann) = &staff["7"][0] else { panic!("{staff:?}") };
    assert_eq!(
        (ann.first_name.as_str(), ann.phones.clone().unwrap().inner_phone.unwrap().as_str()),
        ("Ann", "42")
    );
    let found =
        department::DepartmentGet::read(r#"[{"id": 7, "name": "Dev", "manager_user_id": 0}]"#).unwrap();
    assert_eq!((found[0].id, found[0].manager_user_data.is_none()), (7, true));
    assert_eq!(department::DepartmentColleaguesList::read("[9, 547]").unwrap().len(), 2);

    let history = session::SessionHistoryGet::read(
        r#"{"chatId": 17, "canJoin": "Y", "sessionId": 321, "sessionVoteHead": 0, "userId": "chat17",
            "message": {"85": {"id": "85", "chatid": "17", "senderid": "0", "recipientid": "chat17", "text": "Hi",
                               "textlegacy": "Hi", "params": []}},
            "usersMessage": {"chat17": ["85"]}, "users": {"103": {"id": "103", "firstName": "Ann"}}, "files": []}"#,
    )
    .unwrap();
    assert_eq!((history.chat_id, history.can_join, history.session_id), (17.into(), true, 321));
    assert_eq!(history.message["85"].recipient_id, "chat17");
    assert_eq!(history.users_message["chat17"], [MessageId::from(85)]);
    assert_eq!(history.users["103"].first_name, "Ann");

    let error = session::SessionHistoryGet::read(r#"{"sessionId": 5}"#).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Answer);
    assert!(error.to_string().contains("as `chat_id`"), "{error}");
}

#[tokio::test]
async fn error_codes_can_be_matched() {
    let (portal, client) = Portal::start().await;
    portal.answers.lock().unwrap().push_back((400, json!({ "error": "chat_id_empty" })));
    let error = client.im().chat().leave(0).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Api(ErrorCode::ChatIdEmpty));
    assert!(client.im().chat().leave(0).into_call().unwrap().is_idempotent());
}

#[tokio::test]
async fn what_may_be_repeated() {
    let (_, client) = Portal::start().await;
    let im = || client.im();
    let idempotent = |call: b24bot_actions::Call| call.is_idempotent();
    for (action, safe) in [(LikeAction::Plus, true), (LikeAction::Minus, true), (LikeAction::Auto, false)] {
        assert_eq!(idempotent(im().message().like(5, action).into_call().unwrap()), safe, "{action}");
        assert_eq!(
            idempotent(client.imbot().message().like(5, action).into_call().unwrap()),
            safe,
            "{action}"
        );
    }
    assert!(!idempotent(im().message().add("27", "Hi").into_call().unwrap()));
    assert!(!idempotent(client.event().offline().get().into_call().unwrap()));
    assert!(idempotent(im().chat().update_title(5, "Lunch").into_call().unwrap()));
    assert!(idempotent(im().v2().file().download("27", 5).into_call().unwrap()));
}

#[tokio::test]
async fn what_cannot_be_written_is_not_sent() {
    let (portal, client) = Portal::start().await;
    let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = client.im().message().add("27", "Hi").attach(keys).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Params);
    assert!(error.to_string().contains("ATTACH"), "{error}");
    assert!(portal.asked().is_empty());
}

#[tokio::test]
async fn builders_show_no_values() {
    let (_, client) = Portal::start().await;
    let shown = format!("{:?}", client.imbot().v2().bot().get().bot_token("hidden"));
    assert!(shown.contains("botToken") && !shown.contains("hidden") && !shown.contains("secret"), "{shown}");
}

fn user(id: u64) -> Value {
    json!({ "id": id, "name": format!("user {id}") })
}

async fn ids(stream: impl futures_util::Stream<Item = Result<u64, b24bot_actions::Error>>) -> Vec<u64> {
    stream.try_collect().await.unwrap()
}

#[tokio::test]
async fn pages_by_next() {
    let (portal, client) = Portal::start().await;
    portal.prepare([
        json!({ "result": [{ "ID": "1" }, { "ID": "2" }], "next": 2, "total": 3 }),
        json!({ "result": [{ "ID": "3" }], "total": 3 }),
    ]);
    let users = client.user().get().sort("ID").stream().map_ok(|user| user.id.get());
    assert_eq!(ids(users).await, [1, 2, 3]);
    let starts: Vec<_> =
        portal.asked().into_iter().map(|(_, body)| (body["sort"].clone(), body["start"].clone())).collect();
    assert_eq!(starts, [(json!("ID"), Value::Null), (json!("ID"), json!(2))]);
}

#[tokio::test]
async fn pages_by_offset_until_the_total_an_empty_page_or_the_flag() {
    let (portal, client) = Portal::start().await;
    portal.prepare([
        json!({ "result": [user(1), user(2)], "total": 3 }),
        json!({ "result": [user(3)], "total": 3 }),
        // Without a total.
        json!({ "result": [user(4)] }),
        json!({ "result": [] }),
        // With a flag.
        json!({ "result": { "items": [{ "id": "chat1" }], "hasMore": true }, "total": -1 }),
        json!({ "result": { "items": [{ "id": 27 }], "hasMore": false } }),
    ]);
    let users = || client.im().dialog().users().list("chat5");
    assert_eq!(ids(users().limit(2).stream().map_ok(|user| user.id.get())).await, [1, 2, 3]);
    assert_eq!(ids(users().offset(10).stream().map_ok(|user| user.id.get())).await, [4]);
    let recent: Vec<_> =
        client.im().recent().list().stream().map_ok(|item| item.id).try_collect().await.unwrap();
    assert_eq!(recent, ["chat1".into(), "27".into()]);
    let offsets: Vec<_> = portal.asked().into_iter().map(|(_, body)| body["OFFSET"].clone()).collect();
    assert_eq!(offsets, [Value::Null, json!(2), json!(10), json!(11), Value::Null, json!(1)]);
}

#[tokio::test]
async fn pages_by_the_last_id_each_when_it_is_wanted() {
    let (portal, client) = Portal::start().await;
    let page = |ids: &[u64]| {
        let messages: Vec<_> = ids.iter().map(|id| json!({ "id": id, "chat_id": 5, "params": [] })).collect();
        json!({ "result": { "chat_id": 5, "messages": messages, "users": [], "files": [] } })
    };
    portal.prepare([page(&[9, 8]), page(&[7]), page(&[])]);
    let mut messages = pin!(client.im().dialog().messages().get("chat5").stream());
    assert_eq!(messages.try_next().await.unwrap().unwrap().id, 9.into());
    assert_eq!(messages.try_next().await.unwrap().unwrap().id, 8.into());
    assert_eq!(portal.asked().len(), 1);
    assert_eq!(messages.try_next().await.unwrap().unwrap().chat_id, ChatId::from(5));
    assert!(messages.try_next().await.unwrap().is_none());
    let last: Vec<_> = portal.asked().into_iter().map(|(_, body)| body["LAST_ID"].clone()).collect();
    assert_eq!(last, [json!(8), json!(7)]);
}

#[tokio::test]
async fn pages_in_either_direction_and_in_two_stages() {
    let (portal, client) = Portal::start().await;
    let newer = |ids: &[u64]| {
        let messages: Vec<_> = ids.iter().map(|id| json!({ "id": id, "chat_id": 5 })).collect();
        json!({ "result": { "messages": messages } })
    };
    let notifications = |list: &[(u64, u64)]| {
        let list: Vec<_> = list.iter().map(|(id, kind)| json!({ "id": id, "notify_type": kind })).collect();
        json!({ "result": { "notifications": list } })
    };
    portal.prepare([newer(&[3, 4]), newer(&[])]);
    let messages =
        client.im().dialog().messages().get("27").first_id(2).stream().map_ok(|message| message.id.get());
    assert_eq!(ids(messages).await, [3, 4]);
    portal.prepare([notifications(&[(9, 1)]), notifications(&[(8, 1), (20, 3)]), notifications(&[])]);
    let notified = client.im().notify().get().stream().map_ok(|notification| notification.id);
    assert_eq!(ids(notified).await, [9, 8, 20]);
    let bodies: Vec<_> = portal.asked().into_iter().map(|(_, body)| body).collect();
    let wanted = [
        json!({ "DIALOG_ID": "27", "FIRST_ID": 2 }),
        json!({ "DIALOG_ID": "27", "FIRST_ID": 4 }),
        json!({}),
        json!({ "LAST_ID": 9, "LAST_TYPE": 1 }),
        json!({ "LAST_ID": 20, "LAST_TYPE": 3 }),
    ];
    assert_eq!(bodies, wanted);
}

#[tokio::test]
async fn pages_within_an_object_and_never_the_same_one_twice() {
    let (portal, client) = Portal::start().await;
    portal.prepare([
        json!({ "result": [{ "ID": "15" }] }),
        json!({ "result": [] }),
        json!({ "result": [{ "ID": "1" }], "next": 50 }),
        json!({ "result": [{ "ID": "2" }], "next": 50 }),
    ]);
    let lines = client.imopenlines().config().list().get().limit(1).stream().map_ok(|line| line.id);
    assert_eq!(ids(lines).await, [15]);
    assert_eq!(portal.asked()[1].1, json!({ "PARAMS": { "limit": 1, "offset": 1 } }));
    assert_eq!(ids(client.user().search().stream().map_ok(|user| user.id.get())).await, [1, 2]);
    assert_eq!(portal.asked().len(), 2);
}

#[tokio::test]
async fn content_that_was_built_apart() {
    let (_, client) = Portal::start().await;
    let message = OutgoingMessage::new("Shall I?").reply_to(7);
    let call = client.im().message().add("chat5", "").extras(message.to_params_v1().unwrap());
    let wanted = json!({ "DIALOG_ID": "chat5", "MESSAGE": "Shall I?", "REPLY_ID": 7 });
    assert_eq!(written(call).1, wanted);
    let call = client
        .imbot()
        .v2()
        .chat()
        .message()
        .send(1001, "27")
        .extra("fields", message.to_params_v2().unwrap());
    let wanted =
        json!({ "botId": 1001, "dialogId": "27", "fields": { "message": "Shall I?", "replyId": 7 } });
    assert_eq!(written(call).1, wanted);
    let nameless = client.im().message().add("27", "Hi").extras([1, 2]).into_call();
    assert_eq!(nameless.unwrap_err().kind(), &ErrorKind::Params);
}

#[tokio::test]
async fn a_failed_page_ends_the_stream_with_its_error() {
    let (portal, client) = Portal::start().await;
    portal.prepare([json!({ "result": [user(1)], "total": 2 })]);
    portal.answers.lock().unwrap().push_back((400, json!({ "error": "ACCESS_ERROR" })));
    let mut pages = pin!(client.im().dialog().users().list("chat5").pages());
    assert_eq!(pages.try_next().await.unwrap().unwrap().result.len(), 1);
    assert_eq!(pages.try_next().await.unwrap_err().code(), Some(&ErrorCode::AccessError));
    assert!(pages.try_next().await.unwrap().is_none());
}
