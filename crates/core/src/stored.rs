//! Envelopes as durable stores keep them.

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{DecodeError, Delivery, Envelope, EventKey, Lane};

/// The only form there is so far. A new one gets a number of its own, and this one is still read.
const FORM: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Header<'bytes> {
    #[serde(rename = "k", borrow)]
    key: Cow<'bytes, str>,
    #[serde(rename = "l", borrow)]
    lane: Cow<'bytes, str>,
    #[serde(rename = "t")]
    received_at: u64,
    /// Which of the body's events it is.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    nth: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Envelope {
    /// The envelope as bytes, for a store to keep: its form, the length of a header, the header as JSON, and the
    /// event's body as it came. The body holds tokens.
    #[must_use]
    pub fn to_stored(&self) -> Vec<u8> {
        let header = Header {
            key: self.key.as_str().into(),
            lane: self.lane.as_str().into(),
            received_at: self.received_at,
            nth: self.event.nth(),
        };
        let body = self.event.body();
        let mut bytes = Vec::with_capacity(5 + 160 + body.len());
        bytes.extend_from_slice(&[FORM, 0, 0, 0, 0]);
        // Texts and numbers: nothing about them cannot be written.
        let _ = serde_json::to_writer(&mut bytes, &header);
        let length = u32::try_from(bytes.len() - 5).unwrap_or(u32::MAX);
        bytes[1..5].copy_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    /// Reads an envelope again.
    ///
    /// # Errors
    ///
    /// When the bytes were not written by [`to_stored`](Self::to_stored), or by a later version of it.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        let (header, body) = split(bytes)?;
        let (key, lane) = (EventKey::from(header.key.into_owned()), Lane::from(header.lane.into_owned()));
        Self::from_parts(key, lane, header.received_at, header.nth, body)
    }

    /// Puts an envelope together again, for stores that keep its parts apart; `nth` is
    /// [`Event::nth`](crate::Event::nth).
    ///
    /// # Errors
    ///
    /// When the body cannot be read.
    pub fn from_parts(
        key: EventKey,
        lane: Lane,
        received_at: u64,
        nth: u32,
        body: &[u8],
    ) -> Result<Self, StoredError> {
        let body = Arc::from(body);
        let events = Delivery::parse(&body).and_then(Delivery::into_events).map_err(StoredError::Event)?;
        let event = events.into_iter().nth(nth as usize).ok_or(StoredError::Form)?;
        Ok(Self { key, lane, received_at, event: Arc::new(event) })
    }

    /// Key, lane and time of a stored envelope: what an entry needs before its turn comes.
    ///
    /// # Errors
    ///
    /// As [`from_stored`](Self::from_stored).
    pub fn peek_stored(bytes: &[u8]) -> Result<(EventKey, Lane, u64), StoredError> {
        let (header, _) = split(bytes)?;
        let (key, lane) = (EventKey::from(header.key.into_owned()), Lane::from(header.lane.into_owned()));
        Ok((key, lane, header.received_at))
    }
}

fn split(bytes: &[u8]) -> Result<(Header<'_>, &[u8]), StoredError> {
    let (form, rest) = bytes.split_first_chunk::<5>().ok_or(StoredError::Form)?;
    let [FORM, length @ ..] = *form else { return Err(StoredError::Form) };
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| StoredError::Form)?;
    let (header, body) = rest.split_at_checked(length).ok_or(StoredError::Form)?;
    Ok((serde_json::from_slice(header).map_err(|_| StoredError::Form)?, body))
}

/// Why a stored envelope cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoredError {
    /// It is not in a form that this version knows.
    Form,
    /// The event in it cannot be read.
    Event(DecodeError),
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the stored event is in a form that this version does not know",
            Self::Event(_) => "the stored event cannot be read",
        })
    }
}

impl Error for StoredError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Form => None,
            Self::Event(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;
    use crate::decode;

    fn envelopes(body: &[u8]) -> Vec<Envelope> {
        let now = UNIX_EPOCH + Duration::from_millis(1_771_940_028_123);
        decode(body).unwrap().into_iter().map(|event| Envelope::new(event, now)).collect()
    }

    const TWO_BOTS: &[u8] = b"event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[BOT][6][BOT_ID]=6\
        &data[PARAMS][MESSAGE]=%22thanks%22&data[PARAMS][MESSAGE_ID]=101&data[PARAMS][DIALOG_ID]=chat%221&auth[member_id]=m";

    #[test]
    fn each_event_of_a_body_is_read_again_as_it_was() {
        for envelope in envelopes(TWO_BOTS) {
            let bytes = envelope.to_stored();
            let again = Envelope::from_stored(&bytes).unwrap();
            assert_eq!(format!("{again:?}"), format!("{envelope:?}"));
            assert_eq!(
                Envelope::peek_stored(&bytes).unwrap(),
                (envelope.key.clone(), envelope.lane.clone(), envelope.received_at)
            );
            assert_eq!(EventKey::of(&again.event), envelope.key);
        }
    }

    #[test]
    fn a_later_form_is_refused() {
        let mut bytes = envelopes(TWO_BOTS)[0].to_stored();
        bytes[0] = 2;
        assert!(matches!(Envelope::from_stored(&bytes), Err(StoredError::Form)));
    }

    proptest! {
        #[test]
        fn damaged_bytes_are_refused_or_read_but_harm_nothing(
            cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), to in any::<u8>(),
        ) {
            let mut bytes = envelopes(TWO_BOTS)[1].to_stored();
            let place = at.index(bytes.len());
            bytes[place] = to;
            bytes.truncate(cut.index(bytes.len()) + 1);
            let _ = Envelope::from_stored(&bytes);
            let _ = Envelope::peek_stored(&bytes);
        }
    }
}
