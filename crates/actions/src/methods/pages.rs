//! Lists with pages, as streams.

use std::collections::BTreeMap;

use futures_util::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    answers::{Messages, Notifications},
    info::MethodInfo,
    loose::Loose,
    request::Request,
};
use crate::{answer::Answer, error::Error};

/// One page of a list.
pub trait Page: Send + 'static {
    /// What is listed.
    type Entry: Send + 'static;

    /// How many entries the page has.
    fn count(&self) -> usize;

    /// The entries.
    fn into_entries(self) -> Vec<Self::Entry>;

    /// Whether more pages follow, if the page says so.
    #[must_use]
    fn has_more(&self) -> Option<bool> {
        None
    }

    /// The id that the next page begins after, for lists that go by ids.
    #[must_use]
    fn last_id(&self) -> Option<u64> {
        None
    }
}

impl<T: Send + 'static> Page for Vec<T> {
    type Entry = T;

    fn count(&self) -> usize {
        self.len()
    }

    fn into_entries(self) -> Self {
        self
    }
}

impl<T: Send + 'static> Page for BTreeMap<String, T> {
    type Entry = T;

    fn count(&self) -> usize {
        self.len()
    }

    fn into_entries(self) -> Vec<T> {
        self.into_values().collect()
    }
}

/// Makes the request ask for the page after this one; `false` after the last. The parameter is the one that
/// pages.
pub(crate) type Turn<T> = fn(&Answer<T>, &mut Request, &'static str) -> bool;

/// The answer's `next` says where the page begins.
pub(crate) fn next<T: Page>(answer: &Answer<T>, request: &mut Request, param: &'static str) -> bool {
    let next = answer.next.filter(|_| answer.result.count() > 0);
    turn(request, param, next)
}

/// It begins as many entries further as this one had.
pub(crate) fn offset<T: Page>(answer: &Answer<T>, request: &mut Request, param: &'static str) -> bool {
    let after = request.number(param).unwrap_or(0) + answer.result.count() as u64;
    let next = match (answer.result.has_more(), answer.next, answer.total) {
        (Some(more), ..) => more.then_some(after),
        (None, Some(next), _) => Some(next),
        (None, None, Some(total)) => (after < total).then_some(after),
        (None, None, None) => Some(after),
    };
    turn(request, param, next.filter(|_| answer.result.count() > 0))
}

/// It begins after the last entry's id.
pub(crate) fn last<T: Page>(answer: &Answer<T>, request: &mut Request, param: &'static str) -> bool {
    turn(request, param, answer.result.last_id())
}

/// Older messages than the oldest, or newer ones than the newest if that is the way the caller began.
pub(crate) fn messages(answer: &Answer<Messages>, request: &mut Request, param: &'static str) -> bool {
    let ids = answer.result.messages.iter().map(|message| message.id.get());
    if request.number("FIRST_ID").is_some() {
        turn(request, "FIRST_ID", ids.max())
    } else {
        turn(request, param, ids.min())
    }
}

/// First come those that ask for confirmation, then all others.
pub(crate) fn notifications(
    answer: &Answer<Notifications>,
    request: &mut Request,
    param: &'static str,
) -> bool {
    let last = answer.result.notifications.last();
    if let Some(last) = last {
        request.set("LAST_TYPE", if last.notify_type == 1 { 1 } else { 3 });
    }
    turn(request, param, last.map(|last| last.id))
}

/// Turns the page, unless it stays the same one: no list may go on for ever.
fn turn(request: &mut Request, param: &'static str, to: Option<u64>) -> bool {
    let to = to.filter(|to| request.number(param) != Some(*to));
    if let Some(to) = to {
        request.set(param, to);
    }
    to.is_some()
}

/// The pages of a list, one after the other.
pub(crate) fn pages<T: Page + Loose>(
    request: Request,
    info: &'static MethodInfo,
    turn: Turn<T>,
    param: &'static str,
) -> impl Stream<Item = Result<Answer<T>, Error>> + Send {
    stream::try_unfold(Some(request), move |request| async move {
        let Some(mut request) = request else { return Ok(None) };
        let answer = request.clone().send::<T>(info).await?;
        let more = turn(&answer, &mut request, param);
        Ok(Some((answer, more.then_some(request))))
    })
}

/// The entries of the pages.
pub(crate) fn entries<T: Page>(
    pages: impl Stream<Item = Result<Answer<T>, Error>> + Send,
) -> impl Stream<Item = Result<T::Entry, Error>> + Send {
    pages.map_ok(|page| stream::iter(page.result.into_entries()).map(Ok)).try_flatten()
}
