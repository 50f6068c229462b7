//! Failures ordered through `/control/faults`, each for a number of requests.

use std::time::Duration;

use serde_json::{Value, json};

/// How late `slow` answers, unless told otherwise.
const LATE: u64 = 3000;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    QueryLimit,
    OperationLimit,
    Overload,
    ExpiredToken,
    Moved,
    Error500,
    Timeout,
    Drop,
    /// All is done, only the answer is late.
    Slow,
    /// All is done, and the answer breaks off in the middle.
    Truncated,
    /// A page instead of an answer, as some proxy might give.
    NotJson,
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 11] = [
        ("query_limit", Self::QueryLimit),
        ("operation_limit", Self::OperationLimit),
        ("overload", Self::Overload),
        ("expired_token", Self::ExpiredToken),
        ("moved", Self::Moved),
        ("error_500", Self::Error500),
        ("timeout", Self::Timeout),
        ("drop", Self::Drop),
        ("slow", Self::Slow),
        ("truncated", Self::Truncated),
        ("not_json", Self::NotJson),
    ];

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// One order: this failure, for requests of this method (of any, if `None`), so many times.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) method: Option<String>,
    pub(crate) times: u64,
    /// How late `slow` answers.
    pub(crate) milliseconds: Option<u64>,
    /// With which HTTP status `not_json` answers.
    pub(crate) status: Option<u16>,
}

impl Fault {
    pub(crate) fn late(&self) -> Duration {
        Duration::from_millis(self.milliseconds.unwrap_or(LATE))
    }

    /// That of a proxy that does not reach the portal, unless told otherwise.
    pub(crate) fn page_status(&self) -> u16 {
        self.status.unwrap_or(502)
    }

    fn show(&self) -> Value {
        let mut shown = json!({"kind": self.kind.name(), "method": self.method, "times": self.times});
        match self.kind {
            Kind::Slow => shown["milliseconds"] = self.milliseconds.unwrap_or(LATE).into(),
            Kind::NotJson => shown["status"] = self.page_status().into(),
            _ => {}
        }
        shown
    }
}

/// Orders not yet used up, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    /// The failure this request has to meet, if any; it is counted.
    pub(crate) fn take(&mut self, method: &str) -> Option<Fault> {
        let matches =
            |fault: &Fault| fault.method.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(method));
        let index = self.0.iter().position(matches)?;
        let fault = self.0.get_mut(index)?;
        fault.times -= 1;
        let met = fault.clone();
        if fault.times == 0 {
            self.0.remove(index);
        }
        Some(met)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn show(&self) -> Vec<Value> {
        self.0.iter().map(Fault::show).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_used_up_in_order_and_by_method() {
        let mut faults = Faults::default();
        let fault = |kind, method: Option<&str>, times| Fault {
            kind,
            method: method.map(str::to_owned),
            times,
            milliseconds: None,
            status: None,
        };
        faults.add(fault(Kind::Drop, Some("im.message.like"), 2));
        faults.add(fault(Kind::Overload, None, 1));
        let mut take = |method| faults.take(method).map(|fault| fault.kind);
        assert_eq!(take("profile"), Some(Kind::Overload));
        assert_eq!(take("profile"), None);
        assert_eq!(take("IM.message.LIKE"), Some(Kind::Drop));
        assert_eq!(faults.show(), [json!({"kind": "drop", "method": "im.message.like", "times": 1})]);
        let mut take = |method| faults.take(method).map(|fault| fault.kind);
        assert_eq!(take("im.message.like"), Some(Kind::Drop));
        assert_eq!(take("im.message.like"), None);
    }

    #[test]
    fn every_kind_has_its_name() {
        assert!(Kind::ALL.iter().all(|(name, kind)| Kind::of(name) == Some(*kind) && kind.name() == *name));
        assert_eq!(Kind::of("nonsense"), None);
    }
}
