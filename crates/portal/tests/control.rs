//! `/control`: faults, people's acts, resets, the stream, and the page.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Bot, Caller, portal};

#[tokio::test]
async fn faults_of_every_kind() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let url = format!("{}profile", portal.webhook_url());
    for (kind, status, code) in [
        ("query_limit", 503, "QUERY_LIMIT_EXCEEDED"),
        ("operation_limit", 429, "OPERATION_TIME_LIMIT"),
        ("overload", 503, "OVERLOAD_LIMIT"),
        ("expired_token", 401, "expired_token"),
        ("error_500", 500, "INTERNAL_SERVER_ERROR"),
    ] {
        call.control("faults", json!({"kind": kind, "method": "profile"})).await;
        assert_eq!(call.webhook("server.time", json!({})).await.0, 200, "another method");
        let (got, answer) = call.webhook("profile", json!({})).await;
        assert_eq!((got, answer["error"].as_str()), (status, Some(code)), "{kind}");
        assert_eq!(call.webhook("profile", json!({})).await.0, 200, "{kind} once only");
    }

    call.control("faults", json!({"kind": "drop", "times": 2})).await;
    for _ in 0..2 {
        let error = call.try_post(&url, json!({})).await.unwrap_err();
        assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    }
    assert_eq!(call.webhook("profile", json!({})).await.0, 200);

    call.control("faults", json!({"kind": "moved"})).await;
    let response = call.try_post(&format!("{url}?a=b"), json!({})).await.unwrap();
    let port = portal.address().port();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], format!("http://localhost:{port}/rest/1/local/profile?a=b"));

    let says = |text: String| serde_json::from_str::<Value>(&text).is_ok();
    call.control("faults", json!({"kind": "not_json"})).await;
    call.control("faults", json!({"kind": "not_json", "status": 200})).await;
    for status in [502, 200] {
        let response = call.try_post(&url, json!({})).await.unwrap();
        assert_eq!(response.status(), status);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(!says(response.text().await.unwrap()));
    }
    assert_eq!(call.control("faults", json!({"kind": "not_json", "status": 99})).await.0, 400);

    let (status, answer) = call.control("faults", json!({"kind": "flood"})).await;
    assert_eq!(status, 400);
    assert!(answer["error_description"].as_str().unwrap().contains("operation_limit"), "{answer}");
    let (_, requests) = call.get("/control/requests").await;
    let statuses: Vec<_> =
        requests.as_array().unwrap().iter().map(|one| one["status"].as_u64().unwrap()).collect();
    assert!(statuses.ends_with(&[0, 0, 200, 302, 502, 200]), "{statuses:?}");

    call.control("faults", json!({"kind": "overload", "times": 9})).await;
    assert_eq!(call.delete("faults").await, (200, json!([])));
    assert_eq!(call.webhook("profile", json!({})).await.0, 200);
}

#[tokio::test]
async fn what_is_late_or_cut_was_done_all_the_same() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let id = call.say(27, "chat1", "thanks").await;
    let url = format!("{}im.message.like", portal.webhook_url());
    let (_, pending) = call.control("faults", json!({"kind": "slow", "milliseconds": 600_000})).await;
    assert_eq!(pending[0]["milliseconds"], 600_000);
    let late = call.try_post(&url, json!({"MESSAGE_ID": id, "ACTION": "plus"}));
    tokio::pin!(late);
    loop {
        tokio::select! {
            biased;
            answer = &mut late => panic!("answered: {answer:?}"),
            likes = call.likes(id) => if likes == json!([1]) { break },
        }
    }
    call.control("faults", json!({"kind": "slow", "milliseconds": 1})).await;
    assert_eq!(call.webhook("profile", json!({})).await.0, 200);

    call.control("faults", json!({"kind": "truncated"})).await;
    let cut = call.try_post(&url, json!({"MESSAGE_ID": id, "ACTION": "minus"})).await.unwrap();
    assert_eq!(cut.status(), 200);
    let length = cut.content_length().unwrap();
    let mut got = 0;
    let mut cut = cut;
    let error = loop {
        match cut.chunk().await {
            Ok(Some(chunk)) => got += chunk.len() as u64,
            Ok(None) => panic!("complete: {got} of {length}"),
            Err(error) => break error,
        }
    };
    assert!(got == length / 2 && !error.is_timeout(), "{got} of {length}: {error:?}");
    assert_eq!(call.likes(id).await, json!([]));
    let (_, requests) = call.get("/control/requests").await;
    assert_eq!((&requests[2]["status"], &requests[2]["error"]), (&json!(200), &json!("truncated")));
}

#[tokio::test]
async fn a_dropped_request_does_nothing_and_a_hanging_one_gives_no_answer() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let id = call.say(27, "chat1", "thanks").await;
    let url = format!("{}im.message.like", portal.webhook_url());
    call.control("faults", json!({"kind": "drop", "method": "im.message.like"})).await;
    assert!(call.try_post(&url, json!({"MESSAGE_ID": id})).await.is_err());
    assert_eq!(call.likes(id).await, json!([]));

    call.control("faults", json!({"kind": "timeout", "method": "im.message.like"})).await;
    let hanging = call.try_post(&url, json!({"MESSAGE_ID": id}));
    tokio::pin!(hanging);
    // It is taken, which the record shows, and not answered.
    loop {
        tokio::select! {
            biased;
            answer = &mut hanging => panic!("answered: {answer:?}"),
            (_, faults) = call.get("/control/faults") => if faults == json!([]) { break },
        }
    }
    assert_eq!(call.likes(id).await, json!([]));
    portal.shutdown().await;
    assert!(hanging.await.is_err());
}

#[tokio::test]
async fn a_batch_meets_faults_of_batch_only() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    call.control("faults", json!({"kind": "overload", "method": "profile"})).await;
    let result = call.result("batch", json!({"cmd": {"a": "profile"}})).await;
    assert_eq!(result["result_error"], json!([]));
    call.control("faults", json!({"kind": "error_500", "method": "batch"})).await;
    assert_eq!(call.webhook("batch", json!({"cmd": {"a": "profile"}})).await.0, 500);
    let (_, pending) = call.get("/control/faults").await;
    assert_eq!(pending, json!([{"kind": "overload", "method": "profile", "times": 1}]));
}

#[tokio::test]
async fn people_write_like_edit_and_delete() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let id = call.say(27, "chat1", "hello").await;
    assert_eq!(id, 101);
    let (_, message) = call.get("/control/messages/101").await;
    for (key, value) in [
        ("id", json!(101)),
        ("dialog", json!("chat1")),
        ("author", json!(27)),
        ("text", json!("hello")),
        ("likes", json!([])),
        ("reactions", json!({})),
        ("deleted", json!(false)),
    ] {
        assert_eq!(message[key], value, "{key}");
    }
    call.control("likes", json!({"message": id, "user": 42, "action": "plus"})).await;
    let (_, message) = call.control("reactions", json!({"message": id, "user": 1, "reaction": "fire"})).await;
    assert_eq!((&message["likes"], &message["reactions"]), (&json!([42]), &json!({"fire": [1]})));
    assert_eq!(call.patch("messages/101", json!({"text": "hi", "user": 42})).await.0, 403);
    assert_eq!(call.patch("messages/101", json!({"text": "hi"})).await.0, 200);
    assert_eq!(call.get("/control/messages/101").await.1["text"], "hi");
    assert_eq!(call.delete("messages/101").await.0, 200);
    assert_eq!(call.get("/control/messages/101").await.1["deleted"], true);

    let private = call.say(27, "42", "psst").await;
    let (_, by_partner) = call.get("/control/dialogs/42/messages?user=27").await;
    let (_, by_anyone) = call.get("/control/dialogs/27/messages").await;
    assert_eq!((by_partner.clone(), by_partner[0]["id"].clone()), (by_anyone, json!(private)));

    for (body, status) in [
        (json!({"dialog": "chat9", "user": 27, "text": "x"}), 404),
        (json!({"dialog": "27", "user": 27, "text": "no bot, no chat with oneself"}), 404),
        (json!({"dialog": "chat1", "user": 5, "text": "x"}), 400),
        (json!({"dialog": "chat1", "user": 27, "text": "  "}), 400),
        (json!({"dialog": "chat1", "user": 27}), 400),
        (json!({"dialog": "chat2", "user": 1, "text": "not my chat"}), 403),
        (json!({"dialog": "chat1", "user": 27, "text": "x", "reply_to": private}), 400),
        (json!({"dialog": "chat1", "user": -27, "text": "x"}), 400),
        (json!({"dialog": "chat1", "user": "Nora", "text": "x"}), 400),
    ] {
        let answer = call.control("messages", body.clone()).await;
        assert_eq!(answer.0, status, "{body}");
        assert!(answer.1["error"].is_string(), "{answer:?}");
    }
    assert_eq!(call.get("/control/messages/999").await.0, 404);
    assert_eq!(call.get("/control/nonsense").await.0, 404);
}

#[tokio::test]
async fn groups_are_founded() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let (status, made) = call.control("chats", json!({"title": " Pier ", "users": ["27", 42]})).await;
    assert_eq!((status, &made["dialog"]), (200, &json!("chat2")));
    call.say(42, "chat2", "hello").await;
    let (_, state) = call.get("/control/state").await;
    let chat = &state["chats"][1];
    assert_eq!(
        (&chat["title"], &chat["private"], &chat["members"]),
        (&json!("Pier"), &json!(false), &json!([27, 42]))
    );
    for (body, code) in [
        (json!({"users": []}), "INVALID_REQUEST"),
        (json!({"users": [27, 5]}), "USER_NOT_FOUND"),
        (json!({"users": [27], "entity_type": "CRM"}), "UNKNOWN_ENTITY_TYPE"),
        (json!({"title": "x"}), "INVALID_REQUEST"),
    ] {
        let answer = call.control("chats", body).await;
        assert_eq!((answer.0, answer.1["error"].as_str().unwrap()), (400, code));
    }
    assert_eq!(call.control("messages", json!({"dialog": "chat2", "user": 1, "text": "x"})).await.0, 403);
}

#[tokio::test]
async fn a_reset_leaves_bots_that_work() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v1_bot(&app, &bot, "echo", "B").await;
    bot.next().await;
    let message = call.say(27, &id.to_string(), "hello").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    assert_eq!(call.control("reset", json!({})).await.0, 200);
    for path in ["requests", "deliveries", "faults", "dialogs/chat1/messages"] {
        assert_eq!(call.get(&format!("/control/{path}")).await.1, json!([]), "{path}");
    }
    let again = call.say(27, "chat1", &format!("[USER={id}]Echo[/USER] again")).await;
    assert!(again > message, "{again}: a running bot takes a known id for a repetition");
    bot.expect("ONIMBOTMESSAGEADD").await;
    let (_, state) = call.get("/control/state").await;
    assert_eq!(state["chats"].as_array().unwrap().len(), 1);

    call.control("reset", json!({"all": true})).await;
    let (_, state) = call.get("/control/state").await;
    assert_eq!((&state["bots"], state["users"].as_array().unwrap().len()), (&json!([]), 3));
    assert_eq!(call.oauth(&app.access_token, "profile", json!({})).await.0, 401);
    let app = portal.install_application(&["imbot"]);
    let next = call.v1_bot(&app, &bot, "echo", "B").await;
    assert!(next > id && call.say(27, "chat1", "after all").await > again);
    assert!(call.say(27, &next.to_string(), "in private").await > again);
    let (_, chats) = call.get("/control/state").await;
    let chats: Vec<_> = chats["chats"].as_array().unwrap().iter().map(|chat| chat["id"].clone()).collect();
    assert_eq!(chats, [1, 3], "chat2 was the private chat before");
}

#[tokio::test]
async fn ids_and_counts_may_be_digits_and_more_fields_may_come() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let typed = json!({"dialog": 1, "user": "27", "text": "to the administrator", "color": "red"});
    let (status, private) = call.control("messages", typed).await;
    assert_eq!(status, 200, "{private}");
    let reply =
        json!({"dialog": "1", "user": "27", "text": "x", "reply_to": private["message_id"].to_string()});
    let (_, reply) = call.control("messages", reply).await;
    let shown = call.get(&format!("/control/messages/{}", reply["message_id"])).await.1;
    assert_eq!(shown["reply_to"], private["message_id"]);

    let id = call.say(27, "chat1", "hello").await.to_string();
    for (path, body) in [
        ("likes", json!({"message": id, "user": "42", "action": "plus", "x": 1})),
        ("reactions", json!({"message": id, "user": "1", "reaction": "fire", "x": 1})),
        ("faults", json!({"kind": "overload", "times": "2", "x": 1})),
        ("clock", json!({"advance_seconds": "5", "x": 1})),
    ] {
        let answer = call.control(path, body).await;
        assert_eq!(answer.0, 200, "{path}: {answer:?}");
    }
    assert_eq!(call.get("/control/faults").await.1[0]["times"], 2);
    let shown = call.get(&format!("/control/messages/{id}")).await.1;
    assert_eq!((&shown["likes"], &shown["reactions"]), (&json!([42]), &json!({"fire": [1]})));
    assert_eq!(
        call.patch(&format!("messages/{id}"), json!({"text": "hi", "user": "27", "x": 1})).await.0,
        200
    );
    assert_eq!(call.control("reset", json!({"all": false, "x": 1})).await.0, 200);
    let (status, answer) = call.control("likes", json!({"message": "x", "user": 42})).await;
    assert_eq!(status, 400);
    assert!(answer["error_description"].as_str().unwrap().contains("digits"), "{answer}");
}

#[tokio::test]
async fn an_application_can_be_installed_from_outside() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let (status, app) = call.control("applications", json!({})).await;
    assert_eq!((status, &app["scopes"]), (200, &json!(["im", "imbot"])));
    assert_eq!(app["client_endpoint"], format!("{}/rest/", portal.url()));
    assert_eq!(app["member_id"], portal.install_application(&[]).member_id);
    let text = |name: &str| app[name].as_str().unwrap().to_owned();

    let mut bot = Bot::start().await;
    let register = json!({"CODE": "echo", "EVENT_HANDLER": bot.url, "PROPERTIES": {"NAME": "Echo"}});
    let (status, answer) = call.oauth(&text("access_token"), "imbot.register", register).await;
    assert_eq!(status, 200, "{answer}");
    let event = bot.expect("ONIMBOTJOINCHAT").await;
    assert_eq!(event.get("auth[application_token]"), text("application_token"));
    assert_eq!(event.get("auth[member_id]"), text("member_id"));
    let renew = format!(
        "/oauth/token/?grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        text("client_id"),
        text("client_secret"),
        text("refresh_token")
    );
    assert_eq!(call.get(&renew).await.0, 200);

    let (_, user) = call.control("applications", json!({"scopes": ["user_brief"]})).await;
    assert_eq!(user["scopes"], json!(["user_brief"]));
    let token = user["access_token"].as_str().unwrap();
    assert_eq!(call.oauth(token, "user.current", json!({})).await.0, 200);
    assert_eq!(call.oauth(token, "imbot.bot.list", json!({})).await.0, 403);
    assert_eq!(call.control("applications", json!({"scopes": "im"})).await.0, 400);
}

#[tokio::test]
async fn a_reset_forgets_what_is_under_way() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let (mut bot, answers) = Bot::slow().await;
    let id = call.v1_bot(&app, &bot, "slow", "B").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    // The bot has not answered yet, and this waits behind it.
    call.say(27, &id.to_string(), "never sent").await;
    call.control("reset", json!({})).await;
    answers.add_permits(10);
    let kept = call.say(27, "chat1", &format!("[USER={id}]Slow[/USER] sent")).await;
    assert_eq!(bot.expect("ONIMBOTMESSAGEADD").await.get("data[PARAMS][MESSAGE_ID]"), kept.to_string());
    portal.delivered().await;
    let (_, deliveries) = call.get("/control/deliveries").await;
    assert_eq!(deliveries.as_array().unwrap().len(), 1);
    assert_eq!(deliveries[0]["event"], "ONIMBOTMESSAGEADD");
}

#[tokio::test]
async fn requests_are_numbered() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    call.webhook("profile", json!({"x": 1})).await;
    call.get("/rest/1/wrong/profile?auth=abc").await;
    let (_, requests) = call.get("/control/requests").await;
    assert_eq!(requests[0]["params"], json!({"x": 1}));
    assert_eq!((&requests[0]["user"], &requests[1]["user"]), (&json!(1), &Value::Null));
    assert_eq!((&requests[1]["status"], &requests[1]["params"]["auth"]), (&json!(401), &json!("***")));
    assert_eq!(call.get("/control/requests?since=1").await.1.as_array().unwrap().len(), 1);
    assert_eq!(call.get("/control/requests?since=x").await.0, 400);
}

#[tokio::test]
async fn the_stream_tells_what_happens() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut response = call.try_get(&format!("{}/control/events", portal.url())).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    let mut read_until = async |mark: &str| {
        while !text.contains(mark) {
            let next =
                tokio::time::timeout(Duration::from_secs(10), response.chunk()).await.expect("no news");
            text.push_str(std::str::from_utf8(&next.unwrap().expect("ended")).unwrap());
        }
        std::mem::take(&mut text)
    };
    read_until("hello").await;
    let id = call.say(27, "chat1", "news").await;
    assert!(read_until("\n\n").await.contains(r#""text":"news""#));
    call.control("likes", json!({"message": id, "user": 1})).await;
    assert!(read_until("\n\n").await.contains(r#""likes":[1]"#));
    call.control("reset", json!({})).await;
    read_until(r#"{"kind":"reset"}"#).await;
    portal.shutdown().await;
    assert!(response.chunk().await.unwrap().is_none(), "a shutdown ends the stream");
}

#[tokio::test]
async fn other_sites_cannot_write_through_a_browser() {
    let portal = portal().await;
    let url = format!("{}/control/reset", portal.url());
    let post = |origin: String| reqwest::Client::new().post(&url).header("origin", origin).send();
    assert_eq!(post("https://evil.example".to_owned()).await.unwrap().status(), 403);
    assert_eq!(post("null".to_owned()).await.unwrap().status(), 403);
    assert_eq!(post(portal.url()).await.unwrap().status(), 200);
}

/// What comes after each of these marks, up to the quote.
fn quoted<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = String> + 'a {
    text.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned)
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let root = reqwest::Url::parse(&portal.url()).unwrap();
    let mut files = vec![root.clone()];
    let mut next = 0;
    while let Some(url) = files.get(next).cloned() {
        next += 1;
        let response = call.try_get(url.as_str()).await;
        assert_eq!(response.status(), 200, "{url}");
        let expected = match url.path().rsplit('.').next().unwrap() {
            "css" => "text/css",
            "js" => "text/javascript",
            _ => "text/html",
        };
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with(expected), "{url}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        for part in ["default-src 'none'", "script-src 'self';", "require-trusted-types-for 'script'"] {
            assert!(policy.contains(part) && !policy.contains("unsafe"), "{policy}");
        }
        let text = response.text().await.unwrap();
        for foreign in ["src=\"http", "href=\"http", "@import", "from \"http", "import("] {
            assert!(!text.contains(foreign), "{foreign} in {url}");
        }
        assert!(expected != "text/css" || !text.contains("url("), "{url}");
        let vendored = url.path().contains("/vendor/");
        for unsafe_word in ["innerHTML", "InnerHTML", "insertAdjacentHTML", "eval(", "document.write"] {
            assert!(vendored || !text.contains(unsafe_word), "{unsafe_word} in {url}");
        }
        let marks = ["src=\"/", "href=\"/"].map(|mark| quoted(&text, mark).map(|path| format!("/{path}")));
        let imports =
            ["from \"./", "from\"./"].map(|mark| quoted(&text, mark).map(|path| format!("./{path}")));
        let links = marks.into_iter().flatten().chain(imports.into_iter().flatten());
        let found: Vec<_> =
            links.map(|link| url.join(&link).unwrap()).filter(|link| !link.path().contains('$')).collect();
        for link in found {
            if !files.contains(&link) {
                files.push(link);
            }
        }
    }
    assert!(files.len() > 20, "{files:?}");
    let unknown = root.join("/page/nothing.js").unwrap();
    assert_eq!(call.try_get(unknown.as_str()).await.status(), 404);
}
