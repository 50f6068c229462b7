//! `${NAME}` in a value.

use std::ops::Range;

use super::Environment;

/// What became of a value.
pub(super) struct Expanded {
    pub(super) value: String,
    /// Whether any of it came from the environment.
    pub(super) used: bool,
    pub(super) faults: Vec<Fault>,
}

/// What is wrong with one `${…}`; `at` are bytes of the value.
pub(super) struct Fault {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

/// Fills in each `${NAME}`; `$${` stands for a plain `${`.
pub(super) fn expand(text: &str, environment: Environment<'_>) -> Expanded {
    let mut expanded = Expanded { value: String::with_capacity(text.len()), used: false, faults: Vec::new() };
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, opening) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            expanded.value.push_str(before);
            expanded.value.push_str("${");
            rest = &opening[2..];
            continue;
        }
        expanded.value.push_str(before);
        let start = text.len() - opening.len();
        let name = opening[2..].split('}').next().unwrap_or_default();
        if opening.len() == 2 + name.len() || !is_name(name) {
            expanded.faults.push(Fault {
                at: start..start + 2,
                message: "malformed `${`".to_owned(),
                help: "write `${NAME}` for an environment variable, `$${` for the characters themselves"
                    .to_owned(),
            });
            rest = &opening[2..];
            continue;
        }
        let end = 2 + name.len() + 1;
        match environment(name) {
            Some(value) => expanded.value.push_str(&value),
            None => expanded.faults.push(Fault {
                at: start..start + end,
                message: format!("the environment variable `{name}` is not set"),
                help: format!("set it before the bot starts: `export {name}=…`"),
            }),
        }
        expanded.used = true;
        rest = &opening[end..];
    }
    expanded.value.push_str(rest);
    expanded
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn fills_in_and_finds_fault() {
        let environment = |name: &str| (name == "A").then(|| "alpha".to_owned());
        for (text, value, faults) in [
            ("plain $ {A} }", "plain $ {A} }", vec![]),
            ("${A}", "alpha", vec![]),
            ("<${A}${A}>", "<alphaalpha>", vec![]),
            ("$${A} $$${A}", "${A} $${A}", vec![]),
            ("x${B}y", "xy", vec![(1, 5)]),
            ("${", "", vec![(0, 2)]),
            ("a ${A b} ${} ${1} ${A", "a A b} } 1} A", vec![(2, 4), (9, 11), (13, 15), (18, 20)]),
        ] {
            let expanded = expand(text, &environment);
            assert_eq!(expanded.value, value, "{text}");
            assert_eq!(
                expanded.faults.iter().map(|fault| (fault.at.start, fault.at.end)).collect::<Vec<_>>(),
                faults,
                "{text}"
            );
        }
    }
}
