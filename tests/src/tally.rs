//! What was promised against what was done.

use std::{collections::HashMap, fmt};

use crate::{
    load::{Kind, Ledger, dialog_of},
    recorder::{Act, Done},
};

/// The one reason to set a message aside.
const IN_DOUBT: &str = "in doubt, it may have been done already";

/// The figures of a test. Whatever is in a list should not be.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Messages that were posted at all.
    pub messages: usize,
    /// Posts, those again included.
    pub posts: u64,
    /// Messages that were acknowledged.
    pub acknowledged: usize,
    /// Posts that were answered, but not with 200.
    pub refused: usize,
    /// Messages that were liked.
    pub liked: usize,
    /// Likes that found the message liked.
    pub liked_again: u64,
    /// Messages that were answered.
    pub replied: usize,
    /// Acknowledged wishes for tea that were set aside.
    pub replies_aside: usize,
    /// Of those, the ones that were answered all the same.
    pub replied_and_aside: usize,
    /// Acknowledged thanks that were not liked, and not set aside either.
    pub likes_lost: Vec<u64>,
    /// Acknowledged thanks that were set aside instead.
    pub likes_aside: Vec<u64>,
    /// Acknowledged wishes for tea that were neither answered nor set aside.
    pub replies_lost: Vec<u64>,
    /// Messages that were answered twice.
    pub replies_doubled: Vec<u64>,
    /// Messages for which something was done before it was for an earlier one of the dialog, and that earlier one.
    pub disordered: Vec<(u64, u64)>,
    /// The same of likes.
    pub likes_disordered: Vec<(u64, u64)>,
    /// What nobody has asked for, and what was set aside without being in doubt.
    pub strange: Vec<String>,
}

impl Tally {
    /// Compares. `aside` are the messages that were set aside, and why.
    #[must_use]
    pub fn of(ledger: &Ledger, done: &Done, aside: &HashMap<u64, String>) -> Self {
        let sent = ledger.sent();
        let (thanks, teas) = (ledger.acknowledged(Kind::Thanks), ledger.acknowledged(Kind::Tea));
        let mut tally = Self {
            messages: sent.len(),
            posts: sent.values().map(|sent| u64::from(sent.posts)).sum(),
            acknowledged: sent.values().filter(|sent| sent.acknowledged).count(),
            refused: ledger.refusals().len(),
            liked: done.likes.len(),
            liked_again: done.likes.values().map(|times| u64::from(times - 1)).sum(),
            replied: done.replies.len(),
            replies_aside: teas.iter().filter(|id| aside.contains_key(id)).count(),
            replied_and_aside: done.replies.keys().filter(|id| aside.contains_key(id)).count(),
            strange: done.strange.clone(),
            ..Self::default()
        };
        let not_liked = thanks.iter().filter(|id| !done.likes.contains_key(id));
        (tally.likes_aside, tally.likes_lost) = not_liked.partition(|id| aside.contains_key(id));
        let not_replied = teas.iter().filter(|id| !done.replies.contains_key(id));
        tally.replies_lost = not_replied.filter(|id| !aside.contains_key(id)).copied().collect();
        tally.replies_doubled =
            done.replies.iter().filter(|(_, times)| **times > 1).map(|(id, _)| *id).collect();
        for ((_, act), order) in &done.order {
            // Of what was given up nobody knows when it came.
            let known = order.iter().filter(|id| sent.get(id).is_some_and(|sent| sent.acknowledged));
            let mut latest = 0;
            for id in known {
                if *id < latest {
                    let disordered = match act {
                        Act::Reply => &mut tally.disordered,
                        Act::Like => &mut tally.likes_disordered,
                    };
                    disordered.push((latest, *id));
                }
                latest = latest.max(*id);
            }
        }
        let wrong = |ids: Vec<&u64>, kind: Kind, what: &str| {
            let unasked = ids.into_iter().filter(|id| sent.get(id).is_none_or(|sent| sent.kind != kind));
            unasked.map(|id| format!("{what} of {id} in dialog {}", dialog_of(*id))).collect::<Vec<_>>()
        };
        tally.strange.extend(wrong(done.likes.keys().collect(), Kind::Thanks, "a like"));
        tally.strange.extend(wrong(done.replies.keys().collect(), Kind::Tea, "an answer"));
        let other = aside.iter().filter(|(_, why)| !why.contains(IN_DOUBT));
        tally.strange.extend(other.map(|(id, why)| format!("{id} was set aside: {why}")));
        tally
    }

    /// Where events of rules that like are tried again, later ones of the dialog have passed them.
    #[must_use]
    pub fn likes_in_any_order(mut self) -> Self {
        println!("likes that came late: {:?}", std::mem::take(&mut self.likes_disordered));
        self
    }

    /// Prints the figures and demands that nothing is lost, doubled or out of order.
    ///
    /// # Panics
    ///
    /// When something is.
    pub fn demand(&self, test: &str) {
        println!("{test}: {self}");
        assert!(self.acknowledged > 0, "nothing was tried: {self:?}");
        let sound = self.likes_lost.is_empty()
            && self.likes_aside.is_empty()
            && self.replies_lost.is_empty()
            && self.replies_doubled.is_empty()
            && self.disordered.is_empty()
            && self.likes_disordered.is_empty()
            && self.strange.is_empty();
        assert!(sound, "{test}: {self:?}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages in {} posts, {} acknowledged, {} posts refused; liked {} (again {}), lost {}, aside {}; \
             answered {}, twice {}, lost {}, aside {} (answered {}); order broken {}, strange {}",
            self.messages,
            self.posts,
            self.acknowledged,
            self.refused,
            self.liked,
            self.liked_again,
            self.likes_lost.len(),
            self.likes_aside.len(),
            self.replied,
            self.replies_doubled.len(),
            self.replies_lost.len(),
            self.replies_aside,
            self.replied_and_aside,
            self.disordered.len() + self.likes_disordered.len(),
            self.strange.len(),
        )
    }
}
