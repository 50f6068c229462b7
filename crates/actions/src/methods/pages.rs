//! Lists with pages, as streams.

use std::collections::BTreeMap;

use futures_util::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{info::MethodInfo, loose::Loose, request::Request};
use crate::{answer::Answer, error::Error};

/// One page of a list.
pub trait Page: Loose + Send + 'static {
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

impl<T: Loose + Send + 'static> Page for Vec<T> {
    type Entry = T;

    fn count(&self) -> usize {
        self.len()
    }

    fn into_entries(self) -> Self {
        self
    }
}

impl<T: Loose + Send + 'static> Page for BTreeMap<String, T> {
    type Entry = T;

    fn count(&self) -> usize {
        self.len()
    }

    fn into_entries(self) -> Vec<T> {
        self.into_values().collect()
    }
}

/// Where the next page begins: what to write into the parameter that pages, given what it was before. `None` after the
/// last page.
pub(crate) type Next<T> = fn(&Answer<T>, Option<u64>) -> Option<u64>;

/// The answer's `next` says where.
pub(crate) fn next<T: Page>(answer: &Answer<T>, _: Option<u64>) -> Option<u64> {
    answer.next.filter(|_| answer.result.count() > 0)
}

/// As many entries further as this page had.
pub(crate) fn offset<T: Page>(answer: &Answer<T>, before: Option<u64>) -> Option<u64> {
    let after = before.unwrap_or(0) + answer.result.count() as u64;
    let more = match (answer.result.has_more(), answer.next, answer.total) {
        (Some(more), ..) => more,
        (None, Some(next), _) => {
            return Some(next).filter(|next| Some(*next) > before && answer.result.count() > 0);
        }
        (None, None, Some(total)) => after < total,
        (None, None, None) => true,
    };
    (more && answer.result.count() > 0).then_some(after)
}

/// After the last entry's id.
pub(crate) fn last<T: Page>(answer: &Answer<T>, before: Option<u64>) -> Option<u64> {
    let more = answer.result.has_more().unwrap_or(true) && answer.result.count() > 0;
    answer.result.last_id().filter(|last| more && Some(*last) != before)
}

/// The pages of a list, one after the other.
pub(crate) fn pages<T: Page>(
    request: Request,
    info: &'static MethodInfo,
    next: Next<T>,
    param: &'static str,
) -> impl Stream<Item = Result<Answer<T>, Error>> + Send {
    stream::try_unfold(Some(request), move |request| async move {
        let Some(mut request) = request else { return Ok(None) };
        let answer = request.clone().send::<T>(info).await?;
        let following = next(&answer, request.number(param)).map(|at| {
            request.set(param, at);
            request
        });
        Ok(Some((answer, following)))
    })
}

/// The entries of the pages.
pub(crate) fn entries<T: Page>(
    pages: impl Stream<Item = Result<Answer<T>, Error>> + Send,
) -> impl Stream<Item = Result<T::Entry, Error>> + Send {
    pages.map_ok(|page| stream::iter(page.result.into_entries()).map(Ok)).try_flatten()
}
