//! Applications come and go, and the portal moves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod support;

use serde_json::{Value, json};
use support::{Bot, Caller, portal};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn install(call: &Caller, settings: Value) -> Value {
    let (status, application) = call.control("applications", settings).await;
    assert_eq!(status, 200, "{application}");
    application
}

async fn act(call: &Caller, application: &Value, act: &str, body: Value) -> Value {
    let path = format!("applications/{}/{act}", text(&application["client_id"]));
    let (status, answer) = call.control(&path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn an_application_without_pages_lives_through_its_events() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut server = Bot::start().await;
    let app = install(&call, json!({"handler": server.url, "scopes": ["imbot", "im"]})).await;
    let event = server.expect("ONAPPINSTALL").await;
    for (field, value) in [
        ("data[VERSION]", "1"),
        ("data[ACTIVE]", "Y"),
        ("data[INSTALLED]", "Y"),
        ("auth[application_token]", &text(&app["application_token"])),
        ("auth[access_token]", &text(&app["access_token"])),
        ("auth[refresh_token]", &text(&app["refresh_token"])),
        ("auth[scope]", "imbot,im"),
        ("auth[status]", "L"),
        ("auth[member_id]", &text(&app["member_id"])),
        ("auth[client_endpoint]", &text(&app["client_endpoint"])),
    ] {
        assert_eq!(event.get(field), value, "{field}");
    }
    let token = text(&app["access_token"]);
    let (_, info) = call.oauth(&token, "app.info", json!({})).await;
    assert_eq!((&info["result"]["INSTALLED"], &info["result"]["VERSION"]), (&json!(true), &json!(1)));

    let shown = act(&call, &app, "update", json!({})).await;
    assert_eq!(shown["version"], 2);
    let event = server.expect("ONAPPUPDATE").await;
    assert_eq!((event.get("data[VERSION]"), event.get("data[PREVIOUS_VERSION]")), ("2".into(), "1".into()));

    act(&call, &app, "payment", json!({"status": "T", "days": 28})).await;
    let event = server.expect("ONAPPPAYMENT").await;
    assert_eq!((event.get("data[STATUS]"), event.get("data[DAYS]")), ("T".into(), "28".into()));
    act(&call, &app, "payment", json!({"expired": true})).await;
    assert_eq!(server.expect("ONAPPPAYMENT").await.get("data[PAYMENT_EXPIRED]"), "Y");
    let renew = format!(
        "/oauth/token/?grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        text(&app["client_id"]),
        text(&app["client_secret"]),
        text(&app["refresh_token"])
    );
    let (status, refused) = call.get(&renew).await;
    assert_eq!((status, &refused["error"]), (401, &json!("PAYMENT_REQUIRED")));
    act(&call, &app, "payment", json!({})).await;
    server.expect("ONAPPPAYMENT").await;

    let register = json!({"fields": {"code": "tea", "eventMode": "webhook", "webhookUrl": server.url, "properties": {"name": "Tea"}}});
    assert_eq!(call.oauth(&token, "imbot.v2.Bot.register", register).await.0, 200);
    server.expect("ONIMBOTV2JOINCHAT").await;
    act(&call, &app, "uninstall", json!({"clean": true})).await;
    let event = server.expect("ONAPPUNINSTALL").await;
    assert_eq!(event.get("data[CLEAN]"), "1");
    assert_eq!(event.get("auth[application_token]"), text(&app["application_token"]));
    assert!(!event.body.contains("access_token") && !event.body.contains("refresh_token"), "{}", event.body);
    let (status, refused) = call.oauth(&token, "profile", json!({})).await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_token")));
    let (status, refused) = call.get(&renew).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_client")));
    assert_eq!(call.get("/control/state").await.1["bots"], json!([]));
    assert_eq!(call.get("/control/applications").await.1, json!([]));
    let gone = format!("applications/{}/update", text(&app["client_id"]));
    assert_eq!(call.control(&gone, json!({})).await.0, 404);
    // Not even the number is given a second time.
    let next = install(&call, json!({})).await;
    assert_ne!((&next["id"], &next["client_id"]), (&app["id"], &app["client_id"]));
}

#[tokio::test]
async fn an_application_with_pages_hears_nothing_until_they_say_so() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let (mut pages, mut server) = (Bot::start().await, Bot::start().await);
    let settings =
        json!({"handler": server.url, "install": format!("{}?from=portal", pages.url), "interface": true});
    let app = install(&call, settings).await;
    assert_eq!(app["installed"], false);
    let opened = pages.next().await;
    let query = opened.uri.query().unwrap();
    let host = portal.address().to_string().replace(':', "%3A");
    assert!(query.starts_with(&format!("from=portal&DOMAIN={host}&PROTOCOL=0&LANG=en&APP_SID=")), "{query}");
    for (field, value) in [
        ("AUTH_ID", text(&app["access_token"])),
        ("AUTH_EXPIRES", "3600".to_owned()),
        ("REFRESH_ID", text(&app["refresh_token"])),
        ("SERVER_ENDPOINT", format!("{}/rest/", portal.url())),
        ("APPLICATION_TOKEN", text(&app["application_token"])),
        ("APPLICATION_SCOPE", "im,imbot".to_owned()),
        ("member_id", text(&app["member_id"])),
        ("status", "L".to_owned()),
        ("PLACEMENT", "DEFAULT".to_owned()),
    ] {
        assert_eq!(opened.get(field), value, "{field}");
    }

    // Its token works already, its bot is deaf.
    let token = text(&app["access_token"]);
    let fields = json!({"code": "tea", "type": "supervisor", "eventMode": "webhook", "webhookUrl": server.url, "properties": {"name": "Tea"}});
    assert_eq!(call.oauth(&token, "imbot.v2.Bot.register", json!({"fields": fields})).await.0, 200);
    call.say(27, "chat1", "too early").await;
    let info = call.oauth(&token, "app.info", json!({})).await.1;
    assert_eq!(info["result"]["INSTALLED"], false);

    assert_eq!(act(&call, &app, "finish", json!({})).await["installed"], true);
    act(&call, &app, "finish", json!({})).await;
    let info = call.oauth(&token, "app.info", json!({})).await.1;
    assert_eq!(info["result"]["INSTALLED"], true);
    call.say(27, "chat1", "in time").await;
    let mut events = [server.next().await, server.next().await];
    events.sort_by_key(support::Received::event);
    assert_eq!(events.each_ref().map(support::Received::event), ["ONAPPINSTALL", "ONIMBOTV2MESSAGEADD"]);
    assert_eq!(events[1].get("data[message][text]"), "in time");
    assert!(server.is_silent(&portal).await && pages.is_silent(&portal).await);

    for wrong in [json!({"interface": true}), json!({"handler": "ftp://x"}), json!({"install": "x"})] {
        assert_eq!(call.control("applications", wrong).await.0, 400);
    }
}

#[tokio::test]
async fn people_are_sent_back_where_the_application_wants_them() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = install(&call, json!({"redirect_uri": "https://app.example/back"})).await;
    let path = format!("{}/oauth/authorize/?client_id={}&state=s%26t", portal.url(), text(&app["client_id"]));
    let response = call.try_get(&format!("{path}&redirect_uri=https://evil.example/")).await;
    assert_eq!(response.status(), 302);
    let location = reqwest::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(location.host_str(), Some("app.example"));
    let state = location.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert_eq!(state, "s&t");
    let (status, refused) = call.get("/oauth/authorize/?client_id=nobody").await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_client")));
}

#[tokio::test]
async fn a_portal_that_moves_is_the_same_portal() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut bot = Bot::start().await;
    let app = portal.install_application(&["imbot", "im"]);
    let id = call.v1_bot(&app, &bot, "echo", "S").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let (_, moved) = call.control("domain", json!({})).await;
    let port = portal.address().port();
    let new = format!("http://localhost:{port}");
    assert_eq!(moved, json!({"url": new, "domain": format!("localhost:{port}"), "member_id": app.member_id}));
    let old = format!("{}im.message.add?x=y", portal.webhook_url());
    let say = json!({"DIALOG_ID": "chat1", "MESSAGE": "moved"});
    let response = call.try_post(&old, say.clone()).await.unwrap();
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(location, format!("{new}/rest/1/local/im.message.add?x=y"));
    assert_eq!(call.try_get(&format!("{}/oauth/authorize/", portal.url())).await.status(), 302);
    assert_eq!(call.post(&location, say).await.0, 200, "the same request where the portal is now");
    let event = bot.expect("ONIMBOTMESSAGEADD").await;
    assert_eq!(event.get("auth[domain]"), format!("localhost:{port}"));
    assert_eq!(event.get("auth[client_endpoint]"), format!("{new}/rest/"));
    assert_eq!(event.get(&format!("data[BOT][{id}][client_endpoint]")), format!("{new}/rest/"));
    assert_eq!(event.get("auth[server_endpoint]"), format!("{}/rest/", portal.url()));
    assert_eq!(event.get("auth[member_id]"), app.member_id);
    let (_, info) = call.oauth(&app.access_token, "app.info", json!({})).await;
    let (of_token, install) = (&info["result"], &info["result"]["install"]);
    assert_eq!((&of_token["client_id"], &of_token["user_id"]), (&json!(app.client_id), &json!(1)));
    assert_eq!((&of_token["scope"], &install["installed"]), (&json!("imbot,im"), &json!(true)));
    assert!(text(&of_token["expires"]).ends_with("+00:00"), "{info}");
    assert_eq!(install["client_endpoint"], format!("{new}/rest/"), "the authorization server has not moved");
    assert_eq!(install["member_id"], app.member_id);
    let renew = format!(
        "/oauth/token/?grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        app.client_id, app.client_secret, app.refresh_token
    );
    let (status, pair) = call.get(&renew).await;
    assert_eq!((status, &pair["client_endpoint"]), (200, &json!(format!("{new}/rest/"))));

    for wrong in ["localhost:1", "ftp://x", "http://x/rest/", "nonsense"] {
        assert_eq!(call.control("domain", json!({"url": wrong})).await.0, 400, "{wrong}");
    }
    call.control("domain", json!({"url": "https://new.example"})).await;
    let response = call.try_post(&old, json!({})).await.unwrap();
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!(location, "https://new.example/rest/1/local/im.message.add?x=y");
    call.control("reset", json!({})).await;
    assert_eq!(call.webhook("profile", json!({})).await.0, 200);
}

#[tokio::test]
async fn what_an_application_binds_is_listed_and_told() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut server = Bot::start().await;
    let app = install(&call, json!({"scopes": ["imbot"]})).await;
    let token = text(&app["access_token"]);
    let binding = json!({"event": "OnAppUpdate", "handler": server.url});
    let (_, unknown) =
        call.oauth(&token, "event.bind", json!({"event": "ONNOTHING", "handler": server.url})).await;
    assert_eq!(unknown["error"], "ERROR_EVENT_NOT_FOUND");
    let (_, bound) = call.oauth(&token, "event.bind", binding.clone()).await;
    assert_eq!(bound["result"], true);
    let (_, again) = call.oauth(&token, "event.bind", binding.clone()).await;
    assert_eq!(again["error"], "ERROR_CORE");
    let bot = json!({"fields": {"code": "b", "properties": {"name": "B"}, "eventMode": "webhook", "webhookUrl": server.url}});
    call.oauth(&token, "imbot.v2.Bot.register", bot).await;
    let (_, listed) = call.oauth(&token, "event.get", json!({})).await;
    let events: Vec<String> =
        listed["result"].as_array().unwrap().iter().map(|bound| text(&bound["event"])).collect();
    assert_eq!(events[..2], ["ONAPPUPDATE", "ONIMBOTV2MESSAGEADD"], "{listed}");
    server.expect("ONIMBOTV2JOINCHAT").await;
    act(&call, &app, "update", json!({})).await;
    server.expect("ONAPPUPDATE").await;
    let (_, gone) = call.oauth(&token, "event.unbind", binding).await;
    assert_eq!(gone["result"]["count"], 1);
}

async fn renew(call: &Caller, app: &Value, refresh: &Value) -> (u16, Value) {
    let (id, secret, refresh) = (text(&app["client_id"]), text(&app["client_secret"]), text(refresh));
    let query = format!("client_id={id}&client_secret={secret}&refresh_token={refresh}");
    call.get(&format!("/oauth/token/?grant_type=refresh_token&{query}")).await
}

#[tokio::test]
async fn tokens_end_are_revoked_and_die_of_a_second_use() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let refused = async |token: &Value| {
        call.oauth(&text(token), "app.info", json!({})).await.1["error"].as_str().map(str::to_owned)
    };
    let app = install(&call, json!({})).await;
    act(&call, &app, "expire", json!({})).await;
    assert_eq!(refused(&app["access_token"]).await.as_deref(), Some("expired_token"));
    let (_, pair) = renew(&call, &app, &app["refresh_token"]).await;
    assert_eq!(refused(&pair["access_token"]).await, None);

    let (status, error) = renew(&call, &app, &app["refresh_token"]).await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")));
    assert_eq!(refused(&pair["access_token"]).await.as_deref(), Some("invalid_token"));
    assert_eq!(renew(&call, &app, &pair["refresh_token"]).await.1["error"], "invalid_grant");
    let shown = call.get(&format!("/control/applications/{}", app["id"])).await.1;
    assert_eq!((&shown["renewals"], &shown["client_secret"]), (&json!(1), &Value::Null));

    let mut server = Bot::start().await;
    let app = install(&call, json!({"handler": server.url})).await;
    server.expect("ONAPPINSTALL").await;
    act(&call, &app, "revoke", json!({})).await;
    assert_eq!(refused(&app["access_token"]).await, None, "it works until it ends");
    assert_eq!(renew(&call, &app, &app["refresh_token"]).await.1["error"], "invalid_grant");
    act(&call, &app, "reinstall", json!({})).await;
    let again = server.expect("ONAPPINSTALL").await;
    assert_eq!(again.get("auth[application_token]"), text(&app["application_token"]));
    let (status, _) = renew(&call, &app, &json!(again.get("auth[refresh_token]"))).await;
    assert_eq!(status, 200, "what is installed again has new tokens");
}

#[tokio::test]
async fn an_application_may_have_its_names_before_it_is_installed() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let names = json!({"client_id": "local.tea", "client_secret": "not-so-secret"});
    let app = install(&call, names.clone()).await;
    let (_, secrets) = call.get("/control/applications/local.tea/secrets").await;
    assert_eq!(
        (&secrets["client_secret"], &app["client_id"]),
        (&names["client_secret"], &names["client_id"])
    );
    assert_eq!(secrets["application_token"], app["application_token"]);
    assert_eq!(renew(&call, &app, &app["refresh_token"]).await.0, 200);
    let (status, error) = call.control("applications", names.clone()).await;
    assert_eq!((status, &error["error"]), (400, &json!("ALREADY_INSTALLED")));
    assert_eq!(call.control("applications", json!({"client_id": "a b"})).await.0, 400);
    act(&call, &app, "uninstall", json!({})).await;
    install(&call, names).await;
}

#[tokio::test]
async fn a_browser_opens_the_pages_itself() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut pages = Bot::start().await;
    let settings = json!({"handler": "http://127.0.0.1:9/page?x=1", "install": pages.url, "interface": true, "open": false});
    let app = install(&call, settings).await;
    assert!(pages.is_silent(&portal).await, "the portal did not open the page");
    let opened = act(&call, &app, "page", json!({"user": 27, "lang": "ru"})).await;
    let url = text(&opened["url"]);
    assert!(url.starts_with(&format!("{}?DOMAIN=", pages.url)) && url.contains("&LANG=ru&"), "{url}");
    assert_eq!(
        opened["fields"]["AUTH_ID"], app["access_token"],
        "the administrator's, until it is installed"
    );
    assert_eq!(opened["fields"]["member_id"], app["member_id"]);
    act(&call, &app, "finish", json!({})).await;
    let opened = act(&call, &app, "page", json!({"user": 27})).await;
    let url = text(&opened["url"]);
    assert!(url.starts_with("http://127.0.0.1:9/page?x=1&DOMAIN="), "{url}");
    let whose = call.oauth(&text(&opened["fields"]["AUTH_ID"]), "profile", json!({})).await.1;
    assert_eq!(whose["result"]["ID"], "27");

    let frame = call.try_get(&format!("{}/application/{}", portal.url(), app["id"])).await;
    let policy = frame.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let place = reqwest::Url::parse(&pages.url).unwrap().origin().ascii_serialization();
    assert!(policy.contains(&format!("frame-src http://127.0.0.1:9 {place};")), "{policy}");
    assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
    let page = call.try_get(&portal.url()).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-src 'self';"), "{policy}");
    let script = call.try_get(&format!("{}/api/v1/", portal.url())).await;
    assert!(script.text().await.unwrap().contains("installFinish"));
    assert_eq!(call.try_get(&format!("{}/application/7", portal.url())).await.status(), 404);

    let plain = install(&call, json!({"handler": pages.url})).await;
    let (status, _) = call.control(&format!("applications/{}/page", plain["id"]), json!({})).await;
    assert_eq!(status, 404, "it has no pages");
}
