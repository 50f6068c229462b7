//! Files, sent by people and by bots, and fetched where events say.

mod support;

use serde_json::{Value, json};
use support::{Bot, Caller, portal};

/// `tea\n`
const TEA: &str = "dGVhCg==";

#[tokio::test]
async fn a_persons_file_reaches_bots_of_both_generations() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im", "imbot"]);
    let (mut first, mut second) = (Bot::start().await, Bot::start().await);
    let one = call.v1_bot(&app, &first, "one", "S").await;
    call.v2_bot(&app, &second, "two", "supervisor").await;
    first.expect("ONIMBOTJOINCHAT").await;
    second.expect("ONIMBOTV2JOINCHAT").await;

    let sent = json!({"dialog": "chat1", "user": 27, "name": "list.txt", "content": TEA, "text": "see"});
    let (status, sent) = call.control("files", sent).await;
    assert_eq!(status, 200, "{sent}");
    let (message, file) = (sent["message_id"].clone(), sent["file_id"].clone());
    let heard = first.expect("ONIMBOTMESSAGEADD").await;
    let key = |name: &str| heard.get(&format!("data[PARAMS][FILES][{file}][{name}]"));
    assert_eq!((key("name"), key("size"), key("type")), ("list.txt".into(), "4".into(), "file".into()));
    assert_eq!((key("extension"), key("id")), ("txt".into(), file.to_string()));
    assert_eq!(heard.get("data[PARAMS][FILE_ID][0]"), file.to_string());
    assert_eq!(heard.get("data[PARAMS][MESSAGE]"), "see");
    let response = call.try_get(&key("urlDownload")).await;
    assert_eq!(response.headers()["content-disposition"], "attachment; filename*=UTF-8''list.txt");
    assert_eq!(response.bytes().await.unwrap(), &b"tea\n"[..]);

    let heard = second.expect("ONIMBOTV2MESSAGEADD").await;
    assert_eq!(heard.get("data[message][params][FILE_ID][0]"), file.to_string());
    assert_eq!(heard.get("data[message][files][0][name]"), "list.txt");
    let wanted = json!({"botId": one, "fileId": file});
    let link = call.oauth(&app.access_token, "imbot.v2.File.download", wanted).await.1["result"].clone();
    let url = link["downloadUrl"].as_str().unwrap();
    assert_eq!(call.try_get(url).await.text().await.unwrap(), "tea\n");
    assert_eq!(call.try_get(&url.replace("%7C", "%7Cx")).await.status(), 404);

    let shown = call.get(&format!("/control/messages/{message}")).await.1;
    let shown = &shown["files"][0];
    assert_eq!((&shown["id"], &shown["kind"], &shown["image"]), (&file, &json!("file"), &json!(false)));
    let page = format!("{}{}", portal.url(), shown["url"].as_str().unwrap());
    let response = call.try_get(&page).await;
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(response.headers()["content-type"], "application/octet-stream", "nothing a browser would run");
}

#[tokio::test]
async fn a_file_comes_in_parts_as_well() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let part = |head: &str, value: &str| {
        format!("--xYx\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
    };
    let parts = [
        part("name=\"dialog\"", "42"),
        part("name=\"user\"", "27"),
        part("name=\"file\"; filename=\"dot.png\"", "no real image"),
    ];
    let url = format!("{}/control/files", portal.url());
    let body = format!("{}--xYx--\r\n", parts.concat());
    let (status, sent) = call.typed(&url, "multipart/form-data; boundary=xYx", &body).await;
    assert_eq!(status, 200, "{sent}");
    let shown = call.get(&format!("/control/messages/{}", sent["message_id"])).await.1;
    assert_eq!(
        (&shown["text"], &shown["dialog"], &shown["files"][0]["kind"]),
        (&json!(""), &json!("42"), &json!("image"))
    );
    let response =
        call.try_get(&format!("{}{}", portal.url(), shown["files"][0]["url"].as_str().unwrap())).await;
    assert_eq!(response.headers()["content-type"], "image/png");

    let without = format!("{}--xYx--\r\n", parts[..2].concat());
    let (status, refused) = call.typed(&url, "multipart/form-data; boundary=xYx", &without).await;
    assert_eq!((status, &refused["error"]), (400, &json!("FILE_EMPTY")));
    let json = |more: Value| {
        let mut file = json!({"dialog": "chat1", "user": 27, "name": "a.txt", "content": TEA});
        file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        file
    };
    for (more, status, error) in [
        (json!({"content": "*"}), 400, "FILE_INVALID_CONTENT"),
        (json!({"content": ""}), 400, "FILE_EMPTY"),
        (json!({"name": " "}), 400, "FILE_EMPTY"),
        (json!({"dialog": "chat9"}), 404, "NOT_FOUND"),
        (json!({"user": 5}), 400, "USER_NOT_FOUND"),
        (json!({"user": "x"}), 400, "INVALID_REQUEST"),
    ] {
        let answer = call.control("files", json(more.clone())).await;
        assert_eq!((answer.0, &answer.1["error"]), (status, &json!(error)), "{more}");
    }
}

#[tokio::test]
async fn files_are_sent_one_by_one_and_not_in_a_batch() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let upload = format!("im.v2.File.upload?dialogId=chat1&fields[name]=a.txt&fields[content]={TEA}");
    let download = "im.v2.File.download?dialogId=chat1&fileId=501";
    let batch = json!({"cmd": {"upload": upload, "download": download, "me": "profile"}});
    let result = call.result("batch", batch).await;
    assert_eq!(result["result_error"]["upload"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert_eq!(result["result_error"]["download"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert_eq!(result["result"]["me"]["ID"], "1");
    let app = portal.install_application(&["im"]);
    let answer = call.oauth(&app.access_token, "disk.file.get", json!({"id": 501})).await;
    assert_eq!((answer.0, &answer.1["error"]), (403, &json!("insufficient_scope")));
    let file = json!({"name": "a.txt", "content": TEA});
    let sent = call.result("im.v2.File.upload", json!({"dialogId": "chat1", "fields": file})).await;
    assert_eq!(sent["file"]["authorName"], "Robin Hale");
}
