//! What is changed in a body before it is posted again: as little as will do.

use serde_json::Value;

use crate::form::encode;
use crate::params::decode;

/// What the receiving bot needs to find in events.
#[derive(Default)]
pub(super) struct Changes {
    /// In place of the top-level `auth[application_token]`.
    pub(super) application_token: Option<String>,
    /// In place of every `client_endpoint`: where the bot calls.
    pub(super) client_endpoint: Option<String>,
}

impl Changes {
    /// The body with these changes; byte for byte the same if there are none.
    pub(super) fn apply(&self, body: &[u8]) -> Vec<u8> {
        if self.application_token.is_none() && self.client_endpoint.is_none() {
            return body.to_vec();
        }
        if is_json(body)
            && let Ok(mut json) = serde_json::from_slice::<Value>(body)
        {
            self.change(&mut json, &mut Vec::new());
            return json.to_string().into_bytes();
        }
        let pairs = body.split(|byte| *byte == b'&').map(|pair| self.pair(pair));
        pairs.collect::<Vec<_>>().join(&b'&')
    }

    fn pair(&self, pair: &[u8]) -> Vec<u8> {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        let decoded = decode(&String::from_utf8_lossy(name));
        let path: Vec<&str> = decoded.split('[').map(|part| part.trim_end_matches(']')).collect();
        match self.value(&path) {
            Some(value) => [name, b"=", encode(value).as_bytes()].concat(),
            None => pair.to_vec(),
        }
    }

    fn change(&self, json: &mut Value, path: &mut Vec<String>) {
        match json {
            Value::Object(map) => {
                for (key, value) in map {
                    path.push(key.clone());
                    self.change(value, path);
                    path.pop();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.change(item, path)),
            scalar => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                if let Some(value) = self.value(&path) {
                    *scalar = value.into();
                }
            }
        }
    }

    fn value(&self, path: &[&str]) -> Option<&str> {
        match path {
            ["auth", "application_token"] => self.application_token.as_deref(),
            [.., "client_endpoint"] => self.client_endpoint.as_deref(),
            _ => None,
        }
    }
}

pub(super) fn is_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn changes() -> Changes {
        Changes {
            application_token: Some("t&1".to_owned()),
            client_endpoint: Some("http://x/rest/".to_owned()),
        }
    }

    #[test]
    fn only_what_is_to_be_changed_is_changed() {
        let form =
            b"event=E&data%5BBOT%5D%5B5%5D%5Bclient_endpoint%5D=a&data[bot][auth][application_token]=keep\
                     &text=%e4%bd%a0+~&auth%5Bapplication_token%5D=old&auth[client_endpoint]=b&empty&=&&";
        let changed = String::from_utf8(changes().apply(form)).unwrap();
        assert_eq!(
            changed,
            "event=E&data%5BBOT%5D%5B5%5D%5Bclient_endpoint%5D=http%3A%2F%2Fx%2Frest%2F\
             &data[bot][auth][application_token]=keep&text=%e4%bd%a0+~&auth%5Bapplication_token%5D=t%261\
             &auth[client_endpoint]=http%3A%2F%2Fx%2Frest%2F&empty&=&&"
        );
        let json = br#"{"auth": {"application_token": "old", "client_endpoint": "b"}, "data": {"auth": {"application_token": "keep"}}}"#;
        let changed: Value = serde_json::from_slice(&changes().apply(json)).unwrap();
        assert_eq!(changed["auth"]["application_token"], "t&1");
        assert_eq!(changed["auth"]["client_endpoint"], "http://x/rest/");
        assert_eq!(changed["data"]["auth"]["application_token"], "keep");
    }

    proptest! {
        #[test]
        fn without_changes_every_byte_stays(body in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(Changes::default().apply(&body), body.clone());
            let _ = changes().apply(&body);
        }

        #[test]
        fn other_pairs_stay_as_they_are(name in "[a-z%\\[\\]0-9]{1,12}", value in "[ -%'-~]{0,20}") {
            prop_assume!(!decode(&name).contains("client_endpoint"));
            let pair = format!("{name}={value}");
            prop_assume!(!is_json(pair.as_bytes()));
            prop_assert_eq!(changes().apply(pair.as_bytes()), pair.into_bytes());
        }
    }
}
