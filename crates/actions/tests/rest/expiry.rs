//! What happens when an access token is good no more.

use std::sync::{Arc, Mutex};

use b24bot_actions::{
    Call, ErrorCode, ErrorKind, InstallationState, Limits, NoticeKind, Portals, Repeat, RetryPolicy,
    SealingKey,
};
use b24bot_core::MemberId;
use b24bot_store::MemoryStore;
use futures_util::{FutureExt, future::join_all};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    portal::quick,
    vendor::{Mood, TOKEN, Vendor, member},
};

fn state(portals: &Portals) -> InstallationState {
    portals.installations().unwrap().get(&member()).unwrap().unwrap().state
}

/// A machine whose calls are not repeated.
async fn impatient(vendor: &Vendor, store: &Arc<MemoryStore>) -> Portals {
    let builder = quick().retry(RetryPolicy::never());
    vendor.machine_with(store, &SealingKey::generate().unwrap(), builder).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_calls_meet_it_one_renews() {
    let vendor = Vendor::start().await;
    let (_portals, client) = vendor.alone().await;
    vendor.expire();
    let calls = (0..200).map(|n| {
        let client = client.clone();
        tokio::spawn(async move {
            client.call::<bool>("im.message.add", &json!({ "DIALOG_ID": n.to_string() })).await
        })
    });
    for done in join_all(calls).await {
        assert!(done.unwrap().unwrap());
    }
    assert_eq!(vendor.renewals(), 1);
    assert_eq!(vendor.methods().len(), 200, "none was carried out twice");
}

#[tokio::test]
async fn calls_of_a_dialog_keep_their_order() {
    let vendor = Vendor::start().await;
    let builder = quick().limits(Limits::default().burst(1).per_second(1000.0));
    let portals = vendor.machine_with(&Arc::default(), &SealingKey::generate().unwrap(), builder).await;
    let client = portals.installation_client(&member()).unwrap();
    vendor.expire();
    let call = |n: u32| {
        let call =
            Call::new("imbot.message.add").params(&json!({ "DIALOG_ID": "27", "MESSAGE": n })).unwrap();
        client.send::<bool>(call)
    };
    for done in join_all((0..40).map(call)).await {
        assert!(done.unwrap().result);
    }
    assert_eq!(vendor.renewals(), 1);
    let said: Vec<u32> = vendor.with(|told| {
        let number = |(method, body): &(String, serde_json::Value)| match body["MESSAGE"].as_u64() {
            Some(n) => n as u32,
            None => method.rsplit("MESSAGE=").next().unwrap().split('&').next().unwrap().parse().unwrap(),
        };
        told.calls.iter().map(number).collect()
    });
    assert_eq!(said, (0..40).collect::<Vec<_>>());
    assert!(vendor.with(|told| told.requests) < 40, "some went in batches");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_machines_one_renews_and_all_go_on() {
    let vendor = Vendor::start().await;
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let machines = [
        vendor.machine(&store, &key).await,
        vendor.machine(&store, &key).await,
        vendor.machine(&store, &key).await,
    ];
    for round in 1..=3 {
        vendor.expire();
        let calls = machines.iter().cycle().take(30).map(|portals| {
            let client = portals.installation_client(&member()).unwrap();
            tokio::spawn(async move { client.call::<bool>("profile", &()).await })
        });
        for done in join_all(calls).await {
            assert!(done.unwrap().unwrap());
        }
        assert_eq!(vendor.renewals(), round);
    }
}

#[tokio::test]
async fn what_was_renewed_is_stored_before_it_is_used() {
    let vendor = Vendor::start().await;
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let portals = vendor.machine(&store, &key).await;
    vendor.expire();
    let client = portals.installation_client(&member()).unwrap();
    client.call::<bool>("profile", &()).await.unwrap();
    drop((client, portals));
    // After a restart nothing has to be renewed.
    let portals = vendor.machine(&store, &key).await;
    portals.installation_client(&member()).unwrap().call::<bool>("profile", &()).await.unwrap();
    assert_eq!(vendor.renewals(), 1);
}

#[tokio::test]
async fn a_dead_refresh_token_is_told_once_and_ends_all_calls_without_a_request() {
    let vendor = Vendor::start().await;
    let (portals, client) = vendor.alone().await;
    let notices = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&notices);
    portals.installations().unwrap().on_change(move |notice| noted.lock().unwrap().push(notice.kind));
    vendor.expire();
    vendor.with(|told| told.mood = Mood::Says(400, "invalid_grant"));
    let failed = client.call::<bool>("profile", &()).await.unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::NeedsReinstallation);
    assert_eq!(state(&portals), InstallationState::NeedsReinstallation);
    let requests = vendor.with(|told| told.requests);
    for _ in 0..10 {
        let failed = client.call::<bool>("profile", &()).await.unwrap_err();
        assert_eq!(failed.kind(), &ErrorKind::NeedsReinstallation);
    }
    assert_eq!((vendor.with(|told| told.requests), vendor.renewals()), (requests, 1));

    // Installed again, it goes on.
    let mut grant = vendor.grant();
    grant.access_token = "anew".into();
    vendor.with(|told| told.valid.push("anew".to_owned()));
    portals.installations().unwrap().install(grant).await.unwrap();
    assert!(client.call::<bool>("profile", &()).await.is_ok());
    assert_eq!(*notices.lock().unwrap(), [NoticeKind::NeedsReinstallation, NoticeKind::Active]);
}

#[tokio::test]
async fn a_portal_that_has_not_paid_is_left_alone() {
    let vendor = Vendor::start().await;
    let (portals, client) = vendor.alone().await;
    vendor.expire();
    vendor.with(|told| told.mood = Mood::Says(401, "PAYMENT_REQUIRED"));
    for _ in 0..5 {
        let failed = client.call::<bool>("profile", &()).await.unwrap_err();
        assert_eq!(failed.code(), Some(&ErrorCode::PaymentRequired));
    }
    assert_eq!((state(&portals), vendor.renewals()), (InstallationState::PaymentRequired, 1));
}

#[tokio::test]
async fn a_wrong_key_of_the_application_is_told_and_not_tried_again_at_once() {
    let vendor = Vendor::start().await;
    let portals = impatient(&vendor, &Arc::default()).await;
    let client = portals.installation_client(&member()).unwrap();
    vendor.expire();
    vendor.with(|told| told.mood = Mood::Says(401, "invalid_client"));
    for _ in 0..5 {
        let failed = client.call::<bool>("profile", &()).await.unwrap_err();
        assert_eq!(failed.kind(), &ErrorKind::NotRenewed);
        assert!(failed.to_string().contains("`client_secret` under `[app]`"), "{failed}");
        // Nothing that is given up for good: the key may be mended.
        let mut cause = Some(&failed as &(dyn std::error::Error + 'static));
        while let Some(error) = cause {
            let error_of_ours = error.downcast_ref::<b24bot_actions::Error>();
            assert!(error_of_ours.is_none_or(|error| error.repeat() == Repeat::Later), "{error:?}");
            cause = error.source();
        }
    }
    assert_eq!((state(&portals), vendor.renewals()), (InstallationState::Active, 1));
}

#[tokio::test]
async fn what_is_refused_to_one_stops_nobody_elses_renewal() {
    let (vendor, other) = (Vendor::start().await, Vendor::start().await);
    let portals = impatient(&vendor, &Arc::default()).await;
    other.with(|told| told.mood = Mood::Says(401, "invalid_client"));
    // Anyone can come back with a code and a server's name, and a portal may have uninstalled unheard.
    let failed = portals.exchange(&"c0de".into(), Some(&other.url("/"))).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::InvalidClient));
    let mut gone = other.grant();
    gone.member_id = MemberId::from("m2");
    portals.installations().unwrap().install(gone).await.unwrap();
    other.expire();
    let client = portals.installation_client(&MemberId::from("m2")).unwrap();
    assert_eq!(client.call::<bool>("profile", &()).await.unwrap_err().kind(), &ErrorKind::NotRenewed);
    assert_eq!(other.renewals(), 2);
    vendor.expire();
    let client = portals.installation_client(&member()).unwrap();
    let renewed = client.call::<bool>("profile", &()).await;
    assert_eq!((renewed.is_ok(), vendor.renewals()), (true, 1), "{renewed:?}");
}

#[tokio::test]
async fn who_stops_waits_for_renewals_under_way_and_begins_none() {
    let (vendor, store) = (Vendor::start().await, Arc::new(MemoryStore::default()));
    let portals = impatient(&vendor, &store).await;
    let client = portals.installation_client(&member()).unwrap();
    vendor.expire();
    let gate = Arc::new(Semaphore::new(0));
    vendor.with(|told| told.gate = Some(Arc::clone(&gate)));
    let calling = client.clone();
    let call = tokio::spawn(async move { calling.call::<bool>("profile", &()).await });
    while vendor.renewals() == 0 {
        tokio::task::yield_now().await;
    }
    // Whoever waited for it is gone.
    call.abort();
    let mut stopped = Box::pin(portals.stop_renewing());
    assert!((&mut stopped).now_or_never().is_none());
    gate.add_permits(1);
    assert!(stopped.await);
    assert!(client.call::<bool>("profile", &()).await.is_ok(), "with what was renewed");
    vendor.expire();
    let failed = client.call::<bool>("profile", &()).await.unwrap_err();
    assert_eq!((failed.kind(), vendor.renewals()), (&ErrorKind::NotRenewed, 1));
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_again_after_a_pause_only() {
    let vendor = Vendor::start().await;
    let builder = quick().retry(RetryPolicy::never());
    let portals = vendor.machine_with(&Arc::default(), &SealingKey::generate().unwrap(), builder).await;
    let client = portals.installation_client(&member()).unwrap();
    vendor.expire();
    vendor.with(|told| told.mood = Mood::Garbled);
    for _ in 0..5 {
        let failed = client.call::<bool>("profile", &()).await.unwrap_err();
        assert_eq!(failed.kind(), &ErrorKind::NotRenewed);
    }
    assert_eq!((state(&portals), vendor.renewals()), (InstallationState::Active, 1));
    assert_eq!(vendor.with(|told| told.requests), 1, "the portal is not asked with a token that it refused");
}

#[tokio::test]
async fn a_portal_that_refuses_what_was_renewed_is_believed() {
    let vendor = Vendor::start().await;
    let (_portals, client) = vendor.alone().await;
    vendor.with(|told| told.refuses_all = true);
    let failed = client.call::<bool>("profile", &()).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::ExpiredToken));
    assert_eq!((vendor.renewals(), vendor.with(|told| told.requests)), (1, 2));
}

#[tokio::test]
async fn a_new_pair_is_kept_wherever_its_portal_is() {
    let vendor = Vendor::start().await;
    let (portals, client) = vendor.alone().await;
    vendor.expire();
    vendor.with(|told| told.endpoint = Some("https://10.0.0.1/rest".to_owned()));
    for _ in 0..3 {
        let failed = client.call::<bool>("profile", &()).await.unwrap_err();
        assert_eq!(failed.kind(), &ErrorKind::Address);
    }
    assert_eq!((state(&portals), vendor.renewals()), (InstallationState::Active, 1));
    let known = portals.installations().unwrap().get(&member()).unwrap().unwrap();
    assert_eq!(
        (known.client_endpoint.as_str(), known.domain.as_str()),
        ("https://10.0.0.1/rest/", "10.0.0.1")
    );
}

#[tokio::test]
async fn calls_that_wait_end_when_the_portal_is_forgotten() {
    let vendor = Vendor::start().await;
    let builder = quick().limits(Limits::default().burst(1).per_second(0.001));
    let portals = vendor.machine_with(&Arc::default(), &SealingKey::generate().unwrap(), builder).await;
    let client = portals.installation_client(&member()).unwrap();
    client.call::<bool>("profile", &()).await.unwrap();
    let waiting = join_all((0..5).map(|_| client.call::<bool>("profile", &())));
    let removed = async {
        tokio::task::yield_now().await;
        portals.installations().unwrap().remove(&member()).await.unwrap()
    };
    let (ended, was_there) = tokio::join!(waiting, removed);
    assert!(was_there);
    for failed in ended {
        assert_eq!(failed.unwrap_err().kind(), &ErrorKind::Uninstalled);
    }
    assert_eq!(client.call::<bool>("profile", &()).await.unwrap_err().kind(), &ErrorKind::Uninstalled);
    assert_eq!(portals.installation_client(&member()).unwrap_err().kind(), &ErrorKind::Uninstalled);
}

#[tokio::test]
async fn secrets_of_renewals_are_shown_by_nothing() {
    let vendor = Vendor::start().await;
    let builder = quick().retry(RetryPolicy::never());
    let portals = vendor.machine_with(&Arc::default(), &SealingKey::generate().unwrap(), builder).await;
    let client = portals.installation_client(&member()).unwrap();
    let known = portals.installations().unwrap().get(&member()).unwrap().unwrap();
    let mut shown = format!("{portals:#?} {client:?} {known:#?} {:?}", vendor.grant());
    vendor.expire();
    vendor.with(|told| told.mood = Mood::Garbled);
    let failed = client.call::<bool>("profile", &()).await.unwrap_err();
    shown.push_str(&format!("{failed} {failed:#?}"));
    for secret in [TOKEN, crate::vendor::CLIENT_SECRET] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
