//! Small things that outlive a process, and that several machines may share: tokens, the state of a dialog.

use std::fmt;

use async_trait::async_trait;

use crate::InboxError;

/// Values by key. Changed by compare and swap, so that several machines can change one value without losing anything.
///
/// Keys are any text; by convention parts are separated by `/`, the first says whose they are (`token/…`).
#[async_trait]
pub trait States: fmt::Debug + Send + Sync + 'static {
    /// The value of a key.
    ///
    /// # Errors
    ///
    /// When it cannot be read now.
    async fn get(&self, key: &str) -> Result<Option<State>, InboxError>;

    /// Sets a value, durably if the store is, if what is there is as expected. The new version; `None` if it was not
    /// as expected, and nothing was changed.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded now.
    async fn set(&self, key: &str, value: Vec<u8>, expected: Expected)
    -> Result<Option<Version>, InboxError>;

    /// Removes a value, if it is as expected; whether it was.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded now.
    async fn remove(&self, key: &str, expected: Expected) -> Result<bool, InboxError>;

    /// What is there under a prefix, and from then on every change, by whichever machine.
    ///
    /// # Errors
    ///
    /// When it cannot be read now.
    async fn watch(&self, prefix: &str) -> Result<Box<dyn Changes>, InboxError>;
}

/// A value and its version.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// The value.
    pub value: Vec<u8>,
    /// Which of the key's values it is.
    pub version: Version,
}

impl State {
    /// A state, for those who implement [`States`].
    #[must_use]
    pub fn new(value: Vec<u8>, version: Version) -> Self {
        Self { value, version }
    }
}

/// Values can be secret: only their length is shown.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, version {}", self.value.len(), self.version.0)
    }
}

/// The version of a value: of two values of one key the later has the greater one, also if it was removed in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// What must be there for a change to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Anything,
    /// Nothing.
    Nothing,
    /// That version.
    Version(Version),
}

impl Expected {
    /// Whether it is what is there: a value of that version, or none.
    #[must_use]
    pub fn is(self, there: Option<Version>) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => there.is_none(),
            Self::Version(version) => there == Some(version),
        }
    }
}

/// Changes of values, in order for each key.
#[async_trait]
pub trait Changes: Send + 'static {
    /// The next one; `None` when no more will come, because the store has gone.
    async fn next(&mut self) -> Option<Change>;
}

/// A value that has come, changed or gone.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Its key.
    pub key: String,
    /// What it is now.
    pub value: Option<Vec<u8>>,
    /// The value's version; of one that has gone, a greater one than it had.
    pub version: Version,
}

impl Change {
    /// A change, for those who implement [`States`].
    #[must_use]
    pub fn new(key: impl Into<String>, value: Option<Vec<u8>>, version: Version) -> Self {
        Self { key: key.into(), value, version }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.value.as_ref().map(Vec::len);
        write!(f, "{}: {length:?} bytes, version {}", self.key, self.version.0)
    }
}
