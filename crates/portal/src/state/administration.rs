//! Who runs a group: its owner, and the managers the owner names.

use super::chats::{Chat, ChatKind, Membership};
use super::{Change, State};

impl Chat {
    pub(crate) fn is_run_by(&self, user: u64) -> bool {
        !self.is_private() && (self.owner == user || self.managers.contains(&user))
    }

    /// What the platform calls somebody's part in a chat.
    pub(crate) fn role(&self, user: u64) -> &'static str {
        match self.has(user) {
            false => "none",
            true if self.owner == user => "owner",
            true if self.managers.contains(&user) => "manager",
            true => "member",
        }
    }

    /// Takes somebody off the list; the chat is never without an owner while anybody is there.
    pub(super) fn part_with(&mut self, user: u64) {
        self.members.retain(|member| *member != user);
        self.managers.retain(|manager| *manager != user);
        if self.owner == user {
            let heir = self.managers.first().or_else(|| self.members.first());
            self.owner = heir.copied().unwrap_or(user);
        }
    }
}

impl State {
    /// A group of these people and bots; all the bots learn of it but the one that founds it.
    pub(crate) fn found_group(&mut self, title: String, founder: u64, owner: u64, members: &[u64]) -> u64 {
        let everybody = [founder, owner].into_iter().chain(members.iter().copied());
        let known = everybody.filter(|member| self.users.contains_key(member)).collect();
        self.found(ChatKind::Group, title, founder, owner, known)
    }

    fn group(&mut self, chat: u64) -> Result<&mut Chat, Membership> {
        let room = self.chats.get_mut(&chat).ok_or(Membership::NoSuchChat)?;
        if room.is_private() { Err(Membership::NotAGroup) } else { Ok(room) }
    }

    /// `imbot.chat.user.delete` and the like: whoever runs the chat sends somebody away, but not its owner.
    pub(crate) fn send_away(&mut self, chat: u64, by: u64, user: u64) -> Result<(), Membership> {
        let room = self.group(chat)?;
        if !room.is_run_by(by) {
            return Err(Membership::NoAccess);
        }
        if room.owner == user {
            return Err(Membership::OwnerStays);
        }
        if !room.has(user) {
            return Err(Membership::NoChange);
        }
        room.part_with(user);
        let text = format!("{} excluded {} from the chat", self.mention(by), self.mention(user));
        self.announce(chat, text);
        Ok(())
    }

    pub(crate) fn set_manager(
        &mut self,
        chat: u64,
        owner: u64,
        user: u64,
        manages: bool,
    ) -> Result<(), Membership> {
        let room = self.group(chat)?;
        if room.owner != owner {
            return Err(Membership::NoAccess);
        }
        if !room.has(user) {
            return Err(Membership::NoChange);
        }
        room.managers.retain(|manager| *manager != user);
        if manages {
            room.managers.push(user);
        }
        self.changes.push(Change::State);
        Ok(())
    }

    pub(crate) fn set_owner(&mut self, chat: u64, owner: u64, user: u64) -> Result<(), Membership> {
        let room = self.group(chat)?;
        if room.owner != owner {
            return Err(Membership::NoAccess);
        }
        if !room.has(user) {
            return Err(Membership::NoChange);
        }
        room.owner = user;
        self.changes.push(Change::State);
        Ok(())
    }

    pub(crate) fn rename(&mut self, chat: u64, by: u64, title: &str) -> Result<(), Membership> {
        let room = self.group(chat)?;
        if !room.has(by) {
            return Err(Membership::NoAccess);
        }
        if room.title == title {
            return Err(Membership::NoChange);
        }
        title.clone_into(&mut room.title);
        let text = format!("{} changed the chat's title to \"{title}\"", self.mention(by));
        self.announce(chat, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::messages::Draft;
    use super::super::sample;
    use super::*;

    #[test]
    fn owners_name_managers_and_both_send_others_away() {
        let mut state = sample();
        let chat = state.found_group("Plan".to_owned(), 27, 27, &[1, 42, 27, 999]);
        assert_eq!(state.chats[&chat].members, [27, 1, 42]);
        assert_eq!(state.set_manager(chat, 42, 42, true), Err(Membership::NoAccess));
        assert_eq!(state.set_manager(chat, 27, 999, true), Err(Membership::NoChange));
        assert_eq!(state.send_away(chat, 42, 1), Err(Membership::NoAccess));
        state.set_manager(chat, 27, 42, true).unwrap();
        let theirs = state.post(Draft::new(chat, 1, "soon gone")).unwrap();
        state.delete(theirs, 42).unwrap();
        state.send_away(chat, 42, 1).unwrap();
        assert_eq!(state.send_away(chat, 42, 1), Err(Membership::NoChange));
        assert_eq!(state.send_away(chat, 42, 27), Err(Membership::OwnerStays));
        let private = state.dialog(27, "42").unwrap();
        assert_eq!(state.send_away(private, 27, 42), Err(Membership::NotAGroup));
        let roles = |state: &State| [27, 42, 1].map(|user| state.chats[&chat].role(user));
        assert_eq!(roles(&state), ["owner", "manager", "none"]);
        state.leave(chat, 27).unwrap();
        assert_eq!(roles(&state), ["none", "owner", "none"], "the manager inherits");
    }
}
