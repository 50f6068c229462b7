//! "Did you mean …?"

use strsim::damerau_levenshtein;

/// The known name nearest to a mistyped one, if any is near.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = name.to_lowercase().replace('-', "_");
    let tolerated = (name.chars().count() / 3).max(1);
    known
        .iter()
        .map(|known| (damerau_levenshtein(&name, known), *known))
        .filter(|(distance, known)| *distance <= tolerated || (name.len() > 2 && known.starts_with(&name)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// `` `a`, `b`, `c` ``
pub(crate) fn list<'k>(names: impl IntoIterator<Item = &'k str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let known = ["text", "regex", "users", "not_users", "reply", "reaction"];
        for (typed, meant) in [
            ("txt", Some("text")),
            ("Text", Some("text")),
            ("user", Some("users")),
            ("not-users", Some("not_users")),
            ("raection", Some("reaction")),
            ("reg", Some("regex")),
            ("color", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, &known), meant, "{typed}");
        }
    }
}
