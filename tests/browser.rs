//! The local portal's chat page in a real browser, with real bots. Pictures are kept in `target/screenshots`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{Browser, Control, Key, Look, Pages, Program, browse, eventually, example};
use serde_json::json;

const DEV: &[&str] = &["dev", "--portal", "127.0.0.1:0"];

async fn dev(rules: Option<&str>) -> (Program, String) {
    let program = Program::start(DEV, rules);
    let url = program.word_after("chat page  ").await;
    program.word_after("Ctrl-C").await;
    (program, url)
}

async fn bot(name: &str) -> (Program, String) {
    let program = Program::start_file(&example(name), &["127.0.0.1:0"], None, "info");
    let url = program.word_after("open ").await;
    (program, url)
}

/// Writes a message as anyone does: into the box, and Enter.
async fn say(browser: &Browser, text: &str) {
    browser.find(".link.live").await;
    browser.find("#input").await.click().await.unwrap();
    browser.write(text).await;
    browser.press(Key::Enter).await;
}

#[tokio::test]
async fn thanks_are_liked_and_the_inspector_tells_how() {
    let (_program, url) = dev(None).await;
    let control = Control::at(&url);
    browse("inspector", &url, Look::default(), async |browser| {
        browser.find(".link.live").await;
        let first = control.say("chat1", 1, "The new price list is in the shared folder.").await;
        control.post("/control/reactions", &json!({"message": first, "user": 42, "reaction": "fire"})).await;
        browser.see(".mark", "Тимур").await;
        say(browser, "Thanks, that saved me an hour!").await;
        browser.see(".mark.like", "Like bot").await;
        control.say("chat1", 42, "Спасибо! А когда будет английская версия?").await;
        browser.see(".message:last-child .mark.like", "Like bot").await;

        browser.click("header .icon", "Inspector").await;
        browser.click(".message .said", "Thanks").await;
        browser.see(".delivery header", "200").await;
        browser.see(".delivery .leaf", "ONIMBOTMESSAGEADD").await;
        browser.see(".request header", "im.message.like").await;
        browser.shot("inspector").await;
        browser.click(".tabs button", "Raw").await;
        browser.see(".raw", "%5BMESSAGE%5D=Thanks%2C+that+saved+me+an+hour%21").await;

        browser.find("#input").await.click().await.unwrap();
        browser.press(Key::Up).await;
        browser.see(".context", "Editing").await;
        browser.write(" Again!").await;
        browser.press(Key::Enter).await;
        browser.see(".message.own .bubble", "hour! Again!edited").await;
    })
    .await;
}

#[tokio::test]
async fn buttons_are_pressed() {
    let (_program, url) = bot("keyboard").await;
    let control = Control::at(&url);
    control.say("chat1", 1, "It is nearly noon. Where do we go today?").await;
    browse("keyboard", &url, Look { dark: true, ..Look::default() }, async |browser| {
        say(browser, "lunch").await;
        browser.see(".said", "So far 0").await;
        browser.click(".key", "I come").await;
        browser.see(".said", "So far 1").await;
        let question = browser.find(".message:last-child").await.attr("data-id").await.unwrap();
        control.post("/control/presses", &json!({"message": question, "button": 0, "user": 42})).await;
        browser.see(".said", "So far 2").await;
        control.say("chat1", 42, "[USER=27]Nora Lindqvist[/USER], к тому месту у [b]моста[/b]?").await;
        browser.see(".at.me", "Nora").await;
        browser.shot("keyboard").await;
    })
    .await;
}

#[tokio::test]
async fn files_are_sent_and_chats_founded() {
    let (_program, url) = dev(None).await;
    browse("files", &url, Look::default(), async |browser| {
        browser.click(".section-head .icon", "New chat").await;
        browser.find("dialog[open] input").await.send_keys("Price list").await.unwrap();
        browser.press(Key::Enter).await;
        browser.see("h1", "Price list").await;
        browser.see(".members", "Like bot").await;

        let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/chat-page.png");
        let picture = std::fs::canonicalize(picture).unwrap();
        browser.find("input[type=file]").await.send_keys(picture.to_str().unwrap()).await.unwrap();
        browser.see(".waiting li", "chat-page.png").await;
        say(browser, "This is how it looks. Thanks!").await;
        browser.see(".message.own .said", "This is how it looks").await;
        let shown = || async {
            browser.run("return document.querySelector('.files img')?.naturalWidth > 0").await.as_bool()
        };
        eventually("the picture", async || shown().await.filter(|shown| *shown)).await;
        browser.see(".mark.like", "Like bot").await;
        browser.shot("files").await;

        browser.click(".top .icon", "People and bots").await;
        browser.click("dialog[open] button", "Add: Robin Hale").await;
        browser.see(".note", "Robin Hale").await;
        browser.press(Key::Escape).await;
        browser.gone("dialog").await;
        browser.see(".members", "Robin Hale").await;
    })
    .await;
}

#[tokio::test]
async fn commands_are_completed_and_answered() {
    let (_program, url) = bot("slash_command").await;
    browse("command", &url, Look::default(), async |browser| {
        browser.find(".link.live").await;
        browser.find("#input").await.click().await.unwrap();
        browser.write("/re").await;
        browser.see("#suggest li", "Says it backwards").await;
        browser.shot("command").await;
        browser.press(Key::Tab).await;
        browser.write("drawer").await;
        browser.press(Key::Enter).await;
        browser.see(".message:not(.own) .said", "reward").await;
    })
    .await;
}

#[tokio::test]
async fn faults_are_ordered_and_the_bot_bears_them() {
    let (_program, url) = dev(None).await;
    let control = Control::at(&url);
    browse("faults", &url, Look::default(), async |browser| {
        browser.click(".settings .icon", "Faults").await;
        browser.click("select[name=kind] option", "Internal error").await;
        browser.find("input[name=method]").await.send_keys("im.message.like").await.unwrap();
        browser.click(".fault-form button", "Let it happen").await;
        browser.see(".faults li", "once more").await;
        browser.shot("faults").await;
        say(browser, "thanks").await;
        browser.see(".mark.like", "Like bot").await;
        browser.see(".panel", "No fault is waiting").await;
    })
    .await;
    let met = control.get("/control/requests").await;
    let met: Vec<_> =
        met.as_array().unwrap().iter().map(|request| request["status"].as_u64().unwrap()).collect();
    assert!(met.ends_with(&[500, 200]), "{met:?}");
}

async fn fill(browser: &Browser, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        let field = browser.find(&format!(".install-form [name={name}]")).await;
        field.send_keys(value).await.unwrap();
    }
}

/// Into the page of the application that is open.
async fn enter(browser: &Browser) {
    browser.enter(".window.application iframe").await;
    browser.enter("iframe[name=application]").await;
}

async fn leave(browser: &Browser) {
    browser.leave().await;
    browser.leave().await;
}

#[tokio::test]
async fn applications_are_installed_opened_and_uninstalled() {
    let program = Program::start(&["portal", "--listen", "127.0.0.1:0", "--portals", "2"], None);
    let url = program.word_after("chat page        ").await;
    program.word_after("Ctrl-C").await;
    let (control, pages) = (Control::at(&url), Pages::start().await);
    let origin = url.trim_end_matches('/');
    browse("applications", &url, Look::default(), async |browser| {
        browser.click(".settings .icon", "Applications").await;
        let (handler, install) = (pages.at("/app"), pages.at("/install"));
        let names = [("client_id", "local.tea"), ("client_secret", "tea-secret")];
        fill(browser, &[("handler", &handler), ("install", &install)]).await;
        fill(browser, &names).await;
        browser.find(".install-form [name=interface]").await.click().await.unwrap();
        browser.shot("applications-form").await;
        browser.click(".install-form button", "Install").await;

        enter(browser).await;
        browser.see("h1", "Setting up").await;
        let opened = pages.visit("/install").await;
        assert_eq!(opened.origin, origin);
        assert!(opened.path.contains("?DOMAIN=127.0.0.1%3A"), "{}", opened.path);
        for field in ["AUTH_ID=", "REFRESH_ID=", "APPLICATION_TOKEN=", "member_id=", "PLACEMENT=DEFAULT"] {
            assert!(opened.body.contains(field), "{field} in {}", opened.body);
        }
        browser.see("button:enabled", "Finish").await;
        leave(browser).await;
        browser.see(".application-card .status", "not finished").await;
        browser.shot("applications-installing").await;
        enter(browser).await;
        browser.click("button:enabled", "Finish").await;
        leave(browser).await;
        browser.gone(".window").await;
        browser.see(".application-card .status.good", "Installed").await;
        assert!(pages.visit("event=ONAPPINSTALL").await.path.starts_with("/app"));

        browser.click(".application-card button", "Show secrets").await;
        browser.see(".secrets code", "tea-secret").await;
        browser.shot("applications").await;
        browser.click(".application-card button", "Hide secrets").await;
        browser.gone(".secrets").await;

        let choose = async |item: &str| {
            browser.click(".application-card .icon", "More").await;
            browser.click(".menu button", item).await;
        };
        choose("Update").await;
        browser.see(".application-card .where", "version 2").await;
        pages.visit("event=ONAPPUPDATE").await;
        choose("run out").await;
        browser.see(".application-card .status", "Payment has run out").await;
        choose("Pay for").await;
        browser.see(".application-card .status", "Paid for 30 days").await;
        browser.click(".application-card button", "Open").await;
        enter(browser).await;
        browser.see("h1", "The tea bot").await;
        leave(browser).await;
        browser.press(Key::Escape).await;
        browser.gone(".window").await;
        choose("Uninstall with").await;
        browser.see(".panel", "No application is installed yet").await;
        assert!(pages.visit("event=ONAPPUNINSTALL").await.body.contains("CLEAN%5D=1"));
        assert_eq!(control.get("/control/applications").await, json!([]));

        browser.see(".portals a[aria-current]", ":").await;
        browser.click(".portals a:not([aria-current])", ":").await;
        let there = || async { browser.run("return location.origin").await.as_str().map(str::to_owned) };
        eventually("the other portal", async || there().await.filter(|there| there != origin)).await;
        browser.find(".link.live").await;
    })
    .await;
}

#[tokio::test]
async fn applications_on_a_phone_in_russian_and_in_the_dark() {
    let (_program, url) = dev(None).await;
    let control = Control::at(&url);
    let app = json!({"client_id": "local.tea", "handler": "http://127.0.0.1:9/app", "install": "http://127.0.0.1:9/install", "interface": true, "open": false});
    control.post("/control/applications", &app).await;
    let look = Look { language: "ru-RU", dark: true, phone: true };
    browse("applications-phone", &url, look, async |browser| {
        browser.click(".top .phone", "Назад").await;
        browser.click(".settings .icon", "Приложения").await;
        browser.see(".application-card", "Установка не завершена").await;
        browser.shot("applications-phone-dark").await;
        let wide = "return document.documentElement.scrollWidth";
        assert_eq!(browser.run(wide).await, 390, "nothing sticks out");
        browser.click(".application-card .icon", "Ещё").await;
        browser.press(Key::Down).await;
        browser.shot("applications-phone-menu").await;
        browser.press(Key::Escape).await;
        browser.gone(".menu").await;
        browser.click(".panel .phone", "Назад").await;
        browser.gone(".panel").await;
    })
    .await;
}

#[tokio::test]
async fn two_languages_and_the_dark() {
    let (_program, url) = dev(None).await;
    let look = Look { language: "ru-RU", dark: true, phone: false };
    browse("russian", &url, look, async |browser| {
        browser.see(".side h2", "Боты").await;
        let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
        assert_eq!(browser.run(dark).await, true, "the browser has dark colours");
        let ground = "return getComputedStyle(document.body).backgroundColor";
        assert_eq!(browser.run(ground).await, "rgb(17, 22, 29)");
        say(browser, "Спасибо!").await;
        browser.see(".mark.like", "1").await;
        browser.shot("russian-dark").await;
        browser.click(".languages button", "English").await;
        browser.see(".side h2", "Bots").await;
        browser.click(".settings .icon", "Colours").await;
        assert_eq!(browser.run(ground).await, "rgb(242, 244, 247)", "light is chosen");
        browser.reload().await;
        browser.see(".side h2", "Bots").await;
        assert_eq!(browser.run(ground).await, "rgb(242, 244, 247)", "choices are kept");
    })
    .await;
}

#[tokio::test]
async fn a_phone_shows_one_pane_at_a_time() {
    let (_program, url) = dev(None).await;
    let control = Control::at(&url);
    control.say("chat1", 1, "The new price list is in the shared folder, and it is rather long.").await;
    browse("phone", &url, Look { phone: true, ..Look::default() }, async |browser| {
        browser.see(".said", "price list").await;
        browser.gone(".side").await;
        say(browser, "Thanks!").await;
        browser.see(".mark.like", "Like bot").await;
        browser.shot("phone-chat").await;
        let wide = "return document.documentElement.scrollWidth";
        assert_eq!(browser.run(wide).await, 390, "nothing sticks out");
        browser.click(".message.own .more", "More").await;
        browser.click(".menu button", "Inspect").await;
        browser.see(".delivery header", "200").await;
        browser.gone("main").await;
        browser.shot("phone-inspector").await;
        browser.click(".panel .phone", "Back").await;
        browser.click(".top .phone", "Back").await;
        browser.see(".dialog", "Like bot").await;
        browser.gone("main").await;
        browser.shot("phone-list").await;
        browser.click(".dialog", "Like bot").await;
        browser.see("h1", "Like bot").await;
    })
    .await;
}

#[tokio::test]
async fn everything_can_be_done_by_keyboard() {
    let (_program, url) = dev(None).await;
    let control = Control::at(&url);
    control.say("chat1", 1, "Who has the key?").await;
    browse("keys", &url, Look::default(), async |browser| {
        let focus = async |what: &str| {
            let script = format!("return document.activeElement?.matches({})", json!(what));
            let matches = || async { browser.run(&script).await.as_bool().filter(|matches| *matches) };
            eventually(&format!("the focus on {what}"), matches).await;
        };
        browser.see(".said", "Who has the key?").await;
        focus("#input").await;
        // Back over the box's two neighbours into the log, then to the message.
        browser.run("document.querySelector('.log').focus()").await;
        browser.press(Key::Up).await;
        focus(".message").await;
        browser.write("l").await;
        browser.see(".mark.like", "Nora").await;
        browser.write("r").await;
        focus("#input").await;
        browser.see(".context", "Reply to Robin Hale").await;
        browser.write("I do").await;
        browser.press(Key::Enter).await;
        browser.see(".message.own .quote", "Who has the key?").await;
        browser.run("document.querySelector('.message.own').focus()").await;
        browser.press(Key::Enter).await;
        focus(".menu button").await;
        for _ in 0..4 {
            browser.press(Key::Down).await;
        }
        browser.press(Key::Enter).await;
        browser.see(".message.deleted", "deleted").await;
        // Another person, by the arrows of a group of radio buttons.
        browser.run("document.querySelector('.person[aria-checked=true]').focus()").await;
        browser.press(Key::Right).await;
        browser.see(".person[aria-checked=true]", "Тимур").await;
        browser.run("document.querySelector('.dialog[aria-current]').focus()").await;
        browser.press(Key::Down).await;
        focus(".dialog:not([aria-current])").await;
        browser.press(Key::Enter).await;
        browser.see("h1", "Like bot").await;
        focus("#input").await;
    })
    .await;
}

#[tokio::test]
async fn nothing_that_a_message_says_is_run() {
    let (_program, url) = dev(None).await;
    let control = Control::at(&url);
    let other_name = url.trim_end_matches('/').replace("127.0.0.1", "localhost");
    let call = format!("{other_name}/rest/1/local/im.message.add?DIALOG_ID=chat1&MESSAGE=called");
    let calls =
        format!("[img]{call}[/img] [url={call}]e[/url] [icon={call}] {call} [img]{other_name}/[/img]");
    for text in [
        &calls,
        &"[b]".repeat(6600),
        "<img src=x onerror=\"window.run = 1\"><script>window.run = 1</script>",
        "[url=javascript:window.run=1]click[/url] [url]javascript:window.run=1[/url] [img]javascript:window.run=1[/img]",
        "[color=red;background:url(x)]a[/color] [size=99999]b[/size] [b][i]c[/b][/i] [/code] [user=1]",
        "[icon=javascript:window.run=1 size=20 title=\"><script>] [call=javascript:1]d[/call]",
        "[img]/rest/1/local/im.message.add?DIALOG_ID=chat1&MESSAGE=pictures+call+methods[/img]",
    ] {
        control.say("chat1", 1, text).await;
    }
    browse("harmless", &url, Look::default(), async |browser| {
        browser.see(".said", "<script>window.run = 1</script>").await;
        let links = "return [...document.querySelectorAll('.log [href], .log [src]')].map((one) => one.href || one.src)";
        let links = browser.run(links).await.to_string();
        assert!(!links.contains("javascript"), "{links}");
        assert!(!links.contains("/rest/"), "{links}");
        assert!(!links.contains("localhost"), "the portal itself as a picture: {links}");
        assert_eq!(browser.run("return window.run ?? null").await, json!(null));
    })
    .await;
}
