//! What is kept of installations, and which credentials an event's calls go out with.

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use b24bot_actions::{ErrorKind, Installations, Mark, NoticeKind, SealingKey};
use b24bot_core::{BotId, Changes, Expected, InboxError, MemberId, State, States, Version};
use b24bot_store::MemoryStore;
use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::vendor::{TOKEN, Vendor, event, member};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A store whose answers to what was changed come when they are let through.
#[derive(Debug)]
struct Tardy(Arc<MemoryStore>, Semaphore);

impl Tardy {
    async fn late<T>(&self, answer: T) -> T {
        drop(self.1.acquire().await.unwrap());
        answer
    }
}

#[async_trait]
impl States for Tardy {
    async fn get(&self, key: &str) -> Result<Option<State>, InboxError> {
        self.0.get(key).await
    }

    async fn set(
        &self,
        key: &str,
        value: Vec<u8>,
        expected: Expected,
    ) -> Result<Option<Version>, InboxError> {
        self.late(self.0.set(key, value, expected).await).await
    }

    async fn remove(&self, key: &str, expected: Expected) -> Result<bool, InboxError> {
        self.late(self.0.remove(key, expected).await).await
    }

    async fn watch(&self, prefix: &str) -> Result<Box<dyn Changes>, InboxError> {
        self.0.watch(prefix).await
    }
}

async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_hears_late_neither_brings_a_portal_back_nor_drops_a_new_one() {
    let vendor = Vendor::start().await;
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let tardy = Arc::new(Tardy(Arc::clone(&store), Semaphore::new(1)));
    let (portal, there) = (member(), open(&store, &key).await);
    let here = Installations::open(Arc::<Tardy>::clone(&tardy), key.clone()).await.unwrap();
    here.install(vendor.grant()).await.unwrap();

    // What was written here is removed there before the answer has come.
    tardy.1.forget_permits(1);
    let mut changed = Box::pin(here.change(&portal, |known| known.version = Some("2".to_owned())));
    assert!((&mut changed).now_or_never().is_none());
    there.remove(&portal).await.unwrap();
    until(|| here.is_empty()).await;
    tardy.1.add_permits(1);
    changed.await.unwrap();
    assert!(here.is_empty());

    // What was removed here is installed there again.
    there.install(vendor.grant()).await.unwrap();
    until(|| here.len() == 1).await;
    tardy.1.forget_permits(1);
    let mut removed = Box::pin(here.remove(&portal));
    assert!((&mut removed).now_or_never().is_none());
    until(|| here.is_empty() && there.is_empty()).await;
    there.install(vendor.grant()).await.unwrap();
    until(|| here.len() == 1).await;
    tardy.1.add_permits(1);
    assert!(removed.await.unwrap());
    assert_eq!(here.len(), 1);
    there.remove(&portal).await.unwrap();
    until(|| here.is_empty()).await;
}

async fn open(store: &Arc<MemoryStore>, key: &SealingKey) -> Installations {
    let states: Arc<dyn States> = Arc::<MemoryStore>::clone(store);
    Installations::open(states, key.clone()).await.unwrap()
}

#[tokio::test]
async fn a_bots_own_newest_token_goes_to_the_installations_address() {
    let vendor = Vendor::start().await;
    let (portals, _) = vendor.alone().await;
    vendor.with(|told| told.valid.extend(["new".to_owned(), "old".to_owned()]));
    let newest = event(&portals, "v2", Some(("new", now() + 3600)));
    newest.client().unwrap();
    // An event from the store, handled late, brings an older token.
    let late = event(&portals, "v2", Some(("old", now() + 60)));
    assert_eq!(late.like(5).await.unwrap(), Mark::Changed);
    let without = event(&portals, "v2", None);
    assert!(without.call::<bool>("profile", ()).await.unwrap());
    let calls = vendor.with(|told| std::mem::take(&mut told.calls));
    assert_eq!(calls.len(), 2);
    for (_, body) in calls {
        assert_eq!(body["auth"], "new");
    }
}

#[tokio::test]
async fn once_it_has_expired_the_bot_acts_by_the_installations_or_not_at_all() {
    for (generation, like) in [("v1", "imbot.message.like"), ("v2", "imbot.v2.Chat.Message.Reaction.add")] {
        for own in [None, Some(("own", now() - 1)), Some(("own", now() + 3600))] {
            let vendor = Vendor::start().await;
            let (portals, _) = vendor.alone().await;
            // By its date, or because the portal says so.
            let ctx = event(&portals, generation, own);
            assert_eq!(ctx.like(5).await.unwrap(), Mark::Changed);
            ctx.call::<bool>("imbot.chat.leave", json!({ "BOT_ID": 1001, "CHAT_ID": 3 })).await.unwrap();
            for method in ["im.message.like", "im.message.add", "user.current"] {
                let failed = ctx.call::<bool>(method, json!({ "MESSAGE_ID": 5 })).await.unwrap_err();
                assert_eq!(failed.kind(), &ErrorKind::NoCredentials, "{method}");
            }
            let other = ctx.call::<bool>("imbot.chat.leave", json!({ "BOT_ID": 7, "CHAT_ID": 3 })).await;
            assert_eq!(other.unwrap_err().kind(), &ErrorKind::NoCredentials);
            let calls = vendor.with(|told| std::mem::take(&mut told.calls));
            let methods: Vec<_> = calls.iter().map(|(method, _)| method.as_str()).collect();
            assert_eq!(methods, [like, "imbot.chat.leave"], "{generation} {own:?}");
            assert!(calls.iter().all(|(_, body)| body["auth"] == format!("{TOKEN}-access-0")));
        }
    }
}

#[tokio::test]
async fn when_both_tokens_have_expired_the_installations_is_renewed() {
    let vendor = Vendor::start().await;
    let (portals, _) = vendor.alone().await;
    vendor.expire();
    let ctx = event(&portals, "v2", Some(("own", now() + 3600)));
    ctx.call::<bool>("imbot.chat.leave", json!({ "BOT_ID": 1001, "CHAT_ID": 3 })).await.unwrap();
    assert_eq!((vendor.renewals(), vendor.methods().len()), (1, 1));
    assert_eq!(vendor.with(|told| told.requests), 3, "one with each of the tokens, and one with the new one");
}

#[tokio::test]
async fn what_is_removed_and_installed_again_at_once_stays() {
    let vendor = Vendor::start().await;
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let installations = open(&store, &key).await;
    let notices = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&notices);
    installations.on_change(move |notice| noted.lock().unwrap().push(notice.kind));
    for _ in 0..3 {
        installations.install(vendor.grant()).await.unwrap();
        installations.remove(&member()).await.unwrap();
        installations.install(vendor.grant()).await.unwrap();
        // What the store tells comes only now.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(installations.len(), 1);
        installations.remove(&member()).await.unwrap();
    }
    let (installed, removed) = (NoticeKind::Installed, NoticeKind::Removed);
    assert_eq!(*notices.lock().unwrap(), [installed, removed].repeat(6));
}

#[tokio::test]
async fn an_event_without_a_bot_never_likes_for_whoever_installed_it() {
    let vendor = Vendor::start().await;
    let (portals, _) = vendor.alone().await;
    let ctx = event(&portals, "app", None);
    assert!(ctx.call::<bool>("event.get", ()).await.unwrap());
    assert_eq!(ctx.like(5).await.unwrap_err().kind(), &ErrorKind::NoCredentials);
    assert_eq!(vendor.methods(), ["event.get"]);

    let installations = portals.installations().unwrap();
    installations.change(&member(), |known| known.bot = Some(BotId::from(1001))).await.unwrap();
    assert_eq!(ctx.like(5).await.unwrap(), Mark::Changed);
    assert!(vendor.methods()[0].starts_with("imbot."));
}

#[tokio::test]
async fn a_portal_that_has_moved_is_remembered_by_every_machine() {
    let (old, new) = (Vendor::start().await, Vendor::start().await);
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let portals = old.machine(&store, &key).await;
    let other = open(&store, &key).await;
    let notices = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&notices);
    other.on_change(move |notice| noted.lock().unwrap().push(notice.kind));
    new.with(|told| told.valid.push(format!("{TOKEN}-access-0")));
    old.with(|told| told.moved_to = Some(new.url("")));
    portals.installation_client(&member()).unwrap().call::<bool>("profile", &()).await.unwrap();
    while other.get(&member()).unwrap().unwrap().client_endpoint != new.url("/rest/") {
        tokio::task::yield_now().await;
    }
    assert_eq!(other.get(&member()).unwrap().unwrap().domain, new.address.to_string());
    assert_eq!(*notices.lock().unwrap(), [NoticeKind::Moved]);
}

#[tokio::test]
async fn what_is_stored_shows_no_token_and_cannot_be_swapped() {
    let vendor = Vendor::start().await;
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let installations = open(&store, &key).await;
    installations.install(vendor.grant()).await.unwrap();
    let mut second = vendor.grant();
    second.member_id = MemberId::from("m2");
    installations.install(second).await.unwrap();
    let sealed = |portal: &str| {
        let (store, key) = (Arc::clone(&store), format!("install/{portal}"));
        async move { store.get(&key).await.unwrap().unwrap().value }
    };
    let (first, second) = (sealed("m1").await, sealed("m2").await);
    for secret in [TOKEN.as_bytes(), vendor.address.to_string().as_bytes()] {
        assert!(!first.windows(secret.len()).any(|bytes| bytes == secret));
    }

    // Another portal's record in its place, or one byte changed.
    let mut damaged = second.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (stored, note) in [(first, "damaged"), (damaged, "damaged"), (b"text".to_vec(), "no sealed")] {
        store.set("install/m2", stored, Expected::Anything).await.unwrap();
        let reopened = open(&store, &key).await;
        let failed = reopened.get(&MemberId::from("m2")).unwrap_err();
        assert!(failed.to_string().contains(note), "{failed}");
        assert!(reopened.get(&member()).unwrap().is_some(), "the others are as good as before");
    }
    store.set("install/m2", second, Expected::Anything).await.unwrap();
    assert!(open(&store, &key).await.get(&MemberId::from("m2")).unwrap().is_some());

    let other = SealingKey::generate().unwrap();
    let failed = open(&store, &other).await.get(&member()).unwrap_err().to_string();
    assert!(
        failed.contains(&key.name())
            && failed.contains(&other.name())
            && failed.contains("give the earlier key back")
    );
}

#[tokio::test]
async fn machines_tell_each_other_and_changes_are_not_lost() {
    let vendor = Vendor::start().await;
    let (store, key) = (Arc::new(MemoryStore::default()), SealingKey::generate().unwrap());
    let (here, there) = (open(&store, &key).await, open(&store, &key).await);
    let notices = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&notices);
    there.on_change(move |notice| noted.lock().unwrap().push(notice.kind));
    let installed = here.install(vendor.grant()).await.unwrap();
    assert_eq!((installed.domain, here.len()), (vendor.address.to_string(), 1));
    let add = |installations: Installations| async move {
        for _ in 0..20 {
            let count = |known: &mut b24bot_actions::Installation| {
                let before: u64 = known.version.as_deref().unwrap_or("0").parse().unwrap();
                known.version = Some((before + 1).to_string());
            };
            installations.change(&member(), count).await.unwrap().unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(add(here.clone()), add(there.clone()));
    // Again: what is known of its bot stays.
    here.change(&member(), |known| known.bot = Some(BotId::from(9))).await.unwrap();
    let again = here.install(vendor.grant()).await.unwrap();
    assert_eq!((again.version.as_deref(), again.bot), (Some("40"), Some(BotId::from(9))));
    assert!(here.remove(&member()).await.unwrap());
    assert!(!here.remove(&member()).await.unwrap());
    assert_eq!(here.change(&member(), |_| ()).await.unwrap().map(drop), None);
    while !there.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*notices.lock().unwrap(), [NoticeKind::Installed, NoticeKind::Removed]);

    for odd in ["", "a/b", "~x", "ä", &"x".repeat(101)] {
        let mut grant = vendor.grant();
        grant.member_id = MemberId::from(odd);
        assert_eq!(here.install(grant).await.unwrap_err().kind(), &ErrorKind::Params, "{odd}");
    }
}
