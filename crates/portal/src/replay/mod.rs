//! Posting recorded events again, and watching what the bot makes of them.

mod body;
mod calls;
mod pace;
mod report;
mod stand;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

pub use pace::Pace;
pub use report::Report;

use self::body::{Changes, is_json};
use self::calls::Calls;
use self::report::Posted;
use self::stand::Stand;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::recording::{Recording, Unreadable};

/// How long a bot may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How long to go on watching once all recorded calls were made.
const QUIET: Duration = Duration::from_secs(1);
/// How long to go on at the most while further ones come.
const LONGEST: Duration = Duration::from_secs(10);

/// Posts the events of a recording again, or a body that was captured from any portal.
///
/// Those of a recording find a portal here that answers calls as they were answered: `client_endpoint` in them is its
/// address. A captured body is posted byte for byte, unless [`application_token`](Self::application_token) is given.
///
/// ```no_run
/// use b24bot_portal::replay::{Pace, Replay};
///
/// # async fn run() -> Result<(), b24bot_portal::Error> {
/// let replay = Replay::read("session.jsonl")?.pace(Pace::FAST).application_token("t0ken");
/// let report = replay.to("http://127.0.0.1:8080/bitrix24/events").run().await?;
/// println!("{report}");
/// assert!(report.is_same());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is posted until it is run"]
pub struct Replay {
    source: Source,
    to: Option<String>,
    listen: SocketAddr,
    pace: Pace,
    application_token: Option<String>,
    patience: Duration,
}

enum Source {
    Recording(Recording),
    Captured(Vec<u8>),
}

/// An event, ready to be posted.
struct Event {
    at: f64,
    name: String,
    url: String,
    body: Vec<u8>,
    recorded: Option<u16>,
}

impl Replay {
    /// Of a file: a recording, or else a body as it was captured.
    ///
    /// # Errors
    /// [`ErrorKind::Recording`] when it cannot be read, or is a recording of a later version.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|error| Error::recording(format!("{} cannot be read: {error}", path.display())))?;
        Self::of(bytes)
    }

    /// The same of its content.
    ///
    /// # Errors
    /// [`ErrorKind::Recording`] as for [`read`](Self::read).
    pub fn of(bytes: Vec<u8>) -> Result<Self, Error> {
        let source = match Recording::read(&bytes) {
            Ok(recording) => Source::Recording(recording),
            Err(Unreadable::NoRecording) => Source::Captured(bytes),
            Err(unreadable) => return Err(Error::recording(unreadable.to_string())),
        };
        let listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        Ok(Self {
            source,
            to: None,
            listen,
            pace: Pace::REAL_TIME,
            application_token: None,
            patience: Duration::from_secs(5),
        })
    }

    /// Whether it is a recording, and not a captured body.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        matches!(self.source, Source::Recording(_))
    }

    /// Where to post, instead of where the events of a recording went then.
    pub fn to(mut self, url: impl Into<String>) -> Self {
        self.to = Some(url.into());
        self
    }

    /// Where the portal that answers calls listens, instead of on a free port of this machine.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// How fast; as it was unless told.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// What the receiving bot wants to see as `auth[application_token]`: recordings have no secrets.
    pub fn application_token(mut self, token: impl Into<String>) -> Self {
        self.application_token = Some(token.into());
        self
    }

    /// How long to wait for recorded calls that the bot has not made yet, counted from its latest; 5 seconds unless told.
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Posts the events one after another, each when it is due and the one before was answered; then waits for the
    /// calls.
    ///
    /// # Errors
    /// [`ErrorKind::Recording`] when it is not known where to post; [`ErrorKind::AddressInUse`] and
    /// [`ErrorKind::Listen`] when the address cannot be listened on.
    pub async fn run(self) -> Result<Report, Error> {
        let calls = match &self.source {
            Source::Recording(recording) => Calls::new(&recording.calls),
            Source::Captured(_) => Calls::default(),
        };
        let stand = Stand::start(self.listen, calls).await?;
        let events = self.events(&stand.endpoint())?;
        // What was called before, such as the bot's registration, was no answer to an event.
        let began = events.first().map_or(0.0, |event| event.at);
        let client = reqwest::Client::builder()
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("Bitrix24 Webhook Engine")
            .build()
            .map_err(Error::client)?;
        let posted =
            play(&events, self.pace, |event| event.at, async |event| post(&client, event).await).await;
        let expected = stand.calls().recorded_since(began);
        quieten(stand.made(), expected, self.patience).await;
        let (compares, incomplete) = match &self.source {
            Source::Recording(recording) => (true, recording.incomplete),
            Source::Captured(_) => (false, false),
        };
        let calls = stand.calls().differences(began);
        Ok(Report { events: posted, calls, compares, incomplete })
    }

    fn events(&self, endpoint: &str) -> Result<Vec<Event>, Error> {
        let mut changes =
            Changes { application_token: self.application_token.clone(), client_endpoint: None };
        let to = |recorded: &str| {
            let url = self.to.clone().unwrap_or_else(|| recorded.to_owned());
            let is_usable = url.starts_with("http") && (self.to.is_some() || !url.contains("***"));
            is_usable.then_some(url).ok_or_else(|| {
                Error::recording(
                    "it does not say where to post: give the address of the bot's endpoint".to_owned(),
                )
            })
        };
        match &self.source {
            Source::Captured(body) => {
                let (url, body) = (to("")?, changes.apply(body));
                Ok(vec![Event { at: 0.0, name: "the captured body".to_owned(), url, body, recorded: None }])
            }
            Source::Recording(recording) => {
                changes.client_endpoint = Some(endpoint.to_owned());
                let events = recording.events.iter().map(|line| {
                    let body = changes.apply(line.body.as_bytes());
                    let (name, url) = (line.event.clone(), to(&line.url)?);
                    Ok(Event { at: line.at, name, url, body, recorded: line.status })
                });
                events.collect()
            }
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A captured body has tokens in it.
        formatter
            .debug_struct("Replay")
            .field("is_recording", &self.is_recording())
            .field("to", &self.to)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

async fn post(client: &reqwest::Client, event: &Event) -> Posted {
    let kind = if is_json(&event.body) { "application/json" } else { "application/x-www-form-urlencoded" };
    let started = Instant::now();
    let answer = client.post(&event.url).header(CONTENT_TYPE, kind).body(event.body.clone()).send().await;
    Posted {
        name: event.name.clone(),
        outcome: match answer {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Err("no answer within 30 seconds".to_owned()),
            Err(_) => Err(format!("nobody answers at {}", event.url)),
        },
        milliseconds: started.elapsed().as_millis(),
        recorded: event.recorded,
    }
}

/// Does something with each event in order, not before it is due.
async fn play<E, T>(
    events: &[E],
    pace: Pace,
    at: impl Fn(&E) -> f64,
    mut act: impl AsyncFnMut(&E) -> T,
) -> Vec<T> {
    let (start, origin) = (Instant::now(), events.first().map_or(0.0, &at));
    let mut done = Vec::with_capacity(events.len());
    for event in events {
        sleep_until(start + pace.due(at(event) - origin)).await;
        done.push(act(event).await);
    }
    done
}

/// Waits until the expected number of calls was made and no more come for a while; for so long at the most after each.
/// What never stops calling is waited for no longer than [`LONGEST`].
async fn quieten(mut made: watch::Receiver<usize>, expected: usize, patience: Duration) {
    let mut end = None;
    loop {
        let is_complete = *made.borrow_and_update() >= expected;
        let wait = if is_complete {
            let end = *end.get_or_insert_with(|| Instant::now() + LONGEST);
            QUIET.min(patience).min(end.duration_since(Instant::now()))
        } else {
            patience
        };
        if wait.is_zero() {
            return;
        }
        match timeout(wait, made.changed()).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    async fn moments(pace: Pace, slow: Duration) -> Vec<u64> {
        let start = Instant::now();
        let act = async |_: &f64| {
            let at = start.elapsed();
            tokio::time::sleep(slow).await;
            u64::try_from(at.as_millis()).unwrap()
        };
        play(&[10.0, 10.5, 12.0], pace, |at| *at, act).await
    }

    #[tokio::test(start_paused = true)]
    async fn events_come_when_they_are_due_or_at_once() {
        assert_eq!(moments(Pace::REAL_TIME, Duration::ZERO).await, [0, 500, 2000]);
        assert_eq!(moments(Pace::times(10.0).unwrap(), Duration::ZERO).await, [0, 50, 200]);
        assert_eq!(moments(Pace::FAST, Duration::ZERO).await, [0, 0, 0]);
        // Each waits for the answer to the one before.
        assert_eq!(moments(Pace::REAL_TIME, Duration::from_secs(1)).await, [0, 1000, 2000]);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_quiet_a_second_after_the_last_expected_call_or_when_patience_ends() {
        for (expected, seconds) in [(2, 4), (3, 13)] {
            let start = Instant::now();
            let made = watch::Sender::new(0);
            let calling = async {
                for _ in 0..2 {
                    tokio::time::sleep(Duration::from_millis(1500)).await;
                    made.send_modify(|made| *made += 1);
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = quieten(made.subscribe(), expected, Duration::from_secs(10)) => {}
                () = calling => {}
            }
            assert_eq!(start.elapsed(), Duration::from_secs(seconds), "{expected}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bot_that_never_stops_calling_is_not_waited_for_forever() {
        let start = Instant::now();
        let made = watch::Sender::new(0);
        let calling = async {
            loop {
                tokio::time::sleep(Duration::from_millis(400)).await;
                made.send_modify(|made| *made += 1);
            }
        };
        tokio::select! {
            () = quieten(made.subscribe(), 5, Duration::from_secs(10)) => {}
            () = calling => {}
        }
        assert_eq!(start.elapsed(), Duration::from_secs(2) + LONGEST);
    }

    #[test]
    fn a_captured_body_needs_an_address() {
        let captured = Replay::of(b"event=E".to_vec()).unwrap();
        assert!(!captured.is_recording());
        assert_eq!(captured.events("").err().map(|error| error.kind()), Some(ErrorKind::Recording));
        let events = captured.to("http://127.0.0.1:1/").events("http://here/rest/").ok().unwrap();
        assert_eq!(events[0].body, b"event=E");
    }
}
