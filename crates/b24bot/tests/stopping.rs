//! What a stop waits for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use b24bot::{
    Bot,
    actions::{Application, Grant, Installations, Portals, SealingKey},
    core::{MemberId, States},
    rules::Config,
    store::MemoryStore,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

/// A portal whose tokens have expired, and its authorization server, which answers when it is let. Returns its address.
async fn portal(asked: Arc<AtomicU32>, gate: Arc<Semaphore>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/rest/", listener.local_addr().unwrap());
    let endpoint = address.clone();
    let token = move || async move {
        asked.fetch_add(1, Ordering::SeqCst);
        drop(gate.acquire().await.unwrap());
        Json(json!({ "access_token": "new", "refresh_token": "next", "expires_in": 3600,
                     "client_endpoint": endpoint, "member_id": "m1" }))
    };
    let rest = |Json(body): Json<Value>| async move {
        if body["auth"] == "new" {
            return Json(json!({ "result": true })).into_response();
        }
        let expired: Response =
            (StatusCode::UNAUTHORIZED, Json(json!({ "error": "expired_token" }))).into_response();
        expired
    };
    let app = Router::new().route("/oauth/token/", get(token)).route("/rest/{method}", post(rest));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn installations(store: &Arc<MemoryStore>, key: &SealingKey) -> Installations {
    let states: Arc<dyn States> = Arc::<MemoryStore>::clone(store);
    Installations::open(states, key.clone()).await.unwrap()
}

#[tokio::test]
async fn tokens_that_are_being_renewed_are_stored_first() {
    let (asked, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
    let address = portal(Arc::clone(&asked), Arc::clone(&gate)).await;
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let mut grant = Grant::new("m1", &*address, "old");
    grant.refresh_token = Some("used".into());
    grant.server_endpoint = Some(address);
    installations(&store, &key).await.install(grant).await.unwrap();

    let text = format!(
        "[bot]\ncode = 'tea'\n[app]\nclient_id = 'local.1'\nclient_secret = 'invented'\n[server]\n\
         listen = '127.0.0.1:0'\n[store]\nkey = '{}'\n",
        key.to_text().expose()
    );
    let bot = Bot::new(Config::parse("bot.toml", &text, &|_| None).unwrap()).unwrap();
    // It registers itself on the portal, which refuses its token.
    let running = bot.store(Arc::<MemoryStore>::clone(&store)).start().await.unwrap();
    while asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let mut stopping = Box::pin(running.stop());
    // Everything else would be over by then.
    for _ in 0..1000 {
        tokio::select! {
            biased;
            _ = &mut stopping => panic!("it has not waited"),
            () = tokio::task::yield_now() => {}
        }
    }
    gate.add_permits(1);
    stopping.await.unwrap();

    let next = Portals::builder().application(Application::new("local.1", "invented")).build().unwrap();
    next.keep(installations(&store, &key).await);
    let client = next.installation_client(&MemberId::from("m1")).unwrap();
    assert!(client.call::<bool>("profile", &()).await.unwrap());
    assert_eq!(asked.load(Ordering::SeqCst), 1, "what was renewed is good");
}
