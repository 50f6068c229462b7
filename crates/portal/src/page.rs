//! The chat page: a few files in the binary, and nothing from anywhere else.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;

/// Pictures and sounds may come from where a bot says; scripts, styles and data from here alone. Markup can be set
/// from text nowhere in the page: it asks for trusted types and makes none.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data: http: https:; media-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Files by the path they are served under, which is the one they have here.
macro_rules! files {
    ($content_type:expr, $($name:literal)*) => {
        [$((concat!("/page/", $name), $content_type, include_str!(concat!("page/", $name)))),*]
    };
}

const INDEX: [(&str, &str, &str); 1] = [("/", HTML, include_str!("page/index.html"))];

const STYLES: [(&str, &str, &str); 5] = files!(CSS,
    "style/base.css" "style/conversation.css" "style/message.css" "style/panel.css" "style/side.css");

const SCRIPTS: [(&str, &str, &str); 27] = files!(SCRIPT,
    "attach.js" "bbcode.js" "chat.js" "composer.js" "control.js" "conversation.js" "curl.js" "faults.js" "files.js"
    "icons.js" "inspector.js" "keyboard.js" "lang/en.js" "lang/ru.js" "marks.js" "menu.js" "message.js" "news.js"
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

    #[test]
    fn all_that_the_page_says_is_in_both_languages() {
        let english = catalogue(include_str!("page/lang/en.js"));
        assert_eq!(english, catalogue(include_str!("page/lang/ru.js")));
        assert!(english.len() > 100, "{english:?}");
        for (path, _, text) in SCRIPTS.into_iter().filter(|(path, ..)| !path.contains("/vendor/")) {
            let calls =
                text.match_indices("t(\"").filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric));
            for key in calls.filter_map(|(at, mark)| text[at + mark.len()..].split('"').next()) {
                assert!(english.contains(key), "{key} in {path}");
            }
        }
    }
}
