//! Likes and reactions: the marks people and bots leave on messages.

use super::messages::{Message, Untouched};
use super::{Change, State};
use crate::events;

/// The reaction that `im.message.like` sets.
pub(crate) const LIKE: &str = "like";

impl Message {
    pub(crate) fn has_mark(&self, user: u64, code: &str) -> bool {
        self.marks.get(code).is_some_and(|users| users.contains(&user))
    }
}

/// What `ACTION` of `im.message.like` asks for. Anything unknown counts as `auto`, as on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LikeAction {
    Plus,
    Minus,
    Auto,
}

impl LikeAction {
    pub(crate) fn of(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "plus" => Self::Plus,
            "minus" => Self::Minus,
            _ => Self::Auto,
        }
    }
}

impl State {
    /// `im.message.like`: touches nothing but this person's like.
    pub(crate) fn like(&mut self, message: u64, user: u64, action: LikeAction) -> Result<(), Untouched> {
        let liked = self.visible(message, user).ok_or(Untouched::NoAccess)?.has_mark(user, LIKE);
        match (action, liked) {
            (LikeAction::Plus, true) | (LikeAction::Minus, false) => Err(Untouched::NoChange),
            (LikeAction::Plus | LikeAction::Auto, false) => {
                self.mark(message, user, LIKE);
                Ok(())
            }
            (LikeAction::Minus | LikeAction::Auto, true) => {
                self.unmark(message, user, LIKE);
                Ok(())
            }
        }
    }

    /// `imbot.v2.Chat.Message.Reaction.add`: replaces whatever this person left there before.
    pub(crate) fn react(&mut self, message: u64, user: u64, code: &str) -> Result<(), Untouched> {
        let visible = self.visible(message, user).ok_or(Untouched::NoAccess)?;
        if visible.has_mark(user, code) {
            return Err(Untouched::NoChange);
        }
        let earlier: Vec<String> = visible
            .marks
            .iter()
            .filter(|(_, users)| users.contains(&user))
            .map(|(code, _)| code.clone())
            .collect();
        for code in earlier {
            self.unmark(message, user, &code);
        }
        self.mark(message, user, code);
        Ok(())
    }

    /// `imbot.v2.Chat.Message.Reaction.delete`
    pub(crate) fn unreact(&mut self, message: u64, user: u64, code: &str) -> Result<(), Untouched> {
        if !self.visible(message, user).ok_or(Untouched::NoAccess)?.has_mark(user, code) {
            return Err(Untouched::NoChange);
        }
        self.unmark(message, user, code);
        Ok(())
    }

    fn mark(&mut self, message: u64, user: u64, code: &str) {
        if let Some(message) = self.messages.get_mut(&message) {
            message.marks.entry(code.to_owned()).or_default().push(user);
        }
        self.changes.push(Change::Message(message));
        events::reaction_changed(self, message, user, code, true);
    }

    fn unmark(&mut self, message: u64, user: u64, code: &str) {
        if let Some(message) = self.messages.get_mut(&message) {
            if let Some(users) = message.marks.get_mut(code) {
                users.retain(|other| *other != user);
            }
            message.marks.retain(|_, users| !users.is_empty());
        }
        self.changes.push(Change::Message(message));
        events::reaction_changed(self, message, user, code, false);
    }
}

#[cfg(test)]
mod tests {
    use super::super::messages::Draft;
    use super::super::sample;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_like_follows_its_action() {
        let mut state = sample();
        let id = state.post(Draft::new(1, 27, "thanks")).unwrap();
        assert_eq!(state.like(id, 42, LikeAction::Minus), Err(Untouched::NoChange));
        state.like(id, 42, LikeAction::Plus).unwrap();
        assert_eq!(state.like(id, 42, LikeAction::Plus), Err(Untouched::NoChange));
        state.like(id, 42, LikeAction::Auto).unwrap();
        assert!(state.messages[&id].marks.is_empty());
        state.like(id, 42, LikeAction::Auto).unwrap();
        assert_eq!(state.show_message(id).unwrap()["likes"], json!([42]));
        assert_eq!(state.like(999, 42, LikeAction::Plus), Err(Untouched::NoAccess));
    }

    #[test]
    fn a_reaction_replaces_the_one_before() {
        let mut state = sample();
        let id = state.post(Draft::new(1, 27, "look")).unwrap();
        state.like(id, 42, LikeAction::Plus).unwrap();
        state.react(id, 42, "fire").unwrap();
        assert_eq!(state.show_message(id).unwrap()["likes"], json!([]), "a like goes too");
        state.react(id, 42, "like").unwrap();
        let shown = state.show_message(id).unwrap();
        assert_eq!((&shown["likes"], &shown["reactions"]), (&json!([42]), &json!({})));
        assert_eq!(state.react(id, 42, "like"), Err(Untouched::NoChange));
        assert_eq!(state.unreact(id, 42, "fire"), Err(Untouched::NoChange));
        state.unreact(id, 42, "like").unwrap();
    }

    proptest! {
        /// Whatever is asked, nobody likes a message twice, and an answer of "changed" means a change.
        #[test]
        fn likes_are_a_set(steps in proptest::collection::vec((0_usize..3, 0_usize..3), 1..40)) {
            let mut state = sample();
            let id = state.post(Draft::new(1, 27, "x")).unwrap();
            for (who, what) in steps {
                let user = [1, 27, 42][who];
                let before = state.messages[&id].has_mark(user, LIKE);
                let action = [LikeAction::Plus, LikeAction::Minus, LikeAction::Auto][what];
                let changed = state.like(id, user, action).is_ok();
                prop_assert_eq!(changed, before != state.messages[&id].has_mark(user, LIKE));
                let users = state.messages[&id].marks.get(LIKE).cloned().unwrap_or_default();
                prop_assert!(users.iter().filter(|other| **other == user).count() <= 1);
            }
        }
    }
}
