//! The lines of a recording, version 1.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

const FORMAT: &str = "b24bot-recording";
const VERSION: u64 = 1;

/// The first line.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Head {
    format: String,
    version: u64,
    /// When it began, by the portal's clock.
    #[serde(default)]
    at: String,
    #[serde(default)]
    portal: String,
}

impl Head {
    pub(super) fn new(at: String, portal: String) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, at, portal }
    }
}

/// A later line. Kinds and fields that are not known are passed over.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Line {
    Event(EventLine),
    Call(CallLine),
    /// So many lines are not here: they came faster than they could be written.
    Lost {
        lines: u64,
    },
    /// The file is as long as it may become.
    Full,
    #[serde(other)]
    Unknown,
}

/// An event, and what came of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct EventLine {
    /// Seconds since the beginning, when it was posted.
    pub(crate) at: f64,
    #[serde(default)]
    pub(crate) bot: u64,
    #[serde(default)]
    pub(crate) event: String,
    #[serde(default)]
    pub(crate) url: String,
    /// As it was posted, byte for byte, except for its secrets.
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) error: Option<String>,
    #[serde(default)]
    pub(crate) answer: Option<String>,
    #[serde(default)]
    pub(crate) milliseconds: u64,
}

/// A REST request, and its answer.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct CallLine {
    /// Seconds since the beginning, when it came.
    pub(crate) at: f64,
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) params: Value,
    #[serde(default)]
    pub(crate) user: Option<u64>,
    /// 0 if the portal hung up.
    #[serde(default)]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) answer: Option<Value>,
    #[serde(default)]
    pub(crate) milliseconds: u64,
}

/// All of a recording, in order.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Recording {
    pub(crate) events: Vec<EventLine>,
    pub(crate) calls: Vec<CallLine>,
    /// Whether lines are missing.
    pub(crate) incomplete: bool,
}

/// Why a recording cannot be read.
#[derive(Debug, PartialEq)]
pub(crate) enum Unreadable {
    /// It is another program's, or a captured body.
    NoRecording,
    Version(u64),
    Line(usize, String),
}

impl Recording {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
        let head = lines.next().and_then(|(_, line)| serde_json::from_slice::<Head>(line).ok());
        match head {
            Some(head) if head.format == FORMAT && head.version == VERSION => {}
            Some(head) if head.format == FORMAT => return Err(Unreadable::Version(head.version)),
            _ => return Err(Unreadable::NoRecording),
        }
        let mut recording = Self::default();
        while let Some((index, line)) = lines.next() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(Line::Event(event)) => recording.events.push(event),
                Ok(Line::Call(call)) => {
                    // Too long to be kept whole, it is no JSON any more.
                    recording.incomplete |= call.answer.as_ref().is_some_and(Value::is_string);
                    recording.calls.push(call);
                }
                Ok(Line::Lost { .. } | Line::Full) => recording.incomplete = true,
                Ok(Line::Unknown) => {}
                // Whoever wrote it was stopped in the middle of the last line.
                Err(error) if error.is_eof() && lines.peek().is_none() => recording.incomplete = true,
                Err(error) => return Err(Unreadable::Line(index + 1, error.to_string())),
            }
        }
        // A line is written when all is over: what began earlier can stand below.
        recording.events.sort_by(|one, other| one.at.total_cmp(&other.at));
        recording.calls.sort_by(|one, other| one.at.total_cmp(&other.at));
        Ok(recording)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecording => write!(formatter, "it is no recording"),
            Self::Version(version) => write!(
                formatter,
                "it is a recording of version {version}, and this program knows version {VERSION}"
            ),
            Self::Line(line, error) => write!(formatter, "line {line} cannot be read: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(lines: &[String]) -> String {
        let head = serde_json::to_string(&Head::new("then".to_owned(), "here".to_owned())).unwrap();
        [&[head][..], lines].concat().join("\n")
    }

    #[test]
    fn lines_come_in_the_order_they_began_and_unknown_ones_are_passed_over() {
        let lines = [
            r#"{"kind":"event","at":2.5,"body":"b","novelty":1}"#,
            r#"{"kind":"event","at":1,"body":"a","status":200}"#,
            r#"{"kind":"novelty","at":1}"#,
            "",
            r#"{"kind":"call","at":1.5,"method":"profile","params":[]}"#,
            r#"{"kind":"lost","lines":3}"#,
        ]
        .map(str::to_owned);
        let recording = Recording::read(text(&lines).as_bytes()).unwrap();
        let bodies: Vec<&str> = recording.events.iter().map(|event| event.body.as_str()).collect();
        assert_eq!(bodies, ["a", "b"]);
        assert_eq!(recording.calls[0].method, "profile");
        assert!(recording.incomplete);
    }

    #[test]
    fn a_recording_that_breaks_off_is_incomplete_wherever_that_is() {
        let line =
            r#"{"kind":"call","at":1.5,"method":"profile","params":{"a":"\u00e4ä"},"answer":{"b":[1,true]}}"#;
        let whole = text(&[line.to_owned(), line.to_owned()]);
        let last = whole.len() - line.len();
        for end in last + 1..whole.len() {
            let recording = Recording::read(&whole.as_bytes()[..end]).unwrap();
            assert!(recording.incomplete && recording.calls.len() == 1, "{end}");
        }
        let recording = Recording::read(whole.as_bytes()).unwrap();
        assert!(!recording.incomplete && recording.calls.len() == 2);
        let within = [&whole[..whole.len() - 3], "\n", line].concat();
        assert!(matches!(Recording::read(within.as_bytes()), Err(Unreadable::Line(3, _))));
        let cut = text(&[r#"{"kind":"call","at":1,"method":"m","answer":"{\"resu"}"#.to_owned()]);
        assert!(Recording::read(cut.as_bytes()).unwrap().incomplete);
    }

    #[test]
    fn what_is_no_recording_is_told_apart() {
        for text in [
            "",
            "event=ONIMBOTMESSAGEADD&auth[domain]=x",
            "{\"event\": \"X\"}",
            "{\"format\":\"other\",\"version\":1}",
        ] {
            assert_eq!(Recording::read(text.as_bytes()), Err(Unreadable::NoRecording), "{text}");
        }
        let newer = json!({"format": FORMAT, "version": 2}).to_string();
        assert_eq!(Recording::read(newer.as_bytes()), Err(Unreadable::Version(2)));
        let broken = text(&["{\"kind\":\"call\"}".to_owned()]);
        assert!(matches!(Recording::read(broken.as_bytes()), Err(Unreadable::Line(2, _))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(body in "\\PC{0,40}", answer in "\\PC{0,20}", status in proptest::option::of(any::<u16>()),
            quarters in any::<u16>(), bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let at = f64::from(quarters) / 4.0;
            let event = EventLine { at, body, status, answer: Some(answer.clone()), ..EventLine::default() };
            let call = CallLine { at, method: "m".to_owned(), answer: Some(json!(answer)), ..CallLine::default() };
            let lines = [Line::Event(event.clone()), Line::Call(call.clone())];
            let lines = lines.map(|line| serde_json::to_string(&line).unwrap());
            let read = Recording::read(text(&lines).as_bytes()).unwrap();
            prop_assert_eq!((&read.events[..], &read.calls[..]), (&[event][..], &[call][..]));
            let _ = Recording::read(&bytes);
        }
    }
}
