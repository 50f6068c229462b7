//! Starting and stopping a portal.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::application::Application;
use crate::changes::Changes;
use crate::clock::Moment;
use crate::delivery::Courier;
use crate::error::Error;
use crate::limits::{Buckets, Limit};
use crate::listener::{Line, Peer};
use crate::recording::Recorder;
use crate::shared::Shared;
use crate::state::State;
use crate::state::people::ADMINISTRATOR;
use crate::work::Work;
use crate::{control, credentials, oauth, page, rest, saving};

/// How long [`Portal::shutdown`] waits for requests under way.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running portal. It stops when dropped, or with [`Portal::shutdown`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let portal = b24bot_portal::Portal::builder().listen("127.0.0.1:0".parse()?).start().await?;
/// let application = portal.install_application(&["im", "imbot"]);
/// println!("chat at {}, REST at {}", portal.url(), application.client_endpoint);
/// portal.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Portal {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
    keeper: Option<Keeper>,
}

/// Keeps the state until the sender is dropped.
type Keeper = (watch::Sender<()>, JoinHandle<()>);

/// How a portal is to be. [`Portal::builder`] makes one.
#[derive(Clone, Debug)]
pub struct PortalBuilder {
    listen: SocketAddr,
    limit: Option<Limit>,
    work_limit: Option<Duration>,
    seed: Option<u64>,
    record: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl PortalBuilder {
    /// The address to listen on; port 0 takes a free one. The default is `127.0.0.1:9400`.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The request limit of each caller: a leaky bucket that takes `burst` requests and loses `per_second`
    /// a second. The default is the platform's: 50 and 2.
    #[must_use]
    pub fn limits(mut self, burst: u32, per_second: f64) -> Self {
        self.limit = Some(Limit { burst: f64::from(burst), per_second: per_second.max(0.0) });
        self
    }

    /// No limit, neither of requests nor of work time.
    #[must_use]
    pub fn unlimited(mut self) -> Self {
        self.limit = None;
        self.work_limit = None;
        self
    }

    /// How long each application may keep a method busy within ten minutes; then its calls are refused with
    /// `OPERATION_TIME_LIMIT` until the oldest minutes fall out. The default is the platform's: 480 seconds.
    #[must_use]
    pub fn work_limit(mut self, limit: Duration) -> Self {
        self.work_limit = Some(limit);
        self
    }

    /// What tokens and the `member_id` are made from: portals of one seed are alike. By default each start is
    /// another portal, whose ids nobody takes for those of the one before.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Records the session in a new file: events with what the bots answered, REST requests with their answers, without
    /// secrets. [`replay`](crate::replay) posts them again.
    #[must_use]
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// Keeps everything in this file: people, chats, messages, bots, applications, tokens. What is there at the start
    /// is taken up again, and the seed is of no more use; what changes is written soon, and the rest by
    /// [`Portal::shutdown`]. Requests and deliveries to look at, limits, faults and a changed address are not kept.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let file = folder.path().join("portal.json");
    /// let portal = b24bot_portal::Portal::builder().listen("127.0.0.1:0".parse()?).state(&file);
    /// let first = portal.clone().start().await?;
    /// let member_id = first.install_application(&["im"]).member_id;
    /// first.shutdown().await;
    /// let second = portal.start().await?;
    /// assert_eq!(second.install_application(&["im"]).member_id, member_id);
    /// # second.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn state(mut self, file: impl Into<PathBuf>) -> Self {
        self.state = Some(file.into());
        self
    }

    /// Starts so many portals, each with an address, a `member_id` and tokens of its own; each of their chat pages
    /// leads to the others. They take the port given and those that follow it, or free ones if it is 0. The seed is
    /// counted up, and the state is kept in `FILE`, `FILE.2` and so on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let portals = b24bot_portal::Portal::builder().listen("127.0.0.1:0".parse()?).start_several(2).await?;
    /// let [one, two] = [0, 1].map(|n| portals[n].install_application(&["im"]));
    /// assert_ne!(one.member_id, two.member_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`PortalBuilder::start`]; and [`ErrorKind::Recording`](crate::ErrorKind::Recording) when several are to be
    /// recorded, as a recording is of one portal.
    pub async fn start_several(self, count: u16) -> Result<Vec<Portal>, Error> {
        if count > 1 && self.record.is_some() {
            return Err(Error::recording("a recording is of one portal, not of several".to_owned()));
        }
        let sisters: Vec<Self> = (0..count).map(|n| self.sister(n)).collect::<Result<_, _>>()?;
        let mut portals = Vec::new();
        for sister in sisters {
            portals.push(sister.start().await?);
        }
        if count > 1 {
            let urls: Vec<String> = portals.iter().map(Portal::url).collect();
            for portal in &portals {
                portal.shared.with(|state| state.portals.clone_from(&urls));
            }
        }
        Ok(portals)
    }

    /// The portal so many places behind this one.
    fn sister(&self, n: u16) -> Result<Self, Error> {
        let mut sister = self.clone();
        if self.listen.port() != 0 {
            let none = || Error::listen(self.listen, std::io::ErrorKind::AddrNotAvailable.into());
            sister.listen.set_port(self.listen.port().checked_add(n).ok_or_else(none)?);
        }
        sister.seed = self.seed.map(|seed| seed.wrapping_add(n.into()));
        if let Some(file) = sister.state.as_mut().filter(|_| n > 0) {
            file.as_mut_os_string().push(format!(".{}", u32::from(n) + 1));
        }
        Ok(sister)
    }

    /// Binds the address and serves in background tasks of the current tokio runtime.
    ///
    /// # Errors
    /// [`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse) when another process has the address;
    /// [`ErrorKind::Listen`](crate::ErrorKind::Listen) when it cannot be bound for another reason;
    /// [`ErrorKind::Recording`](crate::ErrorKind::Recording) when the recording's file is there already or cannot be
    /// made.
    /// [`ErrorKind::State`](crate::ErrorKind::State) when the state file cannot be read or written.
    pub async fn start(self) -> Result<Portal, Error> {
        let listener =
            TcpListener::bind(self.listen).await.map_err(|error| Error::listen(self.listen, error))?;
        let address = listener.local_addr().map_err(|error| Error::listen(self.listen, error))?;
        let (stop, stopped) = watch::channel(false);
        let courier = Courier::new(stopped.clone()).map_err(Error::client)?;
        let kept = self.state.as_deref().map(saving::read).transpose()?.flatten();
        // Only now: where the start fails, no empty recording is left behind to be in the way.
        let recorder = self.record.as_deref().map(|path| {
            let now = Moment::of(SystemTime::now());
            Recorder::start(path, now.iso(), url_of(address))
                .map_err(|error| Error::recording(format!("{}: {error}", path.display())))
        });
        let new = || State::new(self.seed.unwrap_or_else(|| fastrand::u64(..)));
        let mut state = kept.unwrap_or_else(new);
        state.open(url_of(address), Buckets::new(self.limit), Work::new(self.work_limit));
        let shared = Shared::new(state, courier, stopped.clone(), recorder.transpose()?);
        let keeper = self.state.map(|path| {
            let (sender, open) = watch::channel(());
            (sender, tokio::spawn(saving::keep(path, Arc::clone(&shared), open)))
        });
        let service = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Peer>();
        let server = tokio::spawn(async move {
            let mut stopped = stopped;
            let serve = axum::serve(Line(listener), service).with_graceful_shutdown(async move {
                // An error means that the portal is gone: as good a reason to stop.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            });
            if let Err(error) = serve.await {
                tracing::error!(%error, "the portal's server ended");
            }
        });
        Ok(Portal { address, shared, stop, server: Some(server), keeper })
    }
}

impl Portal {
    /// A portal with the platform's limits on `127.0.0.1:9400`, unless told otherwise.
    #[must_use]
    pub fn builder() -> PortalBuilder {
        PortalBuilder {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9400),
            limit: Some(Limit::PLATFORM),
            work_limit: Some(Duration::from_secs(480)),
            seed: None,
            record: None,
            state: None,
        }
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The chat page: `http://127.0.0.1:9400`.
    #[must_use]
    pub fn url(&self) -> String {
        url_of(self.address)
    }

    /// The inbound webhook of user 1, with all scopes: `http://127.0.0.1:9400/rest/1/local/`.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        format!("{}/rest/{ADMINISTRATOR}/{}/", self.url(), credentials::WEBHOOK_SECRET)
    }

    /// Installs a local application with these scopes, finished at once and without any HTTP.
    #[must_use]
    pub fn install_application(&self, scopes: &[&str]) -> Application {
        self.shared.with(|state| {
            let installed = state.install(scopes);
            Application::of(state, installed)
        })
    }

    /// All that happens from now on.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes::new(self.shared.subscribe())
    }

    /// Waits until every event was answered by its bot, or given up, and says how many there have been. If a later
    /// call says the same number, nothing was sent in between.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let portal = b24bot_portal::Portal::builder().listen("127.0.0.1:0".parse()?).start().await?;
    /// assert_eq!(portal.delivered().await, 0, "there are no bots yet");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delivered(&self) -> u64 {
        self.shared.delivered().await
    }

    /// Stops serving, and ends deliveries under way. Requests get a moment to end. Then the state is written for the
    /// last time, if it is kept.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(FAREWELL, &mut server).await.is_err()
        {
            server.abort();
        }
        let shared = Arc::clone(&self.shared);
        // It is a moment of writing. An error means that the runtime ends, which the writer outlives.
        let _ = tokio::task::spawn_blocking(move || shared.end_recording()).await;
        if let Some((open, keeper)) = self.keeper.take() {
            drop(open);
            // It reports its errors itself.
            let _ = keeper.await;
        }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(page::router())
        .merge(crate::downloads::router())
        .merge(crate::frame::router())
        .route("/rest", axum::routing::any(rest::serve))
        .route("/rest/", axum::routing::any(rest::serve))
        .route("/rest/{*path}", axum::routing::any(rest::serve))
        .route("/oauth/authorize", get(oauth::authorize))
        .route("/oauth/authorize/", get(oauth::authorize))
        .route("/oauth/token", axum::routing::any(oauth::token))
        .route("/oauth/token/", axum::routing::any(oauth::token))
        .nest("/control", control::router())
        .with_state(shared)
}

/// An address nobody can call, such as `0.0.0.0`, is named by the loopback address.
fn url_of(address: SocketAddr) -> String {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
