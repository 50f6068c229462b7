use std::{path::PathBuf, sync::Arc, time::SystemTime};

use b24bot_actions::{Grant, Installations, Portals, SealingKey};
use b24bot_core::{ApplicationTokens, Envelope, MemberId, Secret, Store, decode};
use b24bot_store::MemoryStore;
use tempfile::TempDir;

use super::*;
use crate::{
    desk::{DeskServer, Remote, serve_with},
    trust,
};

struct Bot {
    store: Arc<dyn Store>,
    tokens: Arc<ApplicationTokens>,
    near: PortalDesk,
    far: PortalDesk,
    installations: Installations,
    _served: DeskServer,
    _folder: TempDir,
}

impl Bot {
    /// With the application installed on the portals `one` and `two`, and believed there.
    async fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let tokens = Arc::new(ApplicationTokens::default());
        let portals = Portals::builder().build().unwrap();
        let key = SealingKey::generate().unwrap();
        let installations = Installations::open(Arc::<dyn Store>::clone(&store), key).await.unwrap();
        portals.keep(installations.clone());
        for portal in ["one", "two"] {
            let endpoint = format!("https://{portal}.example/rest/");
            installations.install(Grant::new(portal, endpoint, "t0ken")).await.unwrap();
            trust::trust(&store, &tokens, &MemberId::from(portal), &"t0ken".into()).await.unwrap();
        }
        let (paused, _following) = PausedPortals::follow(&store, None).await.unwrap();
        let here = Here { store: Arc::clone(&store), tokens: Arc::clone(&tokens), portals, paused };
        let folder = TempDir::new().unwrap();
        let path: PathBuf = folder.path().join("b24bot.db");
        let served = serve_with(Arc::<dyn Store>::clone(&store), router(here.clone()), &path).await.unwrap();
        let far = PortalDesk(Place::There(RemotePortals(Arc::new(Remote::beside(&path).unwrap()))));
        let near = PortalDesk::here(here);
        Self { store, tokens, near, far, installations, _served: served, _folder: folder }
    }

    async fn put(&self, portal: &str, id: u64) {
        let body = format!(
            "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}\
             &data[PARAMS][DIALOG_ID]=27&auth[member_id]={portal}"
        );
        self.store.put(vec![envelope(&body)]).await.unwrap();
    }

    fn believes(&self, portal: &str) -> bool {
        self.tokens.verify(Some(&MemberId::from(portal)), Some(&Secret::from("t0ken"))).is_ok()
    }
}

fn envelope(body: &str) -> Envelope {
    Envelope::new(decode(body.as_bytes()).unwrap().remove(0), SystemTime::UNIX_EPOCH)
}

#[tokio::test]
async fn from_afar_portals_are_as_they_are_here() {
    let bot = Bot::new().await;
    bot.put("one", 1).await;
    bot.put("three.example", 2).await;
    assert!(bot.far.pause(&MemberId::from("two")).await.unwrap());
    assert!(!bot.near.pause(&MemberId::from("two")).await.unwrap());
    bot.far.pause(&MemberId::from("later")).await.unwrap();
    let listed = bot.near.list().await.unwrap();
    assert_eq!(bot.far.list().await.unwrap(), listed);
    let told = |listed: &ListedPortal| {
        (listed.portal.clone(), listed.state, listed.paused_at.is_some(), listed.pending)
    };
    assert_eq!(
        listed.iter().map(told).collect::<Vec<_>>(),
        [
            ("later".to_owned(), PortalState::NotInstalled, true, 0),
            ("one".to_owned(), PortalState::Active, false, 1),
            ("three.example".to_owned(), PortalState::NotInstalled, false, 1),
            ("two".to_owned(), PortalState::Active, true, 0),
        ]
    );
    assert_eq!(bot.far.find("ONE.example").await.unwrap().as_ref(), listed.get(1));
    assert_eq!(bot.far.find("two").await.unwrap().as_ref(), listed.get(3));
    assert_eq!(bot.far.find("four").await.unwrap(), None);
    assert!(bot.near.resume(&MemberId::from("later")).await.unwrap());
    assert!(!bot.far.resume(&MemberId::from("later")).await.unwrap());
    assert_eq!(bot.far.list().await.unwrap().len(), 3);
}

#[tokio::test]
async fn nothing_is_left_of_a_portal_that_is_removed() {
    let bot = Bot::new().await;
    for (nth, desk) in [&bot.near, &bot.far].into_iter().enumerate() {
        let portal = ["one", "two"][nth];
        for id in 1..=3 {
            bot.put(portal, id).await;
        }
        desk.pause(&MemberId::from(portal)).await.unwrap();
        let removed = desk.remove(&MemberId::from(portal)).await.unwrap();
        assert_eq!(removed, RemovedPortal { installed: true, paused: true, events: 3 });
        assert!(!bot.believes(portal));
        assert!(bot.installations.get(&MemberId::from(portal)).unwrap().is_none());
        for key in ["install", "token", "pause"] {
            let state = bot.store.get(&format!("{key}/{portal}")).await.unwrap();
            assert!(state.is_none(), "{key}");
        }
        assert_eq!(desk.remove(&MemberId::from(portal)).await.unwrap(), RemovedPortal::default());
        assert_eq!(bot.believes("two"), portal == "one", "others are as they were");
    }
    assert_eq!(bot.near.list().await.unwrap(), []);
}

#[tokio::test]
async fn whoever_handles_an_uninstallation_keeps_it() {
    let bot = Bot::new().await;
    let uninstalled = envelope("event=ONAPPUNINSTALL&auth[member_id]=one");
    bot.put("one", 1).await;
    bot.store.put(vec![uninstalled.clone()]).await.unwrap();
    let portal = MemberId::from("one");
    assert_eq!(bot.near.remove_but(&portal, &uninstalled.lane).await.unwrap().events, 1);
    let entry = bot.store.next().await.unwrap().unwrap();
    assert_eq!(entry.lane, uninstalled.lane);
    assert!(bot.far.remove_but(&portal, &uninstalled.lane).await.is_err());
}

#[tokio::test]
async fn one_machines_pause_is_anothers_too_and_lasts() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let (here, _) = PausedPortals::follow(&store, None).await.unwrap();
    let (there, _) = PausedPortals::follow(&store, None).await.unwrap();
    assert!(here.pause(&*store, "m/with a slash").await.unwrap());
    while there.all().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(there.all(), here.all());
    let (later, _) = PausedPortals::follow(&store, None).await.unwrap();
    assert_eq!(later.all(), here.all());
    assert!(there.resume(&*store, "m/with a slash").await.unwrap());
    while !here.all().is_empty() {
        tokio::task::yield_now().await;
    }
}
