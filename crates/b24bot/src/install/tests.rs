use std::time::SystemTime;

use b24bot_actions::{NoticeKind, SealingKey};
use b24bot_core::{BotId, Envelope, Event, UserId, decode};
use b24bot_store::MemoryStore;

use super::*;
use crate::portals::PausedPortals;

async fn reception() -> (Arc<Reception>, Here) {
    let config = "[app]\nclient_id = 'local.1'\nclient_secret = 's3cret'";
    let config = Config::parse("bot.toml", config, &|_| None).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let portals = crate::portals(&config).build().unwrap();
    let key = SealingKey::generate().unwrap();
    portals.keep(Installations::open(Arc::<dyn Store>::clone(&store), key).await.unwrap());
    let (paused, _following) = PausedPortals::follow(&store, None).await.unwrap();
    let here = Here { store, tokens: Arc::default(), portals, paused };
    (Reception::new(&config, &here, "127.0.0.1:8080".parse().unwrap()).unwrap(), here)
}

fn portal() -> MemberId {
    MemberId::from("m")
}

fn granted() -> Grant {
    let mut grant = Grant::new(portal(), "https://portal.example/rest/", "t0ken");
    grant.user_id = Some(UserId::from(1));
    grant.installed = Some(false);
    grant
}

async fn install(reception: &Reception) {
    assert!(reception.take(granted(), None, true).await.is_ok());
}

fn uninstalled(version: u64, at: SystemTime) -> Envelope {
    let body = format!("event=ONAPPUNINSTALL&data[CLEAN]=1&ts={version}&auth[member_id]=m");
    Envelope::new(decode(body.as_bytes()).unwrap().remove(0), at)
}

async fn put(here: &Here, envelope: Envelope) -> Arc<Event> {
    let event = Arc::clone(&envelope.event);
    here.store.put(vec![envelope]).await.unwrap();
    event
}

#[tokio::test]
async fn the_bots_own_token_tells_the_application_token_and_then_no_other_is_taken() {
    let (reception, here) = reception().await;
    install(&reception).await;
    let bot = |installation: &mut Installation| installation.bot = Some(BotId::from(571));
    reception.installations.change(&portal(), bot).await.unwrap();
    let mut grant = granted();
    (grant.user_id, grant.installed) = (Some(UserId::from(571)), Some(true));
    let (first, second) = (Secret::from("first"), Secret::from("second"));
    for (token, is_taken) in [(&first, true), (&first, true), (&second, false)] {
        assert_eq!(reception.take_token(&grant, token).await.is_ok(), is_taken);
        assert!(here.tokens.verify(Some(&portal()), Some(&first)).is_ok());
    }
}

#[tokio::test]
async fn a_portal_that_is_removed_while_its_token_is_asked_about_is_not_believed_again() {
    let (reception, here) = reception().await;
    install(&reception).await;
    PortalDesk::here(here.clone()).remove(&portal()).await.unwrap();
    assert!(reception.take_token(&granted(), &Secret::from("told")).await.is_err());
    assert!(!here.tokens.knows(&portal()) && !trust::is_known(&here.store, &portal()).await.unwrap());
}

#[tokio::test]
async fn a_portal_that_is_being_removed_cannot_tell_its_token_again() {
    let (reception, here) = reception().await;
    install(&reception).await;
    trust::trust(&here.store, &here.tokens, &portal(), &Secret::from("told")).await.unwrap();
    let believed = Arc::new(Mutex::new(None));
    let (tokens, seen) = (Arc::clone(&here.tokens), Arc::clone(&believed));
    reception.installations.on_change(move |notice| {
        if notice.kind == NoticeKind::Removed {
            *seen.lock().unwrap() = Some(tokens.knows(&notice.member_id));
        }
    });
    PortalDesk::here(here.clone()).remove(&portal()).await.unwrap();
    // Installed and not believed, it would have been asked.
    assert_eq!(*believed.lock().unwrap(), Some(true));
    assert!(!here.tokens.knows(&portal()));
}

#[tokio::test]
async fn a_portal_that_installs_again_before_its_removal_is_handled_stays() {
    let (reception, here) = reception().await;
    install(&reception).await;
    let at = SystemTime::now();
    let event = put(&here, uninstalled(1, at)).await;
    // This side's clock has to move on by a millisecond.
    while at.elapsed().unwrap_or_default() < Duration::from_millis(2) {
        tokio::task::yield_now().await;
    }
    install(&reception).await;
    reception.remove(&portal(), &event).await.unwrap();
    assert!(reception.installations.get(&portal()).unwrap().is_some());

    let event = put(&here, uninstalled(2, SystemTime::now() + Duration::from_secs(9))).await;
    reception.remove(&portal(), &event).await.unwrap();
    assert!(reception.installations.get(&portal()).unwrap().is_none());
}
