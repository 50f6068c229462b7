//! Whether an installation is as it is said to be.

use b24bot_actions::{Application, Claim, ErrorCode, ErrorKind, Portals, Reach};
use b24bot_core::UserId;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    portal::quick,
    vendor::{CLIENT_SECRET, Mood, TOKEN, Vendor},
};

const PORTAL: &str = "https://portal.example/rest/";

/// A bot that believes that authorization server, and none of the vendor's.
fn portals(vendor: &Vendor, reach: Reach) -> Portals {
    let application = Application::new("app.1", CLIENT_SECRET);
    let servers = [vendor.url("/")];
    quick().application(application).authorization_servers(servers).reach(reach).build().unwrap()
}

fn claim(vendor: &Vendor) -> Claim {
    let mut claim = Claim::new("m1", format!("{TOKEN}-access-0"));
    claim.refresh_token = Some(format!("{TOKEN}-refresh-0").into());
    claim.server_endpoint = Some(vendor.url("/rest/"));
    claim
}

fn info(install: &Value) -> Value {
    json!({
        "client_id": "app.1", "scope": "im,imbot", "expires": "2030-01-01T01:00:00+01:00", "user_id": 7,
        "install": install,
    })
}

#[tokio::test]
async fn the_authorization_server_is_believed_and_the_claim_is_not() {
    let (vendor, claimed) = (Vendor::start().await, TcpListener::bind("127.0.0.1:0").await.unwrap());
    let install = json!({ "installed": false, "version": 3, "status": "L", "client_endpoint": PORTAL, "member_id": "m1" });
    vendor.with(|told| told.info = info(&install));
    let mut claim = claim(&vendor);
    claim.client_endpoint = Some(format!("http://{}/rest/", claimed.local_addr().unwrap()));
    let grant = portals(&vendor, Reach::Public).confirm(&claim).await.unwrap();
    assert_eq!((grant.member_id.as_str(), grant.client_endpoint.as_str()), ("m1", PORTAL));
    assert_eq!(grant.scope, ["im", "imbot"]);
    assert_eq!((grant.expires_at, grant.user_id.map(UserId::get)), (Some(1_893_456_000), Some(7)));
    assert_eq!((grant.status.as_deref(), grant.version.as_deref()), (Some("L"), Some("3")));
    assert_eq!((grant.installed, grant.refresh_token.is_some()), (Some(false), true));
    assert_eq!(vendor.with(|told| told.requests), 0);
    let nobody = tokio::time::timeout(std::time::Duration::ZERO, claimed.accept()).await;
    assert!(nobody.is_err(), "the claimed address was called");
}

#[tokio::test]
async fn whatever_does_not_fit_is_not_confirmed() {
    let vendor = Vendor::start().await;
    let portals = portals(&vendor, Reach::Public);
    let install = |member: &str, endpoint: &str| json!({ "client_endpoint": endpoint, "member_id": member });
    let mut others = info(&install("m1", PORTAL));
    others["client_id"] = json!("app.2");
    for (answer, kind) in [
        (others, ErrorKind::NotConfirmed),
        (info(&install("m2", PORTAL)), ErrorKind::NotConfirmed),
        (info(&json!({})), ErrorKind::NotConfirmed),
        (info(&install("m1", "https://10.0.0.1/rest/")), ErrorKind::Address),
        (info(&install("m1", &vendor.url("/rest/"))), ErrorKind::Address),
    ] {
        vendor.with(|told| told.info = answer);
        assert_eq!(portals.confirm(&claim(&vendor)).await.unwrap_err().kind(), &kind);
    }
    vendor.with(|told| told.mood = Mood::Says(401, "expired_token"));
    let failed = portals.confirm(&claim(&vendor)).await.unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::NotConfirmed);
    assert!(!format!("{failed:?}").contains(TOKEN));
    // Nobody can tell at present.
    vendor.with(|told| told.mood = Mood::Says(503, "QUERY_LIMIT_EXCEEDED"));
    let failed = portals.confirm(&claim(&vendor)).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::QueryLimitExceeded));
    let nobody = quick().build().unwrap().confirm(&claim(&vendor)).await.unwrap_err();
    assert_eq!(nobody.kind(), &ErrorKind::NoCredentials);
}

#[tokio::test]
async fn an_older_server_confirms_by_renewing() {
    let vendor = Vendor::start().await;
    // In development: the pair that comes back names a portal on this machine.
    let portals = portals(&vendor, Reach::Development);
    vendor.with(|told| told.info = json!({ "client_id": "app.1" }));
    let grant = portals.confirm(&claim(&vendor)).await.unwrap();
    assert_eq!(grant.access_token.expose(), format!("{TOKEN}-access-1"));
    let mut other = claim(&vendor);
    other.member_id = "m2".into();
    other.refresh_token = Some(format!("{TOKEN}-refresh-1").into());
    assert_eq!(portals.confirm(&other).await.unwrap_err().kind(), &ErrorKind::NotConfirmed);
    other.refresh_token = None;
    assert_eq!(portals.confirm(&other).await.unwrap_err().kind(), &ErrorKind::NotConfirmed);
    let renewals = vendor.with(|told| told.renewals);
    assert_eq!(renewals, 2);
}

#[tokio::test]
async fn in_development_a_portal_on_this_machine_speaks_for_itself() {
    let vendor = Vendor::start().await;
    let mut here = claim(&vendor);
    here.client_endpoint = Some(vendor.url("/rest/"));
    vendor.with(|told| told.info = json!({ "ID": 1, "CODE": "app.1" }));
    let grant = portals(&vendor, Reach::Development).confirm(&here).await.unwrap();
    assert_eq!(grant.client_endpoint, vendor.url("/rest/"));
    vendor.with(|told| told.info = info(&json!({ "member_id": "m2" })));
    let failed = portals(&vendor, Reach::Development).confirm(&here).await.unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::NotConfirmed);
    vendor.with(|told| told.mood = Mood::Says(401, "invalid_token"));
    let failed = portals(&vendor, Reach::Development).confirm(&here).await.unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::NotConfirmed);
}

#[tokio::test]
async fn a_code_becomes_tokens() {
    let vendor = Vendor::start().await;
    let portals = portals(&vendor, Reach::Development);
    let server = vendor.url("/");
    let grant = portals.exchange(&"c0de".into(), Some(&server)).await.unwrap();
    assert_eq!((grant.member_id.as_str(), grant.access_token.expose()), ("m1", "t0ken-access-1"));
    let failed = portals.exchange(&"wrong".into(), Some(&server)).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::InvalidGrant));
}

#[tokio::test]
async fn tokens_go_no_further_than_allowed() {
    let vendor = Vendor::start().await;
    for endpoint in
        [vendor.url("/rest/"), "https://localhost/rest/".to_owned(), "https://192.168.1.1/rest/".to_owned()]
    {
        let portals = quick().reach(Reach::Public).build().unwrap();
        let failed = portals.token_client(None, &endpoint, "t".into()).unwrap_err();
        assert_eq!(failed.kind(), &ErrorKind::Address, "{endpoint}");
    }
    assert_eq!(vendor.with(|told| told.requests), 0);
}
