//! Every portal that installed the application, as the store has it.

use std::{
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock, Weak},
    time::{SystemTime, UNIX_EPOCH},
};

use b24bot_core::{Changes, Expected, InboxError, MemberId, StateChange, States, Version, follow};
use dashmap::{DashMap, Entry};
use tokio::task::AbortHandle;
use tracing::warn;
use url::Url;

use crate::{
    address,
    error::{Error, ErrorKind},
    grant::Grant,
    installation::{Installation, InstallationState, SealingKey},
};

/// Before the portal's id.
const PREFIX: &str = "install/";
/// How often a change is made anew when somebody else was faster. Nobody writes that often.
const ATTEMPTS: usize = 100;

/// The portals that installed the application: kept in the store, sealed, and known to all machines that share it.
/// Cheap to clone.
///
/// What is stored is opened when it is first needed: ten thousand portals are known as soon as they are read.
#[derive(Clone)]
pub struct Installations(Arc<Shared>);

struct Shared {
    states: Arc<dyn States>,
    key: SealingKey,
    known: DashMap<MemberId, Known>,
    /// Of portals that are gone: up to which version. Whoever read an earlier one may come late with it.
    gone: DashMap<MemberId, Version>,
    hooks: RwLock<Vec<Arc<Hook>>>,
    following: OnceLock<AbortHandle>,
}

type Hook = dyn Fn(&Notice) + Send + Sync;

/// What is stored of one portal.
struct Known {
    version: Version,
    sealed: Box<[u8]>,
    opened: OnceLock<Arc<Installation>>,
}

/// What has become of an installation, by whichever machine.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The portal.
    pub member_id: MemberId,
    /// What it is.
    pub kind: NoticeKind,
}

/// The kinds of [`Notice`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// The portal is new here.
    Installed,
    /// Its tokens cannot be renewed any more.
    NeedsReinstallation,
    /// Its tokens are not renewed until it has paid.
    PaymentRequired,
    /// Its tokens are good again.
    Active,
    /// It has another address.
    Moved,
    /// It is gone.
    Removed,
}

/// An installation as it was read, and what is needed to change it.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) installation: Installation,
    pub(crate) version: Version,
}

impl Installations {
    /// Reads what is stored, and follows what becomes of it. Returns when all that was there is known.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the store fails. What cannot be opened is an error where it is asked for, not here.
    pub async fn open(states: Arc<dyn States>, key: SealingKey) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            states,
            key,
            known: DashMap::new(),
            gone: DashMap::new(),
            hooks: RwLock::default(),
            following: OnceLock::new(),
        });
        let changes = follow(&*shared.states, PREFIX, |change| shared.apply(change)).await.map_err(failed)?;
        shared.warn_of_other_keys();
        let following = tokio::spawn(stay(Arc::downgrade(&shared), changes)).abort_handle();
        shared.following.get_or_init(|| following);
        Ok(Self(shared))
    }

    /// What is known of a portal.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when it is stored but cannot be opened; the message says what to do.
    pub fn get(&self, portal: &MemberId) -> Result<Option<Installation>, Error> {
        Ok(self.find(portal)?.map(|found| Installation::clone(&found)))
    }

    /// The portals, in no order.
    #[must_use]
    pub fn list(&self) -> Vec<MemberId> {
        self.0.known.iter().map(|known| known.key().clone()).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.known.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.known.is_empty()
    }

    /// Keeps what a portal has granted, for the first time or again: its tokens are good from now on. What is known of
    /// its bot stays.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when it cannot be stored, [`ErrorKind::Address`] if its address is none.
    pub async fn install(&self, grant: Grant) -> Result<Installation, Error> {
        let endpoint = address::parse(&grant.client_endpoint)
            .map_err(|error| Error::new(ErrorKind::Address, "client_endpoint").source_from(error))?;
        let granted = Installation::granted(grant, address::domain(&endpoint), unix_millis());
        let portal = granted.member_id.clone();
        for _ in 0..ATTEMPTS {
            // What cannot be opened is of no use any more: the new one takes its place.
            let stored = self.stored(&portal).await?;
            let earlier = stored.as_ref().and_then(|(sealed, _)| self.0.key.open(&key(&portal), sealed).ok());
            let installation = match &earlier {
                Some(earlier) => granted.clone().after(earlier),
                None => granted.clone(),
            };
            let expected = stored.map_or(Expected::Nothing, |(_, version)| Expected::Version(version));
            if self.write(&installation, expected).await?.is_some() {
                return Ok(installation);
            }
        }
        Err(contended())
    }

    /// Changes what is known of a portal: read, changed and written again, and all of it anew if somebody else has
    /// changed it meanwhile. `None` if the portal is not known. What leaves it as it was writes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when it cannot be stored or opened.
    pub async fn change(
        &self,
        portal: &MemberId,
        change: impl Fn(&mut Installation),
    ) -> Result<Option<Installation>, Error> {
        for _ in 0..ATTEMPTS {
            let Some(read) = self.read(portal).await? else { return Ok(None) };
            let mut changed = read.installation.clone();
            change(&mut changed);
            changed.member_id.clone_from(portal);
            if changed.is_as(&read.installation) || self.replace(&read, &changed).await?.is_some() {
                return Ok(Some(changed));
            }
        }
        Err(contended())
    }

    /// Forgets a portal; whether it was known.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the store fails.
    pub async fn remove(&self, portal: &MemberId) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let Some((_, version)) = self.stored(portal).await? else { return Ok(false) };
            let expected = Expected::Version(version);
            if self.0.states.remove(&key(portal), expected).await.map_err(failed)? {
                // The store will tell as well. What has been installed again by now is later, and stays.
                self.0.take_out(portal, version);
                return Ok(true);
            }
        }
        Err(contended())
    }

    /// Is told what becomes of installations from now on, on the way of whoever changes them: it must not wait.
    pub fn on_change(&self, hook: impl Fn(&Notice) + Send + Sync + 'static) {
        self.0.hooks.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(hook));
    }

    /// What is known of a portal, shared.
    pub(crate) fn find(&self, portal: &MemberId) -> Result<Option<Arc<Installation>>, Error> {
        self.0.known.get(portal).map(|known| self.0.opened(portal, &known)).transpose()
    }

    /// What the store has of a portal now.
    pub(crate) async fn read(&self, portal: &MemberId) -> Result<Option<Read>, Error> {
        let Some((sealed, version)) = self.stored(portal).await? else { return Ok(None) };
        let installation = self.0.key.open(&key(portal), &sealed)?;
        // The store tells of other machines' changes a moment later: what was read counts from now on.
        self.0.put(portal, sealed, version);
        Ok(Some(Read { installation, version }))
    }

    /// Writes an installation in place of what was read, and returns it as if it had been read; `None` if what is there
    /// has changed meanwhile.
    pub(crate) async fn replace(
        &self,
        read: &Read,
        installation: &Installation,
    ) -> Result<Option<Read>, Error> {
        self.write(installation, Expected::Version(read.version)).await
    }

    async fn stored(&self, portal: &MemberId) -> Result<Option<(Vec<u8>, Version)>, Error> {
        checked(portal)?;
        let state = self.0.states.get(&key(portal)).await.map_err(failed)?;
        Ok(state.map(|state| (state.value, state.version)))
    }

    async fn write(&self, installation: &Installation, expected: Expected) -> Result<Option<Read>, Error> {
        let key = key(&installation.member_id);
        let sealed = self.0.key.seal(&key, installation)?;
        let written = self.0.states.set(&key, sealed.clone(), expected).await.map_err(failed)?;
        let Some(version) = written else { return Ok(None) };
        // The store will tell as well, but not before the next call is made.
        self.0.put(&installation.member_id, sealed, version);
        Ok(Some(Read { installation: installation.clone(), version }))
    }
}

impl Shared {
    fn apply(&self, change: StateChange) {
        let portal = MemberId::from(change.key);
        match change.value {
            Some(sealed) => self.put(&portal, sealed, change.version),
            None => self.take_out(&portal, change.version),
        }
    }

    /// Takes what is stored, unless something later is known, or that it is gone.
    fn put(&self, portal: &MemberId, sealed: Vec<u8>, version: Version) {
        let new = Known { version, sealed: sealed.into(), opened: OnceLock::new() };
        let hooks = self.hooks();
        let open = |known: &Known| if hooks.is_empty() { None } else { self.opened(portal, known).ok() };
        let (before, after) = match self.known.entry(portal.clone()) {
            Entry::Occupied(known) if known.get().version >= version => return,
            Entry::Occupied(mut known) => {
                let (before, after) = (open(known.get()), open(&new));
                known.insert(new);
                (before, after)
            }
            Entry::Vacant(_) if self.gone.get(portal).is_some_and(|gone| *gone >= version) => return,
            Entry::Vacant(place) => {
                self.gone.remove(portal);
                (None, open(&place.insert(new)))
            }
        };
        let Some(after) = after else { return };
        for kind in told(before.as_deref(), &after) {
            tell(&hooks, portal, kind);
        }
    }

    /// Forgets what is known up to that version.
    fn take_out(&self, portal: &MemberId, version: Version) {
        {
            let known = self.known.entry(portal.clone());
            if let Entry::Occupied(known) = &known
                && known.get().version > version
            {
                return;
            }
            let mut gone = self.gone.entry(portal.clone()).or_insert(version);
            *gone = version.max(*gone);
            let Entry::Occupied(known) = known else { return };
            known.remove();
        }
        tell(&self.hooks(), portal, NoticeKind::Removed);
    }

    fn opened(&self, portal: &MemberId, known: &Known) -> Result<Arc<Installation>, Error> {
        if let Some(opened) = known.opened.get() {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(self.key.open(&key(portal), &known.sealed)?);
        Ok(Arc::clone(known.opened.get_or_init(|| opened)))
    }

    fn hooks(&self) -> Vec<Arc<Hook>> {
        self.hooks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn warn_of_other_keys(&self) {
        let others = self.known.iter().filter(|known| !self.key.is_of(&known.sealed)).count();
        if others > 0 {
            warn!(
                portals = others,
                key = self.key.name(),
                "what is stored of some portals is sealed with another key: give the earlier one back, or have the \
                 application installed there again"
            );
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(following) = self.following.get() {
            following.abort();
        }
    }
}

async fn stay(shared: Weak<Shared>, mut changes: Box<dyn Changes>) {
    while let Some(change) = changes.next().await {
        let Some(shared) = shared.upgrade() else { return };
        shared.apply(change);
    }
}

/// What is to be told of a change.
fn told(before: Option<&Installation>, after: &Installation) -> Vec<NoticeKind> {
    let Some(before) = before else { return vec![NoticeKind::Installed] };
    let moved = (before.client_endpoint != after.client_endpoint).then_some(NoticeKind::Moved);
    let state = (before.state != after.state).then_some(match after.state {
        InstallationState::Active => NoticeKind::Active,
        InstallationState::NeedsReinstallation => NoticeKind::NeedsReinstallation,
        InstallationState::PaymentRequired => NoticeKind::PaymentRequired,
    });
    [moved, state].into_iter().flatten().collect()
}

fn tell(hooks: &[Arc<Hook>], portal: &MemberId, kind: NoticeKind) {
    let notice = Notice { member_id: portal.clone(), kind };
    hooks.iter().for_each(|hook| hook(&notice));
}

impl Installation {
    /// The portal answers at another address now.
    pub(crate) fn move_to(&mut self, endpoint: &Url) {
        self.client_endpoint = endpoint.to_string();
        self.domain = address::domain(endpoint);
    }
}

fn key(portal: &MemberId) -> String {
    format!("{PREFIX}{portal}")
}

/// It becomes part of a key, and of lines in logs.
fn checked(portal: &MemberId) -> Result<(), Error> {
    let id = portal.as_str();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !id.is_empty() && id.len() <= 100 && id.bytes().all(is_plain) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Params, "member_id")
        .note("a portal's id is made of letters, digits, `-`, `_` and `.`"))
}

fn failed(error: InboxError) -> Error {
    Error::new(ErrorKind::Store, "installation").source_from(error)
}

fn contended() -> Error {
    Error::new(ErrorKind::Store, "installation").note("others change it all the time")
}

pub(crate) fn unix_now() -> u64 {
    unix_millis() / 1000
}

fn unix_millis() -> u64 {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(millis).unwrap_or_default()
}

impl fmt::Debug for Installations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installations").field("portals", &self.len()).finish_non_exhaustive()
    }
}
