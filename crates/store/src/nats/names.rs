//! The names of streams and subjects.

use std::fmt::Write as _;

use b24bot_core::{EntryId, EventKey, Lane};
use sha2::{Digest as _, Sha256};

/// Into how many parts the lanes are divided. Written in every subject: it cannot change.
pub(crate) const PARTITIONS: u16 = 32;

/// A share of the lanes, worked by one machine at a time.
pub(crate) type Partition = u16;

/// NATS takes lines of up to 4 KB, in which the subject stands at the most twice.
const LONGEST: usize = 1_000;

#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    /// `None` if streams cannot be called so.
    pub(crate) fn new(prefix: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (!prefix.is_empty() && prefix.len() <= 100 && prefix.bytes().all(fits))
            .then(|| Self { prefix: prefix.to_owned() })
    }

    pub(crate) fn stream(&self, what: &str) -> String {
        format!("{}_{what}", self.prefix)
    }

    pub(crate) fn all(&self, what: &str) -> String {
        format!("{}.{what}.>", self.prefix)
    }

    pub(crate) fn event(&self, partition: Partition) -> String {
        format!("{}.event.{partition}", self.prefix)
    }

    pub(crate) fn part(&self, partition: Partition) -> String {
        format!("{}.share.part.{partition}", self.prefix)
    }

    pub(crate) fn node(&self, id: &str) -> String {
        format!("{}.share.node.{id}", self.prefix)
    }

    /// Tells whoever works the partition that an entry is gone.
    pub(crate) fn purged(&self, partition: Partition, id: EntryId) -> String {
        format!("{}.share.purged.{partition}.{id}", self.prefix)
    }

    /// Who fetches the events of a bot.
    pub(crate) fn claim(&self, bot: &str) -> String {
        format!("{}.share.claim.{}", self.prefix, hex(&Sha256::digest(bot.as_bytes())[..16]))
    }

    pub(crate) fn progress(&self, partition: Partition, id: EntryId) -> String {
        format!("{}.progress.{partition}.{id}", self.prefix)
    }

    pub(crate) fn dead(&self, id: EntryId) -> String {
        format!("{}.dead.{id}", self.prefix)
    }

    pub(crate) fn effect(&self, key: &EventKey, effect: &str) -> String {
        format!(
            "{}.effect.{}.{}",
            self.prefix,
            hex(&key.digest()),
            hex(&Sha256::digest(effect.as_bytes())[..16])
        )
    }

    pub(crate) fn effects(&self, digest: &str) -> String {
        format!("{}.effect.{digest}.*", self.prefix)
    }

    /// The subject of a state. Parts of the key between slashes become parts of the subject; what NATS does not allow in
    /// them is written as `=` and two digits, and a part that is empty as `=` alone. `None` if it is too long.
    pub(crate) fn state(&self, key: &str) -> Option<String> {
        let mut subject = format!("{}.state", self.prefix);
        for part in key.split('/') {
            subject.push('.');
            encode(part, &mut subject);
        }
        (subject.len() <= LONGEST).then_some(subject)
    }

    /// Subjects that hold all keys with a prefix, and maybe others.
    pub(crate) fn states(&self, prefix: &str) -> Option<String> {
        match prefix.rsplit_once('/') {
            Some((parts, _)) => Some(self.state(parts)? + ".>"),
            None => Some(self.all("state")),
        }
    }

    /// The key of a state's subject.
    pub(crate) fn key_of_state(&self, subject: &str) -> Option<String> {
        let parts = subject.strip_prefix(&self.prefix)?.strip_prefix(".state.")?;
        let parts: Option<Vec<String>> = parts.split('.').map(decode).collect();
        Some(parts?.join("/"))
    }
}

/// Of the subjects with a number at the end (partitions, entries): that number.
pub(crate) fn number(subject: &str) -> Option<u64> {
    subject.rsplit('.').next()?.parse().ok()
}

/// Of an event's subject: its partition.
pub(crate) fn partition_of(subject: &str) -> Option<Partition> {
    number(subject).and_then(|number| number.try_into().ok()).filter(|partition| *partition < PARTITIONS)
}

/// Of a subject: its part before the last one.
pub(crate) fn last_but_one(subject: &str) -> Option<&str> {
    subject.rsplit('.').nth(1)
}

/// The partition of a lane, by a hash that will never change.
pub(crate) fn partition(lane: &Lane) -> Partition {
    u16::from(Sha256::digest(lane.as_str().as_bytes())[0]) % PARTITIONS
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn encode(part: &str, to: &mut String) {
    if part.is_empty() {
        to.push('=');
    }
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            to.push(char::from(byte));
        } else {
            let _ = write!(to, "={byte:02x}");
        }
    }
}

fn decode(part: &str) -> Option<String> {
    if part == "=" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'=' {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lanes_stay_where_they_are() {
        // Written in the subjects of what is stored: other numbers would tear dialogs apart.
        let partitions =
            ["m/5/27", "m/5/28", "m/5/chat1", "m/0/"].map(|lane| partition(&Lane::from(lane.to_owned())));
        assert_eq!(partitions, [21, 31, 3, 5]);
    }

    #[test]
    fn dialogs_are_spread_evenly() {
        let mut counts = [0_u32; PARTITIONS as usize];
        for dialog in 0..32_000 {
            counts[usize::from(partition(&Lane::from(format!("member/5/chat{dialog}"))))] += 1;
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }

    #[test]
    fn only_plain_prefixes_are_taken() {
        for (prefix, taken) in
            [("b24bot", true), ("a-b_C1", true), ("", false), ("a.b", false), ("a b", false), ("*", false)]
        {
            assert_eq!(Names::new(prefix).is_some(), taken, "{prefix}");
        }
    }

    proptest! {
        #[test]
        fn every_key_has_a_subject_of_its_own_that_nats_takes(key in "[ -~é\\n/.*>=]{0,40}", prefix in 0..40_usize) {
            let names = Names::new("p").unwrap();
            let subject = names.state(&key).unwrap();
            prop_assert!(!subject.contains([' ', '*', '>', '\n']) && subject.split('.').all(|part| !part.is_empty()));
            prop_assert_eq!(names.key_of_state(&subject), Some(key.clone()));
            let prefix: String = key.chars().take(prefix).collect();
            let filter = names.states(&prefix).unwrap();
            prop_assert!(subject.starts_with(filter.trim_end_matches('>')), "{} {}", subject, filter);
        }
    }
}
