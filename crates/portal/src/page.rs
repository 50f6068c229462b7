//! The chat page: a few files in the binary, and nothing from anywhere else.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;

/// Pictures and sounds may come from where a bot says; scripts, styles, data and frames from here alone. Markup can be set
/// from text nowhere in the page: it asks for trusted types and makes none.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data: http: https:; media-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-src 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

pub(crate) const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
pub(crate) const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Files by the path they are served under, which is the one they have here.
macro_rules! files {
    ($content_type:expr, $($name:literal)*) => {
        [$((concat!("/page/", $name), $content_type, include_str!(concat!("page/", $name)))),*]
    };
}

const INDEX: [(&str, &str, &str); 1] = [("/", HTML, include_str!("page/index.html"))];

const STYLES: [(&str, &str, &str); 7] = files!(CSS,
    "style/applications.css" "style/base.css" "style/conversation.css" "style/frame.css" "style/message.css"
    "style/panel.css" "style/side.css");

const SCRIPTS: [(&str, &str, &str); 31] = files!(SCRIPT,
    "application.js" "applications.js" "attach.js" "bbcode.js" "chat.js" "composer.js" "control.js" "conversation.js"
    "copy.js" "curl.js" "faults.js" "files.js" "frame.js" "icons.js" "inspector.js" "keyboard.js" "lang/en.js" "lang/ru.js" "marks.js" "menu.js" "message.js" "news.js"
    "side.js" "store.js" "text.js" "theme.js" "tree.js" "vendor/hooks.js" "vendor/htm.js" "vendor/preact.js"
    "windows.js");

pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let files = INDEX.into_iter().chain(STYLES).chain(SCRIPTS);
    files.fold(Router::new(), |router, (path, content_type, content)| {
        let headers = [
            (CONTENT_TYPE, content_type),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            // The files change with the program, not with time.
            (CACHE_CONTROL, "no-cache"),
        ];
        router.route(path, get(async move || (headers, content)))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn catalogue(text: &str) -> BTreeSet<&str> {
        let keys = text.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(':'));
        keys.map(|(key, _)| key).filter(|key| !key.starts_with(' ')).collect()
    }

    /// What can be a key in the calls of `t` in a script: every text that is an argument, or a choice of one.
    fn keys(script: &str) -> Vec<&str> {
        let calls = script.match_indices("t(").filter(|(at, _)| {
            !script[..*at].ends_with(|before: char| before.is_alphanumeric() || ".$_".contains(before))
        });
        let mut keys = Vec::new();
        for (at, mark) in calls {
            let argument = &script[at + mark.len()..];
            let argument = &argument[..argument.find([',', ')', '\n']).unwrap_or(argument.len())];
            let chosen = argument.split_once('?').map_or(argument, |(_, chosen)| chosen);
            keys.extend(chosen.split('"').skip(1).step_by(2));
        }
        keys
    }

    #[test]
    fn keys_are_found_in_choices() {
        assert_eq!(keys(r#"t("a") + list("no") + t(x === "no" ? "b" : "c", { n: "no" })"#), ["a", "b", "c"]);
    }

    #[test]
    fn all_that_the_page_says_is_in_both_languages() {
        let (english, russian) = (include_str!("page/lang/en.js"), include_str!("page/lang/ru.js"));
        let known = catalogue(english);
        assert_eq!(known, catalogue(russian));
        assert!(known.len() > 100, "{known:?}");
        for (path, _, text) in SCRIPTS.into_iter().filter(|(path, ..)| !path.contains("/vendor/")) {
            for key in keys(text) {
                assert!(known.contains(key), "{key} in {path}");
            }
        }
        let (_, reactions) = include_str!("page/marks.js").split_once("const REACTIONS = {").unwrap();
        let (reactions, _) = reactions.split_once("};").unwrap();
        let codes = reactions.split(':').filter_map(|before| before.split([' ', '\n']).next_back());
        let codes: Vec<&str> = codes.filter(|code| !["", "like"].contains(code)).collect();
        assert!(codes.len() > 40, "{codes:?}");
        for code in codes {
            assert!(known.contains(&*format!("reaction_{code}")), "{code}");
        }
    }

    /// The keys with plural forms, and those forms.
    fn plurals(text: &str) -> Vec<(&str, BTreeSet<&str>)> {
        let all = text.match_indices(": {").filter_map(|(at, mark)| {
            let key = text[..at].rsplit(char::is_whitespace).next()?;
            // Within a text there is no space behind it.
            let (forms, _) = text[at + mark.len()..].strip_prefix(char::is_whitespace)?.split_once("},")?;
            let forms = forms
                .split('"')
                .step_by(2)
                .filter_map(|gap| gap.trim_matches([',', ' ', '\n']).strip_suffix(':'));
            Some((key, forms.collect()))
        });
        all.collect()
    }

    #[test]
    fn every_plural_form_is_there() {
        let forms = |forms: &[&'static str]| forms.iter().copied().collect::<BTreeSet<_>>();
        let english = plurals(include_str!("page/lang/en.js"));
        let russian = plurals(include_str!("page/lang/ru.js"));
        assert!(english.len() > 3, "{english:?}");
        for (key, found) in &english {
            assert_eq!(*found, forms(&["one", "other"]), "{key}");
            let (_, found) = russian.iter().find(|(other, _)| other == key).unwrap();
            assert_eq!(*found, forms(&["one", "few", "many", "other"]), "{key}");
        }
    }
}
