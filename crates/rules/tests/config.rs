//! What `bot.toml` may say, and what it then means.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use b24bot_actions::SealingKey;
use b24bot_core::BotId;
use b24bot_rules::{
    Api, BotType, CommandSettings, Config, ConfigErrorKind, Diagnostic, InDoubt, Mode, Network, RetryOrder,
    RetrySettings, Rule, StorePlace, StoreSettings, WhenFull,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn parse(text: &str) -> Config {
    Config::parse("bot.toml", text, &|_| None).unwrap()
}

/// The environment the shipped file asks for.
fn environment(name: &str) -> Option<String> {
    match name {
        "B24_WEBHOOK_URL" => Some("https://portal.example/rest/1/s3cr3t".to_owned()),
        "B24_APPLICATION_TOKEN" => Some("t0ken\n".to_owned()),
        _ => None,
    }
}

#[test]
fn every_key_has_its_place() {
    let config = parse(
        r#"
        [bot]
        code = "like_bot"
        name = "Like bot"
        type = "openline"
        api = "v2"
        mode = "fetch"

        [portal]
        webhook = "http://127.0.0.1:9400/rest/1/local"
        bot_id = 1001
        bot_token = "0123456789012345678901234567890123456789"
        client_id = "c1"

        [server]
        listen = "[::1]:80"
        path = "/"
        public_url = "https://bot.example/base/"
        tls_certificate = "/etc/ssl/bot.pem"
        tls_key = "keys/bot.key"
        proxies = ["127.0.0.1", "2001:db8::/32"]
        drain = "0s"

        [security]
        application_token = "t0ken"
        senders = "203.0.113.0/24"

        [store]
        path = "data/b24bot.db"
        max_events = 5_000
        max_size = "500MB"
        max_age = "12h"
        remember = "90m"
        keep_dead = "3650d"

        [retry]
        attempts = 7
        first_pause = "250ms"
        max_pause = "2m"
        order = "pass"
        messages = "at_least_once"
        likes = "at_most_once"

        [limits]
        burst = 250
        per_second = 5
        work_time = 420
        queue = 100
        when_full = "refuse"

        [admin]
        listen = "0.0.0.0:9000"
        token = "adm1nadm1nadm1nadm1n"
        "#,
    );
    assert_eq!((config.bot.code.as_str(), config.bot.name.as_str()), ("like_bot", "Like bot"));
    assert_eq!(
        (config.bot.bot_type, config.bot.api, config.bot.mode),
        (BotType::OpenLine, Api::V2, Mode::Fetch)
    );
    let portal = config.portal.as_ref().unwrap();
    assert_eq!(portal.webhook.to_string(), "http://127.0.0.1:9400/rest/1/***/");
    assert_eq!(portal.bot_id.map(BotId::get), Some(1001));
    assert_eq!(portal.bot_token.as_ref().unwrap().expose().len(), 40);
    assert_eq!(portal.client_id.as_ref().unwrap().expose(), "c1");
    assert_eq!(config.server.listen, "[::1]:80".parse::<SocketAddr>().unwrap());
    assert_eq!(config.server.path, "/");
    assert_eq!(config.server.public_url.as_deref(), Some("https://bot.example/base"));
    assert_eq!(config.security.application_token.as_ref().unwrap().expose(), "t0ken");
    assert_eq!(config.server.drain, Duration::ZERO);
    let store = &config.store;
    assert!(matches!(&store.place, StorePlace::Embedded(path) if path == Path::new("data/b24bot.db")));
    assert_eq!((store.max_events, store.max_size), (5_000, 500_000_000));
    assert_eq!((store.max_age, store.remember, store.keep_dead), (12 * HOUR, 90 * MINUTE, 3_650 * DAY));
    let retry = &config.retry;
    assert_eq!(
        (retry.attempts, retry.first_pause, retry.max_pause),
        (7, Duration::from_millis(250), 2 * MINUTE)
    );
    assert_eq!(
        (retry.order, retry.messages, retry.likes),
        (RetryOrder::Pass, InDoubt::AtLeastOnce, InDoubt::AtMostOnce)
    );
    let limits = &config.limits;
    assert_eq!((limits.burst, limits.per_second, limits.work_time), (250, 5.0, 420.0));
    assert_eq!((limits.queue, limits.when_full), (100, WhenFull::Refuse));
    let tls = config.server.tls.as_ref().unwrap();
    assert_eq!(
        (tls.certificate.as_path(), tls.key.as_path()),
        (Path::new("/etc/ssl/bot.pem"), Path::new("keys/bot.key"))
    );
    let networks = |networks: &[Network]| networks.iter().map(Network::to_string).collect::<Vec<_>>();
    assert_eq!(networks(&config.server.proxies), ["127.0.0.1/32", "2001:db8::/32"]);
    assert_eq!(networks(&config.security.senders), ["203.0.113.0/24"]);
    let admin = config.admin.as_ref().unwrap();
    assert_eq!((admin.listen.port(), admin.token.as_ref().unwrap().expose()), (9000, "adm1nadm1nadm1nadm1n"));
    let shown = format!("{config:?}");
    assert!(
        ["local/", "t0ken", "0123456789", "adm1n"].iter().all(|secret| !shown.contains(secret)),
        "{shown}"
    );
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = parse("bot.code = 'b'");
    assert_eq!(config.bot.name, "b");
    assert_eq!(
        (config.bot.bot_type, config.bot.api, config.bot.mode),
        (BotType::Bot, Api::V2, Mode::Webhook)
    );
    assert!(
        config.portal.is_none() && config.app.is_none() && config.admin.is_none() && config.rules.is_empty()
    );
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.server.path, "/bitrix24/events");
    assert!(config.server.public_url.is_none() && config.security.application_token.is_none());
    assert_eq!(config.server.drain, Duration::from_secs(25));
    assert!(
        config.server.tls.is_none() && config.server.proxies.is_empty() && config.security.senders.is_empty()
    );
    let store = &config.store;
    assert!(matches!(&store.place, StorePlace::Embedded(path) if path == Path::new("b24bot.db")));
    assert_eq!(
        (store.max_events, store.max_size, store.nats_prefix.as_str()),
        (1_000_000, 4_000_000_000, "b")
    );
    assert_eq!((store.max_age, store.remember, store.keep_dead), (7 * DAY, 3 * DAY, 30 * DAY));
    let retry = &config.retry;
    assert_eq!((retry.attempts, retry.first_pause, retry.max_pause), (5, Duration::from_secs(1), 5 * MINUTE));
    assert_eq!(
        (retry.order, retry.messages, retry.likes),
        (RetryOrder::Wait, InDoubt::AtMostOnce, InDoubt::AtLeastOnce)
    );
    assert_eq!(*retry, RetrySettings::default());
    assert_eq!(parse("").store.nats_prefix, "b24bot");
    let limits = &config.limits;
    assert_eq!((limits.burst, limits.per_second, limits.work_time), (50, 2.0, 480.0));
    assert_eq!((limits.queue, limits.when_full), (20_000, WhenFull::Wait));

    let admin = parse("bot.code = 'b'\n[admin]").admin.unwrap();
    assert_eq!(admin.listen.to_string(), "127.0.0.1:8081");
    assert!(admin.token.is_none());
}

#[test]
fn sections_may_be_written_in_line() {
    let config = parse("bot = { code = 'b' }\nrule = [{ like = true }, { text = 'x', stop = true }]");
    assert_eq!(config.rules.iter().map(Rule::name).collect::<Vec<_>>(), ["rule 1", "rule 2"]);
}

#[test]
fn an_application_needs_no_portal() {
    let text = "[bot]\ncode = 'b'\n[app]\nclient_id = 'local.1'\nclient_secret = '${KEY}'\n\
                authorization_servers = 'https://oauth.example/'\n[security]\nprivate_networks = true\n\
                [store]\nnats = 'nats://a:1,nats://b'\nkey = '${SEAL}'";
    let env = |name: &str| match name {
        "KEY" => Some("k3y".to_owned()),
        "SEAL" => Some(format!("{}\n", "0f".repeat(32))),
        _ => None,
    };
    let config = Config::parse("bot.toml", text, &env).unwrap();
    let app = config.app.unwrap();
    assert_eq!(app.authorization_servers, ["https://oauth.example"]);
    assert!(config.security.private_networks);
    let key = config.store.key.as_ref().unwrap();
    assert_eq!(key.name(), SealingKey::from_bytes([0x0f; 32]).name());
    assert!(!format!("{:?}", config.store).contains("0f0f0f"));
    assert_eq!((app.client_id.as_str(), app.client_secret.expose()), ("local.1", "k3y"));
    assert!(
        matches!(&config.store.place, StorePlace::Nats(servers) if servers.expose() == "nats://a:1,nats://b")
    );
    let shown = format!("{app:?} {:?}", config.store);
    assert!(!shown.contains("k3y") && !shown.contains("nats:"), "{shown}");
}

#[test]
fn the_key_is_read_only_where_credentials_are_kept() {
    let store = "[store]\nkey = '${UNSET}'";
    let text = format!("[bot]\ncode = 'b'\n{store}");
    assert!(parse(&text).store.key.is_none());
    let read = Config::parse_for_store("bot.toml", &text, &|_| None).unwrap();
    assert!(read.store.key.is_none());
    let with_app = format!("[bot]\ncode = 'b'\n[app]\nclient_id = 'a'\nclient_secret = 's'\n{store}");
    assert!(Config::parse("bot.toml", &with_app, &|_| None).is_err());
    let local = Config::parse_for_local_portal("bot.toml", &with_app, &|_| None).unwrap();
    assert!(local.store.key.is_none());
    let file = parse("[bot]\ncode = 'b'\n[store]\nkey_file = 'keys/b24bot.key'").store.key_file;
    assert_eq!(file.as_deref(), Some(Path::new("keys/b24bot.key")));
}

#[test]
fn the_prefix_on_a_nats_server_is_the_bots_code_made_fit() {
    let prefix = |code: &str, store: &str| {
        let text = format!("[bot]\ncode = '{code}'\n[store]\nnats = 'nats://a'\n{store}");
        parse(&text).store.nats_prefix
    };
    assert_eq!(prefix("like_bot-2", ""), "like_bot-2");
    assert_eq!(prefix("бот a.*>", ""), "_431_43e_442_20a_2e_2a_3e");
    assert_ne!(prefix("бот", ""), prefix("кот", ""));
    assert_eq!(prefix("бот", "nats_prefix = 'Mine_1-'"), "Mine_1-");
    let long = prefix(&"ю".repeat(50), "");
    assert!(long.len() <= StoreSettings::NATS_PREFIX_LENGTH && long.ends_with("_44e"), "{long}");

    let config = parse("[bot]\ncode = 'b'\n[store]\nnats_prefix = 'x'");
    let [warning] = config.warnings.as_slice() else { panic!("{config:?}") };
    assert_eq!((warning.line(), warning.message()), (4, "`nats_prefix` does nothing without `nats`"));
}

#[test]
fn sizes_and_durations_are_read_in_every_unit() {
    for (written, bytes) in [
        ("1_000_000", 1_000_000),
        ("'1000000'", 1_000_000),
        ("'2000 KB'", 2_000_000),
        ("'4gb'", 4_000_000_000),
        ("'1000TB'", 1_000_000_000_000_000),
    ] {
        assert_eq!(parse(&format!("[store]\nmax_size = {written}")).store.max_size, bytes, "{written}");
    }
    for (written, length) in
        [("1s", HOUR / 3600), ("15 m", 15 * MINUTE), ("1500ms", MINUTE / 40), ("2h", 2 * HOUR)]
    {
        assert_eq!(parse(&format!("[store]\nmax_age = '{written}'")).store.max_age, length, "{written}");
    }
}

#[test]
fn looking_into_the_store_needs_no_more_than_it() {
    let text = r#"
        oops = 1
        [bot]
        code = "бот"
        type = "${TYPE}"
        [portal]
        webhook = "${B24_WEBHOOK_URL}"
        [store]
        nats = "nats://${PASSWORD}@127.0.0.1"
        [retry]
        attempts = 0
        [[rule]]
        "#;
    let environment = |name: &str| {
        assert_eq!(name, "PASSWORD", "nothing else is looked up");
        Some("u:s3cr3t".to_owned())
    };
    let config = Config::parse_for_store("bot.toml", text, &environment).unwrap();
    assert!(
        matches!(config.store.place, StorePlace::Nats(servers) if servers.expose().contains("u:s3cr3t@"))
    );
    assert_eq!((config.store.nats_prefix.as_str(), config.bot.code.as_str()), ("_431_43e_442", "бот"));
    let empty = Config::parse_for_store("bot.toml", "", &|_| None).unwrap();
    assert!(matches!(empty.store.place, StorePlace::Embedded(path) if path == Path::new("b24bot.db")));

    for (wrong, message) in [
        ("[store]\npth = 'x'", "unknown key `pth` in [store]"),
        ("[store]\nmax_age = 7", "`max_age` must be a duration in quotes, this is an integer"),
        ("[store]\nnats = '${A}'", "the environment variable `A` is not set"),
        ("[bot]\ncode = ''", "`code` is empty"),
        ("[bot]\ncode = b", "string values must be quoted"),
    ] {
        let error = Config::parse_for_store("bot.toml", wrong, &|_| None).unwrap_err();
        let messages: Vec<&str> = error.diagnostics().iter().map(Diagnostic::message).collect();
        assert_eq!(messages, [message]);
    }
}

#[test]
fn environment_variables_are_filled_in_everywhere() {
    let text = "[bot]\ncode = '${A}_${A}'\nname = '$${A} $A'\n[[rule]]\ntext = ['${A}']\nlike = true";
    let config = Config::parse("bot.toml", text, &|name| (name == "A").then(|| "alpha".to_owned())).unwrap();
    assert_eq!(config.bot.code, "alpha_alpha");
    assert_eq!(config.bot.name, "${A} $A");
}

#[test]
fn the_shipped_file_is_fine() {
    let shipped = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../bot.toml"));
    if let Ok(shipped) = shipped {
        assert_eq!(
            shipped.replace("\r\n", "\n"),
            Config::STARTER.replace("\r\n", "\n"),
            "keep the two the same"
        );
    }
    let config = Config::parse("bot.toml", Config::STARTER, &environment).unwrap();
    assert_eq!((config.bot.bot_type, config.bot.api), (BotType::Supervisor, Api::V1));
    assert_eq!(config.portal.unwrap().webhook.domain(), "portal.example");
    assert!(config.security.application_token.is_none(), "the bot's key is enough");
    assert_eq!(config.rules.len(), 2);

    let error = Config::parse("bot.toml", Config::STARTER, &|_| None).unwrap_err();
    let messages: Vec<&str> = error.diagnostics().iter().map(Diagnostic::message).collect();
    assert_eq!(messages, ["the environment variable `B24_WEBHOOK_URL` is not set"]);
}

#[test]
fn the_local_portal_needs_no_setting() {
    let text = r#"
        [bot]
        code = "b"
        [portal]
        webhook = "${B24_WEBHOOK_URL}"
        bot_token = "of a bot elsewhere, and much too long for any portal"
        [app]
        client_id = "${B24_CLIENT_ID}"
        [security]
        application_token = "${B24_APPLICATION_TOKEN}"
        [server]
        listen = "127.0.0.1:0"
        public_url = "${PUBLIC_URL}"
        [[rule]]
        like = true
        "#;
    let never = |name: &str| -> Option<String> { panic!("`{name}` was looked up") };
    let config = Config::parse_for_local_portal("bot.toml", text, &never).unwrap();
    assert!(config.portal.is_none() && config.app.is_none());
    assert!(config.security.application_token.is_none() && config.server.public_url.is_none());
    assert_eq!(config.server.listen.port(), 0);

    for (wrong, message) in [
        ("[bot]\ncode = 'b'\n[portal]\nwebhok = 'x'", "unknown key `webhok` in [portal]"),
        ("[bot]\ncode = 'b'\n[portal]\nwebhook = 5", "`webhook` must be a string, this is an integer"),
        ("[bot]\ncode = 'b'\n[server]\npublic_url = '${'", "malformed `${`"),
        ("[bot]\ncode = 'b'\n[server]\npath = 'x'", "`path` must start with `/`"),
        ("[bot]\ncode = '${NOPE}'", "the environment variable `NOPE` is not set"),
        ("[bot]\ncode = 'b'\n[[rule]]", "this rule does nothing"),
    ] {
        let error = Config::parse_for_local_portal("bot.toml", wrong, &|_| None).unwrap_err();
        let messages: Vec<&str> = error.diagnostics().iter().map(Diagnostic::message).collect();
        assert_eq!(messages, [message]);
    }
}

#[test]
fn calls_need_a_portal_and_limits_only() {
    let text = r#"
        oops = 1
        [bot]
        cod = "b"
        [portal]
        webhook = "https://portal.example/rest/1/s3cr3t/"
        client_id = "${KEY}"
        [limits]
        burst = 7
        [security]
        application_token = "${B24_APPLICATION_TOKEN}"
        [server]
        path = "${PATH_OF_MINE}"
        [sever]
        [[rule]]
        reply = "{nobody}"
        "#;
    let environment = |name: &str| {
        assert_eq!(name, "KEY", "nothing else is looked up");
        Some("k3y".to_owned())
    };
    let config = Config::parse_for_calls("bot.toml", text, &environment).unwrap();
    assert_eq!(config.portal.unwrap().client_id.unwrap().expose(), "k3y");
    assert_eq!((config.limits.burst, config.rules.len()), (7, 0));
    assert!(Config::parse_for_calls("bot.toml", "", &|_| None).unwrap().portal.is_none());

    for (wrong, message) in [
        ("[portal]\nwebhok = 'x'", "[portal] lacks `webhook`, unknown key `webhok` in [portal]"),
        ("[portal]\nwebhook = '${A}'", "the environment variable `A` is not set"),
        ("[limits]\nburst = 0", "`burst` must be a whole number from 1"),
        ("portal = 1", "`portal` is a section, not a value"),
        ("[bot]\ncode = b", "string values must be quoted"),
    ] {
        let error = Config::parse_for_calls("bot.toml", wrong, &|_| None).unwrap_err();
        let messages: Vec<&str> = error.diagnostics().iter().map(Diagnostic::message).collect();
        assert_eq!(messages.join(", "), message);
    }
}

#[test]
fn files_are_read_and_missed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("like.toml");
    let missing = Config::load_for_local_portal(&path).unwrap_err();
    assert_eq!(missing.kind(), ConfigErrorKind::Missing);

    fs::write(&path, "[bot]\ncode = 'b'\n").unwrap();
    assert_eq!(Config::load(&path).unwrap().bot.code, "b");
    assert_eq!(Config::load_for_local_portal(&path).unwrap().bot.code, "b");
    assert!(Config::load_for_calls(&path).unwrap().portal.is_none());
    assert_eq!(Config::load_for_store(&path).unwrap().bot.code, "b");
    assert_eq!(Config::load(folder.path()).unwrap_err().kind(), ConfigErrorKind::Unreadable);

    // There is none in this crate's folder, where tests run.
    assert_eq!(Config::load("bot.toml").unwrap_err().kind(), ConfigErrorKind::Missing);
    assert_eq!(Config::load_for_local_portal("bot.toml").unwrap().bot.code, "like_bot");
}

/// The file that the project promises to understand, where the folder with the promises lies beside the repository.
#[test]
fn the_promised_file_is_understood() {
    let promises = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/INTERFACE.md");
    let Ok(promises) = fs::read_to_string(&promises) else {
        assert!(std::env::var_os("CI").is_none(), "there is no {}", promises.display());
        println!("skipped: there is no {}", promises.display());
        return;
    };
    let (_, rest) = promises.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let env = |name: &str| {
        Some(
            if name == "B24_WEBHOOK_URL" { "https://portal.example/rest/1/invented/" } else { "invented" }
                .to_owned(),
        )
    };
    let config = Config::parse("bot.toml", text, &env).unwrap();
    assert!(config.portal.is_some() && config.app.is_some() && config.rules.len() == 1);
}

#[test]
fn the_local_portal_asks_for_no_certificate_no_sender_and_no_admin_token() {
    let text = "[bot]\ncode = 'b'\n[server]\ntls_certificate = '${NOPE}'\n[security]\nsenders = ['${NOPE}']\n\
        [admin]\nlisten = '0.0.0.0:8081'\ntoken = '${NOPE}'";
    let config = Config::parse_for_local_portal("bot.toml", text, &|_| None).unwrap();
    assert!(config.server.tls.is_none() && config.security.senders.is_empty());
    assert!(config.admin.unwrap().token.is_none());
}

#[test]
fn commands_have_texts_for_all_or_by_language() {
    let config = parse(
        "[[command]]\nname = 'help'\ntitle = 'Help'\nparams = { en = 'topic', de = 'Thema' }\ncommon = true\nextranet = true\n\
         [[command]]\nname = 'secret_1'\nhidden = true\n[[command]]\nname = 'tea'\ntitle.ru = 'Чай'\n",
    );
    let [help, secret, tea] = &config.commands[..] else { panic!("{:?}", config.commands) };
    let expected = CommandSettings::new("help")
        .title("Help")
        .params("topic")
        .params_in("de", "Thema")
        .common()
        .extranet();
    assert_eq!(help, &expected);
    assert_eq!(secret, &CommandSettings::new("secret_1").hidden());
    assert_eq!(tea, &CommandSettings::new("tea").title_in("ru", "Чай"));
    assert!(parse("").commands.is_empty());
}

#[test]
fn to_register_a_bot_nobody_needs_to_know_what_its_events_will_carry() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bot.toml");
    let text = "[bot]\ncode = 'tea'\n[security]\napplication_token = '${B24BOT_NEVER_SET}'\nprivate_networks = true\n";
    fs::write(&file, text).unwrap();
    assert!(Config::load(&file).unwrap_err().to_string().contains("B24BOT_NEVER_SET"));
    let config = Config::load_for_registration(&file).unwrap();
    assert!(config.security.application_token.is_none() && config.security.private_networks);
    fs::write(&file, format!("{text}tokne = 1\n")).unwrap();
    assert!(Config::load_for_registration(&file).unwrap_err().to_string().contains("tokne"));
}

#[test]
fn an_application_that_no_portal_can_reach_is_doubted() {
    let app = "[app]\nclient_id = 'local.1'\nclient_secret = 's3cret'\n";
    let doubts = |rest: &str| {
        let config = parse(&format!("[bot]\ncode = 'tea'\n{rest}"));
        config.warnings.iter().map(|warning| warning.message().to_owned()).collect::<Vec<_>>()
    };
    let needs = ["`[app]` needs `public_url` in [server]"];
    assert_eq!(doubts(app), needs);
    assert_eq!(doubts(&format!("{app}[server]\nlisten = '192.168.1.1:8080'")), needs);
    for fine in ["listen = '127.0.0.1:8080'", "listen = '[::1]:80'", "public_url = 'https://bot.example'"] {
        assert!(doubts(&format!("{app}[server]\n{fine}")).is_empty(), "{fine}");
    }
    assert!(doubts("").is_empty());
    assert!(parse(&format!("[bot]\ncode = 'tea'\nmode = 'fetch'\n{app}")).warnings.is_empty());
    let local = Config::parse_for_local_portal("bot.toml", app, &|_| None).unwrap();
    assert!(local.warnings.is_empty() && local.server.listen.ip().is_loopback());
}
