//! What every typed call is made of, and what all of them can do.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    info::{Effect, MethodInfo},
    loose::{Loose, Loosely},
};
use crate::{
    answer::Answer,
    call::Call,
    client::Client,
    error::{Error, ErrorKind},
};

/// A typed call: one REST method with its parameters, ready to be sent.
///
/// Every builder in [`methods`](crate::methods) is one. `.await` it for the result, `.send().await` for the
/// result with the portal's [`Answer`] around it, or take the plain [`Call`] out of it.
pub trait Method:
    IntoFuture<Output = Result<Self::Answer, Error>, IntoFuture = Sending<Self::Answer>>
{
    /// What the method returns.
    type Answer;

    /// What is known about the method.
    const INFO: &'static MethodInfo;

    /// The call as plain method name and parameters.
    ///
    /// # Errors
    /// [`ErrorKind::Params`] when a value of the caller's own cannot be written as JSON.
    fn into_call(self) -> Result<Call, Error>;

    /// Reads a `result` that came another way than by sending the call, such as within a batch.
    ///
    /// # Errors
    /// [`ErrorKind::Answer`] if it has another shape.
    fn read(result: &str) -> Result<Self::Answer, Error>;
}

/// Parameters as they gather: a tree, and the first value that could not be written.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    map: Map<String, Value>,
    unwritable: Option<String>,
}

impl Fields {
    /// Sets a parameter; a dot leads into a nested object (`fields.message`).
    pub(crate) fn set(&mut self, path: &str, value: impl Serialize) {
        match serde_json::to_value(value) {
            Ok(value) => place(&mut self.map, path, value),
            Err(error) => {
                self.unwritable.get_or_insert_with(|| format!("`{path}`: {error}"));
            }
        }
    }

    /// Sets all that an object holds.
    fn merge(&mut self, params: impl Serialize) {
        match serde_json::to_value(params) {
            Ok(Value::Object(params)) => self.map.extend(params),
            Ok(Value::Null) => {}
            Ok(_) => {
                self.unwritable
                    .get_or_insert_with(|| "parameters have names: pass a struct or a map".to_owned());
            }
            Err(error) => {
                self.unwritable.get_or_insert_with(|| error.to_string());
            }
        }
    }

    fn names(&self) -> Vec<&String> {
        self.map.keys().collect()
    }
}

fn place(map: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            map.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let child = map.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if !child.is_object() {
                *child = Value::Object(Map::new());
            }
            if let Value::Object(child) = child {
                place(child, rest, value);
            }
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.unwritable {
            None => self.map.serialize(serializer),
            Some(why) => Err(serde::ser::Error::custom(why)),
        }
    }
}

impl fmt::Debug for Fields {
    /// Parameters can hold tokens: only their names are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names().fmt(f)
    }
}

/// A method's parameters and the portal they are for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    client: Client,
    params: Fields,
}

impl Request {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.clone(), params: Fields::default() }
    }

    pub(crate) fn set(&mut self, path: &str, value: impl Serialize) {
        self.params.set(path, value);
    }

    pub(crate) fn merge(&mut self, params: impl Serialize) {
        self.params.merge(params);
    }

    /// A number among the parameters.
    pub(crate) fn number(&self, path: &str) -> Option<u64> {
        let mut names = path.split('.');
        let first = self.params.map.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))?.as_u64()
    }

    pub(crate) fn call(self, info: &MethodInfo) -> Result<Call, Error> {
        if let Some(why) = self.params.unwritable {
            return Err(Error::new(ErrorKind::Params, info.name).note(why));
        }
        let idempotent = match info.effect {
            Effect::Read | Effect::Set => true,
            Effect::Act => false,
            Effect::Mark => matches!(self.params.map.get("ACTION"), Some(action) if action != "auto"),
        };
        Ok(Call::typed(info.name, self.params.map, idempotent))
    }

    pub(crate) async fn send<T: Loose>(self, info: &'static MethodInfo) -> Result<Answer<T>, Error> {
        let client = self.client.clone();
        let answer = client.send::<Loosely<T>>(self.call(info)?).await?;
        Ok(answer.map(|Loosely(result)| result))
    }

    /// Boxed, so that there is one future for each type of answers and not one for each method.
    pub(crate) fn answering<T: Loose + Send + 'static>(
        self,
        info: &'static MethodInfo,
    ) -> Sending<Answer<T>> {
        Sending(Box::pin(self.send(info)))
    }

    pub(crate) fn sending<T: Loose + Send + 'static>(self, info: &'static MethodInfo) -> Sending<T> {
        Sending(Box::pin(async move { Ok(self.send(info).await?.result) }))
    }
}

/// The future of a typed call.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Sending<T>(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>);

impl<T> Future for Sending<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Sending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dots_lead_into_objects() {
        let mut fields = Fields::default();
        fields.set("fields.message", "hi");
        fields.set("fields.system", true);
        fields.set("botId", 5);
        fields.set("botId.x", 6);
        let written = serde_json::to_value(&fields).unwrap();
        assert_eq!(written, json!({ "fields": { "message": "hi", "system": true }, "botId": { "x": 6 } }));
        assert_eq!(format!("{fields:?}"), r#"["botId", "fields"]"#);
    }

    #[test]
    fn what_cannot_be_written_is_told_by_its_name() {
        let mut fields = Fields::default();
        fields.set("ATTACH", std::collections::BTreeMap::from([((1, 2), 3)]));
        let error = serde_json::to_value(&fields).unwrap_err().to_string();
        assert!(error.starts_with("`ATTACH`"), "{error}");
    }
}
