//! The vendor's Python SDK, unchanged, as a client that knows nothing of this portal.
//!
//! It speaks to `https://DOMAIN/` and `https://oauth.bitrix24.tech/` only. A proxy, of which the environment tells,
//! stands for both: it shows certificates for any name and leads everything to the portal.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed test panics, one skipped says so"
)]

mod support;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;
use support::{Caller, portal};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, pki_types::PrivateKeyDer};

const NAMES: [&str; 3] = ["portal.example", "moved.example", "oauth.bitrix24.tech"];
/// How often to try to install packages: the network is not ours.
const ATTEMPTS: usize = 3;
/// Installing packages takes its time.
const DEADLINE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_sdk_finds_what_it_expects() {
    let python = match install().await {
        Ok(python) => python,
        Err(why) if std::env::var_os("CI").is_some() => panic!("no Python with the SDK: {why}"),
        Err(why) => return eprintln!("skipped: no Python with the SDK: {why}"),
    };
    let portal = portal().await;
    let call = Caller::new(&portal);
    call.control("domain", json!({"url": "https://portal.example"})).await;
    let (proxy, authority) = start_proxy(portal.address()).await;
    let bundle = folder().join("authority.pem");
    std::fs::write(&bundle, authority).unwrap();
    let said = run(Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/client.py"))
        .env("HTTPS_PROXY", format!("http://{proxy}"))
        .env("NO_PROXY", "127.0.0.1")
        .env("REQUESTS_CA_BUNDLE", bundle)
        .env("PORTAL_CONTROL", format!("{}/control", portal.url())))
    .await;
    let (_, requests) = call.get("/control/requests").await;
    let said = said.unwrap_or_else(|why| panic!("after {requests}\n{why}"));
    assert_eq!(said, "all is well\n");
    let batch = requests.as_array().unwrap().iter().find(|request| request["method"] == "batch").unwrap();
    assert_eq!(batch["calls"].as_array().unwrap().len(), 50);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-sdk")
}

/// A Python of its own with what `requirements.txt` names, made once. Gives the interpreter.
async fn install() -> Result<PathBuf, String> {
    let (folder, wanted) = (folder(), include_str!("python/requirements.txt"));
    let (python, mark) = (folder.join("bin/python"), folder.join("requirements.txt"));
    if std::fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).await?;
    let partial = folder.join("partial.txt");
    std::fs::write(&partial, wanted).unwrap();
    let mut failed = String::new();
    for _ in 0..ATTEMPTS {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--only-binary=:all:", "--require-hashes", "-r"]).arg(&partial);
        match run(&mut pip).await {
            Ok(_) => {
                // Only now is it complete.
                std::fs::rename(partial, mark).unwrap();
                return Ok(python);
            }
            Err(why) => failed = why,
        }
    }
    Err(failed)
}

/// Gives what a program writes, or what it complains of.
async fn run(command: &mut Command) -> Result<String, String> {
    let ends = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(DEADLINE, ends).await.map_err(|_| "it does not end".to_owned())?;
    let output = output.map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("{}{}", text(&output.stdout), text(&output.stderr)))
    }
}

/// Takes `CONNECT` to any name, and gives its own address and the certificate to trust.
async fn start_proxy(portal: SocketAddr) -> (SocketAddr, String) {
    let mut authority = CertificateParams::default();
    // OpenSSL takes a certificate for self-signed whose issuer has the same name.
    authority.distinguished_name.push(DnType::CommonName, "authority of a test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(NAMES.map(str::to_owned)).unwrap();
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().unwrap();
    let chain = vec![params.signed_by(&key, &authority).unwrap().der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(lead(client, tls.clone(), portal));
        }
    });
    (address, authority.pem())
}

async fn lead(mut client: TcpStream, tls: TlsAcceptor, portal: SocketAddr) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    assert!(head.starts_with(b"CONNECT "), "{}", String::from_utf8_lossy(&head));
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    let mut client = tls.accept(client).await?;
    let mut portal = TcpStream::connect(portal).await?;
    copy_bidirectional(&mut client, &mut portal).await?;
    Ok(())
}
