//! Failures ordered through `/control/faults`, each for a number of requests.

use serde_json::{Value, json};

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
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("query_limit", Self::QueryLimit),
        ("operation_limit", Self::OperationLimit),
        ("overload", Self::Overload),
        ("expired_token", Self::ExpiredToken),
        ("moved", Self::Moved),
        ("error_500", Self::Error500),
        ("timeout", Self::Timeout),
        ("drop", Self::Drop),
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
    pub(crate) fn take(&mut self, method: &str) -> Option<Kind> {
        let matches =
            |fault: &Fault| fault.method.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(method));
        let index = self.0.iter().position(matches)?;
        let fault = self.0.get_mut(index)?;
        let kind = fault.kind;
        fault.times -= 1;
        if fault.times == 0 {
            self.0.remove(index);
        }
        Some(kind)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn show(&self) -> Vec<Value> {
        self.0
            .iter()
            .map(|fault| json!({"kind": fault.kind.name(), "method": fault.method, "times": fault.times}))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_used_up_in_order_and_by_method() {
        let mut faults = Faults::default();
        faults.add(Fault { kind: Kind::Drop, method: Some("im.message.like".to_owned()), times: 2 });
        faults.add(Fault { kind: Kind::Overload, method: None, times: 1 });
        assert_eq!(faults.take("profile"), Some(Kind::Overload));
        assert_eq!(faults.take("profile"), None);
        assert_eq!(faults.take("IM.message.LIKE"), Some(Kind::Drop));
        assert_eq!(faults.show(), [json!({"kind": "drop", "method": "im.message.like", "times": 1})]);
        assert_eq!(faults.take("im.message.like"), Some(Kind::Drop));
        assert_eq!(faults.take("im.message.like"), None);
    }

    #[test]
    fn every_kind_has_its_name() {
        assert!(Kind::ALL.iter().all(|(name, kind)| Kind::of(name) == Some(*kind) && kind.name() == *name));
        assert_eq!(Kind::of("nonsense"), None);
    }
}
