//! How REST is reached, refused, limited and batched.

mod support;

use b24bot_portal::{ErrorKind, Portal};
use serde_json::{Value, json};
use support::{Caller, portal};

fn code(answer: &(u16, Value)) -> (u16, String) {
    (answer.0, answer.1["error"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn every_way_to_call_gives_the_same() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im"]);
    let url = portal.url();
    let add = format!("{url}/rest/1/local/im.message.add");
    let json = call.post(&add, json!({"DIALOG_ID": "chat1", "MESSAGE": "a"})).await;
    assert_eq!(json.1["result"], 101);
    let shouted = format!("{url}/rest/1/local/IM.MESSAGE.ADD.json");
    let form = call.form(&shouted, "DIALOG_ID=chat1&MESSAGE=b+%26+c").await;
    assert_eq!(form.1["result"], 102);
    let query = call.get("/rest/1/local/im.message.add.json?dialog_id=chat1&message=d").await;
    assert_eq!(query.1["result"], 103);
    let token = format!("/rest/im.message.add?auth={}&DIALOG_ID=chat1&MESSAGE=e", app.access_token);
    assert_eq!(call.get(&token).await.1["result"], 104);
    let token = format!("auth={}&DIALOG_ID=chat1&MESSAGE=f", app.access_token);
    assert_eq!(call.form(&format!("{url}/rest/im.message.add"), &token).await.1["result"], 105);
    let both = call.form(&format!("{add}?MESSAGE=query"), "DIALOG_ID=chat1&MESSAGE=body").await;
    assert_eq!(both.1["result"], 106);
    let (_, list) = call.get("/control/dialogs/chat1/messages").await;
    let texts: Vec<_> =
        list.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["a", "b & c", "d", "e", "f", "body"], "the body wins over the query");
}

#[tokio::test]
async fn a_picture_in_a_page_calls_no_method() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let url = format!("{}im.message.add?DIALOG_ID=chat1&MESSAGE=x", portal.webhook_url());
    for (part, status) in
        [("image", 403), ("iframe", 403), ("script", 403), ("empty", 200), ("document", 200)]
    {
        assert_eq!(call.part_of_page(&url, part).await, status, "{part}");
    }
    assert_eq!(call.get("/control/dialogs/chat1/messages").await.1.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_body_counts_as_what_it_is() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let add = format!("{}im.message.add", portal.webhook_url());
    // What `curl -d '{…}'` sends.
    let json = call.form(&add, r#" {"DIALOG_ID": "chat1", "MESSAGE": "a & b"}"#).await;
    assert_eq!(json.1["result"], 101, "{json:?}");
    // What `curl -F DIALOG_ID=chat1 -F MESSAGE=…` sends.
    let part =
        |name, value| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let parts = format!("{}{}--b--\r\n", part("DIALOG_ID", "chat1"), part("MESSAGE", "50% & more"));
    let parts = call.typed(&add, "multipart/form-data; boundary=b", &parts).await;
    assert_eq!(parts.1["result"], 102, "{parts:?}");
    let broken = call.typed(&add, "multipart/form-data; boundary=b", "--b\r\n").await;
    assert_eq!(code(&broken), (400, "INVALID_REQUEST".into()));
    let (_, list) = call.get("/control/dialogs/chat1/messages").await;
    assert_eq!((&list[0]["text"], &list[1]["text"]), (&json!("a & b"), &json!("50% & more")));
}

#[tokio::test]
async fn work_time_adds_up_by_method() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let time = async |method| {
        let time = call.webhook(method, json!({})).await.1["time"].clone();
        (
            time["operating"].as_f64().unwrap(),
            time["operating_reset_at"].as_u64().unwrap(),
            time["start"].clone(),
        )
    };
    let (first, reset_at, start) = time("profile").await;
    assert!(first > 0.0, "{first}");
    assert!((590..=600).contains(&(reset_at - start.as_f64().unwrap() as u64)), "{reset_at} at {start}");
    let (second, same, _) = time("PROFILE").await;
    assert!(second > first, "{second}");
    assert_eq!(same, reset_at);

    let (status, batch) = call.webhook("batch", json!({"cmd": {"a": "profile", "b": "scope"}})).await;
    assert_eq!(status, 200);
    let inner = &batch["result"]["result_time"];
    assert!(
        inner["a"]["operating"].as_f64().unwrap() > second && inner["b"]["operating"] != json!(0.0),
        "{inner}"
    );
    assert_eq!(batch["time"]["operating"], json!(0.0), "its calls count, a batch does not");

    call.control("faults", json!({"kind": "operation_limit", "method": "profile"})).await;
    let (status, refused) = call.webhook("profile", json!({})).await;
    assert_eq!((status, &refused["time"]), (429, &Value::Null));
    call.control("clock", json!({"advance_seconds": 601})).await;
    let (_, next, _) = time("profile").await;
    assert!(next > reset_at, "{next}");
}

#[tokio::test]
async fn a_method_that_worked_too_long_is_refused_in_a_batch_as_well() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let limit = std::time::Duration::from_secs(480);
    let portal = Portal::builder().listen(listen).unlimited().work_limit(limit).start().await.unwrap();
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im"]);
    let charge = async |seconds: u64, application: Value| {
        let body = json!({"method": "IM.message.like", "seconds": seconds, "application": application});
        call.control("work", body).await.0
    };
    assert_eq!(charge(480, json!(null)).await, 200);
    let id = call.say(27, "chat1", "thanks").await;
    let liked = call.webhook("im.message.like", json!({"MESSAGE_ID": id, "ACTION": "plus"})).await;
    assert_eq!(liked.0, 200, "480 is not more than 480, and this call makes it more");
    let reset_at = liked.1["time"]["operating_reset_at"].as_u64().unwrap();
    let (status, refused) = call.webhook("im.message.like", json!({"MESSAGE_ID": id})).await;
    assert_eq!(
        (status, refused),
        (
            429,
            json!({"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked due to operation time limit."})
        )
    );
    let cmd = json!({"like": format!("im.message.like?MESSAGE_ID={id}"), "me": "profile"});
    let batch = call.result("batch", json!({"cmd": cmd})).await;
    assert_eq!(batch["result_error"]["like"]["error"], "OPERATION_TIME_LIMIT");
    assert_eq!((&batch["result"]["me"]["ID"], &batch["result_time"]["like"]), (&json!("1"), &Value::Null));

    let like = json!({"MESSAGE_ID": id, "ACTION": "auto"});
    let theirs = call.oauth(&app.access_token, "im.message.like", like.clone()).await;
    assert_eq!(theirs.0, 200, "480 for the application as well");
    let theirs = call.oauth(&app.access_token, "im.message.like", like.clone()).await;
    assert_eq!(code(&theirs), (429, "OPERATION_TIME_LIMIT".into()));
    let (_, clock) = call.control("clock", json!({"advance_seconds": 601})).await;
    assert!(clock["now"].is_string());
    let again = call.webhook("im.message.like", json!({"MESSAGE_ID": id, "ACTION": "plus"})).await;
    assert!(again.1["time"]["operating_reset_at"].as_u64().unwrap() > reset_at, "{again:?}");

    assert_eq!(charge(1, json!("nobody")).await, 404);
    assert_eq!(call.control("work", json!({"method": "im.message.lick", "seconds": 1})).await.0, 404);
    assert_eq!(call.control("work", json!({"method": "profile", "seconds": -1})).await.0, 400);
    assert_eq!(charge(1000, json!(app.client_id)).await, 200);
    assert_eq!(call.webhook("im.message.like", json!({"MESSAGE_ID": id, "ACTION": "minus"})).await.0, 200);
}

#[tokio::test]
async fn limits_can_be_set_and_lifted() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let (_, none) = call.get("/control/limits").await;
    assert_eq!(none, json!({"burst": 0.0, "per_second": 0.0, "work_seconds": 0.0}));
    let (_, set) = call.control("limits", json!({"burst": 2, "per_second": 0.001, "work_seconds": 1})).await;
    assert_eq!(set, json!({"burst": 2.0, "per_second": 0.001, "work_seconds": 1.0}));
    for expected in [200, 200, 503] {
        assert_eq!(call.webhook("profile", json!({})).await.0, expected);
    }
    call.control("limits", json!({"burst": 0})).await;
    call.control("work", json!({"method": "profile", "seconds": 1})).await;
    assert_eq!(call.webhook("profile", json!({})).await.0, 429);
    call.control("limits", json!({"work_seconds": 0})).await;
    assert_eq!(call.webhook("profile", json!({})).await.0, 200);
    assert_eq!(call.control("limits", json!({"burst": -1})).await.0, 400);
}

#[tokio::test]
async fn each_start_is_another_portal_unless_the_seed_says_otherwise() {
    let start = async |seed: Option<u64>| {
        let builder = Portal::builder().listen("127.0.0.1:0".parse().unwrap());
        let portal = seed.map_or(builder.clone(), |seed| builder.seed(seed)).start().await.unwrap();
        let app = portal.install_application(&["im"]);
        (app.member_id, app.access_token, app.application_token)
    };
    let (one, other) = (start(None).await, start(None).await);
    assert!(one.0 != other.0 && one.1 != other.1 && one.2 != other.2);
    assert_eq!(start(Some(7)).await, start(Some(7)).await);
}

#[tokio::test]
async fn whoever_may_not_is_told_why() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let url = portal.url();
    let app = portal.install_application(&["im", "user_brief"]);
    let token = &app.access_token;
    assert_eq!(code(&call.get("/rest/profile").await), (401, "NO_AUTH_FOUND".into()));
    assert_eq!(code(&call.oauth("nonsense", "profile", json!({})).await), (401, "invalid_token".into()));
    assert_eq!(code(&call.get("/rest/1/wrong/profile").await), (401, "INVALID_CREDENTIALS".into()));
    assert_eq!(code(&call.get("/rest/27/local/profile").await), (401, "INVALID_CREDENTIALS".into()));
    assert_eq!(
        code(&call.oauth(token, "imbot.bot.list", json!({})).await),
        (403, "insufficient_scope".into())
    );
    assert_eq!(call.oauth(token, "user.current", json!({})).await.0, 200);
    let unknown = call.webhook("im.message.lick", json!({})).await;
    assert_eq!(
        unknown,
        (404, json!({"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}))
    );
    assert_eq!(code(&call.webhook("app.info", json!({})).await), (403, "ACCESS_DENIED".into()));
    assert_eq!(call.oauth(token, "app.info", json!({})).await.1["result"]["CODE"], app.client_id);
    let number = call.post(&format!("{url}/rest/1/local/profile"), json!(1)).await;
    assert_eq!(code(&number), (400, "INVALID_REQUEST".into()));
    call.control("clock", json!({"advance_seconds": 3601})).await;
    assert_eq!(code(&call.oauth(token, "profile", json!({})).await), (401, "expired_token".into()));
}

#[tokio::test]
async fn the_answers_of_the_general_methods() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im"]);
    let profile = call.result("profile", json!({})).await;
    assert_eq!((&profile["ID"], &profile["ADMIN"]), (&json!("1"), &json!(true)));
    assert_eq!(call.oauth(&app.access_token, "scope", json!({})).await.1["result"], json!(["im"]));
    let full = call.oauth(&app.access_token, "scope", json!({"full": true})).await.1["result"].clone();
    assert!(full.as_array().unwrap().contains(&json!("imbot")));
    assert!(call.result("scope", json!({})).await.as_array().unwrap().contains(&json!("imbot")));
    assert!(call.result("server.time", json!({})).await.as_str().unwrap().ends_with("+00:00"));
    assert_eq!(call.result("user.current", json!({})).await["ID"], "1");
    assert!(call.result("im.revision.get", json!({})).await["rest"].is_u64());
    assert!(call.result("imbot.v2.Revision.get", json!({})).await["rest"].is_u64());
}

#[tokio::test]
async fn tokens_are_renewed_and_the_old_refresh_token_is_worthless() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im"]);
    let path = |refresh: &str, secret: &str| {
        format!(
            "/oauth/token/?grant_type=refresh_token&client_id={}&client_secret={secret}&refresh_token={refresh}",
            app.client_id
        )
    };
    let (status, fresh) = call.get(&path(&app.refresh_token, &app.client_secret)).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&fresh["expires_in"], &fresh["user_id"], &fresh["scope"]),
        (&json!(3600), &json!(1), &json!("im"))
    );
    assert_eq!(fresh["client_endpoint"], app.client_endpoint);
    assert_ne!(fresh["domain"], json!(portal.address().to_string()));
    assert_eq!(call.oauth(fresh["access_token"].as_str().unwrap(), "profile", json!({})).await.0, 200);
    let new = fresh["refresh_token"].as_str().unwrap();
    assert_eq!(code(&call.get(&path(new, "wrong")).await), (400, "invalid_client".into()));
    let wider = call.get(&format!("{}&scope=im,crm", path(new, &app.client_secret))).await;
    assert_eq!(code(&wider), (403, "invalid_scope".into()));
    assert_eq!(call.get(&path(new, &app.client_secret)).await.0, 200, "a failed attempt spoils nothing");
    let again = call.get(&path(&app.refresh_token, &app.client_secret)).await;
    assert_eq!(code(&again), (400, "invalid_grant".into()));
    let authorize = format!("/oauth/authorize/?client_id={}&state=s&user_id=27", app.client_id);
    let (_, sent) = call.get(&authorize).await;
    assert_eq!((&sent["state"], &sent["member_id"]), (&json!("s"), &json!(app.member_id)));
    let exchange = format!(
        "/oauth/token/?grant_type=authorization_code&client_id={}&client_secret={}&code={}",
        app.client_id,
        app.client_secret,
        sent["code"].as_str().unwrap()
    );
    assert_eq!(call.get(&exchange).await.1["user_id"], 27);
    assert_eq!(code(&call.get(&exchange).await), (400, "invalid_grant".into()));
    let back = format!("{}{authorize}&redirect_uri=http://127.0.0.1:1/app?x%3Dy", portal.url());
    let response = call.try_get(&back).await;
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("http://127.0.0.1:1/app?x=y&code="), "{location}");
    assert_eq!(code(&call.get("/oauth/token/?grant_type=x").await), (400, "invalid_request".into()));
}

#[tokio::test]
async fn the_fifty_first_request_is_too_many() {
    let portal =
        Portal::builder().listen("127.0.0.1:0".parse().unwrap()).limits(50, 0.0).start().await.unwrap();
    let call = Caller::new(&portal);
    for _ in 0..50 {
        assert_eq!(call.webhook("server.time", json!({})).await.0, 200);
    }
    assert_eq!(code(&call.webhook("server.time", json!({})).await), (503, "QUERY_LIMIT_EXCEEDED".into()));
    let (_, requests) = call.get("/control/requests").await;
    assert_eq!(requests.as_array().unwrap().len(), 51);
    assert_eq!(requests[50]["error"], "QUERY_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_batch_is_one_request_with_many_calls() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut cmd = serde_json::Map::new();
    cmd.insert("a".into(), json!("im.message.add?DIALOG_ID=chat1&MESSAGE=%D0%B6+1"));
    cmd.insert("b".into(), json!("im.message.like?MESSAGE_ID=$result[a]&ACTION=plus"));
    cmd.insert("c".into(), json!("im.message.like?MESSAGE_ID=$result[a]&ACTION=plus"));
    cmd.insert("d".into(), json!("imbot.message.like?CLIENT_ID=secret&MESSAGE_ID=1"));
    cmd.insert("e".into(), json!("imbot.v2.File.download?fileId=1"));
    let result = call.result("batch", json!({"cmd": cmd, "halt": 0})).await;
    assert_eq!(result["result"], json!({"a": 101, "b": true}));
    assert_eq!(result["result_error"]["c"]["error"], "WITHOUT_CHANGES");
    assert_eq!(result["result_error"]["d"]["error"], "BOT_ID_ERROR");
    assert_eq!(result["result_error"]["e"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert_eq!((&result["result_total"], &result["result_next"]), (&json!([]), &json!([])));
    assert!(result["result_time"]["a"]["duration"].is_number());
    let (_, requests) = call.get("/control/requests").await;
    assert_eq!(requests.as_array().unwrap().len(), 1);
    let calls: Vec<_> =
        requests[0]["calls"].as_array().unwrap().iter().map(|one| one["method"].as_str().unwrap()).collect();
    assert_eq!(calls[..4], ["im.message.add", "im.message.like", "im.message.like", "imbot.message.like"]);
    assert!(!requests.to_string().contains("secret"), "{requests}");
}

#[tokio::test]
async fn an_address_can_be_taken_once() {
    let first = portal().await;
    let second = Portal::builder().listen(first.address()).start().await.unwrap_err();
    assert_eq!(second.kind(), ErrorKind::AddressInUse);
    let address = first.address();
    first.shutdown().await;
    let third = Portal::builder().listen(address).start().await.unwrap();
    assert_eq!(third.webhook_url(), format!("http://{address}/rest/1/local/"));
}

#[tokio::test]
async fn a_dropped_portal_frees_its_address() {
    let portal = portal().await;
    let address = portal.address();
    drop(portal);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while Portal::builder().listen(address).start().await.is_err() {
        assert!(std::time::Instant::now() < deadline, "still bound");
        tokio::task::yield_now().await;
    }
}

#[test]
fn secrets_do_not_show() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let portal = portal().await;
        let app = portal.install_application(&["im"]);
        let shown = format!("{app:?} {portal:?}");
        for secret in [&app.client_secret, &app.access_token, &app.refresh_token, &app.application_token] {
            assert!(!shown.contains(secret.as_str()), "{shown}");
        }
    });
}
