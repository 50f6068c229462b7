//! What is known about a method, as data.

use std::fmt;

use super::loose::{Loose, Loosely};
use crate::{answer::Received, code::ErrorCode, error::Error};

/// What is known about one REST method: a line of the table that [`methods`](crate::methods) is made from.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub struct MethodInfo {
    /// The method's name as the platform writes it.
    pub name: &'static str,
    /// The scope that the credentials need, if the platform names one.
    pub scope: Option<&'static str>,
    /// What doing it twice does.
    pub effect: Effect,
    /// What the platform wants called instead, if it calls the method deprecated.
    pub deprecated: Option<&'static str>,
    /// The method's page under `https://apidocs.bitrix24.com/api-reference/`, without `.html`.
    pub page: &'static str,
    /// Its parameters. A dot leads into an object: `fields.message` is `message` within `fields`.
    pub params: &'static [ParamInfo],
    /// The error codes that its page names. Any method may return those of [`ErrorCode`]'s first part as
    /// well.
    pub errors: &'static [ErrorCode],
    pub(super) read: Reader,
}

/// Reads an answer to a method of that name.
type Reader = fn(Received, &str) -> Result<Box<dyn fmt::Debug + Send>, Error>;

/// One parameter of a method, or one field of an object.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamInfo {
    /// Its name as the platform writes it.
    pub name: &'static str,
    /// Whether a call cannot be made without it.
    pub required: bool,
    /// The fields of the object, or of the objects in the list, where they are typed.
    pub fields: &'static [Self],
}

impl ParamInfo {
    pub(super) const fn new(name: &'static str, required: bool, fields: &'static [Self]) -> Self {
        Self { name, required, fields }
    }
}

/// What doing a call twice does.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It reads.
    Read,
    /// It brings something into a state, or shows something for a moment: twice does no harm.
    Set,
    /// It does something each time.
    Act,
    /// A like: `plus` and `minus` set a state, `auto` toggles it.
    Mark,
}

impl Effect {
    pub(super) const fn named(name: &str) -> Self {
        match name.as_bytes() {
            b"read" => Self::Read,
            b"set" => Self::Set,
            b"mark" => Self::Mark,
            _ => Self::Act,
        }
    }
}

impl MethodInfo {
    /// The address of the method's page in the platform's documentation.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://apidocs.bitrix24.com/api-reference/{}.html", self.page)
    }

    /// Reads an answer, the whole body of it, as the method's typed call does.
    ///
    /// # Errors
    /// The portal's own error, or [`ErrorKind::Answer`](crate::ErrorKind::Answer) if the result has another
    /// shape.
    pub fn read_answer(&self, body: &str) -> Result<impl fmt::Debug + Send + use<>, Error> {
        (self.read)(Received::read(self.name, 200, body.into())?, self.name)
    }

    pub(super) fn reader<T: Loose + fmt::Debug + Send + 'static>(
        received: Received,
        name: &str,
    ) -> Result<Box<dyn fmt::Debug + Send>, Error> {
        let answer = received.typed::<Loosely<T>>(name)?;
        Ok(Box::new(answer.result.0))
    }
}

impl fmt::Debug for MethodInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodInfo")
            .field("name", &self.name)
            .field("scope", &self.scope)
            .field("effect", &self.effect)
            .field("deprecated", &self.deprecated)
            .field("params", &self.params)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}
