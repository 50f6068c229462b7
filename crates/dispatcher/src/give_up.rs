//! Errors after which trying again makes no sense.

use std::{error::Error, fmt};

use b24bot_actions::{ErrorKind, Repeat};

use crate::BoxError;

/// Marks an error as final: the event is set aside at once, without another attempt.
///
/// ```
/// use b24bot_dispatcher::{Result, give_up};
///
/// fn amount(text: &str) -> Result<u32> {
///     // It will be no number the next time either.
///     text.trim().parse().map_err(give_up)
/// }
///
/// assert_eq!(amount("12").unwrap(), 12);
/// assert_eq!(amount("a dozen").unwrap_err().to_string(), "given up");
/// assert_eq!(give_up("no such order").source().unwrap().to_string(), "no such order");
/// ```
#[must_use]
pub fn give_up(error: impl Into<BoxError>) -> BoxError {
    Box::new(GivenUp(error.into()))
}

#[derive(Debug)]
struct GivenUp(BoxError);

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("given up")
    }
}

impl Error for GivenUp {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// Whether an error, or one that caused it, says that a call was not made because the store could not record it.
pub(crate) fn is_of_store(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let unrecorded = |error: &b24bot_actions::Error| *error.kind() == ErrorKind::Store;
        if error.downcast_ref().is_some_and(unrecorded) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Whether an error, or one that caused it, says that trying again does not help: it was given up, or it comes from a
/// call that the portal will refuse again. A refused token is the event's own and does not get any younger.
pub(crate) fn is_final(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let refused =
            |error: &b24bot_actions::Error| matches!(error.repeat(), Repeat::Never | Repeat::AfterRefresh);
        if error.is::<GivenUp>() || error.downcast_ref().is_some_and(refused) {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use b24bot_actions::{Limits, Portals};

    use super::*;

    #[derive(Debug)]
    struct Around(BoxError);

    impl fmt::Display for Around {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("around")
        }
    }

    impl Error for Around {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.0)
        }
    }

    #[test]
    fn what_was_given_up_is_final_however_deep() {
        assert!(is_final(&*give_up("no")));
        assert!(is_final(&Around(give_up("no"))));
        assert!(!is_final(&Around("no".into())));
    }

    #[test]
    fn what_the_way_back_says_never_to_repeat_is_final() {
        let error = Portals::builder().limits(Limits::default().burst(0)).build().unwrap_err();
        assert_eq!(error.repeat(), Repeat::Never);
        assert!(is_final(&Around(error.into())));
    }
}
