//! The JSON of every button, menu item and block, for both generations.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_actions::content::{
    Attach, AvatarType, BbText, Button, Color, ColorToken, ContentError, ContentErrorKind, Delimiter, Device,
    Display, Encoded, FileBlock, GridCell, GridDisplay, ImageBlock, Keyboard, LinkBlock, Menu, MenuItem,
    OutgoingMessage, UserBlock,
};
use b24bot_core::Generation;
use serde_json::{Value, json};

fn json(encoded: Result<Encoded, ContentError>) -> Value {
    serde_json::to_value(encoded.unwrap()).unwrap()
}

fn kind(encoded: Result<Encoded, ContentError>) -> ContentErrorKind {
    encoded.unwrap_err().kind().clone()
}

const GREY: Color = Color::rgb(0xc6, 0xc6, 0xc6);

#[test]
fn buttons() {
    for (button, expected) in [
        (
            Button::link("Open", "https://example.com/"),
            json!({ "TEXT": "Open", "LINK": "https://example.com/" }),
        ),
        (Button::link("Open", "/crm/"), json!({ "TEXT": "Open", "LINK": "/crm/" })),
        (
            Button::command("Go", "go", "a b"),
            json!({ "TEXT": "Go", "COMMAND": "go", "COMMAND_PARAMS": "a b" }),
        ),
        (Button::command("Go", "go", ""), json!({ "TEXT": "Go", "COMMAND": "go" })),
        (Button::send("S", "v"), json!({ "TEXT": "S", "ACTION": "SEND", "ACTION_VALUE": "v" })),
        (Button::put("S", "/help"), json!({ "TEXT": "S", "ACTION": "PUT", "ACTION_VALUE": "/help" })),
        (Button::copy("S", "v"), json!({ "TEXT": "S", "ACTION": "COPY", "ACTION_VALUE": "v" })),
        (
            Button::call("S", "+15550100"),
            json!({ "TEXT": "S", "ACTION": "CALL", "ACTION_VALUE": "+15550100" }),
        ),
        (Button::dialog("S", "chat5"), json!({ "TEXT": "S", "ACTION": "DIALOG", "ACTION_VALUE": "chat5" })),
        (Button::app("A", 7, "p"), json!({ "TEXT": "A", "APP_ID": 7, "APP_PARAMS": "p" })),
        (Button::app("A", 7, ""), json!({ "TEXT": "A", "APP_ID": 7 })),
        (
            Button::command("[b]", "go", "")
                .color(GREY)
                .color_token(ColorToken::Secondary)
                .text_color(Color::rgb(255, 255, 255))
                .off_color(Color::rgb(0, 0, 0))
                .off_text_color(Color::rgb(1, 2, 3))
                .width(120)
                .display(Display::Block)
                .device(Device::Mobile)
                .block_after_press()
                .disabled(),
            json!({
                "TEXT": "[b]", "COMMAND": "go", "BG_COLOR": "#c6c6c6", "BG_COLOR_TOKEN": "secondary",
                "TEXT_COLOR": "#ffffff", "OFF_BG_COLOR": "#000000", "OFF_TEXT_COLOR": "#010203", "WIDTH": 120,
                "DISPLAY": "BLOCK", "CONTEXT": "MOBILE", "BLOCK": "Y", "DISABLED": "Y",
            }),
        ),
        (
            Button::send("S", "v")
                .display(Display::Line)
                .device(Device::Desktop)
                .color_token(ColorToken::Base),
            json!({
                "TEXT": "S", "ACTION": "SEND", "ACTION_VALUE": "v", "DISPLAY": "LINE", "CONTEXT": "DESKTOP",
                "BG_COLOR_TOKEN": "base",
            }),
        ),
    ] {
        let keyboard = Keyboard::new().row([button]);
        assert_eq!(json(keyboard.to_v1()), json!({ "BUTTONS": [expected] }));
        assert_eq!(json(keyboard.to_v2()), json!([expected]));
        let named = json!({ "BOT_ID": 39, "BUTTONS": [expected] });
        assert_eq!(json(keyboard.clone().bot(39).to_v1()), named);
        assert_eq!(json(keyboard.bot(39).to_v2()), named);
    }
}

#[test]
fn rows_are_parted_and_their_buttons_stand_side_by_side() {
    let button = |text: &str| Button::send(text, "v");
    let keyboard = Keyboard::new()
        .row([])
        .row([button("1"), button("2").display(Display::Block)])
        .row([])
        .row([button("3")]);
    let expected = json!([
        { "TEXT": "1", "ACTION": "SEND", "ACTION_VALUE": "v", "DISPLAY": "LINE" },
        { "TEXT": "2", "ACTION": "SEND", "ACTION_VALUE": "v", "DISPLAY": "BLOCK" },
        { "TYPE": "NEWLINE" },
        { "TEXT": "3", "ACTION": "SEND", "ACTION_VALUE": "v" },
    ]);
    assert_eq!(json(keyboard.encode(Generation::V2)), expected);
    assert_eq!(json(keyboard.encode(Generation::V1)), json!({ "BUTTONS": expected }));
}

#[test]
fn what_is_empty_takes_away_what_was_there() {
    assert_eq!(json(Keyboard::new().row([]).to_v1()), "N");
    assert_eq!(json(Keyboard::new().bot(5).to_v2()), "N");
    assert_eq!(json(Menu::new().to_v1()), "N");
    assert_eq!(json(Attach::new().to_v1()), "N");
    assert_eq!(json(Attach::new().to_v2()), "N");
}

#[test]
fn menu_items() {
    for (item, expected) in [
        (MenuItem::link("Open", "/crm/"), json!({ "TEXT": "Open", "LINK": "/crm/" })),
        (MenuItem::command("Go", "go", "p"), json!({ "TEXT": "Go", "COMMAND": "go", "COMMAND_PARAMS": "p" })),
        (MenuItem::send("S", "v"), json!({ "TEXT": "S", "ACTION": "SEND", "ACTION_VALUE": "v" })),
        (MenuItem::put("S", "v"), json!({ "TEXT": "S", "ACTION": "PUT", "ACTION_VALUE": "v" })),
        (MenuItem::copy("S", "v"), json!({ "TEXT": "S", "ACTION": "COPY", "ACTION_VALUE": "v" })),
        (MenuItem::call("S", "v"), json!({ "TEXT": "S", "ACTION": "CALL", "ACTION_VALUE": "v" })),
        (MenuItem::dialog("S", "27"), json!({ "TEXT": "S", "ACTION": "DIALOG", "ACTION_VALUE": "27" })),
        (
            MenuItem::app("S", 7, "p").device(Device::All).disabled(),
            json!({ "TEXT": "S", "APP_ID": 7, "APP_PARAMS": "p", "CONTEXT": "ALL", "DISABLED": "Y" }),
        ),
    ] {
        let menu = Menu::new().item(item);
        assert_eq!(json(menu.to_v1()), json!({ "ITEMS": [expected] }));
        assert_eq!(json(menu.bot(39).to_v1()), json!({ "BOT_ID": 39, "ITEMS": [expected] }));
    }
}

#[test]
fn buttons_that_the_platform_would_leave_out_are_refused() {
    let refusal = |button: Button| kind(Keyboard::new().row([button]).to_v1());
    assert_eq!(refusal(Button::link("Open", "ftp://example.com/")), ContentErrorKind::Link);
    assert_eq!(refusal(Button::link("Open", "example.com")), ContentErrorKind::Link);
    for button in [
        Button::link(" ", "/crm/"),
        Button::link("Open", ""),
        Button::command("Go", " ", "p"),
        Button::send("Go", ""),
        Button::dialog("Go", ""),
    ] {
        assert_eq!(refusal(button), ContentErrorKind::Empty);
    }
    assert_eq!(kind(Menu::new().item(MenuItem::put("", "x")).to_v1()), ContentErrorKind::Empty);
    assert_eq!(kind(Menu::new().item(MenuItem::link("x", "javascript:x")).to_v1()), ContentErrorKind::Link);
}

fn blocks() -> Vec<(Attach, Value)> {
    let new = Attach::new;
    vec![
        (new().message("[b]"), json!({ "MESSAGE": "[\u{2060}b]" })),
        (new().message(BbText::new().bold("x")), json!({ "MESSAGE": "[b]x[/b]" })),
        (new().user(UserBlock::new("Anna")), json!({ "USER": { "NAME": "Anna" } })),
        (
            new().user(
                UserBlock::new("Anna")
                    .avatar("https://example.com/a.png")
                    .avatar_type(AvatarType::User)
                    .link("/company/"),
            ),
            json!({ "USER": {
                "NAME": "Anna", "AVATAR": "https://example.com/a.png", "AVATAR_TYPE": "USER", "LINK": "/company/",
            } }),
        ),
        (
            new().user(
                UserBlock::new("A").user(27).chat(5).bot(39).network("u7").avatar_type(AvatarType::Bot),
            ),
            json!({ "USER": {
                "NAME": "A", "USER_ID": 27, "CHAT_ID": 5, "BOT_ID": 39, "NETWORK_ID": "u7", "AVATAR_TYPE": "BOT",
            } }),
        ),
        (
            new().user(UserBlock::new("A").chat(5).avatar_type(AvatarType::Chat)),
            json!({ "USER": { "NAME": "A", "CHAT_ID": 5, "AVATAR_TYPE": "CHAT" } }),
        ),
        (new().link(LinkBlock::new("/crm/")), json!({ "LINK": { "LINK": "/crm/" } })),
        (
            new().link(
                LinkBlock::new("https://example.com/")
                    .name("[i]")
                    .desc(BbText::new().bold("now"))
                    .preview("/p.png")
                    .size(1000, 638)
                    .user(27)
                    .chat(5)
                    .network("u7"),
            ),
            json!({ "LINK": {
                "LINK": "https://example.com/", "NAME": "[\u{2060}i]", "DESC": "[b]now[/b]", "PREVIEW": "/p.png",
                "WIDTH": 1000, "HEIGHT": 638, "USER_ID": 27, "CHAT_ID": 5, "NETWORK_ID": "u7",
            } }),
        ),
        (
            new().rich_link(LinkBlock::new("/crm/").name("CRM").raw_html("<b>x</b>")),
            json!({ "RICH_LINK": { "LINK": "/crm/", "NAME": "CRM", "HTML": "<b>x</b>" } }),
        ),
        (
            new().grid(GridDisplay::Block, [GridCell::new("Project", "[s]").width(250).height(20)]),
            json!({ "GRID": [
                { "DISPLAY": "BLOCK", "NAME": "Project", "VALUE": "[\u{2060}s]", "WIDTH": 250, "HEIGHT": 20 },
            ] }),
        ),
        (
            new().grid(
                GridDisplay::Line,
                [
                    GridCell::new("Priority", "high").color(GREY).color_token(ColorToken::Alert),
                    GridCell::new("", ""),
                ],
            ),
            json!({ "GRID": [
                {
                    "DISPLAY": "LINE", "NAME": "Priority", "VALUE": "high", "COLOR": "#c6c6c6",
                    "COLOR_TOKEN": "alert",
                },
                { "DISPLAY": "LINE", "NAME": "", "VALUE": "" },
            ] }),
        ),
        (
            new().grid(GridDisplay::Row, [GridCell::name("A").link("/a"), GridCell::value("B").user(27)]),
            json!({ "GRID": [
                { "DISPLAY": "ROW", "NAME": "A", "LINK": "/a" },
                { "DISPLAY": "ROW", "VALUE": "B", "USER_ID": 27 },
            ] }),
        ),
        (
            new().grid(GridDisplay::Table, [GridCell::new("A", "B").chat(5)]),
            json!({ "GRID": [{ "DISPLAY": "TABLE", "NAME": "A", "VALUE": "B", "CHAT_ID": 5 }] }),
        ),
        (
            new().images([
                ImageBlock::new("https://example.com/a.png").name("A [1]").preview("/s.png").size(640, 480),
                ImageBlock::new("/b.png"),
            ]),
            json!({ "IMAGE": [
                {
                    "LINK": "https://example.com/a.png", "NAME": "A [1]", "PREVIEW": "/s.png", "WIDTH": 640,
                    "HEIGHT": 480,
                },
                { "LINK": "/b.png" },
            ] }),
        ),
        (
            new().files([FileBlock::new("/r.pdf").name("r[1].pdf").size(1_500_000), FileBlock::new("/s")]),
            json!({ "FILE": [{ "LINK": "/r.pdf", "NAME": "r[1].pdf", "SIZE": 1_500_000 }, { "LINK": "/s" }] }),
        ),
        (new().delimiter(Delimiter::default()), json!({ "DELIMITER": {} })),
        (
            new().delimiter(Delimiter::default().size(200).color(GREY)),
            json!({ "DELIMITER": { "SIZE": 200, "COLOR": "#c6c6c6" } }),
        ),
    ]
}

#[test]
fn attachments() {
    for (attach, block) in blocks() {
        assert_eq!(json(attach.to_v1()), json!({ "BLOCKS": [block] }));
        assert_eq!(json(attach.to_v2()), json!([block]));
        let attach = attach.id(1).color_token(ColorToken::Primary).color(Color::rgb(0x29, 0x61, 0x9b));
        let expected = json!({ "ID": 1, "COLOR_TOKEN": "primary", "COLOR": "#29619b", "BLOCKS": [block] });
        assert_eq!(json(attach.encode(Generation::V1)), expected);
        assert_eq!(json(attach.encode(Generation::V2)), expected);
    }
}

#[test]
fn blocks_that_the_platform_would_leave_out_are_refused() {
    let new = Attach::new;
    for attach in [
        new().link(LinkBlock::new("example.com")),
        new().link(LinkBlock::new("")),
        new().link(LinkBlock::new("/x").preview("data:x")),
        new().rich_link(LinkBlock::new("javascript:x")),
        new().user(UserBlock::new("A").avatar("a.png")),
        new().user(UserBlock::new("A").link("bx://x")),
        new().grid(GridDisplay::Row, [GridCell::new("A", "B").link("b")]),
        new().images([ImageBlock::new("/a"), ImageBlock::new("b")]),
        new().files([FileBlock::new("c")]),
    ] {
        assert_eq!(kind(attach.to_v1()), ContentErrorKind::Link);
    }
    for attach in [
        new().message(" \n"),
        new().user(UserBlock::new("")),
        new().grid(GridDisplay::Row, []),
        new().grid(GridDisplay::Row, [GridCell::new("", " ")]),
        new().images([]),
        new().files([]),
    ] {
        assert_eq!(kind(attach.message("more").to_v2()), ContentErrorKind::Empty);
    }
}

#[test]
fn messages() {
    let whole = OutgoingMessage::new("Hello [b]")
        .attach(Attach::new().message("card"))
        .keyboard(Keyboard::new().row([Button::command("Go", "go", "")]))
        .bot(39)
        .reply_to(345)
        .system()
        .url_preview(false);
    assert_eq!(
        json(whole.clone().menu(Menu::new().item(MenuItem::link("x", "/x"))).skip_connector().to_params_v1()),
        json!({
            "MESSAGE": "Hello [\u{2060}b]",
            "ATTACH": { "BLOCKS": [{ "MESSAGE": "card" }] },
            "KEYBOARD": { "BOT_ID": 39, "BUTTONS": [{ "TEXT": "Go", "COMMAND": "go" }] },
            "MENU": { "BOT_ID": 39, "ITEMS": [{ "TEXT": "x", "LINK": "/x" }] },
            "SYSTEM": "Y",
            "URL_PREVIEW": "N",
            "SKIP_CONNECTOR": "Y",
            "REPLY_ID": 345,
        })
    );
    assert_eq!(
        json(whole.template("t-1").forward("u-1", 7).forward("u-2", 8).to_params_v2()),
        json!({
            "message": "Hello [\u{2060}b]",
            "attach": [{ "MESSAGE": "card" }],
            "keyboard": { "BOT_ID": 39, "BUTTONS": [{ "TEXT": "Go", "COMMAND": "go" }] },
            "system": true,
            "urlPreview": false,
            "replyId": 345,
            "templateId": "t-1",
            "forwardIds": { "u-1": 7, "u-2": 8 },
        })
    );
}

#[test]
fn only_what_is_said_is_sent() {
    let plain = OutgoingMessage::from("Hi");
    assert_eq!(json(plain.to_params(Generation::V1)), json!({ "MESSAGE": "Hi" }));
    assert_eq!(json(plain.to_params(Generation::V2)), json!({ "message": "Hi" }));
    let previewed = plain.url_preview(true).keyboard(Keyboard::new()).attach(Attach::new()).menu(Menu::new());
    assert_eq!(json(previewed.to_params_v1()), json!({ "MESSAGE": "Hi", "URL_PREVIEW": "Y" }));
    assert_eq!(json(previewed.to_params_v2()), json!({ "message": "Hi", "urlPreview": true }));
    let card = OutgoingMessage::new(" ").attach(Attach::new().message("card"));
    assert_eq!(json(card.to_params_v2()), json!({ "attach": [{ "MESSAGE": "card" }] }));
    let forwarded = OutgoingMessage::default().forward("u", 7);
    assert_eq!(json(forwarded.to_params_v2()), json!({ "forwardIds": { "u": 7 } }));
}

#[test]
fn the_keyboards_own_bot_stays() {
    let keyboard = Keyboard::new().bot(7).row([Button::command("Go", "go", "")]);
    let message = OutgoingMessage::new("Hi").keyboard(keyboard).bot(39);
    assert_eq!(json(message.to_params_v2())["keyboard"]["BOT_ID"], 7);
}

#[test]
fn a_generation_is_not_asked_for_what_it_does_not_have() {
    let message = || OutgoingMessage::new("Hi");
    for impossible in [
        message().forward("u", 7).to_params_v1(),
        message().template("t").to_params_v1(),
        message().menu(Menu::new().item(MenuItem::link("x", "/x"))).to_params_v2(),
        message().skip_connector().to_params_v2(),
    ] {
        assert_eq!(kind(impossible), ContentErrorKind::Unsupported);
    }
    let keys = Keyboard::new().row([Button::send("x", "y")]);
    for nothing in [OutgoingMessage::new("\n "), OutgoingMessage::default().keyboard(keys)] {
        assert_eq!(kind(nothing.to_params_v1()), ContentErrorKind::Empty);
        assert_eq!(kind(nothing.to_params_v2()), ContentErrorKind::Empty);
    }
}
