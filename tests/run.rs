//! `b24bot run`: from the portal's POST to the like, what bad requests get, what happens when the portal errs, how it
//! stops.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{APP, Control, Program, Scripted, bot_toml, eventually, message};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn a_webhook_bot_on_the_local_portal_likes_as_the_webhooks_user() {
    let portal = Program::start(&["portal", "--listen", "127.0.0.1:0"], None);
    let page = portal.word_after("chat page        ").await;
    let control = Control::at(&page);
    let webhook = format!("{}/rest/1/local/", page.trim_end_matches('/'));

    let config = bot_toml(&format!("[portal]\nwebhook = \"{webhook}\"\nclient_id = \"invented\""))
        .replace("application_token = \"inventedapplicationtoken0001\"", "");
    let bot = Program::run(&config).await;
    let handler = format!("http://{}/bitrix24/events", bot.word_after("address=").await);
    let registered = control
        .post(
            "/rest/1/local/imbot.register",
            &json!({
                "CODE": "like_bot", "TYPE": "S", "CLIENT_ID": "invented", "EVENT_HANDLER": handler,
                "EVENT_MESSAGE_ADD": handler, "EVENT_WELCOME_MESSAGE": handler, "EVENT_BOT_DELETE": handler,
                "PROPERTIES": {"NAME": "Like", "LAST_NAME": "Bot"},
            }),
        )
        .await;
    let bot_id = registered["result"].as_u64().unwrap_or_else(|| panic!("{registered}"));

    let thanks = control.say("chat1", 27, "Thanks for the tea!").await;
    let other = control.say("chat1", 42, "nothing to see").await;
    assert_eq!(control.liked(thanks).await, [1], "the webhook's user likes");
    let tea = control.say("chat1", 42, "tea, please").await;
    let reply = format!("Here you are, {}", control.name_of(42).await);
    assert_eq!(control.said("chat1", &reply).await, bot_id, "the bot answers");
    assert_eq!(control.get(&format!("/control/messages/{other}")).await["likes"], json!([]));
    assert_eq!(control.get(&format!("/control/messages/{tea}")).await["likes"], json!([]));
    assert_eq!(control.count("im.message.like").await, 1);
}

#[tokio::test]
async fn an_application_bot_likes_with_its_own_token_and_once() {
    let portal = Scripted::start().await;
    let bot = Program::run(&bot_toml(APP)).await;
    let body = message(85351, "Thank you!", portal.url());
    for _ in 0..3 {
        let response = bot.post(body.clone()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.text().await.unwrap(), "");
    }
    assert_eq!(bot.post(message(85352, "thanks again", portal.url())).await.status(), 200);
    let calls = portal.asked(2).await;
    let likes = |id: u64| json!({"MESSAGE_ID": id, "ACTION": "plus", "auth": "thebotsowntoken"});
    assert_eq!(calls.iter().map(|call| call.path.as_str()).collect::<Vec<_>>(), ["/rest/im.message.like"; 2]);
    assert_eq!(calls.into_iter().map(|call| call.params).collect::<Vec<_>>(), [likes(85351), likes(85352)]);

    let (status, metrics) = bot.admin("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        r#"b24bot_events_total{event="ONIMBOTMESSAGEADD",outcome="accepted"} 2"#,
        r#"b24bot_events_total{event="ONIMBOTMESSAGEADD",outcome="duplicate"} 2"#,
        "b24bot_inbox_pending ",
        "b24bot_inbox_dead 0",
        "b24bot_handler_seconds_bucket{le=",
        "b24bot_actions_queued ",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
}

#[tokio::test]
async fn without_the_scope_im_the_bot_uses_its_own_reaction_and_says_so_once() {
    let portal = Scripted::start().await;
    portal.then_error(403, "insufficient_scope");
    let bot = Program::run(&bot_toml(APP)).await;
    for id in [1, 2] {
        bot.post(message(id, "thanks", portal.url())).await;
        portal.asked(usize::try_from(id).unwrap() + 1).await;
    }
    let paths: Vec<String> = portal.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/rest/im.message.like", "/rest/imbot.message.like", "/rest/imbot.message.like"]);
    assert_eq!(portal.calls()[1].params["BOT_ID"], 1567);
    assert_eq!(bot.output().matches("WARN").count(), 1, "{bot:?}");
}

#[tokio::test]
async fn what_bad_requests_get() {
    let portal = Scripted::start().await;
    let bot = Program::run_logging(&bot_toml(APP), "trace").await;
    let genuine = message(1, "thanks", portal.url());
    let token = "auth%5Bapplication_token%5D=inventedapplicationtoken0001";
    let inside =
        genuine.replace(token, "data%5BBOT%5D%5B1567%5D%5Bapplication_token%5D=inventedapplicationtoken0001");
    for (body, status, code) in [
        (String::new(), 400, "INVALID_REQUEST"),
        ("what=ever".to_owned(), 400, "INVALID_REQUEST"),
        ("{\"event\":".to_owned(), 400, "INVALID_REQUEST"),
        ("[]".to_owned(), 400, "INVALID_REQUEST"),
        (genuine.replace("inventedapplicationtoken", "guessed"), 403, "ACCESS_DENIED"),
        (genuine.replace(token, ""), 403, "ACCESS_DENIED"),
        (inside, 403, "ACCESS_DENIED"),
        (format!("{genuine}&pad={}", "x".repeat(1024 * 1024)), 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let case = body[..body.len().min(60)].to_owned();
        let response = bot.post(body).await;
        assert_eq!(response.status(), status, "{case}");
        let error: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(error["error"], code, "{case}");
        assert!(error["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{case}");
    }
    let url = format!("http://{}/bitrix24/events", bot.word_after("address=").await);
    let get = reqwest::get(url).await.unwrap();
    assert_eq!((get.status().as_u16(), get.headers()["allow"].to_str().unwrap()), (405, "POST"));
    assert_eq!(portal.calls().len(), 0, "nothing unverified causes a call");
    let log = bot.output();
    assert!(
        log.contains("refused events") && !log.contains("guessed") && !log.contains("what=ever"),
        "{log}"
    );
    let url = format!("http://{}/other", bot.word_after("address=").await);
    let other: Value = reqwest::Client::new().post(url).body("x").send().await.unwrap().json().await.unwrap();
    assert_eq!(other["error"], "NOT_FOUND");

    let json = json!({"event": "ONIMBOTMESSAGEADD", "auth": {"member_id": "m", "application_token": "inventedapplicationtoken0001"},
        "data": {"BOT": {"5": {"BOT_ID": 5, "access_token": "t", "client_endpoint": format!("{}/rest/", portal.url())}},
                 "PARAMS": {"MESSAGE": "thanks", "MESSAGE_ID": 7, "DIALOG_ID": "27", "FROM_USER_ID": 27}, "USER": []}});
    assert_eq!(bot.post(json.to_string()).await.status(), 200, "JSON is taken as well");
    assert_eq!(portal.asked(1).await[0].params["MESSAGE_ID"], 7);
}

#[tokio::test]
async fn whatever_the_portal_answers_the_bot_goes_on() {
    let portal = Scripted::start().await;
    let bot = Program::run_logging(&bot_toml(&portal.webhook()), "trace").await;
    let final_errors = [
        (400, "MESSAGE_ID_ERROR"),
        (400, "WITHOUT_CHANGES"),
        (503, "OVERLOAD_LIMIT"),
        (401, "NO_AUTH_FOUND"),
        (400, "INVALID_REQUEST"),
        (403, "ACCESS_DENIED"),
        (403, "INVALID_CREDENTIALS"),
        (403, "user_access_error"),
        (401, "expired_token"),
        (500, "PORTAL_DELETED"),
        (405, "ERROR_BATCH_METHOD_NOT_ALLOWED"),
        (400, "ERROR_BATCH_LENGTH_EXCEEDED"),
        (404, "ERROR_MANIFEST_IS_NOT_AVAILABLE"),
        (418, "SOMETHING_NEW"),
    ];
    let mut asked = 0;
    for (id, (status, code)) in (1..).zip(final_errors) {
        portal.then_error(status, code);
        bot.post(message(id, "thanks", "http://127.0.0.1:9")).await;
        asked += 1;
        let calls = portal.asked(asked).await;
        assert_eq!(calls[asked - 1].params["MESSAGE_ID"], id, "{code} is not repeated");
    }
    portal
        .then_error(503, "QUERY_LIMIT_EXCEEDED")
        .then_error(500, "INTERNAL_SERVER_ERROR")
        .then(502, "<html>");
    bot.post(message(100, "thanks", "http://127.0.0.1:9")).await;
    let calls = portal.asked(asked + 4).await;
    assert!(calls[asked..].iter().all(|call| call.params["MESSAGE_ID"] == 100), "these are repeated");
    let errors = |metrics: &str| {
        metrics.contains(r#"b24bot_rest_calls_total{method="im.message.like",outcome="MESSAGE_ID_ERROR"} 1"#)
    };
    eventually("the errors in the metrics", || async {
        errors(&bot.admin("/metrics").await.1).then_some(())
    })
    .await;
    let output = bot.output();
    assert!(output.contains("MESSAGE_ID_ERROR"), "{output}");
    assert!(!output.contains("hushhush"), "the webhook's secret is in the log");
}

#[tokio::test]
async fn the_first_signal_finishes_what_has_begun_and_the_second_does_not() {
    for second in [false, true] {
        let portal = Scripted::start().await;
        let mut bot = Program::run(&bot_toml(&portal.webhook())).await;
        portal.close();
        for id in 1..=3 {
            assert_eq!(bot.post(message(id, "thanks", "http://127.0.0.1:9")).await.status(), 200);
        }
        portal.asked(1).await;
        assert_eq!(bot.admin("/readyz").await.0, 200);
        bot.signal("TERM");
        eventually("not ready", || async { (bot.admin("/readyz").await.0 == 503).then_some(()) }).await;
        if second {
            bot.signal("INT");
            assert_eq!(bot.ended().await, Some(130));
            assert_eq!(portal.calls().len(), 1);
        } else {
            portal.open();
            assert_eq!(bot.ended().await, Some(0));
            assert_eq!(portal.calls().len(), 3, "all that was accepted is done");
        }
    }
}

#[tokio::test]
async fn a_connection_that_never_says_what_it_wants_is_closed() {
    let bot = Program::run(&bot_toml(APP)).await;
    let mut slow = TcpStream::connect(bot.word_after("address=").await).await.unwrap();
    slow.write_all(b"POST /bitrix24/events HTTP/1.1\r\nHost: ").await.unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(b24bot_tests::PATIENCE, slow.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "still open after {:?}", b24bot_tests::PATIENCE);
}

#[tokio::test]
async fn a_signal_that_comes_as_soon_as_the_port_is_open_is_no_crash() {
    for _ in 0..10 {
        let mut bot = Program::run(&bot_toml(APP)).await;
        bot.signal("TERM");
        assert_eq!(bot.ended().await, Some(0));
    }
}

#[tokio::test]
async fn health_is_told_and_occupied_addresses_are_explained() {
    let bot = Program::run(&bot_toml(APP)).await;
    assert_eq!(bot.admin("/healthz").await.0, 200);
    assert!(bot.admin("/").await.1.contains("Like bot"));
    let taken = bot.word_after("address=").await;
    let config = bot_toml(APP).replacen("127.0.0.1:0", &taken, 1);
    let second = Program::to_end(&["run"], Some(&config), &[]).await;
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains(&taken) && said.contains("[server]"), "{said}");
}
