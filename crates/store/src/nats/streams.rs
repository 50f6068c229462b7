//! The streams on the server.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use async_nats::{
    ConnectErrorKind, ConnectOptions, Event, HeaderMap,
    connection::State as Connection,
    header,
    jetstream::{
        self, Context,
        context::{CreateStreamErrorKind, GetStreamErrorKind, PublishErrorKind},
        message::StreamMessage,
        stream::{Config, DiscardPolicy, LastRawMessageErrorKind, RawMessageError, StorageType, Stream},
    },
};
use b24bot_core::{InboxError, InboxErrorKind, Secret};
use bytes::Bytes;
use futures_util::TryStreamExt as _;

use super::{
    NatsOptions,
    address::{Addresses, Login},
    names::Names,
};
use crate::{OpenError, OpenErrorKind};

/// How long an answer of the server is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(4);

/// The largest message there may be: a body of 1 MiB, and what is known of it. 1.1 MiB.
const LARGEST: usize = (1 << 20) / 10 * 11;

/// The filter of whoever reads events: there is none. With one, a server (up to 2.10.24) goes by what it knows of the first
/// and the last event of a partition. It does not notice that the last one was removed, and passes over what comes before
/// when the first one is removed too.
pub(crate) const UNFILTERED: &str = "";

/// The server's own kind of error for a stream that has reached its size.
const STORE_FAILED: u64 = 10077;

/// A connection and what there is on the server.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) names: Names,
    pub(crate) shown: String,
    pub(crate) jetstream: Context,
    /// Events; the number of an entry is its number there.
    pub(crate) events: Stream<()>,
    /// Who works what; see [`Shares`](super::shares::Shares).
    pub(crate) share: Stream<()>,
    pub(crate) progress: Stream<()>,
    pub(crate) dead: Stream<()>,
    pub(crate) effects: Stream<()>,
    pub(crate) states: Stream<()>,
}

impl Streams {
    pub(crate) async fn open(url: &Secret, options: &NatsOptions) -> Result<Self, OpenError> {
        let names = Names::new(&options.prefix).ok_or_else(|| {
            OpenError::new(
                OpenErrorKind::Refused,
                format!(
                    "{:?} cannot start the names of streams: use letters, digits, - and _",
                    options.prefix
                ),
            )
        })?;
        let addresses = Addresses::parse(url.expose());
        let shown = addresses.shown();
        let client = connect(addresses, &shown).await?;
        let max_payload = client.server_info().max_payload;
        if max_payload < LARGEST {
            tracing::debug!(
                max_payload,
                "NATS takes no message as large as the largest events: set max_payload: 2MB on the server"
            );
        }
        let jetstream =
            jetstream::ContextBuilder::new().timeout(PATIENCE).ack_timeout(PATIENCE).build(client);
        let keep = options.max_age + options.keep_dead + Duration::from_secs(30 * 86_400);
        let open = async |what: &str, subjects: &str, adapt: &(dyn Fn(&mut Config) + Sync)| {
            let mut config = Config {
                name: names.stream(what),
                subjects: vec![names.all(subjects)],
                storage: StorageType::File,
                discard: DiscardPolicy::New,
                num_replicas: options.replicas,
                max_messages_per_subject: 1,
                ..Config::default()
            };
            adapt(&mut config);
            make(&jetstream, config).await.map_err(|error| error.at(&shown, &options.prefix))
        };
        Ok(Self {
            events: open("events", "event", &|config| {
                config.max_messages_per_subject = -1;
                config.max_bytes = i64::try_from(options.max_size).unwrap_or(i64::MAX);
                config.duplicate_window = options.remember;
            })
            .await?,
            share: open("share", "share", &|_| {}).await?,
            progress: open("progress", "progress", &|config| config.max_age = keep).await?,
            dead: open("dead", "dead", &|config| config.max_age = options.keep_dead).await?,
            effects: open("effects", "effect", &|config| config.max_age = keep).await?,
            states: open("states", "state", &|_| {}).await?,
            shown,
            jetstream: jetstream.clone(),
            names,
        })
    }

    /// # Errors
    ///
    /// Without a connection: what is sent then is kept by the client, and would arrive any time later.
    pub(crate) fn connected(&self) -> Result<(), InboxError> {
        if self.is_connected() { Ok(()) } else { Err(InboxError::storage("the connection to NATS is lost")) }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.jetstream.client().connection_state() == Connection::Connected
    }

    /// Stores a message and says its number; `None` if the latest of its subject is not the expected one.
    pub(crate) async fn write(
        &self,
        subject: String,
        value: Bytes,
        expected: Option<u64>,
        mut headers: HeaderMap,
    ) -> Result<Option<u64>, InboxError> {
        self.connected()?;
        if let Some(expected) = expected {
            headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        }
        let sent = self.jetstream.publish_with_headers(subject, headers, value).await.map_err(refused)?;
        match sent.await {
            Ok(ack) => Ok(Some(ack.sequence)),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    /// Sends a message that nothing depends on: whether it was stored is seen in the stream.
    pub(crate) async fn send(&self, subject: String, value: Vec<u8>) {
        if self.is_connected()
            && let Err(error) = self.jetstream.client().publish(subject, value.into()).await
        {
            tracing::debug!(%error, "cannot send to NATS");
        }
    }
}

/// The latest message of a subject, from the leader of a cluster: the others may be behind.
pub(crate) async fn latest(stream: &Stream<()>, subject: &str) -> Result<Option<StreamMessage>, InboxError> {
    found(stream.get_last_raw_message_by_subject(subject).await)
}

/// The message of that number.
pub(crate) async fn numbered(stream: &Stream<()>, seq: u64) -> Result<Option<StreamMessage>, InboxError> {
    found(stream.get_raw_message(seq).await)
}

fn found(result: Result<StreamMessage, RawMessageError>) -> Result<Option<StreamMessage>, InboxError> {
    match result {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(InboxError::storage(error)),
    }
}

/// The subjects that have messages, with how many; and the highest number in the stream.
pub(crate) async fn subjects(
    stream: &Stream<()>,
    filter: &str,
) -> Result<(Vec<(String, u64)>, u64), InboxError> {
    let info = stream.info_with_subjects(filter).await.map_err(InboxError::storage)?;
    let last = info.info.state.last_sequence;
    let subjects = info
        .map_ok(|(subject, count)| (subject, count as u64))
        .try_collect()
        .await
        .map_err(InboxError::storage)?;
    Ok((subjects, last))
}

/// Removes what a subject has in a stream that others follow. A purge would have a server (2.9 at least) pass over what
/// it has not sent to them yet, and nobody would notice.
pub(crate) async fn remove_latest(stream: &Stream<()>, subject: &str) -> Result<(), InboxError> {
    if let Some(message) = latest(stream, subject).await? {
        stream.delete_message(message.sequence).await.map_err(InboxError::storage)?;
    }
    Ok(())
}

/// Removes what a subject, or all of a pattern, has. Only in streams that nobody follows: see [`remove_latest`].
pub(crate) async fn erase(stream: &Stream<()>, subject: &str) -> Result<u64, InboxError> {
    Ok(stream.purge().filter(subject).await.map_err(InboxError::storage)?.purged)
}

pub(crate) fn refused(error: jetstream::context::PublishError) -> InboxError {
    let full = error
        .source()
        .and_then(|source| source.downcast_ref::<jetstream::Error>())
        .is_some_and(|error| error.error_code().0 == STORE_FAILED);
    if full { InboxError::new(InboxErrorKind::Full) } else { InboxError::storage(error) }
}

/// Whether the server takes no message of that size.
pub(crate) fn is_too_large(error: &InboxError) -> bool {
    error
        .source()
        .and_then(|source| source.downcast_ref::<jetstream::context::PublishError>())
        .is_some_and(|error| error.kind() == PublishErrorKind::MaxPayloadExceeded)
}

async fn connect(addresses: Addresses, shown: &str) -> Result<async_nats::Client, OpenError> {
    let options = ConnectOptions::new()
        .name("b24bot")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE))
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|attempts| Duration::from_millis(100 * attempts.min(20) as u64))
        .event_callback(async |event| match event {
            Event::Connected => tracing::info!("connected to NATS"),
            Event::Disconnected => tracing::warn!("the connection to NATS is lost; trying to get it back"),
            Event::ServerError(error) => tracing::warn!(%error, "NATS refuses something"),
            Event::ClientError(error) => tracing::warn!(%error, "trouble with the connection to NATS"),
            other => tracing::debug!(event = %other, "NATS"),
        });
    let options = match addresses.login {
        Some(Login::Password(user, password)) => {
            options.user_and_password(user, password.expose().to_owned())
        }
        Some(Login::Token(token)) => options.token(token.expose().to_owned()),
        None => options,
    };
    options.connect(addresses.servers).await.map_err(|error| {
        let (kind, advice) = match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => (
                OpenErrorKind::Refused,
                "it does not accept the user and password of the address: nats://USER:PASSWORD@HOST",
            ),
            ConnectErrorKind::ServerParse => (
                OpenErrorKind::Storage,
                "that is no address: write nats://HOST:4222, several with commas between",
            ),
            ConnectErrorKind::Tls => {
                (OpenErrorKind::Storage, "TLS fails: is its certificate one that this machine trusts?")
            }
            _ => (OpenErrorKind::Storage, "does it run, and can it be reached from here?"),
        };
        OpenError::new(kind, format!("cannot connect to NATS at {shown}: {advice}")).because(error)
    })
}

/// Why there is no stream.
struct NoStream {
    stream: String,
    advice: String,
    kind: OpenErrorKind,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl NoStream {
    fn at(self, shown: &str, prefix: &str) -> OpenError {
        let Self { stream, advice, kind, source } = self;
        let advice = advice.replace("PREFIX", prefix);
        OpenError::new(kind, format!("cannot use the stream {stream} of NATS at {shown}: {advice}"))
            .because(source)
    }
}

/// Opens a stream, and makes it or changes its limits as needed.
async fn make(jetstream: &Context, config: Config) -> Result<Stream<()>, NoStream> {
    let name = config.name.clone();
    let fail = |kind, advice: &str, source: Box<dyn std::error::Error + Send + Sync>| NoStream {
        stream: name.clone(),
        advice: advice.to_owned(),
        kind,
        source,
    };
    const SILENT: &str = "it does not answer; may this user use $JS.API.>, PREFIX.> and _INBOX.>?";
    const NO_JETSTREAM: &str = "JetStream is off; start the server with -js, or turn it on for this account";
    let asked = Instant::now();
    match jetstream.get_stream(&name).await {
        Ok(stream) => {
            let mut there = stream.cached_info().config.clone();
            let same =
                there.max_bytes == config.max_bytes.max(-1) || there.max_bytes <= 0 && config.max_bytes <= 0;
            let same = same
                && there.duplicate_window >= config.duplicate_window
                && there.max_age == config.max_age
                && there.num_replicas == config.num_replicas;
            if !same {
                there.max_bytes = config.max_bytes;
                there.duplicate_window = there.duplicate_window.max(config.duplicate_window);
                there.max_age = config.max_age;
                there.num_replicas = config.num_replicas;
                jetstream.update_stream(&there).await.map_err(|error| {
                    fail(
                        OpenErrorKind::Refused,
                        "its limits cannot be changed to those asked for",
                        error.into(),
                    )
                })?;
            }
        }
        Err(error) => {
            match error.kind() {
                GetStreamErrorKind::JetStream(ref refusal) if refusal.code() == 404 => {
                    jetstream.create_stream(config).await.map_err(|error| {
                    let advice = match error.kind() {
                        CreateStreamErrorKind::JetStream(refusal) => {
                            format!("the server refuses to make it ({refusal}); check its limits for JetStream")
                        }
                        CreateStreamErrorKind::JetStreamUnavailable => NO_JETSTREAM.to_owned(),
                        _ => SILENT.to_owned(),
                    };
                    fail(OpenErrorKind::Refused, &advice, error.into())
                })?;
                }
                GetStreamErrorKind::JetStream(ref refusal) if refusal.code() == 503 => {
                    return Err(fail(OpenErrorKind::Refused, NO_JETSTREAM, error.into()));
                }
                GetStreamErrorKind::JetStream(ref refusal) => {
                    let advice = format!("the server refuses it ({refusal})");
                    return Err(fail(OpenErrorKind::Refused, &advice, error.into()));
                }
                // Where JetStream is off nobody answers its requests, which is known at once.
                _ if asked.elapsed() < PATIENCE / 2 => {
                    return Err(fail(OpenErrorKind::Refused, NO_JETSTREAM, error.into()));
                }
                _ => return Err(fail(OpenErrorKind::Refused, SILENT, error.into())),
            }
        }
    }
    jetstream
        .get_stream_no_info(&name)
        .await
        .map_err(|error| fail(OpenErrorKind::Refused, SILENT, error.into()))
}
