//! A portal installs the application: by callback, by page, by OAuth; what follows from it, and what nobody believes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{path::Path, time::Duration};

use b24bot_tests::{APP, Control, Program, Scripted, bot_toml, eventually};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{Url, form_urlencoded};

/// As in [`APP`].
const CLIENT_ID: &str = "local.invented0001";

/// A portal, a bot that keeps what it knows in a folder of its own, and where they are.
struct House {
    _portal: Program,
    control: Control,
    url: String,
    bot: Program,
    handler: String,
    folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let portal = Program::start(&["portal", "--listen", "127.0.0.1:0"], None);
        let url = portal.word_after("chat page        ").await.trim_end_matches('/').to_owned();
        let folder = TempDir::new().unwrap();
        let bot = Program::run(&config(folder.path(), "127.0.0.1:0")).await;
        let handler = format!("http://{}/bitrix24/events", bot.word_after("address=").await);
        Self { _portal: portal, control: Control::at(&url), url, bot, handler, folder }
    }

    /// The bot is killed and started again, at the same address.
    async fn start_again(&mut self) {
        self.bot.kill().await;
        let address = self.bot.word_after("address=").await;
        self.bot = Program::run(&config(self.folder.path(), &address)).await;
    }

    /// The application is installed; what the portal says of it, its secrets included.
    async fn install(&self, more: &Value) -> Value {
        let mut wanted =
            json!({"client_id": CLIENT_ID, "client_secret": "invented", "handler": self.handler});
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let installed = self.control.post("/control/applications", &wanted).await;
        assert!(installed["client_id"] == CLIENT_ID, "{installed}");
        installed
    }

    async fn happens(&self, what: &str, details: &Value) {
        self.control.post(&format!("/control/applications/{CLIENT_ID}/{what}"), details).await;
    }

    /// The bot's id on the portal, once it is there.
    async fn registered(&self) -> u64 {
        eventually("the bot on the portal", || async { self.bot_id().await }).await
    }

    async fn bot_id(&self) -> Option<u64> {
        let state = self.control.get("/control/state").await;
        state["bots"].as_array()?.iter().find(|bot| bot["code"] == "like_bot")?["id"].as_u64()
    }

    /// The bot likes, as itself.
    async fn likes(&self) {
        let bot = self.registered().await;
        let thanks = self.control.say("chat1", 27, "Thanks!").await;
        assert_eq!(self.control.liked(thanks).await, [bot]);
    }

    async fn metric(&self, line: &str) {
        eventually(line, || async { self.bot.admin("/metrics").await.1.contains(line).then_some(()) }).await;
    }

    /// What a browser posts when the application is opened there.
    async fn open(&self, installed: &Value, language: &str) -> Response {
        let text = |key: &str| installed[key].as_str().unwrap().to_owned();
        let domain = self.url.strip_prefix("http://").unwrap();
        let form = [
            ("AUTH_ID", text("access_token")),
            ("REFRESH_ID", text("refresh_token")),
            ("AUTH_EXPIRES", "3600".to_owned()),
            ("SERVER_ENDPOINT", format!("{}/rest/", self.url)),
            ("APPLICATION_TOKEN", text("application_token")),
            ("APPLICATION_SCOPE", "im,imbot".to_owned()),
            ("member_id", text("member_id")),
            ("status", "L".to_owned()),
            ("PLACEMENT", "DEFAULT".to_owned()),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let url = format!("{}?DOMAIN={domain}&PROTOCOL=0&LANG={language}&APP_SID=x", self.handler);
        Client::new().post(url).body(body).send().await.unwrap()
    }

    /// The token of somebody who is no administrator, as that person's browser has it.
    async fn employee(&self) -> Value {
        let back = Client::builder().redirect(Policy::none()).build().unwrap();
        let authorize = format!("{}/oauth/authorize/?client_id={CLIENT_ID}&user_id=27", self.url);
        let answer = back.get(authorize).send().await.unwrap();
        // Sent back with it where the application says where to.
        let code = match answer.headers().get("location") {
            Some(to) => {
                let to = Url::parse(to.to_str().unwrap()).unwrap();
                to.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
            }
            None => answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned(),
        };
        let token = format!(
            "{}/oauth/token/?grant_type=authorization_code&client_id={CLIENT_ID}&client_secret=invented&code={code}",
            self.url,
        );
        let mut employee: Value = back.get(token).send().await.unwrap().json().await.unwrap();
        employee["application_token"] = "anotherapplicationtoken".into();
        employee
    }

    /// Nothing secret is in the log.
    fn log_is_silent_on(&self, installed: &Value) {
        let log = self.bot.output();
        for secret in ["access_token", "refresh_token", "application_token"] {
            assert!(!log.contains(installed[secret].as_str().unwrap()), "{secret} in\n{log}");
        }
    }
}

fn config(folder: &Path, address: &str) -> String {
    let store = format!("[store]\npath = \"{}\"\n\n{APP}", folder.join("b24bot.db").display());
    bot_toml(&store).replace("[security]\napplication_token = \"inventedapplicationtoken0001\"", "").replacen(
        "127.0.0.1:0",
        address,
        1,
    )
}

#[tokio::test]
async fn an_application_without_pages_is_installed_by_its_callback() {
    let mut house = House::new().await;
    let installed = house.install(&json!({})).await;
    house.likes().await;
    house.metric("b24bot_portals{state=\"active\"} 1").await;
    house.metric("b24bot_portals_unregistered 0").await;
    assert!(house.bot.output().contains("a portal installed the application"), "{:?}", house.bot);
    house.log_is_silent_on(&installed);

    // Everything is known after the next start, and nothing is registered anew.
    house.start_again().await;
    house.likes().await;
    assert_eq!(house.control.count("imbot.register").await, 1);
    assert_eq!(house.control.count("event.bind").await, 1, "the others are told of by themselves");
}

#[tokio::test]
async fn an_application_with_pages_is_installed_by_its_page() {
    let house = House::new().await;
    let installed = house.install(&json!({"interface": true, "open": false})).await;
    let page = house.open(&installed, "en").await;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains(&format!("frame-ancestors {};", house.url)), "{policy}");
    let html = page.text().await.unwrap();
    assert!(html.contains("Like bot is installed") && html.contains("BX24.installFinish()"), "{html}");
    assert!(html.contains(&format!("src=\"{}/api/v1/\"", house.url)), "{html}");
    let bot = house.bot_id().await.unwrap();

    // What the page's script says, and what the portal says then.
    house.happens("finish", &json!({})).await;
    house.metric(r#"b24bot_events_total{event="ONAPPINSTALL",outcome="accepted"} 1"#).await;
    house.likes().await;
    assert_eq!((house.bot_id().await, house.control.count("imbot.register").await), (Some(bot), 1));

    let html = house.open(&installed, "ru").await.text().await.unwrap();
    assert!(html.contains("Like bot: всё работает") && !html.contains("<script"), "{html}");
    house.log_is_silent_on(&installed);
}

#[tokio::test]
async fn tokens_that_have_expired_are_renewed_when_they_are_needed() {
    let house = House::new().await;
    house.install(&json!({})).await;
    house.likes().await;
    house.control.post("/control/clock", &json!({"advance_seconds": 4000})).await;
    // The bot is looked at anew, with the token of the installation.
    house.happens("update", &json!({"version": 2})).await;
    house.metric(r#"b24bot_events_total{event="ONAPPUPDATE",outcome="accepted"} 1"#).await;
    house.metric("b24bot_registrations_total{outcome=\"ok\"} 2").await;
    let renewals = house.control.get(&format!("/control/applications/{CLIENT_ID}")).await;
    assert_eq!(renewals["renewals"], 1, "{renewals}");
    house.likes().await;
}

#[tokio::test]
async fn what_is_uninstalled_leaves_nothing_behind() {
    let mut house = House::new().await;
    let installed = house.install(&json!({})).await;
    house.likes().await;
    house.happens("uninstall", &json!({"clean": true})).await;
    house.metric("b24bot_portals{state=\"active\"} 0").await;
    let token = installed["application_token"].as_str().unwrap();
    let event = |name: &str| {
        let pairs = [
            ("event", name),
            ("data[BOT][1001][BOT_ID]", "1001"),
            ("data[PARAMS][MESSAGE]", "thanks"),
            ("data[PARAMS][MESSAGE_ID]", "4711"),
            ("data[PARAMS][DIALOG_ID]", "chat1"),
            ("auth[member_id]", installed["member_id"].as_str().unwrap()),
            ("auth[application_token]", token),
        ];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    for name in ["ONIMBOTMESSAGEADD", "ONAPPUNINSTALL", "ONAPPUPDATE"] {
        assert_eq!(house.bot.post(event(name)).await.status(), 403, "{name}");
    }
    house.log_is_silent_on(&installed);
    house.bot.signal("TERM");
    house.bot.ended().await;
    // The application token is worth nothing any more; freed space of the file may still have it, in old events.
    let secrets = ["access_token", "refresh_token"].map(|key| installed[key].as_str().unwrap());
    for file in std::fs::read_dir(house.folder.path()).unwrap().map(|file| file.unwrap().path()) {
        let bytes = std::fs::read(&file).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
            assert!(!found, "{secret} in {}", file.display());
        }
    }
}

#[tokio::test]
async fn an_application_is_installed_again_after_it_was_removed() {
    let house = House::new().await;
    house.install(&json!({})).await;
    house.likes().await;
    house.happens("uninstall", &json!({})).await;
    house.metric("b24bot_portals{state=\"active\"} 0").await;
    house.install(&json!({})).await;
    house.likes().await;
    assert_eq!(house.control.count("imbot.register").await, 2);
}

#[tokio::test]
async fn nobody_is_believed_or_called_who_only_says_so() {
    let mut house = House::new().await;
    // As on a public server, which calls nobody on its own machine; but the portal is a known authorization server.
    house.bot.kill().await;
    let known = APP.replace("[\"", &format!("[\"{}\", \"", house.url));
    let public = config(house.folder.path(), "127.0.0.1:0")
        .replace(APP, &known)
        .replace("[server]", "[server]\npublic_url = \"https://bot.example.com\"");
    house.bot = Program::run_logging(&public, "trace").await;
    let installed = house.install(&json!({"interface": true, "open": false, "handler": house.handler})).await;
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let trapped = format!("http://{}/rest/", trap.local_addr().unwrap());
    let server = format!("{}/rest/", house.url);
    let (token, member) =
        (installed["access_token"].as_str().unwrap(), installed["member_id"].as_str().unwrap());
    for (token, member, server, statuses) in [
        ("forgedtoken", member, &server, [403].as_slice()),
        (token, "forgedmember", &server, &[403]),
        // Confirmed, but where this one is nobody may be called.
        (token, member, &server, &[403]),
        // An unknown authorization server is not asked, the first that is known is.
        ("forgedtoken", member, &trapped, &[403]),
    ] {
        let pairs = [
            ("event", "ONAPPINSTALL"),
            ("data[VERSION]", "1"),
            ("auth[access_token]", token),
            ("auth[refresh_token]", "forgedrefresh"),
            ("auth[domain]", "forged.example"),
            ("auth[client_endpoint]", &trapped),
            ("auth[server_endpoint]", server),
            ("auth[member_id]", member),
            ("auth[application_token]", "forgedapplicationtoken"),
        ];
        let event = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let page = [
            ("AUTH_ID", token),
            ("REFRESH_ID", "forgedrefresh"),
            ("member_id", member),
            ("SERVER_ENDPOINT", server),
            ("APPLICATION_TOKEN", "forgedapplicationtoken"),
            ("DOMAIN", trapped.trim_start_matches("http://").trim_end_matches("/rest/")),
        ];
        let page = form_urlencoded::Serializer::new(String::new()).extend_pairs(page).finish();
        for body in [event, page] {
            let answer = house.bot.post(body).await;
            assert!(statuses.contains(&answer.status().as_u16()), "{}", answer.status());
            assert!(!answer.text().await.unwrap().contains("forged"));
        }
    }
    assert!(trap.accept().is_err(), "the claimed address was called");
    assert_eq!(house.bot_id().await, None);
    house.metric("b24bot_portals{state=\"active\"} 0").await;
    let (log, port) = (house.bot.output(), trap.local_addr().unwrap().port().to_string());
    assert!(!log.contains("forged") && !log.contains(&port) && !log.contains(member), "{log}");
    house.log_is_silent_on(&installed);
}

#[tokio::test]
async fn somebody_who_is_no_administrator_changes_nothing() {
    let mut house = House::new().await;
    house.install(&json!({})).await;
    house.likes().await;
    let employee = house.employee().await;
    let page = house.open(&employee, "en").await;
    assert_eq!(page.status(), 200, "it shows how things stand");
    assert!(page.text().await.unwrap().contains("Like bot is at work"));
    assert_eq!(house.bot.post(by("ONAPPINSTALL", &employee)).await.status(), 403);
    house.likes().await;

    // Nor where the bot does not know the portal any more.
    house.bot.kill().await;
    let address = house.bot.word_after("address=").await;
    house.folder = TempDir::new().unwrap();
    house.bot = Program::run(&config(house.folder.path(), &address)).await;
    assert_eq!(house.bot.post(by("ONAPPINSTALL", &employee)).await.status(), 403);
    let page = house.open(&employee, "en").await;
    assert_eq!(page.status(), 403);
    house.metric("b24bot_portals{state=\"active\"} 0").await;
}

/// An event with a token of that person's own wherever there can be one, and an application token of their own making.
fn by(event: &str, person: &Value) -> String {
    let token = person["access_token"].as_str().unwrap();
    let pairs = [
        ("event", event),
        ("data[BOT][1001][BOT_ID]", "1001"),
        ("data[BOT][1001][access_token]", token),
        ("data[PARAMS][MESSAGE]", "thanks"),
        ("data[PARAMS][MESSAGE_ID]", "4711"),
        ("data[PARAMS][DIALOG_ID]", "chat1"),
        ("auth[access_token]", token),
        ("auth[client_endpoint]", person["client_endpoint"].as_str().unwrap()),
        ("auth[server_endpoint]", person["server_endpoint"].as_str().unwrap()),
        ("auth[member_id]", person["member_id"].as_str().unwrap()),
        ("auth[application_token]", person["application_token"].as_str().unwrap()),
    ];
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn somebody_who_is_sent_to_the_portal_comes_back_with_the_installation() {
    let house = House::new().await;
    // Installed when the bot was not there to hear of it.
    house.install(&json!({"handler": "", "redirect_uri": house.handler})).await;
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    let domain = house.url.strip_prefix("http://").unwrap();
    let begun = browser.get(format!("{}/authorize?domain={domain}", house.handler)).send().await.unwrap();
    assert_eq!(begun.status(), 302);
    let (location, cookie) = (header(&begun, "location"), header(&begun, "set-cookie"));
    assert!(
        location.starts_with(&format!("{}/oauth/authorize/?client_id={CLIENT_ID}&state=", house.url)),
        "{location}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    // A local application's way back is its handler.
    let handler = header(&browser.get(location).send().await.unwrap(), "location");
    assert!(handler.starts_with(&format!("{}?code=", house.handler)), "{handler}");
    let sent_back = Url::parse(&handler).unwrap();
    let sent_back = sent_back.join(&header(&browser.get(handler).send().await.unwrap(), "location")).unwrap();
    assert_eq!(sent_back.path(), "/bitrix24/events/authorized");

    let without = browser.get(sent_back.clone()).send().await.unwrap();
    assert_eq!(without.status(), 403, "another browser");
    let page = browser.get(sent_back.clone()).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    assert!(page.text().await.unwrap().contains("Like bot is installed"));
    assert!(house.bot_id().await.is_some());
    // The application token does not come this way: it is learnt from the first event that brings the bot's own token,
    // and from nobody else's.
    let employee = house.employee().await;
    for event in ["ONIMBOTMESSAGEADD", "ONAPPUPDATE"] {
        assert_eq!(house.bot.post(by(event, &employee)).await.status(), 403, "{event}");
    }
    house.likes().await;
    let again = browser.get(sent_back.clone()).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(again.status(), 403, "once");
    for domain in ["evil.example/x", "me@evil.example", ""] {
        let mut url = Url::parse(&format!("{}/authorize", house.handler)).unwrap();
        url.query_pairs_mut().append_pair("domain", domain);
        assert_eq!(browser.get(url).send().await.unwrap().status(), 400, "{domain}");
    }
}

#[tokio::test]
async fn what_was_not_finished_is_finished_after_the_next_start() {
    let mut house = House::new().await;
    house
        .control
        .post("/control/faults", &json!({"kind": "error_500", "method": "imbot.register", "times": 1000}))
        .await;
    house.install(&json!({})).await;
    house.metric("b24bot_registrations_total{outcome=\"failed\"} 1").await;
    house.metric("b24bot_portals_unregistered 1").await;
    assert!(house.bot.output().contains("the bot cannot be registered"), "{:?}", house.bot);
    house.start_again().await;
    Client::new().delete(format!("{}/control/faults", house.url)).send().await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), house.likes()).await.unwrap();
}

#[tokio::test]
async fn a_bot_that_was_taken_away_stays_away_until_it_is_wanted_again() {
    let mut house = House::new().await;
    let installed = house.install(&json!({})).await;
    house.likes().await;
    let toml = config(house.folder.path(), "127.0.0.1:0");
    // With another bot.toml than the one it runs with, the bot carries out nothing.
    let other = toml.replace("code = \"like_bot\"", "code = \"other_bot\"");
    let refused = Program::to_end(&["unregister"], Some(&other), &[]).await;
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && complaint.contains("restart it"), "{complaint}");
    let done = Program::to_end(&["unregister"], Some(&toml), &[]).await;
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(house.bot_id().await, None);

    house.start_again().await;
    house.metric("b24bot_portals_unregistered 0").await;
    house.happens("update", &json!({"version": 2})).await;
    house.metric(r#"b24bot_events_total{event="ONAPPUPDATE",outcome="accepted"} 1"#).await;
    let html = house.open(&installed, "en").await.text().await.unwrap();
    assert!(html.contains("Like bot is installed"), "{html}");
    assert_eq!(house.control.count("imbot.register").await, 2, "once, and once more");
    house.likes().await;
}

#[tokio::test]
async fn beside_an_inbound_webhook_nobody_installs_the_application() {
    let portal = Scripted::start().await;
    let toml = bot_toml(&format!("{APP}\n{}", portal.webhook()));
    let bot = Program::run(&toml).await;
    let page = bot.post("AUTH_ID=a&member_id=m&DOMAIN=portal.example&APPLICATION_TOKEN=t").await;
    assert_eq!(page.status(), 400, "it is no event");
    let url =
        format!("http://{}/bitrix24/events/authorize?domain=p.example", bot.word_after("address=").await);
    assert_eq!(reqwest::get(url).await.unwrap().status(), 404);
    assert!(bot.output().contains("[app] is not used beside [portal]"), "{bot:?}");
}

fn header(response: &Response, name: &str) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}
