//! The state as a file: what is written, and what is taken back.

use std::error::Error;

use serde::{Deserialize, Serialize};

use super::State;

/// Rises whenever a file of before cannot be read any more. A field that is added has a default instead.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct File<'a> {
    version: u32,
    state: &'a State,
}

/// The version alone, whatever else there is.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
struct Whole {
    state: State,
}

impl State {
    /// The text of a state file.
    pub(crate) fn to_file(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&File { version: VERSION, state: self })
    }

    /// Reads what [`State::to_file`] wrote. The portal still has to be opened.
    pub(crate) fn from_file(bytes: &[u8]) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let Version { version } = serde_json::from_slice(bytes)?;
        if version != VERSION {
            return Err(format!("it has version {version}, and this program reads {VERSION}").into());
        }
        Ok(serde_json::from_slice::<Whole>(bytes)?.state)
    }
}

/// The generator goes on where it was: no token is given out a second time.
pub(super) mod generator {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(rng: &fastrand::Rng, serializer: S) -> Result<S::Ok, S::Error> {
        rng.get_seed().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<fastrand::Rng, D::Error> {
        u64::deserialize(deserializer).map(fastrand::Rng::with_seed)
    }
}

/// A map whose keys are no texts, as a list of pairs.
pub(super) mod pairs {
    use std::collections::HashMap;
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &HashMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<HashMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::bots::Kind;
    use super::super::messages::Draft;
    use super::super::sample;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut state = sample();
        let application = state.install(&["im", "imbot"]);
        let pair = state.tokens(&application.client_id, 27);
        let bot = state.sample_bot(Kind::Supervisor);
        let id = state.post(Draft::new(1, 27, "thanks \u{1f600}")).unwrap();
        state.react(id, 42, "fire").unwrap();
        state.ahead = 7;
        let mut read = State::from_file(&state.to_file().unwrap()).unwrap();
        read.open(state.url.clone(), crate::limits::Buckets::default(), crate::work::Work::default());
        assert_eq!(read.to_file().unwrap().len(), state.to_file().unwrap().len());
        assert_eq!(read.show_message(id), state.show_message(id));
        assert_eq!((&read.member_id, read.ahead), (&state.member_id, 7));
        read.now = state.now;
        assert_eq!(read.tokens(&application.client_id, 27), pair);
        assert_eq!(read.hex(70), state.hex(70));
        assert_eq!(read.sample_bot(Kind::Bot), bot + 1);
    }

    #[test]
    fn what_is_no_state_is_refused() {
        let error = |text: &str| State::from_file(text.as_bytes()).unwrap_err().to_string();
        assert!(error("{\"version\": 1, \"state\": {}}").contains("missing field"));
        assert!(error("{\"version\": 2}").contains("version 2"));
        assert!(error("{\"version\": 1, ").contains("line 1"));
        let text = String::from_utf8(sample().to_file().unwrap()).unwrap();
        assert!(State::from_file(&text.as_bytes()[..text.len() / 2]).is_err());
    }
}
