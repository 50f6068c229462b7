//! What came of a replay.

use std::fmt;

use super::calls::Call;

/// What came of a [`Replay`](super::Replay): what the bot answered, and how its calls differ from the recorded ones.
#[derive(Debug)]
pub struct Report {
    pub(super) events: Vec<Posted>,
    pub(super) calls: Differences,
    /// Whether there is a recording to compare with, and not a captured body alone.
    pub(super) compares: bool,
    pub(super) incomplete: bool,
}

/// An event that was posted again.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) name: String,
    pub(super) outcome: Result<u16, String>,
    pub(super) milliseconds: u128,
    pub(super) recorded: Option<u16>,
}

/// Calls against recorded ones.
#[derive(Debug, Default)]
pub(super) struct Differences {
    pub(super) same: usize,
    /// The same method with other parameters: as recorded, and as made.
    pub(super) other: Vec<(Call, Call)>,
    pub(super) missing: Vec<Call>,
    pub(super) further: Vec<Call>,
}

impl Report {
    /// Whether every event was answered as it was when it was recorded, and the same calls were made. Of a captured
    /// body: whether it was answered with success.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let Differences { other, missing, further, .. } = &self.calls;
        let same_calls = !self.compares || (other.is_empty() && missing.is_empty() && further.is_empty());
        same_calls && self.events.iter().all(Posted::is_same)
    }
}

impl Posted {
    fn is_same(&self) -> bool {
        match (&self.outcome, self.recorded) {
            (Ok(status), Some(recorded)) => *status == recorded,
            (Ok(status), None) => (200..300).contains(status),
            (Err(_), _) => false,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = self.events.iter().filter(|posted| posted.is_same()).count();
        writeln!(f, "{} of {} events were answered as expected", same, self.events.len())?;
        for posted in &self.events {
            match &posted.outcome {
                Ok(status) => write!(f, "  {}: {status} in {} ms", posted.name, posted.milliseconds)?,
                Err(error) => write!(f, "  {}: {error}", posted.name)?,
            }
            match posted.recorded {
                Some(recorded) if !posted.is_same() => writeln!(f, ", recorded: {recorded}")?,
                _ => writeln!(f)?,
            }
        }
        let Differences { same, other, missing, further } = &self.calls;
        if self.compares {
            writeln!(
                f,
                "calls: {same} as recorded, {} with other parameters, {} missing, {} further",
                other.len(),
                missing.len(),
                further.len()
            )?;
        }
        for (recorded, made) in other {
            writeln!(f, "  ~ {made}\n    recorded: {}", recorded.params)?;
        }
        for call in missing {
            writeln!(f, "  - {call}")?;
        }
        for call in further {
            writeln!(f, "  + {call}")?;
        }
        if self.incomplete {
            writeln!(f, "the recording is incomplete: lines or parts of answers were lost, or it was full")?;
        }
        if self.events.iter().any(|posted| posted.outcome == Ok(403)) {
            writeln!(f, "403: the bot wants another application token than it was sent")?;
        }
        Ok(())
    }
}
