//! What errors say when no connection comes about.

use std::net::SocketAddr;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Proxy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{
    ask,
    portal::{Change, H1, Portal, TIMEOUT, at},
    *,
};
use crate::retry::Repeat;

/// Asks in vain, and makes sure that nothing counts as sent and no secret is told.
async fn obstacle(transport: &Transport, url: &Url) -> String {
    let error = ask(transport, url).await.unwrap_err();
    assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Connect, Repeat::Later));
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    error.to_string()
}

/// Whatever the environment of the tests is.
fn without_proxies() -> Transport {
    let transport = Transport::new(TIMEOUT, &[]).unwrap();
    Transport { abroad: transport.loopback.clone(), proxies: Matcher::builder().build(), ..transport }
}

/// Accepts one connection, reads a little, answers and hangs up.
async fn answering(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(&answer).await.unwrap();
    });
    address
}

async fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

fn elsewhere(host: &str) -> Url {
    Url::parse(&format!("https://{host}/rest/1/webh00ksecret/profile")).unwrap()
}

#[tokio::test]
async fn certificates_that_are_not_accepted() {
    let cases: [(Change, &str); 3] = [
        (|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1), "has expired"),
        (|params| params.not_before = rcgen::date_time_ymd(3001, 1, 1), "is not valid yet"),
        (|params| params.subject_alt_names.clear(), "is for another name"),
    ];
    for (change, why) in cases {
        let portal = Portal::start(&[H1], change).await;
        let told = obstacle(&portal.transport(), &portal.url).await;
        assert!(told.contains("certificate of 127.0.0.1") && told.contains(why), "{told}");
    }
    let portal = Portal::start(&[H1], |_| {}).await;
    let told = obstacle(&Transport::new(TIMEOUT, &[]).unwrap(), &portal.url).await;
    assert!(told.contains("an issuer this machine does not know"), "{told}");
}

#[tokio::test]
async fn what_speaks_no_tls_or_another() {
    let alert = |kind: u8| vec![21, 3, 1, 0, 2, 2, kind];
    let transport = Transport::new(TIMEOUT, &[]).unwrap();
    for (answer, why) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "speaks no TLS"),
        (Vec::new(), "hung up"),
        (alert(70), "at least TLS 1.2"),
        (alert(40), "at least TLS 1.2"),
        (alert(112), "does not know that name"),
        (alert(80), "failed"),
    ] {
        let told = obstacle(&transport, &at(answering(answer).await)).await;
        assert!(told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn no_such_name_and_nobody_there() {
    let transport = without_proxies();
    let told = obstacle(&transport, &elsewhere("portal.invalid")).await;
    assert!(told.contains("the name portal.invalid cannot be resolved ("), "{told}");

    let address = closed().await;
    let told = obstacle(&transport, &at(address)).await;
    assert!(told.contains(&format!("{address} refuses connections")), "{told}");
}

#[tokio::test(start_paused = true)]
async fn no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for timeout in [TIMEOUT, Duration::from_millis(100)] {
        let told = obstacle(&Transport::new(timeout, &[]).unwrap(), &at(address)).await;
        assert!(told.contains(&format!("{address} did not answer in time")), "{told}");
    }
}

#[tokio::test]
async fn a_proxy_that_fails_is_named() {
    let refusing = answering(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_vec()).await;
    let plain = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    for (scheme, proxy, why) in [
        ("http", closed().await.to_string(), "refuses connections"),
        ("http", refusing.to_string(), "opened no way to portal.example"),
        ("http", "proxy.invalid:3128".to_owned(), "cannot be resolved"),
        ("https", plain.to_string(), "speaks no TLS"),
    ] {
        let url = format!("{scheme}://me:pr0xysecret@{proxy}");
        let client = Client::builder().dns_resolver(Names {
            patience: CONNECT,
            reach: Reach::Private,
            proxies: Vec::new(),
        });
        let transport = Transport {
            abroad: client.proxy(Proxy::all(&url).unwrap()).build().unwrap(),
            proxies: Matcher::builder().all(url).build(),
            ..without_proxies()
        };
        let told = obstacle(&transport, &elsewhere("portal.example")).await;
        assert!(told.contains(&format!("the proxy {proxy} ")) && told.contains(why), "{told}");
    }
}
