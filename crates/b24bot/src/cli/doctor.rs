//! `b24bot doctor`.

use std::{path::Path, process::ExitCode};

use b24bot::{
    actions::host,
    desk,
    doctor::{Finding, Grade, examine_address, examine_configuration},
    office::{self, Act, Done, Order, Outcome as Became},
    rules::{Config, Mode, StoreSettings},
};
use serde::Serialize;

use super::{Outcome, harmless, say};

/// With more portals than that, only those are shown where something is wrong.
const FEW: usize = 3;
/// So many of them.
const SHOWN: usize = 10;

/// What was looked at in one place.
#[derive(Serialize)]
struct Part {
    portal: Option<String>,
    findings: Vec<Finding>,
}

impl Part {
    fn worst(&self) -> Option<Grade> {
        self.findings.iter().map(|finding| finding.grade).max()
    }

    fn bad(&self) -> usize {
        self.findings.iter().filter(|finding| finding.grade == Grade::Bad).count()
    }
}

pub(super) async fn doctor(path: &Path, portal: Option<String>, as_json: bool) -> Outcome {
    let parts = examine(path, portal).await;
    if as_json {
        say(harmless::json(&parts)?);
    } else {
        say(shown(&parts));
    }
    let is_bad = parts.iter().any(|part| part.bad() > 0);
    Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn examine(path: &Path, portal: Option<String>) -> Vec<Part> {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            let mistakes = error.diagnostics().iter().filter(|mistake| !mistake.is_warning());
            let mut findings: Vec<Finding> = mistakes
                .map(|mistake| {
                    let found = format!("line {}: {}", mistake.line(), mistake.message());
                    Finding::bad("configuration", found, mistake.help().unwrap_or("see `b24bot check`"))
                })
                .collect();
            if findings.is_empty() {
                findings.push(Finding::bad(
                    "configuration",
                    error.to_string(),
                    "give the file with --config",
                ));
            }
            return vec![Part { portal: None, findings }];
        }
    };
    let mut findings = examine_configuration(&config);
    // First: what follows has the store open for itself.
    findings.push(store(&config.store).await);
    let done = match office::open(config.clone()).await {
        Ok(clerk) => clerk.carry_out(&Order::new(Act::Examine).portal(portal)).await,
        Err(error) => Err(error),
    };
    let done = done.unwrap_or_else(|error| {
        findings.push(Finding::bad("portals", one_line(&error.to_string()), "see what the error says"));
        Vec::new()
    });
    if let (Mode::Webhook, Some(url)) = (config.bot.mode, &config.server.public_url) {
        let is_local = !done.is_empty() && done.iter().all(|one| host::is_this_machine(&one.portal));
        findings.push(examine_address(&format!("{url}{}", config.server.path), is_local).await);
    }
    let portals = done.into_iter().map(|Done { portal, outcome, .. }| Part {
        portal: Some(portal),
        findings: match outcome {
            Became::Findings(findings) => findings,
            Became::Failed(why) => vec![Finding::bad("portal", why, "see what the error says")],
            _ => Vec::new(),
        },
    });
    std::iter::once(Part { portal: None, findings }).chain(portals).collect()
}

async fn store(settings: &StoreSettings) -> Finding {
    const SECTION: &str = "store";
    let desk = match desk::open(settings).await {
        Ok(Some(desk)) => desk,
        Ok(None) => return Finding::good(SECTION, "there is none yet: `b24bot run` makes it"),
        Err(error) => {
            return Finding::bad(
                SECTION,
                one_line(&error.to_string()),
                "correct [store], or the rights of this user",
            );
        }
    };
    match desk.stats().await {
        Ok(stats) if stats.dead > 0 => {
            let found = format!("{} events were set aside, {} wait", stats.dead, stats.pending);
            Finding::note(SECTION, found, "`b24bot inbox list` says why")
        }
        Ok(stats) => Finding::good(SECTION, format!("{}, {} events wait", stats.store, stats.pending)),
        Err(error) => Finding::bad(SECTION, one_line(&error.to_string()), "see the bot's log"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All that was looked at; of many portals, how many are well, and those that are worst.
fn shown(parts: &[Part]) -> String {
    let mut lines = Vec::new();
    let (general, mut portals): (Vec<&Part>, Vec<&Part>) =
        parts.iter().partition(|part| part.portal.is_none());
    let total = portals.len();
    if total > FEW {
        portals.retain(|part| part.worst() > Some(Grade::Good));
        portals.sort_by_key(|part| std::cmp::Reverse((part.worst(), part.bad())));
    }
    for part in general.into_iter().chain(portals.iter().copied().take(SHOWN)) {
        if let Some(portal) = &part.portal {
            lines.push(format!("\n{}", harmless::line(portal)));
        }
        for finding in &part.findings {
            lines.extend(finding.to_string().lines().map(harmless::line));
        }
    }
    if total > FEW {
        let ill = portals.len();
        lines.push(format!("\n{} of {total} portals are as they should be", total - ill));
        if ill > SHOWN {
            lines.push(format!(
                "the worst {SHOWN} of {ill} others are shown; --json has all, --portal one of them"
            ));
        }
    }
    let bad: usize = parts.iter().map(Part::bad).sum();
    lines.push(match bad {
        0 => "\nnothing keeps the bot from working".to_owned(),
        1 => "\n1 finding keeps the bot from working".to_owned(),
        _ => format!("\n{bad} findings keep the bot from working"),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(portal: &str, findings: Vec<Finding>) -> Part {
        Part { portal: Some(portal.to_owned()), findings }
    }

    #[test]
    fn of_many_portals_the_worst_are_shown_first() {
        let mut parts: Vec<Part> =
            (0..20).map(|n| part(&format!("well{n}"), vec![Finding::good("bot", "there")])).collect();
        parts.push(part("noted", vec![Finding::note("leftovers", "something", "look")]));
        parts.push(part("broken", vec![Finding::bad("bot", "none", "register")]));
        let text = shown(&parts);
        assert!(!text.contains("well3"), "{text}");
        assert!(text.find("broken").unwrap() < text.find("noted").unwrap(), "{text}");
        assert!(text.contains("20 of 22 portals are as they should be"), "{text}");
        assert!(text.ends_with("1 finding keeps the bot from working"), "{text}");
    }

    #[test]
    fn a_finding_is_a_line_and_what_to_do_another() {
        let text = shown(&[part("p.example", vec![Finding::bad("scopes", "missing im", "add it")])]);
        let expected = "\np.example\nBAD  scopes        missing im\n                   -> add it\n\n1 finding keeps the bot from working";
        assert_eq!(text, expected);
    }
}
