//! What the bot called, those inside batches one by one.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::{Error, ErrorKind};

/// A call that the bot made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The method as it was called: `im.message.like`.
    pub method: String,
    /// The code that it was refused with.
    pub error: Option<String>,
    pub(super) params: Json,
    pub(super) number: Number,
    /// Messages that are new or other through it.
    pub(super) messages: Vec<u64>,
}

/// The request's number, and its place in a batch.
pub(super) type Number = (u64, usize);

impl Call {
    /// Its parameters, secrets masked, as any type that can be read from JSON.
    ///
    /// # Errors
    ///
    /// When they are of another shape: [`ErrorKind::Params`].
    pub fn params<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.params).map_err(|error| {
            let message = format!("the parameters of {} are of another shape", self.method);
            Error::caused(ErrorKind::Params, message, error)
        })
    }

    /// A parameter as text, whatever the case of its name, with or without underscores: `dialog_id` is `DIALOG_ID` as
    /// well as `dialogId`.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        let (_, value) = self.params.as_object()?.iter().find(|(key, _)| plain(key) == plain(name))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    pub(super) fn is(&self, method: &str) -> bool {
        self.method.eq_ignore_ascii_case(method)
    }

    /// Whether its method has one of these words in its name.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        let method = self.method.to_lowercase();
        words.iter().any(|word| method.contains(word))
    }
}

/// The calls in the portal's record of requests. What it turned away before it came to any method, because of a limit,
/// an expired token, a fault, is no call: the framework repeats that by itself. The fault `truncated` is a call: only its
/// answer was lost.
pub(super) fn calls(requests: &[Json]) -> Vec<Call> {
    let mut calls = Vec::new();
    for request in requests {
        let number = request["n"].as_u64().unwrap_or_default();
        match request["calls"].as_array() {
            Some(inner) if !inner.is_empty() => {
                let inner = inner.iter().enumerate().map(|(place, inner)| call(inner, (number, place)));
                calls.extend(inner.filter(|call| !call.error.as_deref().is_some_and(is_limit)));
            }
            _ if came_through(request["status"].as_u64()) => calls.push(call(request, (number, 0))),
            _ => {}
        }
    }
    calls
}

fn came_through(status: Option<u64>) -> bool {
    matches!(status, Some(200..=299 | 400 | 403..=428 | 430..=499))
}

/// Whether it is a limit's, which turns away single calls of a batch as well.
fn is_limit(error: &str) -> bool {
    matches!(error, "QUERY_LIMIT_EXCEEDED" | "OPERATION_TIME_LIMIT" | "OVERLOAD_LIMIT")
}

fn call(shown: &Json, number: Number) -> Call {
    let messages = shown["messages"].as_array();
    Call {
        method: shown["method"].as_str().unwrap_or_default().to_owned(),
        error: shown["error"].as_str().map(str::to_owned),
        params: shown["params"].clone(),
        number,
        messages: messages.into_iter().flatten().filter_map(Json::as_u64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_batch_is_its_calls_and_what_was_turned_away_is_none() {
        let requests = [
            json!({"n": 1, "method": "im.message.like", "status": 503, "error": "QUERY_LIMIT_EXCEEDED"}),
            json!({"n": 2, "method": "batch", "status": 200, "calls": [
                {"method": "user.get", "params": {"dialogId": 5}, "messages": []},
                {"method": "im.message.like", "error": "OPERATION_TIME_LIMIT", "messages": []},
                {"method": "im.message.like", "error": "WITHOUT_CHANGES", "messages": [101]},
            ]}),
            json!({"n": 3, "method": "profile", "status": 403, "error": "insufficient_scope", "calls": []}),
            json!({"n": 4, "method": "profile", "status": 0}),
        ];
        let found: Vec<_> = calls(&requests).into_iter().map(|call| (call.number, call.method)).collect();
        assert_eq!(
            found,
            [((2, 0), "user.get".into()), ((2, 2), "im.message.like".into()), ((3, 0), "profile".into())]
        );
        assert_eq!(calls(&requests)[0].param("DIALOG_ID").as_deref(), Some("5"));
        assert_eq!(calls(&requests)[1].messages, [101]);
        assert_eq!(calls(&requests)[0].params::<Json>().unwrap(), json!({"dialogId": 5}));
        assert_eq!(calls(&requests)[0].params::<Vec<u64>>().unwrap_err().kind(), ErrorKind::Params);
    }
}
