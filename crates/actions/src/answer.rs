//! What a portal answers.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{
    code::ErrorCode,
    error::{Error, ErrorKind},
    work_time::Used,
};

/// A call's result with what the portal says around it.
#[non_exhaustive]
pub struct Answer<T> {
    /// What the method returns.
    pub result: T,
    /// How long it took.
    pub time: Time,
    /// Lists only: where the next page begins; absent on the last page.
    pub next: Option<u64>,
    /// Lists only: how many entries there are in all.
    pub total: Option<u64>,
    json: String,
}

impl<T> Answer<T> {
    /// The whole answer as it came.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The same answer with another result.
    #[must_use]
    pub fn map<U>(self, result: impl FnOnce(T) -> U) -> Answer<U> {
        let Self { result: old, time, next, total, json } = self;
        Answer { result: result(old), time, next, total, json }
    }
}

impl<T: fmt::Debug> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("result", &self.result)
            .field("time", &self.time)
            .field("next", &self.next)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// The `time` of an answer. Fields come and go and are integers, floats or strings: whatever is absent is zero or
/// `None`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Time {
    /// When the request came in: Unix time, seconds.
    pub start: f64,
    /// When the answer went out: Unix time, seconds.
    pub finish: f64,
    /// Between the two, seconds.
    pub duration: f64,
    /// Seconds that the method itself took.
    pub processing: f64,
    /// `start` as the portal's local time, ISO 8601.
    pub date_start: Option<String>,
    /// `finish` as the portal's local time, ISO 8601.
    pub date_finish: Option<String>,
    /// Seconds of work that this method has used up within ten minutes, for these credentials.
    pub operating: Option<f64>,
    /// When the oldest minute of it is forgotten: Unix time, seconds.
    pub operating_reset_at: Option<u64>,
}

impl Time {
    fn read(time: &Value) -> Self {
        let float = |name| loose_float(&time[name]);
        let text = |name| time[name].as_str().map(str::to_owned);
        Self {
            start: float("start").unwrap_or_default(),
            finish: float("finish").unwrap_or_default(),
            duration: float("duration").unwrap_or_default(),
            processing: float("processing").unwrap_or_default(),
            date_start: text("date_start"),
            date_finish: text("date_finish"),
            operating: float("operating"),
            operating_reset_at: loose_integer(&time["operating_reset_at"]),
        }
    }

    /// What the answer says of its method's work time; `is_done` if the call was carried out.
    pub(crate) fn used(&self, is_done: bool, now: Instant) -> Option<Used> {
        let unix_now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let took = Some(self.duration).filter(|took| is_done && *took > 0.0);
        match self.until_reset(unix_now) {
            Some(reset) => Some(Used {
                operating: self.operating.unwrap_or_default().max(0.0),
                // Ten minutes and one: no answer keeps a method waiting longer.
                reset_at: now + Duration::from_secs_f64(reset.min(660.0)),
                took,
            }),
            // A portal that does not count work time: what a call takes is of interest all the same.
            None => took.map(|_| Used { operating: 0.0, reset_at: now, took }),
        }
    }

    /// Seconds until the method may be called again, by the portal's own clock if the answer shows it.
    pub(crate) fn until_reset(&self, unix_now: f64) -> Option<f64> {
        let now = if self.finish > 0.0 { self.finish } else { unix_now };
        self.operating_reset_at.map(|at| (at as f64 - now).max(0.0))
    }
}

fn loose_float(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

fn loose_integer(value: &Value) -> Option<u64> {
    let float = |number: f64| (0.0..1e18).contains(&number).then_some(number as u64);
    value.as_u64().or_else(|| loose_float(value).and_then(float))
}

/// An answer without an error, its result not yet read.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    status: u16,
    result: Box<RawValue>,
    time: Time,
    next: Option<u64>,
    total: Option<u64>,
    json: String,
    is_recorded: bool,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "present")]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    error_description: Value,
    #[serde(default)]
    time: Value,
    #[serde(default)]
    next: Value,
    #[serde(default)]
    total: Value,
}

/// `"result": null` is a result.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

impl Received {
    /// Reads the body of an answer to `method`.
    pub(crate) fn read(method: &str, status: u16, body: Vec<u8>) -> Result<Self, Error> {
        let unreadable = || Error::new(ErrorKind::Answer, method).with_status(status);
        let json = String::from_utf8(body).map_err(|error| unreadable().source_from(error.utf8_error()))?;
        let envelope: Envelope = serde_json::from_str(&json).map_err(|error| {
            unreadable().note(format!("HTTP status {status}, {}", without_values(&error)))
        })?;
        let time = Time::read(&envelope.time);
        if let Some((code, description)) = failure(&envelope) {
            let kind = ErrorKind::Api(ErrorCode::from(code.as_str()));
            return Err(Error::new(kind, method).with_status(status).answered(description, time, json));
        }
        match envelope.result {
            Some(result) if (200..300).contains(&status) => Ok(Self {
                status,
                result,
                time,
                next: loose_integer(&envelope.next),
                total: loose_integer(&envelope.total),
                json,
                is_recorded: false,
            }),
            _ => {
                Err(unreadable()
                    .note(format!("HTTP status {status} without a result and without an error code")))
            }
        }
    }

    /// The answer to a call that was made before, of which the result was recorded.
    pub(crate) fn recorded(method: &str, result: Vec<u8>) -> Result<Self, Error> {
        let unreadable = || {
            let error = Error::new(ErrorKind::Store, method).never_repeated();
            error.note("it was called before, but what is recorded of its result cannot be read")
        };
        let result =
            String::from_utf8(result).map_err(|error| unreadable().source_from(error.utf8_error()))?;
        let json = format!(r#"{{"result":{result}}}"#);
        let result = RawValue::from_string(result)
            .map_err(|error| unreadable().note(format!("the recorded result: {}", without_values(&error))))?;
        let (next, total) = (None, None);
        Ok(Self { status: 200, result, time: Time::default(), next, total, json, is_recorded: true })
    }

    /// The result as it came.
    pub(crate) fn result(&self) -> &str {
        self.result.get()
    }

    pub(crate) const fn time(&self) -> &Time {
        &self.time
    }

    /// The success as a label of metrics.
    pub(crate) const fn outcome(&self) -> &'static str {
        if self.is_recorded { "recorded" } else { "ok" }
    }

    /// Reads the result. The call was carried out, so an unexpected shape is no reason to repeat it.
    pub(crate) fn typed<T: DeserializeOwned>(self, method: &str) -> Result<Answer<T>, Error> {
        match serde_json::from_str(self.result.get()) {
            Ok(result) => {
                let Self { time, next, total, json, .. } = self;
                Ok(Answer { result, time, next, total, json })
            }
            Err(error) => Err(Error::new(ErrorKind::Answer, method)
                .with_status(self.status)
                .never_repeated()
                .note(format!("the result has another shape: {}", without_values(&error)))
                .answered(None, self.time, self.json)),
        }
    }
}

/// What is wrong with a JSON text and where. serde's own words quote what they found, which can be a token.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() || text.starts_with("missing field") {
        return text;
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => format!("line {} column {}", error.line(), error.column()),
    }
}

/// The code and description of a failure: `"error": "CODE"` as a rule, `"error": {"code", "message"}` in the newest
/// methods, and now and then an empty code with a description.
fn failure(envelope: &Envelope) -> Option<(String, Option<String>)> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let (code, description) = match &envelope.error {
        Value::Object(error) => {
            let field = |name| error.get(name).and_then(text);
            (Some(field("code").unwrap_or_default()), field("message"))
        }
        error => (text(error), text(&envelope.error_description)),
    };
    match (code, description) {
        (Some(code), description) => Some((code, description)),
        (None, Some(description)) if envelope.result.is_none() => Some((String::new(), Some(description))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::Repeat;

    fn read(status: u16, body: &str) -> Result<Received, Error> {
        Received::read("profile", status, body.into())
    }

    #[test]
    fn time_is_read_from_whatever_it_is_written_as() {
        let full = r#"{"result":true,"time":{"start":1772625907,"finish":1772625908.5,"duration":"1.5","processing":0,
            "date_start":"2026-03-04T15:05:07+03:00","operating_reset_at":1772626508.0,"operating":0},
            "next":"50","total":120}"#;
        let answer = read(200, full).unwrap().typed::<bool>("profile").unwrap();
        assert!(answer.result);
        let time = &answer.time;
        assert_eq!((time.start, time.finish, time.duration), (1_772_625_907.0, 1_772_625_908.5, 1.5));
        assert_eq!((time.operating, time.operating_reset_at), (Some(0.0), Some(1_772_626_508)));
        assert_eq!((time.date_start.is_some(), time.date_finish.is_some()), (true, false));
        assert_eq!((answer.next, answer.total), (Some(50), Some(120)));
        assert_eq!(answer.json(), full);

        for time in ["[]", "null", "{}", "\"\"", r#"{"operating_reset_at":"soon","start":[]}"#] {
            let answer = read(200, &format!(r#"{{"result":[],"time":{time}}}"#)).unwrap();
            assert_eq!(answer.time, Time::default(), "{time}");
        }
    }

    #[test]
    fn null_is_a_result() {
        assert_eq!(
            read(200, r#"{"result":null}"#).unwrap().typed::<Option<u8>>("profile").unwrap().result,
            None
        );
    }

    #[test]
    fn errors_in_every_form() {
        for (status, body, code, description) in [
            (
                400,
                r#"{"error":"WITHOUT_CHANGES","error_description":"same"}"#,
                "WITHOUT_CHANGES",
                Some("same"),
            ),
            (200, r#"{"result":[],"error":"X"}"#, "X", None),
            (400, r#"{"error":{"code":"V3","message":"why"}}"#, "V3", Some("why")),
            (400, r#"{"error":"","error_description":"why"}"#, "", Some("why")),
            (400, r#"{"error":404}"#, "404", None),
        ] {
            let error = read(status, body).unwrap_err();
            assert_eq!(*error.code().unwrap(), code, "{body}");
            assert_eq!(error.description(), description, "{body}");
            assert_eq!((error.status(), error.json()), (Some(status), Some(body)));
        }
    }

    #[test]
    fn what_cannot_be_read_is_in_doubt_unless_the_status_tells() {
        for (status, body, repeat) in [
            (200, "<html>", Repeat::IfIdempotent),
            (200, "{}", Repeat::IfIdempotent),
            (200, "", Repeat::IfIdempotent),
            (502, "<html>Bad gateway", Repeat::IfIdempotent),
            (503, "<html>", Repeat::IfIdempotent),
            (429, "slow down", Repeat::Later),
            (404, "<html>", Repeat::Never),
            (403, r#"{"result":true}"#, Repeat::Never),
        ] {
            let error = read(status, body).unwrap_err();
            assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Answer, repeat), "{status} {body}");
        }
        let error = Received::read("profile", 200, vec![0xff]).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Answer);
    }

    #[test]
    fn a_result_of_another_shape_is_not_repeated() {
        let error = read(200, r#"{"result":"text"}"#).unwrap().typed::<bool>("profile").unwrap_err();
        assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Answer, Repeat::Never));
        assert_eq!(error.json(), Some(r#"{"result":"text"}"#));
    }

    #[test]
    fn what_is_wrong_is_told_without_what_was_found() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Sent {
            id: u64,
        }
        for (body, told) in [
            (r#"{"result":{}}"#, "missing field `id` at line 1 column 2"),
            (r#"{"result":{"id":"hidden"}}"#, "expected u64 at line 1 column 14"),
            (r#"{"result":", expected hidden"}"#, "expected struct Sent at line 1 column 19"),
        ] {
            let error = read(200, body).unwrap().typed::<Sent>("profile").unwrap_err();
            assert!(error.to_string().ends_with(told), "{error}");
            assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
        }
        assert!(!format!("{:?}", read(200, r#""hidden""#).unwrap_err()).contains("hidden"));
    }

    #[test]
    fn the_reset_is_told_by_the_portals_own_clock() {
        let mut time = Time { operating_reset_at: Some(1000), ..Time::default() };
        assert_eq!(time.until_reset(990.0), Some(10.0));
        time.finish = 999.5;
        assert_eq!(time.until_reset(5.0), Some(0.5));
        time.finish = 2000.0;
        assert_eq!(time.until_reset(5.0), Some(0.0));
        assert_eq!(Time::default().until_reset(5.0), None);
    }
}
