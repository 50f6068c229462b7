//! `batch`: several calls in one request, and the answer taken apart.

use std::{collections::HashMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};

use crate::{
    answer::Received,
    error::{Error, ErrorKind},
};

pub(crate) const METHOD: &str = "batch";

/// The body of a batch of these commands, none of which keeps the others from being carried out.
pub(crate) fn body<'a>(commands: impl Iterator<Item = &'a str>, token: Option<&str>) -> Vec<u8> {
    // Names, so that PHP makes no list of them.
    let commands: serde_json::Map<_, _> =
        commands.enumerate().map(|(at, command)| (name(at), command.into())).collect();
    let mut body = json!({ "halt": 0, "cmd": commands });
    if let Some(token) = token {
        body["auth"] = token.into();
    }
    body.to_string().into()
}

/// What each of the methods would have been answered alone.
pub(crate) fn read(batch: &Received, methods: &[&str]) -> Vec<Result<Received, Error>> {
    // What is no answer to a batch holds no answer to any call.
    let parts: Parts<'_> = serde_json::from_str(batch.result()).unwrap_or_default();
    let of = |(at, method): (usize, &&str)| {
        let name = name(at);
        let part = Part {
            result: parts.result.get(&name),
            error: parts.result_error.get(&name),
            time: parts.result_time.get(&name),
            next: parts.result_next.get(&name),
            total: parts.result_total.get(&name),
        };
        part.received(method)
    };
    methods.iter().enumerate().map(of).collect()
}

fn name(at: usize) -> String {
    format!("c{at}")
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Parts<'a> {
    result: Named<&'a RawValue>,
    result_error: Named<Value>,
    result_time: Named<Value>,
    result_next: Named<Value>,
    result_total: Named<Value>,
}

/// What a batch says of one call.
struct Part<'a> {
    result: Option<&'a &'a RawValue>,
    error: Option<&'a Value>,
    time: Option<&'a Value>,
    next: Option<&'a Value>,
    total: Option<&'a Value>,
}

impl Part<'_> {
    fn received(self, method: &str) -> Result<Received, Error> {
        let mut members = Vec::new();
        let mut member = |name: &str, value: &str| members.push(format!("{}:{value}", Value::from(name)));
        match (self.error, self.result) {
            (Some(error), _) => {
                let fields = error.as_object().into_iter().flatten();
                fields.for_each(|(name, value)| member(name, &value.to_string()));
                if !error.is_object() {
                    member("error", &error.to_string());
                }
            }
            (None, Some(result)) => member("result", result.get()),
            // The batch ended before this call, or it holds no answer to it: nobody knows.
            (None, None) => {
                let error = Error::new(ErrorKind::Answer, method).with_status(200);
                return Err(error.note("the batch it went out with has no answer to it"));
            }
        }
        for (name, value) in [("time", self.time), ("next", self.next), ("total", self.total)] {
            if let Some(value) = value {
                member(name, &value.to_string());
            }
        }
        let received = Received::read(method, 200, format!("{{{}}}", members.join(",")).into());
        // The status is the batch's own.
        received.map_err(|error| if error.code().is_some() { error.without_status() } else { error })
    }
}

/// Values by name; PHP writes an empty one as a list.
struct Named<V>(HashMap<String, V>);

impl<V> Default for Named<V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V> Named<V> {
    fn get(&self, name: &str) -> Option<&V> {
        self.0.get(name)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Named<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Loose<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Loose<V> {
            type Value = Named<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("values by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<V>, A::Error> {
                let mut named = Named::default();
                while let Some((name, value)) = map.next_entry()? {
                    named.0.insert(name, value);
                }
                Ok(named)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Named<V>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Named::default())
            }

            fn visit_unit<E>(self) -> Result<Named<V>, E> {
                Ok(Named::default())
            }
        }
        deserializer.deserialize_any(Loose(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{code::ErrorCode, retry::Repeat};

    fn read_all(result: &str, methods: &[&str]) -> Vec<Result<Received, Error>> {
        let json = format!(r#"{{"result":{result},"time":{{"start":1}}}}"#);
        read(&Received::read(METHOD, 200, json.into()).unwrap(), methods)
    }

    #[test]
    fn commands_go_out_by_name_and_in_order() {
        let body: Value =
            serde_json::from_slice(&body(["profile", "im.message.like?MESSAGE_ID=5"].into_iter(), None))
                .unwrap();
        let commands = json!({ "c0": "profile", "c1": "im.message.like?MESSAGE_ID=5" });
        assert_eq!(body, json!({ "halt": 0, "cmd": commands }));
        let body: Value =
            serde_json::from_slice(&super::body(["profile"].into_iter(), Some("t0ken"))).unwrap();
        assert_eq!(body["auth"], "t0ken");
    }

    #[test]
    fn each_call_gets_what_it_would_have_been_answered_alone() {
        let mut parts = read_all(
            r#"{"result":{"c0":true,"c2":null,"c3":[{"ID":"1"}]},
                "result_error":{"c1":{"error":"WITHOUT_CHANGES","error_description":"same"}},
                "result_total":{"c3":120},"result_next":{"c3":50},
                "result_time":{"c0":{"operating":1.5,"operating_reset_at":1772626508}}}"#,
            &["im.message.like", "im.message.like", "nothing", "user.get"],
        );
        let users = parts.pop().unwrap().unwrap().typed::<Value>("user.get").unwrap();
        assert_eq!((users.next, users.total), (Some(50), Some(120)));
        assert!(parts.pop().unwrap().unwrap().typed::<Option<u8>>("nothing").unwrap().result.is_none());
        let error = parts.pop().unwrap().unwrap_err();
        assert_eq!(error.code(), Some(&ErrorCode::WithoutChanges));
        assert_eq!((error.description(), error.repeat()), (Some("same"), Repeat::Never));
        assert_eq!(error.status(), None);
        let liked = parts.pop().unwrap().unwrap().typed::<bool>("im.message.like").unwrap();
        assert!(liked.result);
        assert_eq!((liked.time.operating, liked.time.operating_reset_at), (Some(1.5), Some(1_772_626_508)));
        let alone: Value = serde_json::from_str(liked.json()).unwrap();
        assert_eq!(
            alone,
            json!({ "result": true, "time": { "operating": 1.5, "operating_reset_at": 1_772_626_508 } })
        );
    }

    #[test]
    fn empty_lists_stand_for_empty_maps() {
        let parts =
            read_all(r#"{"result":{"c0":1},"result_error":[],"result_total":[],"result_time":null}"#, &["a"]);
        assert!(parts[0].is_ok());
    }

    #[test]
    fn what_is_missing_is_in_doubt() {
        for result in [r#"{"result":[],"result_error":[]}"#, "[]", "true", r#"{"result":{"c7":1}}"#] {
            let error = read_all(result, &["a"]).pop().unwrap().unwrap_err();
            assert_eq!(
                (error.kind(), error.repeat()),
                (&ErrorKind::Answer, Repeat::IfIdempotent),
                "{result}"
            );
        }
    }

    #[test]
    fn errors_in_every_form() {
        for (error, code) in [
            (r#"{"error":"X","error_description":"y"}"#, "X"),
            (r#""X""#, "X"),
            (r#"{"error":{"code":"X","message":"y"}}"#, "X"),
            (r#"{"error":"expired_token"}"#, "expired_token"),
        ] {
            let parts = read_all(&format!(r#"{{"result":[],"result_error":{{"c0":{error}}}}}"#), &["a"]);
            assert_eq!(*parts.into_iter().next().unwrap().unwrap_err().code().unwrap(), code, "{error}");
        }
    }
}
