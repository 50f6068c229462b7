//! An application's own web server: its pages, which speak to the portal around them, and what is posted to it.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::Html,
    routing::post,
};
use tokio::net::TcpListener;

/// One POST as it came.
#[derive(Clone, Debug)]
pub struct Visit {
    /// With its query.
    pub path: String,
    /// The page it came from; empty for events.
    pub origin: String,
    /// The form.
    pub body: String,
}

/// A server with the pages `/install`, whose button finishes the installation, and `/app`, where events go as well.
#[derive(Debug)]
pub struct Pages {
    url: String,
    visits: Arc<Mutex<Vec<Visit>>>,
}

impl Pages {
    /// Starts it; it lives as long as the test.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn start() -> Self {
        let visits: Arc<Mutex<Vec<Visit>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/install", post(visit))
            .route("/app", post(visit))
            .with_state(Arc::clone(&visits));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, visits }
    }

    /// Where one of the pages is.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The first POST whose form or path has this in it, once it is there.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub async fn visit(&self, what: &str) -> Visit {
        let find = || async {
            let visits = self.visits.lock().unwrap();
            visits.iter().find(|visit| visit.body.contains(what) || visit.path.contains(what)).cloned()
        };
        crate::eventually(&format!("a POST with {what}"), find).await
    }
}

async fn visit(
    State(visits): State<Arc<Mutex<Vec<Visit>>>>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Html<String> {
    let origin = headers.get(header::ORIGIN).map_or("", |origin| origin.to_str().unwrap()).to_owned();
    visits.lock().unwrap().push(Visit { path: uri.to_string(), origin, body });
    let address = url::Url::parse(&format!("http://x{uri}")).unwrap();
    let portal = address.query_pairs().find(|(name, _)| name == "DOMAIN").map(|(_, portal)| portal);
    Html(format!(
        "<!doctype html><title>Tea</title><script src=\"http://{}/api/v1/\"></script>\
         <body style=\"font: 16px sans-serif; padding: 24px\"><h1>{}</h1><button disabled>Finish</button><script>\
         const button = document.querySelector('button');\
         BX24.init(() => {{ button.disabled = false; button.onclick = () => BX24.installFinish(); }});</script>",
        portal.unwrap_or_default(),
        if uri.path() == "/install" { "Setting up the tea bot" } else { "The tea bot" },
    ))
}
