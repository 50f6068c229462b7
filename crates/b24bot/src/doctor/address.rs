//! Whether the portal's events can reach the bot: the address is tried from here.

use std::{error::Error as _, net::IpAddr, time::Duration};

use b24bot_actions::Reach;
use reqwest::{Client, StatusCode, redirect::Policy};
use tokio::net::lookup_host;

use super::Finding;

const SECTION: &str = "address";
/// As long as the portal would wait, about.
const PATIENCE: Duration = Duration::from_secs(10);

/// Posts to the bot's own address what it has to refuse. `is_local` says that the portal is on this machine as well.
pub async fn examine_address(url: &str, is_local: bool) -> Finding {
    let Ok(parsed) = reqwest::Url::parse(url) else {
        return Finding::bad(SECTION, format!("{url} is no address"), "correct `public_url` in [server]");
    };
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = parsed.port_or_known_default().unwrap_or(443);
    let addresses: Vec<IpAddr> = match lookup_host((host.as_str(), port)).await {
        Ok(addresses) => addresses.map(|address| address.ip()).collect(),
        Err(_) => Vec::new(),
    };
    if addresses.is_empty() {
        let todo = "enter it in DNS, or correct `public_url` in [server]";
        return Finding::bad(SECTION, format!("the name {host} leads nowhere (DNS)"), todo);
    }
    if !is_local && let Some(finding) = unreachable(&host, &addresses) {
        return finding;
    }
    // As a portal comes: without following anywhere.
    let client =
        Client::builder().redirect(Policy::none()).timeout(PATIENCE).connect_timeout(PATIENCE).build();
    let Ok(client) = client else {
        return Finding::note(SECTION, "TLS cannot be set up here", "try the address from elsewhere");
    };
    let body = "event=ONIMBOTMESSAGEADD&auth[application_token]=none";
    let form = "application/x-www-form-urlencoded";
    let posted = client.post(parsed).header("content-type", form).body(body).send().await;
    match posted {
        Ok(response) => {
            let status = response.status();
            let is_ours = response.text().await.is_ok_and(|text| text.contains("\"error_description\""));
            answered(url, status, is_ours)
        }
        Err(error) => unanswered(url, &error),
    }
}

/// Why no portal in the internet gets there.
fn unreachable(host: &str, addresses: &[IpAddr]) -> Option<Finding> {
    let what = if addresses.iter().all(IpAddr::is_loopback) {
        "this very machine"
    } else if addresses.iter().all(|address| !Reach::Public.allows(*address)) {
        "a private network"
    } else {
        return None;
    };
    let todo = "give the bot a public name with https, or fetch events: `mode = \"fetch\"` needs none (a portal within \
                that network gets there all the same)";
    Some(Finding::bad(SECTION, format!("{host} leads to {what}: no portal in the internet gets there"), todo))
}

fn answered(url: &str, status: StatusCode, is_ours: bool) -> Finding {
    let code = status.as_u16();
    match code {
        403 if is_ours => Finding::good(SECTION, format!("{url} answers, and refuses strangers")),
        429 | 503 if is_ours => Finding::note(
            SECTION,
            format!("{url} answers {code}: it takes no events at the moment"),
            "see the bot's log, and `b24bot inbox stats`",
        ),
        502..=504 => Finding::bad(
            SECTION,
            format!("{url} answers {code}: the proxy there does not reach the bot"),
            "start the bot, or correct where the proxy leads (`listen` in [server])",
        ),
        404 => Finding::bad(
            SECTION,
            format!("{url} answers 404: another path, or another server"),
            "have the proxy pass `path` of [server] on as it is",
        ),
        300..=399 => Finding::bad(
            SECTION,
            format!("{url} answers {code}: it sends on to another address, where the portal loses the event"),
            "put that address into `public_url` in [server]",
        ),
        _ => Finding::bad(
            SECTION,
            format!("{url} answers {code}, and not as this bot's endpoint does"),
            "see which server stands there",
        ),
    }
}

fn unanswered(url: &str, error: &reqwest::Error) -> Finding {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let all = causes.join(": ").to_lowercase();
    let cause = causes.pop().unwrap_or_default();
    let is_tls = ["certificate", "tls", "handshake"].iter().any(|word| all.contains(word));
    if error.is_timeout() {
        let todo = "open the port in the firewall, and see that the bot or its proxy listens there";
        return Finding::bad(
            SECTION,
            format!("{url} does not answer within {} seconds", PATIENCE.as_secs()),
            todo,
        );
    }
    if is_tls {
        let todo = "the portal wants a valid certificate for that name, with all between it and its root";
        return Finding::bad(SECTION, format!("no TLS with {url}: {cause}"), todo);
    }
    let todo = "start the bot (`b24bot run`), and see that it or its proxy listens there";
    Finding::bad(SECTION, format!("no connection to {url}: {cause}"), todo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn addresses_within_are_named_as_such() {
        let within = |text: &str| unreachable("bot", &[text.parse().unwrap()]).map(|finding| finding.found);
        assert!(within("127.0.0.1").unwrap().contains("this very machine"));
        for private in ["10.0.0.7", "192.168.1.2", "172.16.0.1", "100.64.0.1", "fd00::1", "fe80::1"] {
            assert!(within(private).unwrap().contains("a private network"), "{private}");
        }
        assert_eq!(within("93.184.215.14"), None);
        assert_eq!(within("2606:4700::1"), None);
    }

    #[test]
    fn only_the_bots_own_refusal_is_good() {
        let grade = |code: u16, is_ours| answered("u", StatusCode::from_u16(code).unwrap(), is_ours).grade;
        assert_eq!(grade(403, true), Grade::Good);
        assert_eq!(grade(503, true), Grade::Note);
        for (code, is_ours) in
            [(403, false), (200, false), (404, false), (502, false), (301, false), (503, false)]
        {
            assert_eq!(grade(code, is_ours), Grade::Bad, "{code}");
        }
    }

    #[tokio::test]
    async fn where_nobody_listens_or_no_name_is_is_told_apart() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let closed = examine_address(&format!("http://127.0.0.1:{port}/e"), true).await;
        assert!(closed.found.starts_with("no connection"), "{closed}");
        let unknown = examine_address("https://bot.invalid/e", false).await;
        assert!(unknown.found.contains("DNS"), "{unknown}");
        let loopback = examine_address(&format!("http://127.0.0.1:{port}/e"), false).await;
        assert!(loopback.found.contains("this very machine"), "{loopback}");
    }
}
