//! Connections as a caller sees them.

use b24bot_actions::{ErrorKind, Repeat, WebhookUrl};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::portal::{SECRET, quick};

fn webhook(listener: &TcpListener) -> WebhookUrl {
    WebhookUrl::parse(&format!("http://{}/rest/7/{SECRET}/", listener.local_addr().unwrap())).unwrap()
}

#[tokio::test]
async fn one_serves_all_calls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = quick().webhook(webhook(&listener)).build().unwrap().webhook_client().unwrap();
    let calls = async {
        for number in 0..20 {
            assert_eq!(client.call::<u32>("profile", &()).await.unwrap(), number);
        }
    };
    // Whoever calls through a second connection waits for ever.
    let portal = async {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        for number in 0.. {
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line).await.unwrap();
            }
            stream.read_exact(&mut [0; 2]).await.unwrap();
            let body = format!(r#"{{"result":{number}}}"#);
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    };
    tokio::select! {
        () = calls => {}
        () = portal => {}
    }
}

#[tokio::test]
async fn nobody_there_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = quick().webhook(webhook(&listener)).build().unwrap().webhook_client().unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client.call::<u32>("profile", &()).await.unwrap_err();
    assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Connect, Repeat::Later));
    let told = format!("cannot connect to the portal: {address} refuses connections");
    assert!(error.to_string().contains(&told), "{error}");
}
