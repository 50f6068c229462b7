//! Chats and who is in them; dialogs as each side names them.

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

use super::messages::Draft;
use super::people::ADMINISTRATOR;
use super::{Change, State};
use crate::clock::Moment;
use crate::events;
use crate::tree::Tree;

/// The group chat every portal begins with, after a reset too.
pub(crate) const FIRST_CHAT: u64 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChatKind {
    Private,
    Group,
    /// An open channel, in which `client` writes from outside.
    Line {
        client: u64,
    },
}

/// What a chat belongs to: `CHAT_ENTITY_TYPE` and its companions, empty for most.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entity {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) data: [String; 3],
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: u64,
    pub(crate) kind: ChatKind,
    /// Empty for private chats.
    pub(crate) title: String,
    pub(crate) owner: u64,
    pub(crate) managers: Vec<u64>,
    pub(crate) created: Moment,
    pub(crate) members: Vec<u64>,
    pub(crate) messages: Vec<u64>,
}

impl Chat {
    pub(crate) fn is_private(&self) -> bool {
        self.kind == ChatKind::Private
    }

    pub(crate) fn has(&self, user: u64) -> bool {
        self.members.contains(&user)
    }

    /// The other person of a private chat, for one of the two.
    pub(crate) fn partner(&self, of: u64) -> Option<u64> {
        let other = self.members.iter().copied().find(|member| *member != of);
        other.filter(|_| self.is_private() && self.has(of))
    }

    /// The dialog as `viewer` names it: `chat1`, or the other person's id in a private chat.
    pub(crate) fn dialog(&self, viewer: u64) -> String {
        self.partner(viewer).map_or_else(|| format!("chat{}", self.id), |partner| partner.to_string())
    }

    /// The platform's letter for the type.
    pub(crate) fn letter(&self) -> &'static str {
        match self.kind {
            ChatKind::Private => "P",
            ChatKind::Group => "C",
            ChatKind::Line { .. } => "L",
        }
    }

    /// The type in the words of generation 2.
    pub(crate) fn word(&self) -> &'static str {
        match self.kind {
            ChatKind::Private => "private",
            ChatKind::Group => "chat",
            ChatKind::Line { .. } => "lines",
        }
    }

    /// Who writes from outside, in an open channel.
    pub(crate) fn client(&self) -> Option<u64> {
        match self.kind {
            ChatKind::Line { client } => Some(client),
            ChatKind::Private | ChatKind::Group => None,
        }
    }

    /// For open channels connector, line, chat and client; then whether the client is in the CRM (not here) and
    /// the session, what of the CRM is bound to it, and whether the conversation is silent.
    pub(crate) fn entity(&self) -> Entity {
        let ChatKind::Line { client } = self.kind else { return Entity::default() };
        Entity {
            kind: "LINES",
            id: format!("livechat|1|{}|{client}", self.id),
            data: [
                format!("N|NONE|0|N|N|{}|{}|0|0|0", self.id, self.created.seconds()),
                "LEAD|0|COMPANY|0|CONTACT|0|DEAL|0".to_owned(),
                "N".to_owned(),
            ],
        }
    }
}

/// Why somebody could not be added to or taken out of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    NoSuchChat,
    NotAGroup,
    NoAccess,
    /// Nobody new among those to add, or the one to remove is not there.
    NoChange,
    /// Nobody sends the owner away.
    OwnerStays,
}

impl State {
    pub(super) fn found_first_chat(&mut self) {
        let id = FIRST_CHAT;
        let members = self.users.values().filter(|user| !user.is_bot).map(|user| user.id).collect();
        let chat = Chat {
            id,
            kind: ChatKind::Group,
            title: "Workshop".to_owned(),
            owner: ADMINISTRATOR,
            managers: Vec::new(),
            created: self.now,
            members,
            messages: Vec::new(),
        };
        self.chats.insert(id, chat);
    }

    /// The chat behind a dialog as `viewer` names it. A private chat begins to exist when asked for.
    pub(crate) fn dialog(&mut self, viewer: u64, dialog: &str) -> Option<u64> {
        self.known_dialog(viewer, dialog).or_else(|| {
            let partner: u64 = dialog.parse().ok()?;
            (partner != viewer).then(|| self.private_chat(viewer, partner)).flatten()
        })
    }

    /// The chat behind a dialog as `viewer` names it, if `viewer` is in it.
    pub(crate) fn open_dialog(&mut self, viewer: u64, dialog: &str) -> Option<u64> {
        self.dialog(viewer, dialog).filter(|chat| self.chats.get(chat).is_some_and(|chat| chat.has(viewer)))
    }

    /// The chat behind a dialog as `viewer` names it, if it exists already.
    pub(crate) fn known_dialog(&self, viewer: u64, dialog: &str) -> Option<u64> {
        if let Some(number) = dialog.strip_prefix("chat") {
            return number.parse().ok().filter(|id| self.chats.contains_key(id));
        }
        let partner: u64 = dialog.parse().ok()?;
        (partner != viewer).then(|| self.find_private_chat(viewer, partner)).flatten()
    }

    /// The private chat that exists already, if any.
    pub(crate) fn find_private_chat(&self, one: u64, two: u64) -> Option<u64> {
        self.chats
            .values()
            .find(|chat| chat.is_private() && chat.has(one) && chat.has(two))
            .map(|chat| chat.id)
    }

    /// The private chat of two people. A bot learns that a person opened one (ONIMBOTJOINCHAT).
    fn private_chat(&mut self, opener: u64, partner: u64) -> Option<u64> {
        if !self.users.contains_key(&opener) || !self.users.contains_key(&partner) {
            return None;
        }
        if let Some(chat) = self.find_private_chat(opener, partner) {
            return Some(chat);
        }
        let id = Self::take_id(&mut self.next_chat);
        let chat = Chat {
            id,
            kind: ChatKind::Private,
            title: String::new(),
            owner: partner,
            managers: Vec::new(),
            created: self.now,
            members: vec![opener, partner],
            messages: Vec::new(),
        };
        self.chats.insert(id, chat);
        self.changes.push(Change::State);
        if self.is_bot(partner) && !self.is_bot(opener) {
            events::joined(self, id, partner, opener);
        }
        Some(id)
    }

    /// Puts a bot into the first chat when it is registered: there has to be something to try.
    pub(crate) fn welcome_bot(&mut self, bot: u64) {
        if let Some(chat) = self.chats.get_mut(&FIRST_CHAT)
            && !chat.has(bot)
        {
            let inviter = chat.owner;
            chat.members.push(bot);
            events::joined(self, FIRST_CHAT, bot, inviter);
        }
    }

    /// A further group, or an open channel: there the first person is the client and the second the owner.
    /// Bots among the members learn of it. `None` without a person.
    pub(crate) fn found_chat(&mut self, title: String, line: bool, members: &[u64]) -> Option<u64> {
        let mut people = members.iter().copied().filter(|member| !self.is_bot(*member));
        let first = people.next()?;
        let (kind, owner) = if line {
            (ChatKind::Line { client: first }, people.next().unwrap_or(ADMINISTRATOR))
        } else {
            (ChatKind::Group, first)
        };
        Some(self.found(kind, title, first, owner, members.iter().copied().collect()))
    }

    /// All bots among the members learn of it but the founder.
    pub(super) fn found(
        &mut self,
        kind: ChatKind,
        title: String,
        founder: u64,
        owner: u64,
        members: IndexSet<u64>,
    ) -> u64 {
        let members: Vec<u64> = members.into_iter().collect();
        let told = members.iter().copied().filter(|member| self.is_bot(*member) && *member != founder);
        let told: Vec<u64> = told.collect();
        let id = Self::take_id(&mut self.next_chat);
        let (created, managers) = (self.now, Vec::new());
        let chat = Chat { id, kind, title, owner, managers, created, members, messages: Vec::new() };
        self.chats.insert(id, chat);
        self.changes.push(Change::State);
        for bot in told {
            events::joined(self, id, bot, founder);
        }
        id
    }

    /// `im.chat.user.add`: writes a system message, and tells every bot among the new members.
    pub(crate) fn invite(&mut self, chat: u64, inviter: u64, users: &[u64]) -> Result<(), Membership> {
        let known: Vec<u64> = users.iter().copied().filter(|user| self.users.contains_key(user)).collect();
        let room = self.chats.get_mut(&chat).ok_or(Membership::NoSuchChat)?;
        if room.is_private() {
            return Err(Membership::NotAGroup);
        }
        if !room.has(inviter) {
            return Err(Membership::NoAccess);
        }
        let mut new = Vec::new();
        for user in known {
            if !room.has(user) {
                room.members.push(user);
                new.push(user);
            }
        }
        if new.is_empty() {
            return Err(Membership::NoChange);
        }
        let names: Vec<String> = new.iter().map(|user| self.mention(*user)).collect();
        let text = format!("{} invited {} to the chat", self.mention(inviter), names.join(", "));
        self.announce(chat, text);
        for user in new {
            if self.is_bot(user) {
                events::joined(self, chat, user, inviter);
            }
        }
        Ok(())
    }

    /// `imbot.chat.leave`
    pub(crate) fn leave(&mut self, chat: u64, user: u64) -> Result<(), Membership> {
        let room = self.chats.get_mut(&chat).ok_or(Membership::NoSuchChat)?;
        if room.is_private() {
            return Err(Membership::NotAGroup);
        }
        if !room.has(user) {
            return Err(Membership::NoChange);
        }
        room.part_with(user);
        let text = format!("{} left the chat", self.mention(user));
        self.announce(chat, text);
        Ok(())
    }

    /// What a link to a chat carries for its bots.
    pub(crate) fn give_context(&mut self, chat: u64, user: u64, context: &Tree) -> Result<(), Membership> {
        let room = self.chats.get(&chat).ok_or(Membership::NoSuchChat)?;
        if !room.has(user) {
            return Err(Membership::NoAccess);
        }
        events::context_given(self, chat, user, context);
        Ok(())
    }

    pub(super) fn mention(&self, user: u64) -> String {
        format!("[USER={user} REPLACE]{}[/USER]", self.name_of(user))
    }

    /// A message by the platform itself.
    pub(super) fn announce(&mut self, chat: u64, text: String) {
        let mut draft = Draft::new(chat, 0, text);
        draft.system = true;
        // The chat exists and the text is not empty: all callers have just seen to that.
        let _ = self.post(draft);
        self.changes.push(Change::State);
    }
}

#[cfg(test)]
mod tests {
    use super::super::bots::Kind;
    use super::super::sample;
    use super::*;

    #[test]
    fn each_side_names_a_private_chat_by_the_other() {
        let mut state = sample();
        assert_eq!(state.known_dialog(27, "42"), None, "looking founds nothing");
        let chat = state.dialog(27, "42").unwrap();
        assert_eq!((state.dialog(42, "27"), state.known_dialog(42, "27")), (Some(chat), Some(chat)));
        assert_eq!(state.chats[&chat].dialog(27), "42");
        assert_eq!(state.chats[&1].dialog(27), "chat1");
        for unknown in ["27", "chat9", "sg12", "5", "", "chat"] {
            assert_eq!(state.dialog(27, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_invitation_is_announced_and_told_to_bots_only() {
        let mut state = sample();
        let bot = state.sample_bot(Kind::Bot);
        state.leave(1, bot).unwrap();
        state.outbox.clear();
        assert_eq!(state.invite(1, 27, &[42, 999]), Err(Membership::NoChange));
        assert_eq!(state.invite(1, bot, &[42]), Err(Membership::NoAccess));
        assert_eq!(state.invite(9, 27, &[42]), Err(Membership::NoSuchChat));
        state.invite(1, 27, &[42, bot]).unwrap();
        assert!(state.messages.values().last().unwrap().system);
        let events: Vec<_> = state.outbox.iter().map(|sent| sent.event).collect();
        assert_eq!(events, ["ONIMBOTJOINCHAT"]);
    }
}
