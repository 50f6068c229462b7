//! Asking the local portal's `/control`.

use reqwest::Method;
use serde_json::Value as Json;

/// What the portal refused or did not answer, in words.
pub(super) type Refused = String;

#[derive(Debug)]
pub(super) struct Control {
    client: reqwest::Client,
    portal: String,
}

impl Control {
    pub(super) fn new(portal: &str) -> Result<Self, reqwest::Error> {
        // Both ends are in this process: no proxy may come between.
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { client, portal: portal.to_owned() })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Json, Refused> {
        self.ask(Method::GET, path, &Json::Null).await
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: &Json) -> Result<Json, Refused> {
        let mut request = self.client.request(method, format!("{}/control/{path}", self.portal));
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let is_success = response.status().is_success();
        let answer: Json = response.json().await.map_err(|error| error.to_string())?;
        if is_success {
            return Ok(answer);
        }
        let text = |name| answer[name].as_str().unwrap_or_default();
        Err(format!("{}: {}", text("error"), text("error_description")))
    }

    /// A file, at an address on the portal.
    pub(super) async fn download(&self, path: &str) -> Result<Vec<u8>, Refused> {
        let response = self.client.get(format!("{}{path}", self.portal)).send().await;
        let response =
            response.and_then(reqwest::Response::error_for_status).map_err(|error| error.to_string())?;
        Ok(response.bytes().await.map_err(|error| error.to_string())?.to_vec())
    }
}
