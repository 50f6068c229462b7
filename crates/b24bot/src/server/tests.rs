//! A server on a real socket, and senders of every bad kind.

use std::{net::SocketAddr, path::Path};

use axum::{body::Bytes, routing::any};
use b24bot_rules::Config;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: bot\r\n\r\n";

async fn start(terms: Terms) -> (Server, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", any(|body: Bytes| async move { format!("{} bytes", body.len()) }));
    (Server::start_on(listener, router, terms), address)
}

async fn plain() -> (Server, SocketAddr) {
    start(Terms::default()).await
}

/// Everything that comes back until the server closes.
async fn said(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(request.as_ref()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn with(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn heads_have_a_size_and_a_number_of_headers() {
    let (_server, address) = plain().await;
    let many = |count| (0..count).map(|n| format!("X-{n}: x\r\n")).collect::<String>();
    let long = |length| format!("X: {}\r\n", "x".repeat(length));
    let path = format!("GET /{} HTTP/1.1\r\nHost: bot\r\n\r\n", "x".repeat(3 * HEAD_LIMIT));
    for (request, status) in [
        (with(&many(HEADERS - 2)), "200"),
        (with(&many(HEADERS - 1)), "431"),
        (with(&long(HEAD_LIMIT / 2)), "200"),
        (with(&long(3 * HEAD_LIMIT)), "431"),
        (path, "431"),
    ] {
        let length = request.len();
        let answer = said(address, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{length} bytes: {answer}");
    }
}

/// Neither is spoken here, and nothing that others bound for it is needed.
#[tokio::test]
async fn no_other_protocol_is_spoken() {
    let (_server, address) = plain().await;
    let prior_knowledge = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec();
    let answer = said(address, prior_knowledge).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer:?}");
    let upgrade = with("Upgrade: h2c, websocket\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n")
        .replace("Connection: close", "Connection: Upgrade, HTTP2-Settings, close");
    let answer = said(address, upgrade).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn odd_requests_are_answered_and_break_nothing() {
    let (_server, address) = plain().await;
    let tail = "HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n";
    for (line, statuses) in [
        ("HEAD /", &["200"][..]),
        ("OPTIONS *", &["404", "400"]),
        ("OPTIONS /", &["200"]),
        ("TRACE /", &["200"]),
        ("CONNECT inside.example:443", &["404", "400", "405"]),
        ("POST http://inside.example/", &["200"]),
        ("POST http://inside.example/%2e%2e/x", &["404"]),
        ("GET //", &["404"]),
        ("GET /%00%ff?%", &["404"]),
        ("GET no-slash", &["400", "404"]),
        ("G\u{e9}T /", &["400"]),
        ("", &["400"]),
    ] {
        let answer = said(address, format!("{line} {tail}")).await;
        let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or("none");
        assert!(statuses.contains(&status), "{line}: {answer}");
    }
    for request in [
        "POST / HTTP/1.1\r\nHost: bot\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: bot\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost : bot\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: bot\r\n folded: x\r\n\r\n",
        "POST / HTTP/9.9\r\nHost: bot\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let answer = said(address, request).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
    }
    assert!(said(address, with("")).await.starts_with("HTTP/1.1 200"), "it still serves");
}

#[tokio::test]
async fn what_is_announced_is_asked_for_only_where_it_is_read() {
    let gate = gate("security.senders = '203.0.113.0/24'");
    for (terms, expected) in [(Terms::default(), "HTTP/1.1 100"), (Terms { gate, tls: None }, "HTTP/1.1 403")]
    {
        let (_server, address) = start(terms).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "POST / HTTP/1.1\r\nHost: bot\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}

#[tokio::test]
async fn requests_in_one_go_are_answered_one_by_one() {
    let (_server, address) = plain().await;
    let answers = said(address, format!("{}{}", GET.repeat(200), with(""))).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 201);
}

/// The clock is paused: it moves on where everyone waits, as for a sender that does nothing.
#[tokio::test(start_paused = true)]
async fn senders_that_stop_are_closed() {
    let (_server, address) = plain().await;
    let half = "POST / HTTP/1.1\r\nHost: ";
    for beginning in ["", half, GET] {
        // Without end if the server does not close.
        let answer = said(address, beginning).await;
        assert_eq!(answer.starts_with("HTTP/1.1 200"), beginning == GET, "{answer}");
    }
}

/// A sender that asks and asks and never reads fills all buffers on the way; then it is closed.
#[tokio::test(start_paused = true)]
async fn a_sender_that_takes_no_answers_is_closed() {
    let (reader, writer) = tokio::io::duplex(1024);
    let mut patient = TimeoutStream::new(writer);
    patient.set_write_timeout(Some(WRITE_TIMEOUT));
    let visit = Places::new(1, 1).take("127.0.0.1".parse().unwrap(), true).await.unwrap();
    let graceful = GracefulShutdown::new();
    let router = Router::new().route("/", any(|| async { "x".repeat(10_000) }));
    let talking = talk(
        Box::pin(patient),
        TowerToHyperService::new(router),
        Gate::default(),
        Arc::new(visit),
        graceful.watcher(),
    );
    let (mut held, mut sender) = tokio::io::split(reader);
    let asking = async {
        let _ = sender.write_all(GET.as_bytes()).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = talking => {}
        () = asking => {}
    }
    // Whatever was on its way is there, and then the end.
    let mut rest = Vec::new();
    held.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() < 10_000, "{} bytes", rest.len());
}

fn gate(text: &str) -> Gate {
    let config = Config::parse("bot.toml", text, &|_| None).unwrap();
    Gate::new(&config.security.senders, &config.server.proxies)
}

#[tokio::test]
async fn others_than_the_senders_are_refused_whatever_they_claim() {
    let (_server, address) =
        start(Terms { gate: gate("security.senders = '203.0.113.0/24'"), tls: None }).await;
    for headers in ["", "X-Forwarded-For: 203.0.113.7\r\n", "Forwarded: for=203.0.113.7\r\n"] {
        let answer = said(address, with(headers)).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains(r#""error":"ACCESS_DENIED""#), "{answer}");
    }
    let believed = gate("security.senders = '203.0.113.0/24'\nserver.proxies = '127.0.0.1'");
    let (_server, address) = start(Terms { gate: believed, tls: None }).await;
    assert!(said(address, with("X-Forwarded-For: 203.0.113.7\r\n")).await.starts_with("HTTP/1.1 200"));
    assert!(said(address, with("")).await.starts_with("HTTP/1.1 403"));
}

/// Writes a new certificate for `bot.example` there.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["bot.example".to_owned()]).unwrap();
    std::fs::write(folder.join("bot.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("bot.key"), signing_key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(cert.pem().as_bytes()).unwrap()
}

fn certificates(folder: &Path) -> Result<Certificates, crate::Error> {
    let (certificate, key) = (folder.join("bot.pem"), folder.join("bot.key"));
    let text =
        format!("[server]\ntls_certificate = '{}'\ntls_key = '{}'", certificate.display(), key.display());
    Certificates::open(Config::parse("bot.toml", &text, &|_| None).unwrap().server.tls.unwrap())
}

async fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("bot.example").unwrap(), stream).await
}

async fn said_over_tls(address: SocketAddr, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut stream = connect(address, trusted).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream.write_all(with("").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn tls_is_spoken_with_the_certificate_of_the_moment() {
    let folder = TempDir::new().unwrap();
    let first = certify(folder.path());
    let mut certificates = certificates(folder.path()).unwrap();
    let tls = Some(certificates.acceptors());
    let (_server, address) = start(Terms { gate: Gate::default(), tls }).await;
    assert!(said_over_tls(address, &first).await.unwrap().starts_with("HTTP/1.1 200"));

    // The one file is new already, the other is not, or is none.
    let key = std::fs::read(folder.path().join("bot.key")).unwrap();
    let second = certify(folder.path());
    let new_key = std::fs::read(folder.path().join("bot.key")).unwrap();
    for broken in [&key[..], b"", b"-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n"] {
        std::fs::write(folder.path().join("bot.key"), broken).unwrap();
        certificates.look();
        assert!(
            said_over_tls(address, &first).await.unwrap().starts_with("HTTP/1.1 200"),
            "the old one stays"
        );
    }
    std::fs::remove_file(folder.path().join("bot.key")).unwrap();
    certificates.look();
    assert!(said_over_tls(address, &first).await.is_ok());

    std::fs::write(folder.path().join("bot.key"), new_key).unwrap();
    certificates.look();
    assert!(said_over_tls(address, &second).await.unwrap().starts_with("HTTP/1.1 200"));
    assert!(said_over_tls(address, &first).await.is_err(), "the old one is gone");
}

#[tokio::test]
async fn unusable_certificates_are_told_of_at_the_start() {
    let folder = TempDir::new().unwrap();
    let said = |folder: &Path| certificates(folder).err().unwrap().to_string();
    assert!(said(folder.path()).contains("bot.pem cannot be read"), "{}", said(folder.path()));
    certify(folder.path());
    std::fs::write(folder.path().join("bot.pem"), "nothing").unwrap();
    assert!(said(folder.path()).contains("holds no certificate"), "{}", said(folder.path()));
    let other = TempDir::new().unwrap();
    certify(other.path());
    std::fs::copy(other.path().join("bot.pem"), folder.path().join("bot.pem")).unwrap();
    assert!(said(folder.path()).contains("tls_key"), "{}", said(folder.path()));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends_is_given_up_and_plain_http_gets_nothing() {
    let folder = TempDir::new().unwrap();
    let trusted = certify(folder.path());
    let certificates = certificates(folder.path()).unwrap();
    let tls = Some(certificates.acceptors());
    let (_server, address) = start(Terms { gate: Gate::default(), tls }).await;
    for beginning in [&b""[..], b"\x16\x03\x01\x02\x00", GET.as_bytes()] {
        // Without end if the server does not close.
        let answer = said(address, beginning).await;
        assert!(!answer.contains("HTTP"), "{answer}");
    }
    tokio::time::resume();
    assert!(said_over_tls(address, &trusted).await.is_ok());
}
