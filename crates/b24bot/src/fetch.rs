//! Fetching events: the portal keeps them in a log, and the bot asks for them.

mod log;
mod pace;
#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24bot_core::{Claim, Envelope, Inbox, InboxError, InboxErrorKind, Stored, decode_fetched};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

pub(crate) use self::log::{BotLog, Log};
use self::{
    log::Page,
    pace::{End, Pace},
};

/// How long the last confirmation may take, when the bot stops.
const LAST_CONFIRMATION: Duration = Duration::from_secs(10);

/// A poller that runs in the background.
#[derive(Debug)]
pub(crate) struct Fetching {
    stopping: watch::Sender<bool>,
    task: JoinHandle<Poller<BotLog>>,
}

impl Fetching {
    pub(crate) fn start(log: BotLog, inbox: Arc<dyn Inbox>) -> Self {
        let (stopping, stop) = watch::channel(false);
        Self { stopping, task: tokio::spawn(Poller::new(log, inbox).run(stop)) }
    }

    /// Asks for no more events.
    pub(crate) fn close(&self) {
        self.stopping.send_replace(true);
    }

    /// Asks for no more events and waits until those that have come are stored. What is returned can still confirm
    /// them.
    pub(crate) async fn stop(self) -> Option<Poller<BotLog>> {
        self.close();
        self.task.await.ok()
    }

    /// Waits until fetching ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) {
        // Its result can be taken once only, and this is the end of it.
        let _ = (&mut self.task).await;
    }
}

/// Takes events out of a bot's log into the inbox, and confirms them once they are there.
#[derive(Debug)]
pub(crate) struct Poller<L> {
    log: L,
    inbox: Arc<dyn Inbox>,
    pace: Pace,
    claim: Option<Box<dyn Claim>>,
    /// Whether it was said that someone else fetches.
    told: bool,
}

impl<L: Log> Poller<L> {
    fn new(log: L, inbox: Arc<dyn Inbox>) -> Self {
        Self { log, inbox, pace: Pace::new(Instant::now().into_std()), claim: None, told: false }
    }

    /// Fetches until told to stop, or the inbox is closed.
    async fn run(mut self, mut stop: watch::Receiver<bool>) -> Self {
        loop {
            // Whatever a request that is given up has confirmed is stored, and what it would have brought comes again.
            let page = tokio::select! {
                () = stopped(&mut stop) => return self,
                page = self.next_page() => page,
            };
            // Storing is not given up half way.
            if let Some(page) = page
                && let Err(error) = self.store(page).await
            {
                if error.kind() == InboxErrorKind::Closed {
                    return self;
                }
                let pause = self.failed(error.retry_after());
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, ?pause, "cannot store fetched events");
            }
        }
    }

    /// Waits until it is time, and asks once.
    async fn next_page(&mut self) -> Option<Page> {
        sleep_until(self.pace.due().into()).await;
        match self.has_claim().await {
            Ok(true) => {}
            Ok(false) => {
                if !self.told {
                    tracing::warn!(
                        bot = self.log.name(),
                        "another process or bot fetches these events: waiting"
                    );
                    self.told = true;
                }
                self.pace.waits(Instant::now().into_std());
                return None;
            }
            Err(error) => {
                let pause = self.failed(error.retry_after());
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, ?pause, "cannot find out whether someone else fetches these events");
                return None;
            }
        }
        let request = self.pace.request();
        match self.log.get(request).await {
            Ok(page) => {
                self.pace.answered(request);
                Some(page)
            }
            Err(error) => {
                let pause = self.failed(Duration::ZERO);
                tracing::warn!(%error, ?pause, "cannot fetch events");
                None
            }
        }
    }

    async fn has_claim(&mut self) -> Result<bool, InboxError> {
        if let Some(claim) = &mut self.claim {
            if claim.holds().await? {
                return Ok(true);
            }
            self.claim = None;
        }
        self.claim = self.inbox.claim(&self.log.name()).await?;
        self.told &= self.claim.is_none();
        Ok(self.claim.is_some())
    }

    /// Stores a page, all or nothing. An event that cannot be read is told of and left out: asking again would bring
    /// the same.
    async fn store(&mut self, page: Page) -> Result<(), InboxError> {
        let (portal, now) = (self.log.portal(), SystemTime::now());
        let mut envelopes = Vec::with_capacity(page.events.len());
        for item in &page.events {
            match decode_fetched(&portal, item.get().as_bytes()) {
                Ok(events) => envelopes.extend(events.into_iter().map(|event| Envelope::new(event, now))),
                Err(error) => {
                    count("other".to_owned(), "malformed");
                    tracing::warn!(%error, "a fetched event cannot be read");
                }
            }
        }
        let last = envelopes.last().and_then(|envelope| envelope.event.event_id);
        let end = End {
            is_empty: page.events.is_empty(),
            next_offset: page.next_offset().or(last.map(|last| last.saturating_add(1))),
            has_more: page.has_more(),
        };
        if !envelopes.is_empty() {
            let names: Vec<String> = envelopes.iter().map(|envelope| envelope.event.name.clone()).collect();
            let stored = self.inbox.put(envelopes).await;
            if stored.is_err() {
                names.iter().for_each(|name| count(name.clone(), "unstored"));
            }
            for (name, stored) in names.into_iter().zip(stored?) {
                count(name, if stored == Stored::New { "accepted" } else { "duplicate" });
            }
        }
        self.pace.stored(end, Instant::now().into_std());
        Ok(())
    }

    /// Confirms what is stored and was not confirmed yet, so that it does not come again.
    pub(crate) async fn confirm(self) {
        let Some(request) = self.pace.last_request() else { return };
        let failure = match timeout(LAST_CONFIRMATION, self.log.get(request)).await {
            // What it brings is for whoever fetches next.
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(elapsed) => elapsed.to_string(),
        };
        tracing::warn!(error = failure, "the latest events could not be confirmed: they will come again");
    }

    fn failed(&mut self, at_least: Duration) -> Duration {
        self.pace.failed(at_least, fastrand::f64(), Instant::now().into_std())
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left to say so.
        std::future::pending::<()>().await;
    }
}

fn count(event: String, outcome: &'static str) {
    metrics::counter!("b24bot_events_total", "event" => event, "outcome" => outcome).increment(1);
}
