//! The platform's ids as types, so that a user's id is never taken for a message's.

use std::{fmt, num::ParseIntError, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! numeric_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// Read from a number or from a string of digits (the platform sends both), written as a number.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id as a number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl From<u64> for $name {
            fn from(id: u64) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(NumericId).map(Self)
            }
        }
    )*};
}

numeric_ids! {
    /// A message's id, unique within a portal.
    MessageId;
    /// A user's id. Bots are users too: a bot's [`BotId`] is also its user's id.
    UserId;
    /// A group chat's id: the number in the dialog id `chat1157`.
    ChatId;
    /// A bot's id, which is also the id of its user.
    BotId;
    /// The id of a registered slash command.
    CommandId;
    /// The id of a file on the portal's disk.
    FileId;
}

impl From<BotId> for UserId {
    fn from(bot: BotId) -> Self {
        Self(bot.0)
    }
}

struct NumericId;

impl de::Visitor<'_> for NumericId {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id: a number or a string of digits")
    }

    fn visit_u64<E: de::Error>(self, id: u64) -> Result<u64, E> {
        Ok(id)
    }

    fn visit_i64<E: de::Error>(self, id: i64) -> Result<u64, E> {
        u64::try_from(id).map_err(|_| E::invalid_value(de::Unexpected::Signed(id), &self))
    }

    fn visit_str<E: de::Error>(self, id: &str) -> Result<u64, E> {
        id.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(id), &self))
    }
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as the platform writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

text_ids! {
    /// Where a message was written: another user's id in a private chat (`27`), `chat` and a number in a group
    /// (`chat1157`), and other forms that the platform may add (`sg12`).
    ///
    /// ```
    /// use b24bot_core::{ChatId, DialogId, UserId};
    ///
    /// assert_eq!(DialogId::from("27").user(), Some(UserId::from(27)));
    /// assert_eq!(DialogId::from("chat1157").chat(), Some(ChatId::from(1157)));
    /// ```
    DialogId;
    /// A portal's id. It stays when the portal's domain changes, so everything is keyed by it.
    MemberId;
}

impl DialogId {
    /// The group chat's id, if this is a group's dialog.
    #[must_use]
    pub fn chat(&self) -> Option<ChatId> {
        self.0.strip_prefix("chat")?.parse().ok()
    }

    /// The other user's id, if this is a private dialog.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.0.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_numbers_and_digits_only() {
        for (json, id) in
            [("27", Some(27)), ("\"27\"", Some(27)), ("-1", None), ("\"x\"", None), ("\"\"", None)]
        {
            assert_eq!(serde_json::from_str::<MessageId>(json).ok().map(MessageId::get), id, "{json}");
        }
        assert_eq!(serde_json::to_string(&MessageId::from(27)).unwrap(), "27");
    }

    #[test]
    fn dialogs_tell_users_chats_and_others_apart() {
        let other = DialogId::from("sg12");
        assert_eq!((other.user(), other.chat()), (None, None));
        assert_eq!(DialogId::from("chat5").user(), None);
        assert_eq!(DialogId::from("5").chat(), None);
    }
}
