//! Connections over real sockets: their HTTP version, how many there are, and why they fail.

mod obstacles;
mod portal;

use futures_util::future::join_all;
use tokio::time::{Instant, pause, resume};

use self::portal::{H1, H2, Portal, TIMEOUT};
use super::*;

async fn ask(transport: &Transport, url: &Url) -> Result<String, Error> {
    match transport.post("profile", url, Reach::Private, &Body::from(b"{}".to_vec()), None).await? {
        Reply::Answer { body, .. } => Ok(String::from_utf8(body).unwrap()),
        Reply::Moved { .. } => Ok("moved".to_owned()),
    }
}

async fn ask_at_once(transport: &Transport, url: &Url) {
    for answer in join_all((0..128).map(|_| ask(transport, url))).await {
        answer.unwrap();
    }
}

#[tokio::test]
async fn a_connection_serves_many_calls_one_after_the_other() {
    for (offered, version) in [(&[H2, H1][..], "HTTP/2.0"), (&[H1][..], "HTTP/1.1"), (&[][..], "HTTP/1.1")] {
        let portal = Portal::start(offered, |_| {}).await;
        let transport = portal.transport();
        for _ in 0..20 {
            assert_eq!(ask(&transport, &portal.url).await.unwrap(), version);
        }
        assert_eq!(portal.connections(), 1, "{version}");
    }
}

#[tokio::test]
async fn one_connection_of_http_2_serves_many_calls_at_once() {
    let portal = Portal::start(&[H2], |_| {}).await;
    let transport = portal.transport();
    ask(&transport, &portal.url).await.unwrap();
    ask_at_once(&transport, &portal.url).await;
    assert_eq!(portal.connections(), 1);
}

#[tokio::test]
async fn connections_of_a_burst_serve_the_next_and_are_closed_when_idle() {
    for (protocol, kept) in [(H1, MAX_IDLE), (H2, 1)] {
        let portal = Portal::start(&[protocol], |_| {}).await;
        let transport = portal.transport();
        ask_at_once(&transport, &portal.url).await;
        let opened = portal.connections();
        assert!(opened <= 128, "{opened}");
        ask_at_once(&transport, &portal.url).await;
        assert_eq!(portal.connections(), opened);
        // While the version is not known each call opens one: those that turn out to be too many are given up.
        let mut connections = portal.state.connections.subscribe();
        connections.wait_for(|(_, open)| *open <= kept).await.unwrap();
        pause();
        let before = Instant::now();
        connections.wait_for(|(_, open)| *open == 0).await.unwrap();
        assert!(before.elapsed() <= 2 * IDLE + Duration::from_secs(1), "{:?}", before.elapsed());
        resume();
    }
}

#[tokio::test]
async fn a_dead_connection_of_http_2_is_found_out() {
    let portal = Portal::start(&[H2], |_| {}).await;
    let transport = portal.transport();
    ask(&transport, &portal.url).await.unwrap();
    portal.state.awake.send_replace(false);
    pause();
    let before = Instant::now();
    assert_eq!(ask(&transport, &portal.url).await.unwrap_err().kind(), &ErrorKind::TimedOut);
    assert!(before.elapsed() <= PING + PONG + Duration::from_secs(1), "{:?}", before.elapsed());
    resume();
    portal.state.awake.send_replace(true);
    ask(&transport, &portal.url).await.unwrap();
    assert_eq!(portal.connections(), 2);
}

#[test]
fn roots_are_certificates() {
    for bad in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let error = Transport::new(TIMEOUT, &[bad.as_bytes().to_vec()]).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Setup, "{bad}");
    }
}
