//! An application comes, is updated, is paid for, and goes.

use super::applications::{Application, Names, Settings};
use super::bots::Owner;
use super::{Change, State};
use crate::events::application as events;

/// What was paid for an application.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    /// `F`, `D`, `T` or `P`.
    pub(crate) status: String,
    pub(crate) days: Option<u64>,
    pub(crate) expired: bool,
}

impl State {
    /// Installs a local application of these scopes for the administrator, without any HTTP.
    pub(crate) fn install(&mut self, scopes: &[&str]) -> Application {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.install_with(Settings { scopes, ..Settings::default() })
    }

    /// The same with these settings; an install page is opened at once.
    pub(crate) fn install_with(&mut self, settings: Settings) -> Application {
        let application = self.add_application(settings, Names::default());
        self.begin_installation(&application.client_id, true);
        self.applications.get(&application.client_id).cloned().unwrap_or(application)
    }

    /// Installs an application for the administrator, for the first time or again. One without pages of its own is
    /// told so, and that is all; one with pages has to say when it is done. If `open` its install page is opened.
    pub(crate) fn begin_installation(&mut self, client_id: &str, open: bool) {
        let Some(application) = self.applications.get_mut(client_id) else { return };
        let interface = application.settings.interface;
        application.installed = !interface;
        self.forget_current(client_id);
        if !interface {
            events::installed(self, client_id, Settings::install_address);
        } else if open {
            events::open_install_page(self, client_id);
        }
        self.changes.push(Change::State);
    }

    /// What an install page says with `BX24.installFinish`. Once it is said, saying it again does nothing.
    pub(crate) fn finish_installation(&mut self, client_id: &str) {
        if let Some(application) = self.applications.get_mut(client_id)
            && !application.installed
        {
            application.installed = true;
            events::installed(self, client_id, |settings| &settings.handler);
            self.changes.push(Change::State);
        }
    }

    pub(crate) fn update_application(&mut self, client_id: &str, version: Option<u64>) {
        let Some(application) = self.applications.get_mut(client_id) else { return };
        let previous = application.settings.version;
        application.settings.version = version.unwrap_or(previous.saturating_add(1));
        events::updated(self, client_id, previous);
        self.changes.push(Change::State);
    }

    pub(crate) fn pay(&mut self, client_id: &str, payment: Payment) {
        let Some(application) = self.applications.get_mut(client_id) else { return };
        application.status = payment.status;
        application.days = payment.days;
        application.payment_expired = payment.expired;
        events::paid(self, client_id);
        self.changes.push(Change::State);
    }

    /// Takes an application away, its tokens, bots and commands with it. It is told once, at the end, and its
    /// bots are not.
    pub(crate) fn uninstall(&mut self, client_id: &str, clean: bool) {
        events::uninstalled(self, client_id, clean);
        if let Some(application) = self.applications.get_mut(client_id) {
            application.installed = false;
        }
        let owner = Owner::Application(client_id.to_owned());
        let bots: Vec<u64> = self.bots.values().filter(|bot| bot.owner == owner).map(|bot| bot.id).collect();
        for bot in bots {
            self.unregister(bot);
        }
        self.access_tokens.retain(|_, token| token.client_id != client_id);
        self.refresh_tokens.retain(|_, token| token.client_id != client_id);
        self.codes.retain(|_, code| code.client_id != client_id);
        self.forget_current(client_id);
        self.applications.remove(client_id);
        self.changes.push(Change::State);
    }

    /// Whether a bot is told of anything: not before its application is installed.
    pub(crate) fn hears(&self, bot: u64) -> bool {
        match self.bots.get(&bot).map(|bot| &bot.owner) {
            Some(Owner::Application(client_id)) => {
                self.applications.get(client_id).is_some_and(|application| application.installed)
            }
            Some(Owner::Webhook(_)) => true,
            None => false,
        }
    }

    /// An application by its `client_id` or its number.
    pub(crate) fn find_application(&self, name: &str) -> Option<&Application> {
        self.applications.get(name).or_else(|| {
            let number: u64 = name.parse().ok()?;
            self.applications.values().find(|application| application.number == number)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::bots::{Generation, Handlers, Kind, Profile, Registration};
    use super::super::messages::Draft;
    use super::super::sample;
    use super::*;

    const URL: &str = "http://127.0.0.1:1/";

    fn settings(interface: bool) -> Settings {
        let (handler, install) = (format!("{URL}handler"), format!("{URL}install"));
        Settings { scopes: vec!["imbot".to_owned()], handler, install, interface, ..Settings::default() }
    }

    fn bot(state: &mut State, client_id: &str, handlers: Handlers) -> u64 {
        state
            .register(Registration {
                code: "tea".to_owned(),
                kind: Kind::Supervisor,
                generation: Generation::V2,
                owner: Owner::Application(client_id.to_owned()),
                handlers,
                profile: Profile::default(),
                openline: false,
                hidden: false,
                reactions: true,
                background: None,
            })
            .unwrap()
    }

    fn sent(state: &mut State) -> Vec<(&'static str, String)> {
        std::mem::take(&mut state.outbox).into_iter().map(|sent| (sent.event, sent.url)).collect()
    }

    #[test]
    fn an_application_without_pages_is_installed_at_once() {
        let mut state = sample();
        let application = state.install_with(settings(false));
        assert!(application.installed);
        assert_eq!(sent(&mut state), [("ONAPPINSTALL", format!("{URL}install"))]);
        state.finish_installation(&application.client_id);
        assert_eq!(sent(&mut state), []);
        assert!(state.install(&["im"]).installed && state.outbox.is_empty());
    }

    #[test]
    fn nothing_is_heard_before_the_installation_is_finished() {
        let mut state = sample();
        let application = state.install_with(settings(true));
        let page = sent(&mut state);
        assert!(
            page[0].1.starts_with(&format!("{URL}install?DOMAIN=127.0.0.1%3A9400&PROTOCOL=0")),
            "{page:?}"
        );
        let posting = bot(&mut state, &application.client_id, Handlers::all(URL));
        state.post(Draft::new(1, 27, "hello")).unwrap();
        assert_eq!((sent(&mut state), state.hears(posting)), (vec![], false));
        state.finish_installation(&application.client_id);
        assert_eq!(sent(&mut state), [("ONAPPINSTALL", format!("{URL}handler"))]);
        state.post(Draft::new(1, 27, "hello")).unwrap();
        assert_eq!(sent(&mut state), [("ONIMBOTV2MESSAGEADD", URL.to_owned())]);

        let application = state.install_with(settings(true));
        state.unregister(posting);
        let fetching = bot(&mut state, &application.client_id, Handlers::default());
        state.post(Draft::new(1, 27, "hello")).unwrap();
        assert_eq!(state.fetched.fetch(fetching, None, 10, state.now)["events"], serde_json::json!([]));
    }

    #[test]
    fn what_is_uninstalled_leaves_nothing_but_its_last_event() {
        let mut state = sample();
        let application = state.install_with(settings(false));
        let id = bot(&mut state, &application.client_id, Handlers::all(URL));
        let pair = state.tokens(&application.client_id, 27);
        sent(&mut state);
        state.uninstall(&application.client_id, true);
        let body = state.outbox[0].body.clone();
        assert_eq!(sent(&mut state), [("ONAPPUNINSTALL", format!("{URL}handler"))]);
        assert!(body.contains(&format!("application_token%5D={}", application.application_token)), "{body}");
        assert!(!body.contains("access_token") && body.contains("CLEAN%5D=1"), "{body}");
        assert!(state.applications.is_empty() && !state.bots.contains_key(&id) && !state.hears(id));
        assert!(!state.access_tokens.contains_key(&pair.access) && state.current_tokens.is_empty());
    }
}
