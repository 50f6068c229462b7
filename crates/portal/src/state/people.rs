//! People, and bots as the people they appear to be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::State;
use crate::tree::Tree;

/// The administrator of a fresh portal, who made its inbound webhook.
pub(crate) const ADMINISTRATOR: u64 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) gender: String,
    pub(crate) work_position: String,
    /// `#df532d`
    pub(crate) color: String,
    pub(crate) is_bot: bool,
}

/// Which fields of a user an event of generation 1 carries: each kind has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserFields {
    Message,
    Join,
    Command,
}

impl User {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.id == ADMINISTRATOR
    }

    /// `data[USER]` of a generation 1 event, with the fields that kind of event has.
    pub(crate) fn v1(&self, fields: UserFields) -> Tree {
        let mut user = Tree::new();
        user.put("ID", self.id.to_string())
            .put("NAME", self.name())
            .put("FIRST_NAME", self.first_name.clone())
            .put("LAST_NAME", self.last_name.clone());
        if fields != UserFields::Command {
            user.put("WORK_POSITION", self.work_position.clone());
        }
        user.put("GENDER", self.gender.clone());
        if fields == UserFields::Message {
            user.put("IS_BOT", if self.is_bot { "Y" } else { "N" })
                .put("IS_CONNECTOR", "N")
                .put("IS_NETWORK", "N")
                .put("IS_EXTRANET", "N");
        }
        user
    }

    /// The `User` object of generation 2.
    pub(crate) fn v2(&self, last_activity: &str) -> Tree {
        let mut departments = Tree::new();
        departments.put("0", 1_u64);
        let mut user = Tree::new();
        user.put("id", self.id)
            .put("active", true)
            .put("name", self.name())
            .put("firstName", self.first_name.clone())
            .put("lastName", self.last_name.clone())
            .put("workPosition", self.work_position.clone())
            .put("color", self.color.clone())
            .put("avatar", "")
            .put("gender", self.gender.clone())
            .put("birthday", "")
            .put("extranet", false)
            .put("bot", self.is_bot)
            .put("connector", false)
            .put("externalAuthId", if self.is_bot { "bot" } else { "default" })
            .put("status", "online")
            .put("idle", false)
            .put("lastActivityDate", last_activity)
            .put("absent", false)
            .put("departments", departments)
            .put("phones", false)
            .put("type", if self.is_bot { "bot" } else { "employee" });
        user
    }
}

/// 1, 27 and 42.
pub(crate) fn fresh() -> BTreeMap<u64, User> {
    [
        (ADMINISTRATOR, "Robin", "Hale", "M", "Administrator", "#4ba984"),
        (27, "Nora", "Lindqvist", "F", "Designer", "#df532d"),
        (42, "Тимур", "Озеров", "M", "Инженер", "#64a513"),
    ]
    .into_iter()
    .map(|(id, first_name, last_name, gender, work_position, color)| {
        let user = User {
            id,
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            gender: gender.to_owned(),
            work_position: work_position.to_owned(),
            color: color.to_owned(),
            is_bot: false,
        };
        (id, user)
    })
    .collect()
}

impl State {
    /// The full name, or the number of somebody who is gone.
    pub(crate) fn name_of(&self, user: u64) -> String {
        self.users.get(&user).map_or_else(|| format!("#{user}"), User::name)
    }

    /// `profile`
    pub(crate) fn profile(&self, user: u64) -> Option<Value> {
        self.users.get(&user).map(|user| {
            json!({
                "ID": user.id.to_string(),
                "ADMIN": user.is_administrator(),
                "NAME": user.first_name,
                "LAST_NAME": user.last_name,
                "PERSONAL_GENDER": user.gender,
                "TIME_ZONE": "",
            })
        })
    }
}
