//! What an operator has done on portals that installed an application.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{net::Ipv4Addr, sync::Arc};

use b24bot::{
    Error,
    actions::{Application, Grant, InstallationState, Installations, Portals, SealingKey},
    core::{MemberId, Secret, States, Store},
    doctor::Grade,
    office::{Act, Done, Office, Order, Outcome},
    portal::Portal,
    rules::Config,
    store::MemoryStore,
};

const HANDLER: &str = "https://bot.example/bitrix24/events";

struct Place {
    portals: Vec<(Portal, MemberId)>,
    known: Portals,
    store: Arc<dyn Store>,
    config: Config,
}

impl Place {
    /// So many portals that have installed an application of these scopes.
    async fn with(number: usize, scopes: &[&str], rest: &str) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let states: Arc<dyn States> = Arc::<dyn Store>::clone(&store);
        let installations = Installations::open(states, SealingKey::generate().unwrap()).await.unwrap();
        let known = Portals::builder().application(Application::new("local.app", "s3cr3t")).build().unwrap();
        known.keep(installations.clone());
        let mut portals = Vec::new();
        for n in 0..number {
            let listen = (Ipv4Addr::LOCALHOST, 0).into();
            let portal = Portal::builder().listen(listen).unlimited().seed(n as u64).start().await.unwrap();
            let app = portal.install_application(scopes);
            let member_id = MemberId::from(app.member_id.as_str());
            let grant = Grant::new(member_id.clone(), app.client_endpoint, Secret::from(app.access_token));
            installations.install(grant).await.unwrap();
            portals.push((portal, member_id));
        }
        let text = format!(
            "[bot]\ncode = 'tea'\n[server]\npublic_url = 'https://bot.example'\n[app]\nclient_id = 'local.app'\n\
             client_secret = 's3cr3t'\n[[command]]\nname = 'help'\ntitle = 'Help'\n{rest}"
        );
        let config = Config::parse("bot.toml", &text, &|_| None).unwrap();
        Self { portals, known, store, config }
    }

    async fn done(&self, order: Order) -> Result<Vec<Done>, Error> {
        let office = Office::new(self.config.clone(), self.known.clone()).store(Arc::clone(&self.store));
        Arc::new(office).carry_out(&order).await
    }

    fn member(&self, n: usize) -> &MemberId {
        &self.portals[n].1
    }

    async fn examined(&self) -> Vec<(String, Grade, String)> {
        let done = self.done(Order::new(Act::Examine)).await.unwrap();
        let Outcome::Findings(findings) = &done[0].outcome else { panic!("{done:?}") };
        findings.iter().map(|one| (one.section.clone(), one.grade, one.found.clone())).collect()
    }
}

#[tokio::test]
async fn every_portal_gets_the_bot_once_and_is_told_where_its_events_go() {
    let place = Place::with(3, &["im", "imbot"], "").await;
    for is_first in [true, false] {
        let done = place.done(Order::new(Act::Register)).await.unwrap();
        assert_eq!(done.len(), 3);
        for one in &done {
            let Outcome::Registered { is_new, changed, .. } = &one.outcome else { panic!("{one:?}") };
            assert_eq!((*is_new, changed.len()), (is_first, 0), "{one:?}");
        }
    }
    let installation = place.known.installations().unwrap().get(place.member(0)).unwrap().unwrap();
    assert_eq!(installation.bot.unwrap().get(), 1001);
    assert!(installation.registered.is_some());
    let client = place.known.installation_client(place.member(0)).unwrap();
    let bound = client.event().get().await.unwrap();
    for event in
        ["ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPMETHODCONFIRM", "ONIMBOTV2MESSAGEADD"]
    {
        let handlers: Vec<_> =
            bound.iter().filter(|one| one.event == event).map(|one| one.handler.as_str()).collect();
        assert_eq!(handlers, [HANDLER], "{event}");
    }

    // Where a bot's events go an application sees, and says nothing again that stands already.
    let mut moved = place.config.clone();
    moved.server.path = "/elsewhere".to_owned();
    let office = Arc::new(Office::new(moved, place.known.clone()));
    let only = Order::new(Act::Register).portal(Some(place.member(1).to_string()));
    let done = office.carry_out(&only).await.unwrap();
    let [Done { outcome: Outcome::Registered { changed, .. }, .. }] = &done[..] else { panic!("{done:?}") };
    assert_eq!(changed, &["handler"]);

    let error = place.done(Order::new(Act::Unregister)).await.unwrap_err().to_string();
    assert!(error.contains("from 3 portals") && error.contains("--yes"), "{error}");
    let done = place.done(Order::new(Act::Unregister).sure(true)).await.unwrap();
    assert!(done.iter().all(|one| matches!(one.outcome, Outcome::Removed(Some(_)))), "{done:?}");
    let installation = place.known.installations().unwrap().get(place.member(0)).unwrap().unwrap();
    assert_eq!((installation.bot, installation.registered.as_deref()), (None, Some("none")));
    let done = place.done(Order::new(Act::Bots)).await.unwrap();
    assert!(done.iter().all(|one| one.outcome == Outcome::Bots(Vec::new())), "{done:?}");
}

#[tokio::test]
async fn an_installation_is_examined_with_all_that_belongs_to_it() {
    let place = Place::with(1, &["im", "imbot"], "").await;
    place.done(Order::new(Act::Register)).await.unwrap();
    let found = place.examined().await;
    let ill: Vec<_> = found.iter().filter(|(_, grade, _)| *grade != Grade::Good).collect();
    let [(section, Grade::Bad, text)] = &ill[..] else { panic!("{found:?}") };
    assert_eq!(section, "token");
    assert!(text.contains("events are refused with 403"), "{text}");
    assert!(found.iter().any(|(_, _, text)| text == &format!("go to {HANDLER}")), "{found:?}");

    let installations = place.known.installations().unwrap();
    let changed =
        installations.change(place.member(0), |one| one.state = InstallationState::NeedsReinstallation);
    changed.await.unwrap();
    let found = place.examined().await;
    let [(section, Grade::Bad, text)] = &found[..] else { panic!("{found:?}") };
    assert!(section == "credentials" && text.contains("cannot be renewed"), "{text}");
}

#[tokio::test]
async fn what_fails_on_one_portal_is_no_other_s() {
    let place = Place::with(2, &["im", "imbot"], "").await;
    let installations = place.known.installations().unwrap();
    let unknown = Grant::new("gone", "http://127.0.0.1:9/rest/", "t0ken");
    installations.install(unknown).await.unwrap();
    let done = place.done(Order::new(Act::Register)).await.unwrap();
    let failed: Vec<_> = done.iter().filter(|one| matches!(one.outcome, Outcome::Failed(_))).collect();
    assert_eq!((done.len(), failed.len()), (3, 1), "{done:?}");
    assert_eq!(failed[0].member_id, Some(MemberId::from("gone")));
    assert!(!format!("{done:?}").contains("t0ken"));
    let nobody = place.done(Order::new(Act::Bots).portal(Some("other.example".to_owned()))).await;
    assert!(nobody.unwrap_err().to_string().contains("--portal names none"));
}
