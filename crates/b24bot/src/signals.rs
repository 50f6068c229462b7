//! SIGINT and SIGTERM.

use std::io;

use tokio::sync::watch;

/// The signals that ask a program to stop, from the moment this is made: one that comes before anyone waits is kept.
#[derive(Clone, Debug)]
pub struct Signals {
    received: watch::Receiver<u64>,
    seen: u64,
}

impl Signals {
    /// Takes SIGINT and SIGTERM (elsewhere: Ctrl-C) over from the system, for the rest of the process's life.
    ///
    /// # Errors
    ///
    /// When the system does not give them.
    pub fn listen() -> io::Result<Self> {
        let (count, received) = watch::channel(0);
        let mut source = Source::new()?;
        tokio::spawn(async move {
            while source.next().await {
                count.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { received, seen: 0 })
    }

    /// Waits for the next signal; each is seen once. For ever if none can come any more.
    pub async fn next(&mut self) {
        if self.received.wait_for(|count| *count > self.seen).await.is_err() {
            std::future::pending::<()>().await;
        }
        self.seen += 1;
    }
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> bool {
        tokio::select! {
            signal = self.interrupt.recv() => signal.is_some(),
            signal = self.terminate.recv() => signal.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
