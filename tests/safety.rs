//! What strangers can do to the program: nothing but be refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{fs, path::Path, time::Duration};

use b24bot_tests::{APP, Program, Scripted, bot_toml, eventually, message};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::Certificate;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// In every part of what strangers send.
const NEEDLE: &str = "needleinahaystack";

/// The answer to a request, byte for byte as it is written here.
async fn raw(address: &str, request: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(request.as_ref()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /bitrix24/events?{NEEDLE}={NEEDLE} HTTP/1.1\r\nHost: {NEEDLE}.example\r\nConnection: close\r\n\
         Content-Length: {length}\r\nUser-Agent: {NEEDLE}\r\nX-{NEEDLE}: {NEEDLE}\r\n{headers}\r\n{body}"
    )
}

#[tokio::test]
async fn nothing_that_a_stranger_sends_is_in_the_log_or_in_an_answer() {
    let bot = Program::run_logging(&bot_toml(APP), "trace").await;
    let address = bot.word_after("address=").await;
    let genuine = message(1, NEEDLE, "http://127.0.0.1:9");
    let forged = genuine.replace("inventedapplicationtoken0001", NEEDLE).replace("inventedmemberid", NEEDLE);
    let headers = format!(
        "Cookie: {NEEDLE}\r\nAuthorization: Bearer {NEEDLE}\r\nX-Forwarded-For: {NEEDLE}\r\nReferer: https://{NEEDLE}/\r\n"
    );
    let unreadable = genuine.replace("MESSAGE_ID", NEEDLE);
    let mut requests = vec![
        (post(&headers, &forged), "403"),
        (post(&headers, &forged.replace("ONIMBOTMESSAGEADD", NEEDLE)), "403"),
        (post("", &format!("{NEEDLE}={NEEDLE}")), "400"),
        (post("", &format!("event=<{NEEDLE}>&auth[application_token]={NEEDLE}")), "400"),
        (
            post("", &format!(r#"{{"event": "{NEEDLE}", "auth": {{"application_token": "{NEEDLE}"}}}}"#)),
            "403",
        ),
        (post("", &format!(r#"{{"event": {NEEDLE}}}"#)), "400"),
        (
            post(
                "",
                &format!(
                    "AUTH_ID={NEEDLE}&REFRESH_ID={NEEDLE}&APPLICATION_TOKEN={NEEDLE}&member_id={NEEDLE}"
                ),
            ),
            // Nobody is there to ask.
            "503",
        ),
        (post(&format!("Content-Encoding: {NEEDLE}\r\n"), NEEDLE), "415"),
        (post(&format!("Content-Type: {NEEDLE}/{NEEDLE}\r\n"), &NEEDLE.repeat(70_000)), "413"),
        // Its application token is right, but no message has no id.
        (post("", &unreadable), "400"),
        (post("", "").replace("Content-Length: 0", &format!("Content-Length: {NEEDLE}")), "400"),
        (post("", "").replace("/bitrix24/events", &format!("/{NEEDLE}")), "404"),
        (
            post("", "").replace("/bitrix24/events", &format!("http://{NEEDLE}.example/bitrix24/events")),
            "400",
        ),
        (post("", "").replace("POST", NEEDLE), "405"),
        (post(&format!("{NEEDLE} {NEEDLE}: x\r\n"), ""), "400"),
        (post(&format!("X: {}\r\n", NEEDLE.repeat(10_000)), ""), "431"),
    ];
    let chunked =
        post("Transfer-Encoding: chunked\r\nTrailer: X\r\n", "").replace("Content-Length: 0\r\n", "");
    let chunk =
        format!("{:x};{NEEDLE}={NEEDLE}\r\n{forged}\r\n0\r\n{NEEDLE}: {NEEDLE}\r\n\r\n", forged.len());
    requests.push((format!("{chunked}{chunk}"), "403"));
    requests.push((format!("{chunked}{NEEDLE}\r\n"), "400"));
    for (request, status) in requests {
        let shown: String = request.chars().take(300).collect();
        let answer = raw(&address, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{shown}\n{answer}");
        assert!(!answer.contains(NEEDLE), "{shown}\n{answer}");
    }
    let admin = bot.word_after("admin=").await;
    for path in ["/", "/metrics", "/healthz", "/nothing"] {
        let request = post(&headers, &forged).replace("/bitrix24/events", path);
        raw(&admin, request).await;
    }
    let (_, metrics) = bot.admin("/metrics").await;
    assert!(!metrics.contains(NEEDLE), "{metrics}");
    bot.signal("TERM");
    eventually("the end of the log", || async { bot.output().contains("stopping").then_some(()) }).await;
    assert!(bot.output().contains("refused events"), "{bot:?}");
    assert!(!bot.output().to_lowercase().contains(NEEDLE), "{bot:?}");
}

/// Each body could take 1 MiB, and each head 32 KiB.
#[tokio::test]
async fn hundreds_of_connections_that_send_all_they_can_take_little_memory() {
    const CONNECTIONS: usize = 400;
    let bot = Program::run(&bot_toml(APP)).await;
    let address = bot.word_after("address=").await;
    // It is all there before anything is measured.
    assert_eq!(bot.post("event=x").await.status(), 403);
    let Some(before) = resident(bot.id()) else {
        println!("skipped: there is no /proc");
        return;
    };
    let head = format!(
        "POST /bitrix24/events HTTP/1.1\r\nHost: bot\r\nContent-Length: {}\r\nX: {}\r\n\r\n",
        1024 * 1024,
        "x".repeat(20_000)
    );
    let body = vec![b'a'; 1024 * 1024 - 1];
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, head, body) = (address.clone(), head.clone(), body.clone());
        sending.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // Until it is refused, or only one byte is missing.
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body).await;
            stream
        });
    }
    let held = sending.join_all().await;
    let most = peak(bot.id()).unwrap();
    assert_eq!(held.len(), CONNECTIONS);
    let taken = most.saturating_sub(before);
    println!("{taken} KiB for {CONNECTIONS} connections");
    assert!(taken < 256 * 1024, "{taken} KiB");
    // Meanwhile everyone else is served.
    let portal = Scripted::start().await;
    assert_eq!(bot.post(message(1, "thanks", portal.url())).await.status(), 200);
    portal.asked(1).await;
}

fn resident(process: u32) -> Option<u64> {
    status(process, "VmRSS:")
}

fn peak(process: u32) -> Option<u64> {
    status(process, "VmHWM:")
}

/// A figure of a process, in KiB.
fn status(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[tokio::test]
async fn the_admin_side_asks_for_its_token_and_health_does_not() {
    let (admin, events) =
        ("[admin]\nlisten = \"127.0.0.1:0\"", "[admin]\nlisten = \"0.0.0.0:0\"\ntoken = \"");
    let config = bot_toml(APP).replace(admin, &format!("{events}0123456789abcdef\""));
    let bot = Program::run(&config).await;
    let address = bot.word_after("admin=").await.replace("0.0.0.0", "127.0.0.1");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(reqwest::get(format!("http://{address}{path}")).await.unwrap().status(), 200, "{path}");
    }
    let client = reqwest::Client::new();
    for path in ["/", "/metrics"] {
        let ask = || client.get(format!("http://{address}{path}"));
        let refused = ask().send().await.unwrap();
        assert_eq!(refused.status(), 401, "{path}");
        assert!(refused.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
        assert_eq!(ask().bearer_auth("0123456789abcdeg").send().await.unwrap().status(), 401, "{path}");
        assert_eq!(ask().bearer_auth("0123456789abcdef").send().await.unwrap().status(), 200, "{path}");
        assert_eq!(
            ask().basic_auth("me", Some("0123456789abcdef")).send().await.unwrap().status(),
            200,
            "{path}"
        );
    }
    assert!(!bot.output().contains("0123456789abcdef"), "{bot:?}");
}

/// A page at a name that leads to this machine asks for what only this machine may see.
#[tokio::test]
async fn a_page_with_another_name_for_this_machine_sees_nothing_of_the_admin_side() {
    let bot = Program::run(&bot_toml(APP)).await;
    let admin = bot.word_after("admin=").await;
    let port = admin.rsplit_once(':').unwrap().1.to_owned();
    let get = |path: &str, host: &str| {
        raw(&admin, format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    };
    for path in ["/", "/metrics"] {
        let answer = get(path, &format!("rebound.example:{port}")).await;
        assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
        for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
            let answer = get(path, &host).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
}

#[tokio::test]
async fn the_program_serves_https_and_takes_a_new_certificate_on_sighup() {
    let folder = tempfile::TempDir::new().unwrap();
    let first = certify(folder.path());
    let [certificate, key] =
        ["bot.pem", "bot.key"].map(|file| folder.path().join(file).display().to_string());
    let tls = format!("[server]\ntls_certificate = '{certificate}'\ntls_key = '{key}'");
    let bot = Program::run(&bot_toml(APP).replace("[server]", &tls)).await;
    assert!(bot.output().contains("over https"), "{bot:?}");
    let portal = Scripted::start().await;
    let event = message(1, "thanks", portal.url());
    assert_eq!(send(&bot, &first, event.clone()).await.unwrap().status(), 200);
    portal.asked(1).await;

    let second = certify(folder.path());
    bot.signal("HUP");
    eventually("the new certificate", || async { send(&bot, &second, event.clone()).await.ok() }).await;
    assert!(send(&bot, &first, event.clone()).await.is_err());

    fs::write(folder.path().join("bot.key"), "no key").unwrap();
    bot.signal("HUP");
    eventually("what is wrong with it", || async {
        bot.output().contains("the old one stays").then_some(())
    })
    .await;
    assert_eq!(send(&bot, &second, event).await.unwrap().status(), 200);
}

/// Writes a new certificate for `bot.example` there.
fn certify(folder: &Path) -> Certificate {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["bot.example".to_owned()]).unwrap();
    // The key first: with the old certificate it is of no use, and is not taken.
    fs::write(folder.join("bot.key"), signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("bot.pem"), cert.pem()).unwrap();
    Certificate::from_pem(cert.pem().as_bytes()).unwrap()
}

async fn send(bot: &Program, trusted: &Certificate, body: String) -> reqwest::Result<reqwest::Response> {
    let address: std::net::SocketAddr = bot.word_after("address=").await.parse().unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([trusted.clone()])
        .resolve("bot.example", address)
        .timeout(Duration::from_secs(20))
        .build()?;
    client.post(format!("https://bot.example:{}/bitrix24/events", address.port())).body(body).send().await
}
