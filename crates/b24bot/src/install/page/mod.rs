//! The pages that people see: after an installation, when the application is opened later, and when something is wrong.
//!
//! They stand in a frame of the portal, hold nothing of the request but what was confirmed, and load nothing but the
//! platform's script that says when the installation is finished.

mod texts;

use std::time::Duration;

use b24bot_core::Page;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub(super) use self::texts::Language;

const STYLE: &str = include_str!("page.css");
/// The platform's script for pages in frames: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/index.html>.
const FRAME_SCRIPT: &str = "https://api.bitrix24.com/api/v1/";

/// What a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// The bot was registered just now.
    Installed { sees_groups: bool },
    /// It was registered before.
    Ready { sees_groups: bool },
    /// The installation is confirmed, the bot not registered yet.
    Unfinished,
    /// The portal has not paid.
    Unpaid,
    /// Somebody who may not install the application opened it before it was installed.
    NeedsAdministrator,
    /// Nobody vouches for it.
    NotConfirmed,
    /// Nobody could be asked.
    Later,
    /// The authorization was not begun here, or too long ago.
    BadState,
    /// The authorization was asked for at no portal's address.
    BadDomain,
}

impl Shows {
    const fn status(&self) -> u16 {
        match self {
            Self::Installed { .. } | Self::Ready { .. } | Self::Unfinished | Self::Unpaid => 200,
            Self::NeedsAdministrator | Self::NotConfirmed | Self::BadState => 403,
            Self::Later => 503,
            Self::BadDomain => 400,
        }
    }

    /// A class of the style, and a drawing on a field of 24 by 24.
    const fn mark(&self) -> (&'static str, &'static str) {
        match self {
            Self::Installed { .. } | Self::Ready { .. } => ("good", "M5 12.5l4.5 4.5L19 7.5"),
            Self::Unfinished | Self::Unpaid | Self::NeedsAdministrator | Self::Later => {
                ("wait", "M12 6v6.5l4 2.5M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19")
            }
            Self::NotConfirmed | Self::BadState | Self::BadDomain => ("bad", "M12 6v7M12 17.5v.5"),
        }
    }
}

/// Where a page stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    /// The confirmed portal's origin: only there the page may stand in a frame.
    pub(super) origin: Option<String>,
    /// Its domain, to be shown.
    pub(super) domain: String,
    /// Whether that portal is on this machine, and has the script itself.
    pub(super) is_local: bool,
    /// Whether the page says to the portal that the installation is finished.
    pub(super) finishes: bool,
}

/// Makes a page. `nonce` is another for each: what the page itself has brought is run, and nothing else.
pub(super) fn render(shows: &Shows, bot: &str, frame: &Frame, language: Language, nonce: [u8; 16]) -> Page {
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    let texts = texts::texts(shows, language);
    let fill = |text: &str| text.replace("{bot}", &escape(bot)).replace("{portal}", &escape(&frame.domain));
    let steps: String = texts.steps.iter().map(|step| format!("<li>{}</li>", fill(step))).collect();
    let steps = if steps.is_empty() { steps } else { format!("<ol>{steps}</ol>") };
    let (class, drawing) = shows.mark();
    let script = if frame.finishes { finish(frame, &nonce) } else { String::new() };
    let html = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body><main>\
         <svg class=\"mark {class}\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{drawing}\"/></svg>\
         <h1>{title}</h1><p>{text}</p>{steps}</main>{script}</body></html>\n",
        lang = language.code(),
        title = fill(texts.title),
        text = fill(texts.text),
    );
    let page = Page::new(shows.status(), html, policy(shows, frame, &nonce));
    if *shows == Shows::Later { page.retry_after(Duration::from_secs(30)) } else { page }
}

fn finish(frame: &Frame, nonce: &str) -> String {
    let source = match &frame.origin {
        Some(origin) if frame.is_local => format!("{origin}/api/v1/"),
        _ => FRAME_SCRIPT.to_owned(),
    };
    format!(
        "<script nonce=\"{nonce}\" src=\"{}\"></script>\
         <script nonce=\"{nonce}\">BX24.init(function () {{ BX24.installFinish(); }});</script>",
        escape(&source)
    )
}

fn policy(shows: &Shows, frame: &Frame, nonce: &str) -> String {
    let ancestors = match (&frame.origin, shows) {
        (Some(origin), _) => origin.as_str(),
        // It stands in a frame of who knows whom, says the same to all, and has nothing to click.
        (None, Shows::NotConfirmed | Shows::Later) => "*",
        (None, _) => "'none'",
    };
    let scripts = if frame.finishes { format!(" script-src 'nonce-{nonce}';") } else { String::new() };
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}';{scripts} frame-ancestors {ancestors}; base-uri 'none'; \
         form-action 'none'"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Shows; 9] = [
        Shows::Installed { sees_groups: true },
        Shows::Ready { sees_groups: false },
        Shows::Unfinished,
        Shows::Unpaid,
        Shows::NeedsAdministrator,
        Shows::NotConfirmed,
        Shows::Later,
        Shows::BadState,
        Shows::BadDomain,
    ];

    fn frame(finishes: bool) -> Frame {
        Frame {
            origin: Some("https://portal.example".to_owned()),
            domain: "portal.example".to_owned(),
            is_local: false,
            finishes,
        }
    }

    #[test]
    fn names_are_text_in_every_page_and_language() {
        let bot = "<script>alert('1')</script>{portal}";
        for shows in ALL {
            for language in [Language::English, Language::Russian] {
                let page = render(&shows, bot, &frame(true), language, [7; 16]);
                let html = page.html();
                assert!(!html.contains("<script>alert") && !html.contains("{bot}"), "{html}");
                assert_eq!(html.matches("<script").count(), 2, "{html}");
                assert!(html.contains(&format!("<html lang=\"{}\"", language.code())));
            }
        }
    }

    #[test]
    fn only_its_own_scripts_run_and_only_the_portal_frames_it() {
        let page = render(&ALL[0], "Tea", &frame(true), Language::English, [7; 16]);
        let policy = page.policy();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains("frame-ancestors https://portal.example;"), "{policy}");
        let nonce = policy.split_once("script-src 'nonce-").unwrap().1.split_once('\'').unwrap().0;
        assert_eq!(page.html().matches(&format!("<script nonce=\"{nonce}\"")).count(), 2);
        assert!(page.html().contains("installFinish"));
        assert_ne!(page.policy(), render(&ALL[0], "Tea", &frame(true), Language::English, [8; 16]).policy());

        let later = render(&ALL[1], "Tea", &frame(false), Language::English, [7; 16]);
        assert!(!later.policy().contains("script-src") && !later.html().contains("<script"));
        let nobody = render(&Shows::BadState, "Tea", &Frame::default(), Language::English, [7; 16]);
        assert!(nobody.policy().contains("frame-ancestors 'none'") && nobody.status() == 403);
    }

    #[test]
    fn a_portal_on_this_machine_has_the_script_itself() {
        let mut frame = frame(true);
        frame.origin = Some("http://127.0.0.1:9400".to_owned());
        frame.is_local = true;
        let page = render(&ALL[0], "Tea", &frame, Language::Russian, [0; 16]);
        assert!(page.html().contains("src=\"http://127.0.0.1:9400/api/v1/\""));
    }
}
