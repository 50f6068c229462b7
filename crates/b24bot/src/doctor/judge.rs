//! What answers of the portal mean for the bot. Nothing is asked here.

use b24bot_actions::{
    Error as CallError, ErrorCode, ErrorKind as CallErrorKind,
    methods::answers::{App, BoundEvent},
};
use b24bot_core::BotId;
use b24bot_rules::{Api, Mode};

use super::Finding;
use crate::registration::{Difference, Listed, Wanted, differences, type_name};

/// How far two clocks may be apart, in seconds.
const APART: f64 = 60.0;

/// Why the first call of all was refused.
pub(super) fn credentials(error: &CallError, is_webhook: bool) -> Finding {
    let again = "have an administrator open or reinstall the application on that portal";
    let todo = match (error.kind(), error.code()) {
        (CallErrorKind::NeedsReinstallation | CallErrorKind::Uninstalled, _) => again,
        (CallErrorKind::Connect | CallErrorKind::TimedOut | CallErrorKind::Transport, _) => {
            "check the portal's domain, this machine's network, DNS and proxy, and the portal's certificate"
        }
        (_, Some(ErrorCode::InvalidCredentials)) if is_webhook => {
            "the webhook was deleted or its address is mistyped: copy it again, or make a new one with the scopes im \
             and imbot, and put it into `webhook` in [portal]"
        }
        (_, Some(ErrorCode::ExpiredToken | ErrorCode::InvalidToken | ErrorCode::NoAuthFound))
            if !is_webhook =>
        {
            again
        }
        (_, Some(ErrorCode::PaymentRequired)) => "the portal has to pay for the application",
        (_, Some(ErrorCode::OverloadLimit)) => "the portal blocked its REST: ask the vendor's support",
        (_, Some(ErrorCode::AccessDenied)) => {
            "REST may not be part of the portal's plan, or its author was dismissed"
        }
        _ => "see what the portal says",
    };
    Finding::bad("credentials", error.to_string(), todo)
}

/// A question that was not answered.
pub(super) fn unanswered(section: &str, error: &crate::Error) -> Finding {
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    Finding::bad(section, text, "see what the portal says")
}

pub(super) fn clock(theirs: f64, ours: f64) -> Option<Finding> {
    let apart = (ours - theirs).abs();
    if theirs <= 0.0 || apart <= APART {
        return None;
    }
    let (found, side) = (format!("{apart:.0} seconds"), if ours > theirs { "ahead of" } else { "behind" });
    let found = format!("this machine's clock is {found} {side} the portal's");
    Some(Finding::bad("clock", found, "synchronise it (NTP): certificates and tokens are good for a time"))
}

pub(super) fn scopes(have: &[String], is_webhook: bool) -> Finding {
    let without = |scope: &str, stops: &str| {
        (!have.iter().any(|have| have == scope)).then(|| format!("{scope}: {stops}"))
    };
    let likes = if is_webhook { "no likes" } else { "likes fall back to the bot's own reaction" };
    let missing: Vec<String> = [
        without("im", &format!("{likes}, no calls of im.*")),
        without("imbot", "no registration, no replies, no reactions"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if missing.is_empty() {
        return Finding::good("scopes", "im, imbot");
    }
    let whose =
        if is_webhook { "the webhook's settings" } else { "the application's settings, and reinstall it" };
    Finding::bad("scopes", format!("missing {}", missing.join("; ")), format!("add them in {whose}"))
}

pub(super) fn application(info: Result<App, CallError>) -> Finding {
    const SECTION: &str = "installation";
    match info {
        Err(error) => Finding::bad(SECTION, error.to_string(), "see what the portal says"),
        Ok(app) if !app.installed => Finding::bad(
            SECTION,
            "the application's installation is not finished: no events come",
            "have an administrator open the application on that portal; its page calls BX24.installFinish",
        ),
        Ok(app) if app.payment_expired => {
            Finding::bad(SECTION, "what was paid for is over", "the portal has to pay for the application")
        }
        Ok(app) => {
            Finding::good(SECTION, format!("finished, version {}, status {}", app.version, app.status))
        }
    }
}

pub(super) fn revision(api: Api, revision: Result<u64, CallError>) -> Finding {
    const SECTION: &str = "revision";
    match (api, revision) {
        (_, Ok(number)) => Finding::good(SECTION, format!("REST revision {number}")),
        (Api::V2, Err(error)) if error.code().is_some_and(|code| *code == "ERROR_METHOD_NOT_FOUND") => {
            Finding::bad(
                SECTION,
                "this portal does not know imbot.v2: it is too old for `api = \"v2\"`",
                "update the portal, or write `api = \"v1\"` and `mode = \"webhook\"` in [bot]",
            )
        }
        (_, Err(error)) => {
            Finding::note(SECTION, error.to_string(), "only needed to know how new the portal is")
        }
    }
}

pub(super) fn bot(wanted: &Wanted, bots: &[Listed], id: Option<BotId>, is_webhook: bool) -> Vec<Finding> {
    const SECTION: &str = "bot";
    let bot = &wanted.bot;
    let Some(there) = bots.iter().find(|there| there.code == bot.code) else {
        let found = format!("no bot with the code `{}` is registered", bot.code);
        return vec![Finding::bad(SECTION, found, "run `b24bot register`")];
    };
    if !there.own {
        let found = format!(
            "bot {} has the code `{}`, and belongs to another application or key",
            there.id, bot.code
        );
        let todo = match &wanted.key {
            None if is_webhook => {
                format!("set `{}` in [portal] to what it was registered with", wanted.key_name())
            }
            _ => "give your bot another `code` in [bot], or use the key it was registered with".to_owned(),
        };
        return vec![Finding::bad(SECTION, found, todo)];
    }
    let mut findings = Vec::new();
    let other = |what: &str, found: &str, wanted: &str| {
        let found = format!("{what} is `{found}` on the portal, and `{wanted}` in bot.toml");
        Finding::bad(SECTION, found, "run `b24bot register`")
    };
    let kind = type_name(bot.bot_type);
    let (found_mode, found_kind) =
        (there.mode.as_deref().unwrap_or_default(), there.kind.as_deref().unwrap_or_default());
    for difference in differences(wanted, there) {
        findings.push(match difference {
            Difference::Name => other("the name", &there.name, &bot.name),
            Difference::Mode => other("the mode", found_mode, wanted.mode_name()),
            Difference::Handler => other("where events go", &there.handlers.join(", "), &wanted.handler),
            Difference::Kind => Finding {
                todo: Some(
                    "no method changes it: run `b24bot unregister` and `b24bot register`, or correct `type` in [bot]"
                        .to_owned(),
                ),
                ..other("the type", found_kind, kind)
            },
        });
    }
    if let Some(id) = id.filter(|id| *id != there.id) {
        let found = format!("`bot_id` in [portal] is {id}, the bot's id is {}", there.id);
        findings.push(Finding::bad(SECTION, found, format!("write `bot_id = {}`", there.id)));
    }
    if findings.is_empty() {
        let found =
            format!("`{}` is bot {}, {}", there.code, there.id, there.kind.as_deref().unwrap_or(kind));
        findings.push(Finding::good(SECTION, found));
        let events = match (bot.mode, &there.handlers[..]) {
            (Mode::Fetch, _) => Finding::good("events", "are fetched"),
            (Mode::Webhook, [_, ..]) => {
                Finding::good("events", format!("go to {}", there.handlers.join(", ")))
            }
            (Mode::Webhook, []) => Finding::note(
                "events",
                "the portal does not show where it posts them",
                format!("`b24bot register` tells it again: {}", wanted.handler),
            ),
        };
        findings.push(events);
    }
    findings
}

/// Bots and handlers of one's own that are not what is configured.
pub(super) fn leftovers(wanted: &Wanted, bots: &[Listed], bound: Option<&[BoundEvent]>) -> Vec<Finding> {
    const SECTION: &str = "leftovers";
    let others = bots.iter().filter(|bot| bot.own && bot.code != wanted.bot.code).map(|bot| {
        let found = format!("bot {} with the code `{}` belongs to you as well", bot.id, bot.code);
        Finding::note(
            SECTION,
            found,
            "if it is not used, put its code into [bot] and run `b24bot unregister`",
        )
    });
    let is_elsewhere = |bound: &&BoundEvent| bound.handler != wanted.handler && !wanted.handler.is_empty();
    let elsewhere = bound.unwrap_or_default().iter().filter(is_elsewhere).map(|bound| {
        let found = format!("{} goes to {}", bound.event, bound.handler);
        let todo =
            format!("take it off: event.unbind with event={} and handler={}", bound.event, bound.handler);
        Finding::note(SECTION, found, todo)
    });
    others.chain(elsewhere).collect()
}

pub(super) fn commands(changes: &[String], configured: usize) -> Finding {
    if changes.is_empty() {
        return Finding::good("commands", format!("{configured}, as configured"));
    }
    let found = format!("not as configured: {}", changes.join(", "));
    Finding::bad("commands", found, "run `b24bot register`")
}
