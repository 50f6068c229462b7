//! Files: sent and fetched piece by piece, to and from where they may.

use std::{
    io::{self, Read},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use b24bot_actions::{
    ErrorCode, ErrorKind, RegisteredBot,
    content::ContentError,
    files::{MAX_SIZE, Progress, Upload},
};
use b24bot_core::{FileId, MessageId};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::portal::{BOT_TOKEN, Portal, Reply, SECRET, error, ok, quick, tokens};

/// Base64, independent of the one under test.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for letter in 0..4 {
            let index = bits >> (18 - 6 * letter) & 63;
            text.push(if letter > group.len() { '=' } else { LETTERS[index as usize].into() });
        }
    }
    text
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 + index / 251) as u8).collect()
}

fn uploaded() -> Reply {
    ok(json!({ "file": { "id": "138", "name": "a" }, "messageId": 123, "chatId": 5, "dialogId": "chat5" }))
}

#[tokio::test]
async fn a_file_goes_into_the_events_dialog_as_the_bot() {
    let portal = Portal::start([uploaded(), uploaded(), uploaded()]).await;
    let portals = tokens();
    let progress = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&progress);
    let content = bytes(100_000);
    let upload = Upload::bytes("a \"b\".txt", content.clone()).message("see [this]");
    let upload = upload.on_progress(move |now: Progress| seen.lock().unwrap().push((now.done, now.total)));
    let sent = portal.event(&portals, "v1", true).upload(upload).await.unwrap();
    assert_eq!((sent.file, sent.message), (FileId::from(138), MessageId::from(123)));
    let size = Some(100_000);
    assert_eq!(*progress.lock().unwrap(), [(49_152, size), (98_304, size), (100_000, size)]);

    let path = std::env::temp_dir().join(format!("b24bot-upload-{}.txt", std::process::id()));
    std::fs::write(&path, "tea").unwrap();
    portal.event(&portals, "v2", true).upload_to("chat5", Upload::path(&path).name("tea.txt")).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let reader = Upload::reader("four", 4, io::repeat(b'x'));
    portal.event(&portals, "v2", true).upload(reader).await.unwrap();

    let asked = portal.asked();
    assert!(asked.iter().all(|asked| asked.path == "/rest/imbot.v2.File.upload"));
    let fields =
        json!({ "name": "a \"b\".txt", "message": "see [\u{2060}this]", "content": base64(&content) });
    let body = json!({ "botId": 1001, "dialogId": "27", "fields": fields, "auth": BOT_TOKEN });
    assert_eq!(asked[0].body, body);
    assert_eq!(asked[1].body["dialogId"], "chat5");
    assert_eq!(asked[1].body["fields"], json!({ "name": "tea.txt", "content": base64(b"tea") }));
    assert_eq!(asked[2].body["fields"]["content"], base64(b"xxxx"));
}

#[tokio::test]
async fn through_a_webhook_the_bot_signs_and_the_client_is_the_employee() {
    let portal = Portal::start([uploaded(), uploaded()]).await;
    let bot = RegisteredBot::default().token("t0ken");
    let portals = quick().webhook(portal.webhook()).bot(bot).build().unwrap();
    let ctx = portal.event(&portals, "v1", false);
    ctx.upload(Upload::bytes("a", "tea")).await.unwrap();
    ctx.client().unwrap().upload("chat5", Upload::bytes("a", "tea")).await.unwrap();
    let asked = portal.asked();
    assert_eq!(asked[0].path, format!("/rest/7/{SECRET}/imbot.v2.File.upload"));
    assert_eq!(asked[0].body["botToken"], "t0ken");
    assert_eq!(asked[1].path, format!("/rest/7/{SECRET}/im.v2.File.upload"));
    let body = json!({ "dialogId": "chat5", "fields": { "name": "a", "content": "dGVh" } });
    assert_eq!(asked[1].body, body);
}

#[tokio::test]
async fn what_the_portal_would_refuse_is_not_sent() {
    let portal = Portal::start([]).await;
    let ctx = portal.event(&tokens(), "v2", true);
    for (upload, limit) in [
        (Upload::bytes("a", ""), "is empty"),
        (Upload::bytes(" ", "x"), "name is empty"),
        (Upload::reader("a", MAX_SIZE + 1, io::empty()), "takes 104857600"),
        (Upload::bytes("a", "x").message("x".repeat(20_001)), "takes 20000"),
    ] {
        let error = ctx.upload(upload).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Params);
        assert!(error.to_string().contains(limit), "{error}");
        assert!(std::error::Error::source(&error).unwrap().is::<ContentError>());
    }
    for upload in [Upload::path("/nowhere/a.txt"), Upload::path(std::env::temp_dir()).name("folder")] {
        assert_eq!(ctx.upload(upload).await.unwrap_err().kind(), &ErrorKind::File);
    }
    assert_eq!(portal.asked(), []);
}

#[tokio::test]
async fn a_file_that_ends_too_early_is_told_apart_from_a_broken_connection() {
    let portal = Portal::start([]).await;
    let short = Upload::reader("a", 1_000_000, io::repeat(0).take(999_999));
    let error = portal.event(&tokens(), "v2", true).upload(short).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.repeat()),
        (&ErrorKind::File, b24bot_actions::Repeat::Never),
        "{error:?}"
    );
    assert_eq!(portal.asked(), [], "half a file is no call");

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            std::panic::resume_unwind(Box::new("broken"))
        }
    }
    let error = portal.event(&tokens(), "v2", true).upload(Upload::reader("a", 9, Broken)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::File, "{error:?}");
}

#[tokio::test]
async fn a_refused_upload_is_repeated_from_the_beginning_if_it_can_be_read_again() {
    let refused = || error(503, "QUERY_LIMIT_EXCEEDED");
    let portal = Portal::start([refused(), uploaded(), refused()]).await;
    let ctx = portal.event(&tokens(), "v2", true);
    ctx.upload(Upload::bytes("a", bytes(60_000))).await.unwrap();
    let error = ctx.upload(Upload::reader("a", 3, io::repeat(0))).await.unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::QueryLimitExceeded));
    let asked = portal.asked();
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked.len(), 3);
}

/// A reader that sees how far it is ahead of the portal.
struct Watched {
    given: u64,
    taken: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(7);
        self.given += buffer.len() as u64;
        let ahead = self.given.saturating_sub(self.taken.load(Ordering::SeqCst) * 3 / 4);
        self.most.fetch_max(ahead, Ordering::SeqCst);
        Ok(buffer.len())
    }
}

#[tokio::test]
async fn a_large_file_is_never_in_memory_as_a_whole() {
    const SIZE: u64 = 48 * 1024 * 1024;
    let taken = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&taken);
    let take = move |headers: HeaderMap, body: Body| async move {
        let length: u64 = headers[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let mut body = body.into_data_stream();
        while let Some(chunk) = body.next().await {
            counter.fetch_add(chunk.unwrap().len() as u64, Ordering::SeqCst);
        }
        assert_eq!(counter.load(Ordering::SeqCst), length, "the length is told before the content");
        axum::Json(json!({ "result": { "file": { "id": 1 }, "messageId": 2 } }))
    };
    let client =
        serve(Router::new().fallback(post(take).layer(axum::extract::DefaultBodyLimit::disable()))).await;
    let most = Arc::new(AtomicU64::new(0));
    let reader = Watched { given: 0, taken: Arc::clone(&taken), most: Arc::clone(&most) };
    client.upload("chat5", Upload::reader("a", SIZE, reader)).await.unwrap();
    assert!(taken.load(Ordering::SeqCst) > SIZE / 3 * 4);
    // What the system's sockets hold, and some pieces.
    let most = most.load(Ordering::SeqCst);
    assert!(most < SIZE / 2, "{most} bytes ahead");
}

/// Calls through a webhook of a portal of one's own.
async fn serve(app: Router) -> b24bot_actions::Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/rest/7/{SECRET}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let webhook = b24bot_actions::WebhookUrl::parse(&webhook).unwrap();
    quick().webhook(webhook).build().unwrap().webhook_client().unwrap()
}

#[derive(Clone, Default)]
struct Files {
    link: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<(Uri, HeaderMap)>>>,
}

/// A portal with files: `/file`, `/there` (moved to it), `/round` (moved to itself), `/gone`, `/broken`.
async fn portal_with_files(files: Files) -> b24bot_actions::Client {
    async fn link(State(files): State<Files>) -> axum::Json<Value> {
        axum::Json(json!({ "result": { "downloadUrl": *files.link.lock().unwrap() } }))
    }
    async fn file(State(files): State<Files>, uri: Uri, headers: HeaderMap) -> Response {
        let to = |location: &str| {
            (axum::http::StatusCode::FOUND, [(header::LOCATION, location.to_owned())]).into_response()
        };
        let path = uri.path().to_owned();
        files.asked.lock().unwrap().push((uri, headers));
        let whole = bytes(300_000);
        match path.as_str() {
            "/file" => ([(header::CONTENT_TYPE, "text/plain")], whole).into_response(),
            "/there" => to("/file?token=2"),
            "/round" => to("/round"),
            "/away" => to("http://portal.example/file"),
            "/broken" => {
                // What came before is sent when there is nothing for a moment.
                let broken = futures_util::stream::once(async {
                    tokio::task::yield_now().await;
                    Err(io::Error::other("broken"))
                });
                Body::from_stream(futures_util::stream::iter([Ok(whole)]).chain(broken)).into_response()
            }
            _ => (
                axum::http::StatusCode::NOT_FOUND,
                r#"{"error":"FILE_NOT_FOUND","error_description":"none"}"#,
            )
                .into_response(),
        }
    }
    serve(Router::new().route("/rest/{*path}", post(link)).fallback(get(file)).with_state(files)).await
}

#[tokio::test]
async fn a_download_comes_in_pieces_and_takes_no_credentials_along() {
    let files = Files::default();
    let client = portal_with_files(files.clone()).await;
    for link in ["/file?token=1", "/there"] {
        link.clone_into(&mut files.link.lock().unwrap());
        let progress = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&progress);
        let download = client.download("chat5", 138).await.unwrap();
        assert_eq!((download.size(), download.content_type()), (Some(300_000), Some("text/plain")));
        let mut download = download.on_progress(move |now| seen.lock().unwrap().push((now.done, now.total)));
        let mut whole = Vec::new();
        while let Some(chunk) = download.chunk().await.unwrap() {
            whole.extend(chunk);
        }
        assert_eq!(whole, bytes(300_000));
        let progress = progress.lock().unwrap();
        assert!(
            progress.is_sorted() && progress.iter().all(|(_, total)| *total == Some(300_000)),
            "{progress:?}"
        );
        assert_eq!(progress.last().unwrap().0, 300_000);
    }
    let stream = client.download("chat5", 138).await.unwrap().into_stream();
    let sizes: Vec<usize> = stream.map(|chunk| chunk.unwrap().len()).collect().await;
    assert_eq!(sizes.iter().sum::<usize>(), 300_000);
    for (uri, headers) in files.asked.lock().unwrap().iter() {
        let told = format!("{uri} {headers:?}");
        assert!(!told.contains(SECRET), "{told}");
        for name in [header::AUTHORIZATION, header::COOKIE, header::REFERER] {
            assert!(!headers.contains_key(&name), "{told}");
        }
    }
}

#[tokio::test]
async fn a_download_is_saved_whole_or_not_at_all() {
    let files = Files::default();
    let client = portal_with_files(files.clone()).await;
    let folder = std::env::temp_dir().join(format!("b24bot-download-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("a.txt");
    "/broken".clone_into(&mut files.link.lock().unwrap());
    let error = client.download("chat5", 138).await.unwrap().save(&path).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Transport);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    "/file".clone_into(&mut files.link.lock().unwrap());
    assert_eq!(client.download("chat5", 138).await.unwrap().save(&path).await.unwrap(), 300_000);
    assert_eq!(std::fs::read(&path).unwrap(), bytes(300_000));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let nowhere = client.download("chat5", 138).await.unwrap().save(path.join("b.txt")).await.unwrap_err();
    assert_eq!(nowhere.kind(), &ErrorKind::File);
    std::fs::remove_dir_all(&folder).unwrap();

    let download = || async { client.download("chat5", 138).await.unwrap() };
    assert_eq!(download().await.bytes(300_000).await.unwrap().len(), 300_000);
    assert_eq!(download().await.bytes(299_999).await.unwrap_err().kind(), &ErrorKind::Answer);
}

#[tokio::test]
async fn addresses_that_may_not_be_called_are_not() {
    let files = Files::default();
    let client = portal_with_files(files.clone()).await;
    for (link, kind, asked) in [
        ("http://portal.example/file", ErrorKind::Redirect, 0),
        ("ftp://127.0.0.1/file", ErrorKind::Redirect, 0),
        ("https://user@portal.example/file", ErrorKind::Redirect, 0),
        ("/away", ErrorKind::Redirect, 1),
        ("/round", ErrorKind::Redirect, 4),
        ("/gone", ErrorKind::Api(ErrorCode::FileNotFound), 1),
    ] {
        link.clone_into(&mut files.link.lock().unwrap());
        let error = client.download("chat5", 138).await.unwrap_err();
        assert_eq!(error.kind(), &kind, "{link}");
        assert_eq!(std::mem::take(&mut *files.asked.lock().unwrap()).len(), asked, "{link}");
        assert!(!format!("{error:?} {error}").contains("file?"), "{error:?}");
    }
}

#[tokio::test]
async fn a_bot_opens_files_as_itself() {
    let portal = Portal::start([error(400, "FILE_NOT_FOUND"), error(403, "FILE_ACCESS_ERROR")]).await;
    let portals = tokens();
    for (generation, code) in [("v1", ErrorCode::FileNotFound), ("v2", ErrorCode::FileAccessError)] {
        let error = portal.event(&portals, generation, true).download(138).await.unwrap_err();
        assert_eq!(error.code(), Some(&code));
    }
    for asked in portal.asked() {
        assert_eq!(asked.method, "imbot.v2.File.download");
        assert_eq!(asked.body, json!({ "botId": 1001, "fileId": 138, "auth": BOT_TOKEN }));
    }
}
