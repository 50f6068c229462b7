//! The bot's slash commands: what to tell the portal, and telling it.

use std::collections::BTreeMap;

use b24bot_actions::{
    Client, Error as CallError,
    methods::{CommandText, answers::CommandInfo},
};
use b24bot_core::{BotId, CommandId};
use b24bot_rules::{Api, CommandSettings};

use super::{Registered, Wanted, refused};
use crate::Error;

/// What to do about commands, in this order.
#[derive(Debug, Default, PartialEq)]
struct Plan<'a> {
    unregister: Vec<(CommandId, String)>,
    register: Vec<&'a CommandSettings>,
    /// Those that are there, and whether they are seen to be other than wanted.
    update: Vec<(CommandId, &'a CommandSettings, bool)>,
}

impl<'a> Plan<'a> {
    fn new(api: Api, there: &[CommandInfo], wanted: &'a [CommandSettings]) -> Self {
        let mut plan = Self::default();
        for command in there {
            let name = bare(&command.command);
            let Some(same) = wanted.iter().find(|wanted| wanted.name == name) else {
                plan.unregister.push((command.id, name.to_owned()));
                continue;
            };
            // The first generation cannot change where a command is available.
            if api == Api::V1 && same.common != command.common {
                plan.unregister.push((command.id, name.to_owned()));
                plan.register.push(same);
                continue;
            }
            let is_other = is_other(command, same);
            if is_other || !shows_all(api, same) {
                plan.update.push((command.id, same, is_other));
            }
        }
        let is_there = |name: &str| there.iter().any(|command| bare(&command.command) == name);
        plan.register.extend(wanted.iter().filter(|wanted| !is_there(&wanted.name)));
        plan
    }

    /// What is seen to change.
    fn changes(&self) -> Vec<String> {
        let registered = self.register.iter().map(|command| command.name.as_str());
        let updated = self
            .update
            .iter()
            .filter(|(.., is_other)| *is_other)
            .map(|(_, command, _)| command.name.as_str());
        let is_replaced = |name: &str| self.register.iter().any(|command| command.name == name);
        let gone = self.unregister.iter().filter(|(_, name)| !is_replaced(name));
        let gone = gone.map(|(_, name)| format!("command /{name} removed"));
        registered.chain(updated).map(|name| format!("command /{name}")).chain(gone).collect()
    }
}

fn bare(name: &str) -> &str {
    name.trim_start_matches('/')
}

/// Whether the portal shows another command than is wanted. It shows one language only.
fn is_other(there: &CommandInfo, wanted: &CommandSettings) -> bool {
    let fits = |shown: &str, texts: &BTreeMap<String, String>| {
        texts.values().any(|text| text == shown)
            || (texts.is_empty() && (shown.is_empty() || shown == wanted.name))
    };
    there.hidden != wanted.hidden
        || there.common != wanted.common
        || there.extranet_support != wanted.extranet
        || !fits(&there.title, &wanted.title)
        || !fits(&there.params, &wanted.params)
}

/// Whether the portal shows everything about a command: the first generation has a handler with each of them.
fn shows_all(api: Api, wanted: &CommandSettings) -> bool {
    api == Api::V2 && wanted.title.len() <= 1 && wanted.params.len() <= 1
}

/// Makes the bot's commands those that are wanted; what was changed.
pub(super) async fn ensure(
    client: &Client,
    wanted: &Wanted,
    registered: &Registered,
) -> Result<Vec<String>, Error> {
    let (api, key) = (wanted.bot.api, wanted.signature(client)?);
    let teller = Teller { client, wanted, bot: registered.bot, key };
    let there = if registered.is_new {
        Some(Vec::new())
    } else {
        match list(client, registered.bot, key).await {
            Ok(there) => Some(there),
            // An old portal cannot list them.
            Err(_) if api == Api::V1 => None,
            Err(error) => return Err(refused("the portal does not list the bot's commands", error)),
        }
    };
    let refused = |error| refused("the portal refuses a command", error);
    let Some(there) = there else {
        for command in &wanted.commands {
            // To register a known one changes nothing and returns its id.
            let id = teller.register_v1(command).await.map_err(refused)?;
            teller.update(id, command).await.map_err(refused)?;
        }
        return Ok(Vec::new());
    };
    let plan = Plan::new(api, &there, &wanted.commands);
    for (id, _) in &plan.unregister {
        teller.unregister(*id).await.map_err(refused)?;
    }
    for command in &plan.register {
        teller.register(command).await.map_err(refused)?;
    }
    for (id, command, _) in &plan.update {
        teller.update(*id, command).await.map_err(refused)?;
    }
    Ok(if registered.is_new { Vec::new() } else { plan.changes() })
}

/// What is to be seen of the bot's commands that is other than wanted. Nothing is changed.
pub(crate) async fn other(client: &Client, wanted: &Wanted, bot: BotId) -> Result<Vec<String>, Error> {
    let there = list(client, bot, wanted.signature(client)?).await;
    let there = there.map_err(|error| refused("the portal does not list the bot's commands", error))?;
    Ok(Plan::new(wanted.bot.api, &there, &wanted.commands).changes())
}

/// The bot's commands as the second generation lists them, whichever generation they are of.
pub(super) async fn list(client: &Client, bot: BotId, key: &str) -> Result<Vec<CommandInfo>, CallError> {
    let mut list = client.imbot().v2().command().list(bot);
    if !key.is_empty() {
        list = list.bot_token(key);
    }
    Ok(list.await?.commands)
}

/// Tells the portal about commands of one bot.
struct Teller<'a> {
    client: &'a Client,
    wanted: &'a Wanted,
    bot: BotId,
    key: &'a str,
}

macro_rules! signed {
    ($call:expr, $setter:ident, $key:expr) => {
        if $key.is_empty() { $call } else { $call.$setter($key) }
    };
}

impl Teller<'_> {
    async fn register(&self, command: &CommandSettings) -> Result<(), CallError> {
        match self.wanted.bot.api {
            Api::V1 => self.register_v1(command).await.map(drop),
            Api::V2 => {
                let mut call = self
                    .client
                    .imbot()
                    .v2()
                    .command()
                    .register(self.bot, command.name.as_str())
                    .common(command.common)
                    .hidden(command.hidden)
                    .extranet_support(command.extranet);
                if !command.title.is_empty() {
                    call = call.title(&command.title);
                }
                if !command.params.is_empty() {
                    call = call.params(&command.params);
                }
                signed!(call, bot_token, self.key).await.map(drop)
            }
        }
    }

    async fn register_v1(&self, command: &CommandSettings) -> Result<CommandId, CallError> {
        let call = self
            .client
            .imbot()
            .command()
            .register(self.bot, command.name.as_str(), self.wanted.handler.as_str(), texts(command))
            .common(command.common)
            .hidden(command.hidden)
            .extranet_support(command.extranet);
        signed!(call, client_id, self.key).await
    }

    async fn update(&self, id: CommandId, command: &CommandSettings) -> Result<(), CallError> {
        match self.wanted.bot.api {
            Api::V1 => {
                let call = self
                    .client
                    .imbot()
                    .command()
                    .update(id)
                    .event_command_add(self.wanted.handler.as_str())
                    .hidden(command.hidden)
                    .extranet_support(command.extranet)
                    .lang(texts(command));
                signed!(call, client_id, self.key).await.map(drop)
            }
            Api::V2 => {
                let mut call = self
                    .client
                    .imbot()
                    .v2()
                    .command()
                    .update(self.bot, id)
                    .common(command.common)
                    .hidden(command.hidden)
                    .extranet_support(command.extranet);
                if !command.title.is_empty() {
                    call = call.title(&command.title);
                }
                if !command.params.is_empty() {
                    call = call.params(&command.params);
                }
                signed!(call, bot_token, self.key).await.map(drop)
            }
        }
    }

    async fn unregister(&self, id: CommandId) -> Result<(), CallError> {
        match self.wanted.bot.api {
            Api::V1 => {
                let call = self.client.imbot().command().unregister(id);
                signed!(call, client_id, self.key).await.map(drop)
            }
            Api::V2 => {
                let call = self.client.imbot().v2().command().unregister(self.bot, id);
                signed!(call, bot_token, self.key).await.map(drop)
            }
        }
    }
}

/// What a command is called, by language. The first generation wants at least one title: the name stands in for it.
fn texts(command: &CommandSettings) -> Vec<CommandText> {
    let mut languages: Vec<&str> =
        command.title.keys().chain(command.params.keys()).map(String::as_str).collect();
    if languages.is_empty() {
        languages.push(CommandSettings::LANGUAGE);
    }
    languages.sort_unstable();
    languages.dedup();
    let general = command.title.get(CommandSettings::LANGUAGE).or_else(|| command.title.values().next());
    languages
        .into_iter()
        .map(|language| {
            let title = command.title.get(language).or(general).unwrap_or(&command.name);
            let text = CommandText::new(language, title.as_str());
            match command.params.get(language) {
                Some(params) => text.params(params.as_str()),
                None => text,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn there(id: u64, name: &str, title: &str, common: bool) -> CommandInfo {
        let command =
            json!({"id": id, "botId": 5, "command": format!("/{name}"), "title": title, "common": common});
        serde_json::from_value(command).unwrap()
    }

    #[test]
    fn what_is_as_wanted_is_left_alone_and_what_is_not_wanted_goes() {
        let wanted = [
            CommandSettings::new("help").title("Help"),
            CommandSettings::new("tea").title("Tea").common(),
            CommandSettings::new("new").title("New"),
        ];
        let there =
            [there(1, "help", "Help", false), there(2, "tea", "Tea", false), there(3, "old", "Old", false)];
        let plan = Plan::new(Api::V2, &there, &wanted);
        assert_eq!(plan.unregister, [(CommandId::from(3), "old".to_owned())]);
        assert_eq!(plan.register, [&wanted[2]]);
        assert_eq!(plan.update, [(CommandId::from(2), &wanted[1], true)]);
        assert_eq!(plan.changes(), ["command /new", "command /tea", "command /old removed"]);
    }

    #[test]
    fn what_the_portal_does_not_show_is_told_again_and_is_no_change() {
        let wanted = [CommandSettings::new("help").title("Help").title_in("de", "Hilfe")];
        let there = [there(1, "help", "Hilfe", false)];
        for api in [Api::V1, Api::V2] {
            let plan = Plan::new(api, &there, &wanted);
            assert_eq!(plan.update, [(CommandId::from(1), &wanted[0], false)]);
            assert!(plan.changes().is_empty(), "{plan:?}");
        }
    }

    #[test]
    fn the_first_generation_registers_anew_what_it_cannot_change() {
        let wanted = [CommandSettings::new("help").title("Help").common()];
        let plan_of = |api| Plan::new(api, &[there(1, "help", "Help", false)], &wanted).unregister.len();
        assert_eq!((plan_of(Api::V1), plan_of(Api::V2)), (1, 0));
        let there = [there(1, "help", "Help", false)];
        assert_eq!(Plan::new(Api::V1, &there, &wanted).changes(), ["command /help"]);
    }

    #[test]
    fn every_language_of_the_first_generation_has_a_title() {
        let command = CommandSettings::new("tea").title("Tea").params_in("de", "Sorte");
        let told = serde_json::to_value(texts(&command)).unwrap();
        let expected = json!([{"LANGUAGE_ID": "de", "TITLE": "Tea", "PARAMS": "Sorte"}, {"LANGUAGE_ID": "en", "TITLE": "Tea"}]);
        assert_eq!(told, expected);
        let told = serde_json::to_value(texts(&CommandSettings::new("tea").hidden())).unwrap();
        assert_eq!(told, json!([{"LANGUAGE_ID": "en", "TITLE": "tea"}]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        /// Whatever is there: carried out, the plan leaves what is wanted, and then there is nothing more to change.
        #[test]
        fn a_plan_leads_to_what_is_wanted(
            had in proptest::collection::btree_map("[a-d]", ("[xy]", any::<bool>()), 0..4),
            wants in proptest::collection::btree_map("[a-d]", ("[xy]", any::<bool>()), 0..4),
            is_first in any::<bool>(),
        ) {
            let api = if is_first { Api::V1 } else { Api::V2 };
            let had: Vec<_> = had.iter().zip(1..).map(|((name, (title, common)), id)| there(id, name, title, *common)).collect();
            let wanted: Vec<_> = wants.iter().map(|(name, (title, common))| {
                let command = CommandSettings::new(name).title(title);
                if *common { command.common() } else { command }
            }).collect();
            let plan = Plan::new(api, &had, &wanted);
            let mut left: BTreeMap<String, (String, bool)> =
                had.iter().map(|c| (bare(&c.command).to_owned(), (c.title.clone(), c.common))).collect();
            for (_, name) in &plan.unregister {
                prop_assert!(left.remove(name).is_some());
            }
            for command in plan.register.iter().copied().chain(plan.update.iter().map(|(_, command, _)| *command)) {
                left.insert(command.name.clone(), (command.title["en"].clone(), command.common));
            }
            prop_assert_eq!(&left, &wants);
            let after: Vec<_> = left.iter().zip(1..).map(|((name, (title, common)), id)| there(id, name, title, *common)).collect();
            prop_assert!(Plan::new(api, &after, &wanted).changes().is_empty());
        }
    }
}
