//! The operator's side: health, metrics, and a page that shows them.

mod guard;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use b24bot_core::Store;

pub(crate) use self::guard::Guard;
use crate::telemetry;

/// What the admin side looks at.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) ready: Arc<AtomicBool>,
    pub(crate) started: Instant,
    pub(crate) bot: Arc<str>,
    pub(crate) guard: Guard,
}

impl Admin {
    pub(crate) fn router(self) -> Router {
        let guard = middleware::from_fn_with_state(self.guard.clone(), guard::ask);
        Router::new()
            .route("/", get(page))
            .route("/metrics", get(metrics))
            .route_layer(guard)
            // Load balancers know no token, and learn no more here than a port scan tells them.
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .with_state(self)
    }
}

async fn ready(State(admin): State<Admin>) -> Response {
    if admin.ready.load(Ordering::Relaxed) {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not taking events\n").into_response()
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let Some(recorder) = telemetry::recorder() else {
        return (StatusCode::NOT_FOUND, "this process exports its metrics elsewhere\n").into_response();
    };
    let depth = admin.store.depth();
    gauge("b24bot_inbox_pending", depth.pending);
    gauge("b24bot_inbox_dead", depth.dead);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], recorder.render()).into_response()
}

#[allow(clippy::cast_precision_loss, reason = "no inbox holds 2^52 events")]
fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(value as f64);
}

/// Numbers only: nothing here comes from a portal, so nothing needs escaping but the bot's name.
async fn page(State(admin): State<Admin>) -> Html<String> {
    let depth = admin.store.depth();
    let name = admin.bot.replace('&', "&amp;").replace('<', "&lt;");
    let state = if admin.ready.load(Ordering::Relaxed) { "takes events" } else { "takes no events" };
    let minutes = admin.started.elapsed().as_secs() / 60;
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <meta name=color-scheme content='light dark'><meta http-equiv=refresh content=5><title>{name}</title>\
         <style>body{{font:16px/1.6 system-ui;max-width:36rem;margin:3rem auto;padding:0 1rem}}td{{padding-right:2rem}}</style>\
         <h1>{name}</h1><p>b24bot {version}, up {minutes} min, {state}.</p>\
         <table><tr><td>Events waiting or being handled<td>{pending}<tr><td>Events set aside: <code>b24bot inbox list</code><td>{dead}</table>\
         <p><a href=/metrics>metrics</a> · <a href=/healthz>health</a> · <a href=/readyz>readiness</a>",
        version = env!("CARGO_PKG_VERSION"),
        pending = depth.pending,
        dead = depth.dead,
    ))
}
