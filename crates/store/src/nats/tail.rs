//! Reading a stream and going on reading as it grows.

use std::time::Duration;

use async_nats::{
    HeaderMap, Message, StatusCode, Subscriber,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, push},
        stream::Stream,
    },
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::{sync::mpsc, task::JoinHandle, time};

/// How often the server says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Messages of a stream in order, each once, whatever happens to the connection or the server.
#[derive(Debug)]
pub(crate) struct Tail {
    messages: mpsc::Receiver<Tailed>,
    reading: JoinHandle<()>,
}

/// Where to begin.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// With the latest message of each subject.
    Latest,
    /// With the first message from that number on.
    From(u64),
}

/// A message of a stream.
#[derive(Debug)]
pub(crate) struct Tailed {
    pub(crate) subject: String,
    pub(crate) seq: u64,
    pub(crate) headers: Option<HeaderMap>,
    pub(crate) payload: Bytes,
}

impl Tail {
    /// An empty filter lets everything through.
    pub(crate) fn follow(
        jetstream: jetstream::Context,
        stream: Stream<()>,
        filter: String,
        start: Start,
    ) -> Self {
        let (sender, messages) = mpsc::channel(256);
        Self { messages, reading: tokio::spawn(read(jetstream, stream, filter, start, sender)) }
    }

    /// The next message; waits until there is one. Can be cancelled without losing any.
    pub(crate) async fn next(&mut self) -> Option<Tailed> {
        self.messages.recv().await
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read(
    jetstream: jetstream::Context,
    stream: Stream<()>,
    filter: String,
    mut start: Start,
    sender: mpsc::Sender<Tailed>,
) {
    let client = jetstream.client();
    loop {
        match subscribe(&client, &stream, &filter, start).await {
            Ok(mut subscription) => {
                let mut delivered = 0;
                // A server that is silent for three heartbeats has lost the consumer, or the connection.
                while let Ok(Some(message)) = time::timeout(3 * HEARTBEAT, subscription.next()).await {
                    match message.status {
                        None => {}
                        Some(StatusCode::IDLE_HEARTBEAT) => {
                            if let Some(reply) = message.reply {
                                let _ = client.publish(reply, Bytes::new()).await;
                            } else if last_delivered(&message).is_some_and(|last| last != delivered) {
                                break;
                            }
                            continue;
                        }
                        Some(_) => break,
                    }
                    let message = jetstream::Message { message, context: jetstream.clone() };
                    let Ok(info) = message.info() else { continue };
                    if info.consumer_sequence != delivered + 1 {
                        break;
                    }
                    delivered += 1;
                    let seq = info.stream_sequence;
                    let Message { subject, headers, payload, .. } = message.message;
                    let tailed = Tailed { subject: subject.into_string(), seq, headers, payload };
                    if sender.send(tailed).await.is_err() {
                        return;
                    }
                    start = Start::From(seq + 1);
                }
                tracing::debug!(filter, "reading again from NATS");
            }
            Err(error) => tracing::debug!(error = &*error, filter, "cannot read from NATS"),
        }
        time::sleep(Duration::from_millis(250)).await;
    }
}

async fn subscribe(
    client: &async_nats::Client,
    stream: &Stream<()>,
    filter: &str,
    start: Start,
) -> Result<Subscriber, Box<dyn std::error::Error + Send + Sync>> {
    let deliver_subject = client.new_inbox();
    let subscription = client.subscribe(deliver_subject.clone()).await?;
    let config = push::Config {
        deliver_subject,
        deliver_policy: match start {
            Start::Latest => DeliverPolicy::LastPerSubject,
            Start::From(start_sequence) => {
                DeliverPolicy::ByStartSequence { start_sequence: start_sequence.max(1) }
            }
        },
        filter_subject: filter.to_owned(),
        ack_policy: AckPolicy::None,
        max_deliver: 1,
        flow_control: true,
        idle_heartbeat: HEARTBEAT,
        inactive_threshold: 10 * HEARTBEAT,
        memory_storage: true,
        num_replicas: 1,
        ..push::Config::default()
    };
    stream.create_consumer(config).await?;
    Ok(subscription)
}

/// How many messages of this consumer the server has sent, as a heartbeat says.
fn last_delivered(heartbeat: &Message) -> Option<u64> {
    heartbeat.headers.as_ref()?.get("Nats-Last-Consumer")?.as_str().parse().ok()
}
