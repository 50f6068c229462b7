//! What can go wrong on the way to a portal.

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use crate::{answer::Time, code::ErrorCode, retry::Repeat};

type Source = Arc<dyn StdError + Send + Sync>;

/// A call that failed: what happened, what the portal said, and whether repeating makes sense.
///
/// Neither `Debug` nor `Display` shows tokens, the webhook's address or the raw answer.
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    /// What was to be done: a method's name, as a rule.
    during: String,
    /// What this crate has to say.
    note: Option<Cow<'static, str>>,
    status: Option<u16>,
    description: Option<String>,
    json: Option<String>,
    time: Time,
    /// Set where the kind and the status do not tell.
    repeat: Option<Repeat>,
    source: Option<Source>,
}

/// The kinds of [`Error`].
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The portal answered with an error code.
    Api(ErrorCode),
    /// No connection: nothing was sent.
    Connect,
    /// No answer in time. The call may have been carried out.
    TimedOut,
    /// The connection broke while sending or receiving. The call may have been carried out.
    Transport,
    /// The answer is not what the platform writes, or its result is not of the expected shape.
    Answer,
    /// A redirection that leads nowhere, or where credentials must not go.
    Redirect,
    /// Parameters that cannot be sent, or a method name that is none.
    Params,
    /// Nothing to sign the call with; the message says what to configure.
    NoCredentials,
    /// The portal's address in the event cannot be used.
    Address,
    /// The platform has no such thing for this event or these credentials.
    Unsupported,
    /// [`Portals`](crate::Portals) cannot be built like that.
    Setup,
    /// A file on this side cannot be read or written.
    File,
    /// An earlier attempt to handle the event may have made the call already, and it was to be made
    /// [at most once](crate::Promise::AtMostOnce): it was not made now.
    InDoubt,
    /// It cannot be recorded that the call is about to be made: it was not made.
    Store,
    /// The caller's patience ([`Client::within`](crate::Client::within)) was over before it could be sent.
    Expired,
    /// An installation that is not what it is said to be: the authorization server knows nothing of it.
    NotConfirmed,
    /// The installation's tokens cannot be renewed any more: somebody has to install the application again. Nothing was
    /// sent.
    NeedsReinstallation,
    /// The access token has expired and cannot be renewed at the moment, since the authorization server does not answer as
    /// it should: nothing was sent.
    NotRenewed,
    /// The portal has removed the application, or was forgotten: nothing was sent.
    Uninstalled,
    /// More calls than allowed wait for that portal ([`Overflow::Refuse`](crate::Overflow::Refuse)): it was not sent.
    QueueFull,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, during: impl Into<String>) -> Self {
        let during = during.into();
        Self(Box::new(Inner {
            kind,
            during,
            note: None,
            status: None,
            description: None,
            json: None,
            time: Time::default(),
            repeat: None,
            source: None,
        }))
    }

    pub(crate) fn note(mut self, note: impl Into<Cow<'static, str>>) -> Self {
        self.0.note = Some(note.into());
        self
    }

    pub(crate) fn source_from(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Source::from(source.into()));
        self
    }

    /// The same error for someone else whom it concerns.
    pub(crate) fn shared(&self) -> Self {
        Self(self.0.clone())
    }

    /// The same error for a call of another method that met it too.
    pub(crate) fn during(&self, method: &str) -> Self {
        let mut error = self.shared();
        method.clone_into(&mut error.0.during);
        error
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn without_status(mut self) -> Self {
        self.0.status = None;
        self
    }

    pub(crate) fn never_repeated(mut self) -> Self {
        self.0.repeat = Some(Repeat::Never);
        self
    }

    pub(crate) fn described(mut self, description: String) -> Self {
        self.0.description = Some(description);
        self
    }

    pub(crate) fn answered(mut self, description: Option<String>, time: Time, json: String) -> Self {
        self.0.description = description;
        self.0.time = time;
        self.0.json = Some(json);
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The portal's error code, if it answered with one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        match &self.0.kind {
            ErrorKind::Api(code) => Some(code),
            _ => None,
        }
    }

    /// The portal's `error_description`: for developers, not for the people in the chat.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The HTTP status, if there was an answer; none for an error inside a batch, which has no status of its own.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The portal's answer as it came, if it was JSON. It can hold whatever the portal put in.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.0.json.as_deref()
    }

    /// Whether repeating the call is safe and makes sense. What [`Client`](crate::Client) repeats by itself it has
    /// repeated already, within its [`RetryPolicy`](crate::RetryPolicy).
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        if let Some(repeat) = self.0.repeat {
            return repeat;
        }
        match &self.0.kind {
            ErrorKind::Connect
            | ErrorKind::Store
            | ErrorKind::Expired
            | ErrorKind::QueueFull
            | ErrorKind::NotRenewed => Repeat::Later,
            ErrorKind::TimedOut | ErrorKind::Transport => Repeat::IfIdempotent,
            ErrorKind::Api(code) => self.repeat_after(code),
            ErrorKind::Answer => match self.0.status {
                Some(429) => Repeat::Later,
                Some(408 | 500.. | 200..300) => Repeat::IfIdempotent,
                _ => Repeat::Never,
            },
            _ => Repeat::Never,
        }
    }

    fn repeat_after(&self, code: &ErrorCode) -> Repeat {
        match code {
            ErrorCode::QueryLimitExceeded | ErrorCode::OperationTimeLimit => Repeat::Later,
            ErrorCode::ExpiredToken | ErrorCode::InvalidToken => Repeat::AfterRefresh,
            ErrorCode::InternalServerError | ErrorCode::UnexpectedAnswer => Repeat::IfIdempotent,
            code if code.is_of_the_platform() => Repeat::Never,
            _ => match self.0.status {
                Some(429) => Repeat::Later,
                Some(500 | 502..=504) => Repeat::IfIdempotent,
                _ => Repeat::Never,
            },
        }
    }

    /// Whether the call was certainly not carried out. An answer that cannot be read leaves that open, unless its status
    /// asks to come back.
    pub(crate) fn is_not_done(&self) -> bool {
        match &self.0.kind {
            // A status would tell: the same code comes with 400 and with 500. Inside a batch there is none.
            ErrorKind::Api(ErrorCode::Other(_)) if self.0.status.is_none() => false,
            ErrorKind::Api(_) => self.repeat() != Repeat::IfIdempotent,
            ErrorKind::Answer => self.repeat() == Repeat::Later,
            ErrorKind::TimedOut | ErrorKind::Transport | ErrorKind::InDoubt => false,
            _ => true,
        }
    }

    pub(crate) fn time(&self) -> &Time {
        &self.0.time
    }

    /// Whether the portal refused a request for what it was as a whole, and carried out nothing: it was too long, say.
    /// What it would say to every request, such as that the credentials are no good, does not count.
    pub(crate) fn is_of_the_request(&self) -> bool {
        let is_refusal = matches!(self.0.status, Some(400 | 405 | 413 | 414 | 422));
        match &self.0.kind {
            ErrorKind::Api(ErrorCode::BatchLengthExceeded | ErrorCode::BatchMethodNotAllowed) => true,
            ErrorKind::Api(code) => is_refusal && !code.is_of_the_platform(),
            ErrorKind::Answer => is_refusal,
            _ => false,
        }
    }

    /// True when the portal was asked too fast.
    pub(crate) fn is_too_fast(&self) -> bool {
        match self.code() {
            Some(ErrorCode::QueryLimitExceeded) => true,
            Some(ErrorCode::OperationTimeLimit) => false,
            _ => self.0.status == Some(429),
        }
    }

    /// The failure as a label of metrics, out of a fixed set.
    pub(crate) fn outcome(&self) -> &'static str {
        match &self.0.kind {
            ErrorKind::Api(code) => code.named().unwrap_or("other"),
            ErrorKind::Connect => "connect",
            ErrorKind::TimedOut => "timeout",
            ErrorKind::Transport => "transport",
            ErrorKind::Answer => "answer",
            ErrorKind::Redirect => "redirect",
            ErrorKind::Params => "params",
            ErrorKind::NoCredentials => "no_credentials",
            ErrorKind::Address => "address",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Setup => "setup",
            ErrorKind::File => "file",
            ErrorKind::InDoubt => "in_doubt",
            ErrorKind::Store => "store",
            ErrorKind::Expired => "expired",
            ErrorKind::QueueFull => "queue_full",
            ErrorKind::NotConfirmed => "not_confirmed",
            ErrorKind::NeedsReinstallation => "needs_reinstallation",
            ErrorKind::NotRenewed => "not_renewed",
            ErrorKind::Uninstalled => "uninstalled",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.during)?;
        match &self.0.kind {
            ErrorKind::Api(code) => write!(f, "the portal answered {code}")?,
            kind => f.write_str(match kind {
                ErrorKind::Connect => "cannot connect to the portal",
                ErrorKind::TimedOut => "no answer in time",
                ErrorKind::Transport => "the connection broke",
                ErrorKind::Answer => "the answer cannot be read",
                ErrorKind::Redirect => "redirected to where the call must not go",
                ErrorKind::Params => "the call cannot be written",
                ErrorKind::NoCredentials => "no credentials",
                ErrorKind::Address => "the portal's address cannot be used",
                ErrorKind::Unsupported => "not possible",
                ErrorKind::File => "the file cannot be read or written",
                ErrorKind::InDoubt => "in doubt, it may have been done already",
                ErrorKind::Store => "not called, since that cannot be recorded",
                ErrorKind::Expired => "not called in time, since others were waiting for the portal",
                ErrorKind::NotConfirmed => "not confirmed",
                ErrorKind::NeedsReinstallation => {
                    "not called, since the application has to be installed again on that portal"
                }
                ErrorKind::NotRenewed => {
                    "not called, since the access token has expired and cannot be renewed now"
                }
                ErrorKind::Uninstalled => "not called, since the application is not installed on that portal",
                ErrorKind::QueueFull => "not called, since too many calls wait for the portal",
                _ => "cannot be set up like that",
            })?,
        }
        if let Some(description) = self.description().filter(|text| !text.is_empty()) {
            write!(f, " ({description})")?;
        }
        if let Some(note) = &self.0.note {
            write!(f, ": {note}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("during", &self.0.during)
            .field("note", &self.0.note)
            .field("status", &self.0.status)
            .field("description", &self.0.description)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
