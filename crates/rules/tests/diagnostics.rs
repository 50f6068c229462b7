//! What `bot.toml` must not say, and what is answered.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use axum::{Router, routing::get};
use b24bot_rules::{Config, ConfigError, ConfigErrorKind};
use proptest::prelude::*;

const BOT: &str = "[bot]\ncode = 'b'\n";

/// The environment of these tests.
fn environment(name: &str) -> Option<String> {
    match name {
        "SECRET" => Some("s3cr3t".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn mistakes(text: &str) -> ConfigError {
    match Config::parse("bot.toml", text, &environment) {
        Err(error) => error,
        Ok(config) => panic!("nothing is wrong with\n{text}\nit is {config:?}"),
    }
}

#[test]
fn a_file_full_of_mistakes_shows_them_all() {
    let text = r#"[bot]
nmae = "Like bot"
type = "supervizor"
api = 2

[portal]
webhook = "http://portal.example/rest/1/s3cr3t/"

[app]
client_id = "${B24_CLIENT_ID}"

[[rule]]
name = "спасибо"
text = []
regex = '(спасибо'
like = false

[[rule]]
name = "спасибо"
txt = "thanks"
reply = "Hello, {name}!"
limit = "5 a minute"

[[rule]]
text = "hello"
"#;
    let expected = r#"error: [bot] lacks `code`
 --> bot.toml:1:1
  |
1 | [bot]
  | ^^^^^
  |
  = help: add `code = "like_bot"`

error: unknown key `nmae` in [bot]
 --> bot.toml:2:1
  |
2 | nmae = "**** ***"
  | ^^^^
  |
  = help: did you mean `name`?

error: `type` cannot be `supervizor`
 --> bot.toml:3:8
  |
3 | type = "supervizor"
  |        ^^^^^^^^^^^^
  |
  = help: did you mean `supervisor`? It is one of `bot`, `supervisor`, `personal`, `openline`

error: `api` must be a string, this is an integer
 --> bot.toml:4:7
  |
4 | api = 2
  |       ^
  |
  = help: put it in quotes

error: `webhook`: must begin with https:// (plain http is allowed for 127.0.0.1, [::1] and localhost only)
 --> bot.toml:7:11
  |
7 | webhook = "************************************"
  |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: plain http would show the secret to everyone on the way

error: [app] lacks `client_secret`
 --> bot.toml:9:1
  |
9 | [app]
  | ^^^^^
  |
  = help: add `client_secret = "${B24_CLIENT_SECRET}"`

error: the environment variable `B24_CLIENT_ID` is not set
  --> bot.toml:10:14
   |
10 | client_id = "${B24_CLIENT_ID}"
   |              ^^^^^^^^^^^^^^^^
   |
   = help: set it before the bot starts: `export B24_CLIENT_ID=…`

error: `text` is empty
  --> bot.toml:14:8
   |
14 | text = []
   |        ^^
   |
   = help: put something into the list or leave the line out

error: `regex` is not a regular expression: unclosed group
  --> bot.toml:15:9
   |
15 | regex = '(спасибо'
   |         ^^^^^^^^^^
   |
   = help: single quotes keep backslashes as they are: `regex = '\d+'`; for plain words use `text`

error: `like = false` does nothing
  --> bot.toml:16:8
   |
16 | like = false
   |        ^^^^^
   |
   = help: leave the line out; to take a like back, write `like = "minus"`

error: there are two rules named `спасибо`
  --> bot.toml:19:8
   |
19 | name = "спасибо"
   |        ^^^^^^^^^
   |
   = help: the first one is in line 13; the name is what the log says, so give each its own

error: unknown key `txt` in [[rule]]
  --> bot.toml:20:1
   |
20 | txt = "******"
   | ^^^
   |
   = help: did you mean `text`?

error: unknown placeholder `{name}` in `reply`
  --> bot.toml:21:9
   |
21 | reply = "Hello, {name}!"
   |         ^^^^^^^^^^^^^^^^
   |
   = help: `{user}` is the author's name, `{text}` what they wrote; `{{` is a plain brace

error: `limit` cannot be `5 a minute`: a limit is a count, a slash and a duration
  --> bot.toml:22:9
   |
22 | limit = "5 a minute"
   |         ^^^^^^^^^^^^
   |
   = help: `"5/1m"` is five times a minute in each dialog; units are ms, s, m, h, d

error: this rule does nothing
  --> bot.toml:24:1
   |
24 | [[rule]]
   | ^^^^^^^^
   |
   = help: add `like`, `reaction`, `reply` or `stop`, for example `like = true`

15 mistakes in bot.toml"#;
    let error = mistakes(text);
    assert_eq!(error.to_string(), expected);
    assert_eq!(format!("{error:?}"), expected);
    assert_eq!(error.kind(), ConfigErrorKind::Invalid);
    let plain: String = strip_colours(&error.render_for_terminal());
    assert_eq!(plain, expected);
}

#[test]
fn syntax_errors_hide_neither_each_other_nor_the_rest() {
    let text = "[bot]\ncode = like_bot\nname = \"Like bot\n\n[limits]\nburst = 0\n\n[bot]\n";
    let expected = r#"error: string values must be quoted
 --> bot.toml:2:8
  |
2 | code = like_bot
  |        ^^^^^^^^

error: invalid basic string, expected `"`
 --> bot.toml:3:17
  |
3 | name = "Like bot
  |                 ^

error: `burst` must be a whole number from 1
 --> bot.toml:6:9
  |
6 | burst = 0
  |         ^
  |
  = help: for example `burst = 1`

error: duplicate key `bot`
 --> bot.toml:8:2
  |
8 | [bot]
  |  ^^^

4 mistakes in bot.toml"#;
    assert_eq!(mistakes(text).to_string(), expected);
}

/// Each text makes exactly one mistake: where, what, and what help says (or a part of it).
#[test]
fn every_check_points_at_its_mistake() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str)] = &[
        // Sections.
        ("[bot]\ncode = 'b'\n[sever]", "3:2 unknown section [sever]", "did you mean [server]?"),
        ("[bot]\ncode = 'b'\n[rules]", "3:2 unknown section [rules]", "did you mean [[rule]]?"),
        ("[bot]\ncode = 'b'\n[quux]", "3:2 unknown section [quux]", "known sections: [bot], [portal], "),
        ("listen = 'x'\n[bot]\ncode = 'b'", "1:1 unknown key `listen`", "`listen` belongs below [server]"),
        ("server = 'x'\n[bot]\ncode = 'b'", "1:1 `server` is a section, not a value", "`[server]` on a line of its own"),
        ("[[bot]]\ncode = 'b'", "1:3 [bot] is not a list", "single brackets"),
        ("[bot]\ncode = 'b'\n[rule]\nlike = true", "3:2 `rule` is a list of sections", "double brackets"),
        ("rule = [1]\n[bot]\ncode = 'b'", "1:9 `rule` is a list of sections", "double brackets"),
        ("[bot]\ncode = 'b'\n[bot.extra]\nx = 1", "3:6 unknown key `extra` in [bot]", "known keys: `code`, `name`, "),
        // [bot].
        ("[bot]", "1:1 [bot] lacks `code`", "add `code = \"like_bot\"`"),
        ("bot.name = 'b'", "1:1 [bot] lacks `code`", ""),
        ("[bot]\ncode = ' '", "2:8 `code` is empty", "`code = \"like_bot\"`"),
        ("[bot]\ncode = ['b']", "2:8 `code` must be a string, this is a list", "one value in quotes"),
        ("[bot]\ncode = 'b'\nmode = 'push'", "3:8 `mode` cannot be `push`", "one of `webhook`, `fetch`"),
        ("[bot]\ncode = 'b'\napi = 'v1'\nmode = 'fetch'", "4:8 `mode = \"fetch\"` does not exist in `v1`", "`api = \"v2\"`"),
        ("[bot]\ncode = 'b'\napi = 'v1'\ntype = 'personal'", "4:8 `type = \"personal\"` does not exist in `v1`", ""),
        ("[bot]\ncode = 2026-01-01", "2:8 `code` must be a string, this is a date", "put it in quotes"),
        // Environment.
        ("[bot]\ncode = 'ä${NOPE}'", "2:10 the environment variable `NOPE` is not set", "`export NOPE=…`"),
        ("[bot]\ncode = \"\\u0041${NOPE}\"", "2:8 the environment variable `NOPE` is not set", ""),
        ("[bot]\ncode = '${'", "2:9 malformed `${`", "`${NAME}` for an environment variable, `$${`"),
        ("[bot]\ncode = '${A B}'", "2:9 malformed `${`", ""),
        ("[bot]\ncode = '${EMPTY}'", "2:8 `code` is empty in the environment", ""),
        ("[bot]\ncode = 'b'\napi = '${SECRET}'", "3:7 `api` cannot be what the environment says", "one of `v1`, `v2`"),
        ("[bot]\ncode = 'b'\n[[rule]]\nreply = '{${SECRET}}'", "4:9 unknown placeholder in `reply`", ""),
        // [portal], [app], [security].
        ("[bot]\ncode = 'b'\n[portal]", "3:1 [portal] lacks `webhook`", "`webhook = \"${B24_WEBHOOK_URL}\"`"),
        ("[bot]\ncode = 'b'\n[portal]\nwebhook = 's3cr3t'", "4:11 `webhook`: not a URL", "copy it"),
        ("[bot]\ncode = 'b'\n[portal]\nwebhook = '${SECRET}'", "4:11 `webhook`: not a URL", "copy it"),
        ("[bot]\ncode = 'b'\n[portal]\nwebhook = 'https://a.example/rest/1/s3cr3t/im.message.like'", "4:11 `webhook`: an inbound webhook looks like", "leave out the method"),
        ("[bot]\ncode = 'b'\n[portal]\nwebhook = 'https://127.0.0.1/rest/1/x/'\nbot_id = -1", "5:10 `bot_id` must be the id of a bot", "`b24bot call imbot.bot.list`"),
        ("[bot]\ncode = 'b'\n[portal]\nwebhook = 'https://127.0.0.1/rest/1/x/'\nbot_token = 's3cr3ts3cr3ts3cr3ts3cr3ts3cr3ts3cr3ts3cr3t'", "5:13 `bot_token` is longer than 40", ""),
        ("[bot]\ncode = 'b'\n[security]\napplication_token = ''", "4:21 `application_token` is empty", ""),
        ("[bot]\ncode = 'b'\n[security]\napplication_tokn = 's3cr3t'", "4:1 unknown key `application_tokn`", "did you mean `application_token`?"),
        ("[bot]\ncode = 'b'\n[portal]\nwebhook = 'https://127.0.0.1/rest/1/x/'\n\"https://a.example/rest/1/s3cr3t/\" = 1", "5:1 unknown key `https://a.exam", ""),
        ("[bot]\ncode = 'b'\n[portal] # s3cr3t\nwebhook = 5", "4:11 `webhook` must be a string", ""),
        ("[bot]\ncode = 'b'\n[security]\nprivate_networks = 'yes'", "4:20 `private_networks` must be true or false", "without quotes"),
        ("[bot]\ncode = 'b'\n[app]\nclient_id = 'a'\nclient_secret = 's3cr3t'\nauthorization_servers = ['http://oauth.example']", "6:26 `authorization_servers` cannot be", "`https://oauth.example`"),
        ("[bot]\ncode = 'b'\n[app]\nclient_id = 'a'\nclient_secret = 's3cr3t'\n[server]\nlisten = '127.0.0.1:8080'\n[store]\nnats = 'nats://a'", "8:1 [store] lacks `key`", "`openssl rand -base64 32`"),
        ("[bot]\ncode = 'b'\n[app]\nclient_id = 'a'\nclient_secret = 's3cr3t'\n[server]\nlisten = '127.0.0.1:8080'\n[store]\nkey = '${SECRET}'", "9:7 `key` is no key", "`openssl rand -base64 32`"),
        ("[bot]\ncode = 'b'\n[app]\nclient_id = 'a'\nclient_secret = 's3cr3t'\n[server]\nlisten = '127.0.0.1:8080'\n[store]\nkey = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='\nkey_file = 'k'", "10:1 [store] has both `key` and `key_file`", "keep one"),
        // [server], [admin].
        ("[bot]\ncode = 'b'\n[server]\nlisten = 'localhost:80'", "4:10 `listen` cannot be `localhost:80`", "did you mean `127.0.0.1:80`?"),
        ("[bot]\ncode = 'b'\n[server]\nlisten = ':80'", "4:10 `listen` cannot be `:80`", "did you mean `0.0.0.0:80`?"),
        ("[bot]\ncode = 'b'\n[admin]\nlisten = '8081'", "4:10 `listen` cannot be `8081`", "did you mean `127.0.0.1:8081`?"),
        ("[bot]\ncode = 'b'\n[server]\nlisten = 'bot.example:80'", "4:10 `listen` cannot be `bot.example:80`", "an IP address and a port"),
        ("[bot]\ncode = 'b'\n[server]\nlisten = 8080", "4:10 `listen` must be a string, this is an integer", ""),
        ("[bot]\ncode = 'b'\n[server]\npath = 'events'", "4:8 `path` must start with `/`", "`path = \"/bitrix24/events\"`"),
        ("[bot]\ncode = 'b'\n[server]\npath = '/a b'", "4:8 `path` has characters that no path has", ""),
        ("[bot]\ncode = 'b'\n[server]\npath = '/{x}'", "4:8 `path` is one path, not a pattern", "`{` and `}`"),
        ("[bot]\ncode = 'b'\n[server]\npath = '/a/:id'", "4:8 `path` is one path, not a pattern", "begins with `:` or `*`"),
        ("[bot]\ncode = 'b'\n[server]\npath = '/*'", "4:8 `path` is one path, not a pattern", ""),
        ("[bot]\ncode = 'b'\n[server]\npublic_url = 'http://bot.example'", "4:14 `public_url` must be an https address", "https only"),
        ("[bot]\ncode = 'b'\n[server]\npublic_url = 'bot.example'", "4:14 `public_url` is not a web address: `bot.example`", ""),
        ("[bot]\ncode = 'b'\n[server]\npublic_url = 'https://bot.example/?a=b'", "4:14 `public_url` is more than an address", ""),
        ("[bot]\ncode = 'b'\n[server]\ntls_certificate = 'a.pem'", "4:1 `tls_certificate` needs `tls_key`", "in PEM"),
        ("[bot]\ncode = 'b'\n[server]\ntls_key = 'a.key'", "4:1 `tls_key` needs `tls_certificate`", "in PEM"),
        ("[bot]\ncode = 'b'\n[server]\nproxies = ['127.0.0.1', 'proxy.example']", "4:25 `proxies` cannot be `proxy.example`", "names are not looked up"),
        ("[bot]\ncode = 'b'\n[server]\nproxies = []", "4:11 `proxies` is empty", "leave the line out"),
        ("[bot]\ncode = 'b'\n[security]\nsenders = ['203.0.113.7/24']", "4:12 `senders` cannot be `203.0.113.7/24`", "did you mean `203.0.113.0/24`?"),
        ("[bot]\ncode = 'b'\n[security]\nsenders = ['203.0.113.0/33']", "4:12 `senders` cannot be `203.0.113.0/33`", "`203.0.113.0/24`"),
        ("[bot]\ncode = 'b'\n[security]\nsenders = '${SECRET}'", "4:11 `senders` cannot be what the environment says", "`203.0.113.0/24`"),
        ("[bot]\ncode = 'b'\n[admin]\nlisten = '0.0.0.0:8081'", "3:1 [admin] on an address that others reach lacks `token`", "`token = \"${B24BOT_ADMIN_TOKEN}\"`"),
        ("[bot]\ncode = 'b'\n[admin]\nlisten = '[::]:8081'", "3:1 [admin] on an address that others reach lacks `token`", "`127.0.0.1:8081`"),
        ("[bot]\ncode = 'b'\n[admin]\ntoken = 's3cr3t'", "4:9 `token` is shorter than 16 characters", "`openssl rand -hex 16`"),
        // [store], [limits].
        ("[bot]\ncode = 'b'\n[store]\nnats = 'nats://127.0.0.1'\npath = 'x'", "4:1 [store] has both `path` and `nats`", ""),
        ("[bot]\ncode = 'b'\n[store]\nnats = 'http://127.0.0.1'", "4:8 `nats` is not the address of a NATS server", ""),
        ("[bot]\ncode = 'b'\n[store]\nnats = 'nats://a'\nnats_prefix = 'a.b'", "5:15 `nats_prefix` cannot be `a.b`", "at most 64"),
        ("[bot]\ncode = 'b'\n[store]\nnats = 'nats://a'\nnats_prefix = '${SECRET}.'", "5:15 `nats_prefix` cannot be what the environment says", ""),
        ("[bot]\ncode = 'b'\n[store]\nmax_events = 0", "4:14 `max_events` must be from 1 to 1000000000", "`max_events = 1000000`"),
        ("[bot]\ncode = 'b'\n[store]\nmax_events = -1", "4:14 `max_events` must be from 1 to 1000000000", ""),
        ("[bot]\ncode = 'b'\n[store]\nmax_events = 99999999999999999999", "4:14 `max_events` must be from 1 to 1000000000", ""),
        ("[bot]\ncode = 'b'\n[store]\nmax_events = '5'", "4:14 `max_events` must be an integer, this is a string", "digits without quotes"),
        ("[bot]\ncode = 'b'\n[store]\nmax_size = '4G'", "4:12 `max_size` cannot be `4G`: a size is a whole number and a unit", "did you mean `4GB`? Units are KB"),
        ("[bot]\ncode = 'b'\n[store]\nmax_size = '4GiB'", "4:12 `max_size` cannot be `4GiB`: a size is a whole", "units are KB, MB, GB, TB, of a thousand each"),
        ("[bot]\ncode = 'b'\n[store]\nmax_size = '1.5GB'", "4:12 `max_size` cannot be `1.5GB`: a size is a whole", ""),
        ("[bot]\ncode = 'b'\n[store]\nmax_size = '0GB'", "4:12 `max_size` cannot be `0GB`: it is from 1MB to 1000TB", ""),
        ("[bot]\ncode = 'b'\n[store]\nmax_size = 4", "4:12 `max_size` must be from 1MB to 1000TB, a number without a unit is bytes", "`max_size = \"4GB\"`"),
        ("[bot]\ncode = 'b'\n[store]\nmax_size = 4.5", "4:12 `max_size` must be a size in quotes, this is a number", ""),
        ("[bot]\ncode = 'b'\n[store]\nmax_age = 7", "4:11 `max_age` must be a duration in quotes, this is an integer", "`max_age = \"7d\"`; units are ms, s, m, h, d"),
        ("[bot]\ncode = 'b'\n[store]\nmax_age = '7'", "4:11 `max_age` cannot be `7`: a duration is a whole number and a unit", "`max_age = \"7d\"`"),
        ("[bot]\ncode = 'b'\n[store]\nmax_age = '1 week'", "4:11 `max_age` cannot be `1 week`: a duration is", "did you mean `7d`?"),
        ("[bot]\ncode = 'b'\n[store]\nmax_age = '1h30m'", "4:11 `max_age` cannot be `1h30m`: a duration is", "for example"),
        ("[bot]\ncode = 'b'\n[store]\nmax_age = '${SECRET}'", "4:11 `max_age` cannot be what the environment says: a duration is", "for example"),
        ("[bot]\ncode = 'b'\n[store]\nmax_age = ''", "4:11 `max_age` is empty", "`max_age = \"7d\"`"),
        ("[bot]\ncode = 'b'\n[store]\nremember = '0s'", "4:12 `remember` cannot be `0s`: it is from 1s to 3650d", "`remember = \"3d\"`"),
        ("[bot]\ncode = 'b'\n[store]\nkeep_dead = '999ms'", "4:13 `keep_dead` cannot be `999ms`: it is from 1s", ""),
        ("[bot]\ncode = 'b'\n[store]\nkeep_dead = '3651d'", "4:13 `keep_dead` cannot be `3651d`: it is from 1s", ""),
        ("[bot]\ncode = 'b'\n[store]\nattempts = 5", "4:1 unknown key `attempts` in [store]", "known keys: `path`"),
        // [retry], drain.
        ("[bot]\ncode = 'b'\n[retrys]", "3:2 unknown section [retrys]", "did you mean [retry]?"),
        ("[bot]\ncode = 'b'\n[retry]\nattempts = 0", "4:12 `attempts` must be from 1 to 1000", "`attempts = 5`"),
        ("[bot]\ncode = 'b'\n[retry]\nattempts = 1_001", "4:12 `attempts` must be from 1 to 1000", ""),
        ("[bot]\ncode = 'b'\n[retry]\nfirst_pause = '0s'", "4:15 `first_pause` cannot be `0s`: it is from 1ms to 1d", ""),
        ("[bot]\ncode = 'b'\n[retry]\nfirst_pause = '6m'", "4:15 `first_pause` is longer than `max_pause`", "`max_pause` 5m"),
        ("[bot]\ncode = 'b'\n[retry]\nmax_pause = '999ms'", "4:13 `first_pause` is longer than `max_pause`", "`first_pause` is 1s"),
        ("[bot]\ncode = 'b'\n[retry]\nfirst_pause = 1\nmax_pause = '1ms'", "4:15 `first_pause` must be a duration in quotes, this is an integer", ""),
        ("[bot]\ncode = 'b'\n[retry]\nmax_pause = '25h'", "4:13 `max_pause` cannot be `25h`: it is from 1ms to 1d", ""),
        ("[bot]\ncode = 'b'\n[retry]\norder = 'skip'", "4:9 `order` cannot be `skip`", "one of `wait`, `pass`"),
        ("[bot]\ncode = 'b'\n[retry]\nmessages = 'at-most-once'", "4:12 `messages` cannot be `at-most-once`", "did you mean `at_most_once`?"),
        ("[bot]\ncode = 'b'\n[retry]\nlikes = true", "4:9 `likes` must be a string, this is true or false", ""),
        ("[bot]\ncode = 'b'\n[server]\ndrain = '2h'", "4:9 `drain` cannot be `2h`: it is from 0s to 1h", "`drain = \"25s\"`"),
        ("[bot]\ncode = 'b'\n[limits]\nburst = 0", "4:9 `burst` must be a whole number from 1", ""),
        ("[bot]\ncode = 'b'\n[limits]\nburst = 1.5", "4:9 `burst` must be an integer, this is a number", ""),
        ("[bot]\ncode = 'b'\n[limits]\nburst = 99999999999999999999", "4:9 `burst` must be a whole number from 1", ""),
        ("[bot]\ncode = 'b'\n[limits]\nper_second = 0.0009", "4:14 `per_second` must be from 0.001 to 1000000", "`per_second = 2`"),
        ("[bot]\ncode = 'b'\n[limits]\nper_second = 1_000_001", "4:14 `per_second` must be from 0.001 to 1000000", ""),
        ("[bot]\ncode = 'b'\n[limits]\nper_second = inf", "4:14 `per_second` must be from 0.001 to 1000000", ""),
        ("[bot]\ncode = 'b'\n[limits]\nper_second = '2'", "4:14 `per_second` must be a number, this is a string", "without quotes"),
        // [[rule]].
        ("[bot]\ncode = 'b'\n[[rule]]\ntext = 'x'", "3:1 this rule does nothing", "`like = true`"),
        ("[bot]\ncode = 'b'\n[[rule]]\nstop = false", "3:1 this rule does nothing", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\nname = ''\nlike = true", "4:8 `name` is empty", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\nevent = 'mesage'\nlike = true", "4:9 `event` cannot be `mesage`", "did you mean `message`?"),
        ("[bot]\ncode = 'b'\n[[rule]]\nevent = 'join_chat'\nlike = true", "5:1 `like` makes no sense for `event = \"join_chat\"`", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\ntext = ['x', ' ']\nlike = true", "4:14 `text` is empty", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\ntext = ['x', 5]\nlike = true", "4:14 `text` must be a string, this is an integer", "put it in quotes"),
        ("[bot]\ncode = 'b'\n[[rule]]\nregex = 'a{2,1}'\nlike = true", "4:9 `regex` is not a regular expression: invalid repetition count range", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\nusers = [1, 0]\nlike = true", "4:13 `users` must be ids of users, positive numbers", "`users = [1, 27]`"),
        ("[bot]\ncode = 'b'\n[[rule]]\nnot_users = ['x']\nlike = true", "4:14 `not_users` must be ids of users", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\ndialogs = [27]\nlike = true", "4:12 `dialogs` must be a string, this is an integer", "put it in quotes"),
        ("[bot]\ncode = 'b'\n[[rule]]\ndialogs = 'chat'\nlike = true", "4:11 `chat` is not a dialog's id", "`\"chat1157\"`"),
        ("[bot]\ncode = 'b'\n[[rule]]\nchat_types = ['grup']\nlike = true", "4:15 `chat_types` cannot be `grup`", "did you mean `group`?"),
        ("[bot]\ncode = 'b'\n[[rule]]\nmentioned = 'yes'\nlike = true", "4:13 `mentioned` must be true or false, this is a string", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\nlike = 'yes'", "4:8 `like` cannot be `yes`", "one of `plus`, `minus`, `auto`"),
        ("[bot]\ncode = 'b'\n[[rule]]\nlike = 1", "4:8 `like` must be true, \"plus\", \"minus\" or \"auto\", this is an integer", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\nreaction = '🔥'", "4:12 `🔥` is not the code of a reaction", "`fire`"),
        ("[bot]\ncode = 'b'\n[[rule]]\nreply = 'Hi {user'", "4:9 `{` is not closed in `reply`", "`{{` is a plain brace"),
        ("[bot]\ncode = 'b'\n[[rule]]\nlike = true\nlimit = '0/1m'", "5:9 `limit` cannot be `0/1m`: the count is from 1 to 1000", ""),
        ("[bot]\ncode = 'b'\n[[rule]]\nlike = true\nlimit = '5/1w'", "5:9 `limit` cannot be `5/1w`: a duration is a whole number and its unit", ""),
        // Secrets where none belong.
        ("[bot]\ncode = 'b'\nkey_of_mine = 's3cr3t'", "3:1 unknown key `key_of_mine` in [bot]", "known keys"),
        ("[bot]\ncode = 'b'\nключ = 's3cr3t'", "3:1 invalid unquoted key", ""),
        ("[bot]\ncode = 'b'\nname . x = 's3cr3t'", "3:1 `name` must be a string, this is a table", ""),
        ("[bot]\ncode = 'b'\nname = { x = 's3cr3t' }", "3:8 `name` must be a string, this is a table", ""),
        ("[bot]\ncode = 'b'\n[admin] x = 's3cr3t'", "3:9 unexpected key or value", ""),
        ("[bot]\ncode = 'b'\n[store]\nnats = 'user:s3cr3t'", "4:8 `nats` is not the address", ""),
    ];
    for (text, expected, help) in cases {
        let error = mistakes(text);
        let [mistake] = error.diagnostics() else { panic!("{text}\nhas not one mistake but\n{error}") };
        let found = format!("{}:{} {}", mistake.line(), mistake.column(), mistake.message());
        assert!(found.starts_with(expected), "{text}\nexpected {expected}\nfound    {found}");
        assert!(mistake.help().unwrap_or_default().contains(help), "{text}\nhelp is {:?}", mistake.help());
        let shown = error.to_string();
        assert!(
            shown.contains(&format!("--> bot.toml:{}:{}\n", mistake.line(), mistake.column())),
            "{shown}"
        );
        assert!(!shown.contains("s3cr3t"), "{shown}");
        assert!(shown.ends_with("\n1 mistake in bot.toml"), "{shown}");
    }
}

#[test]
fn what_the_parser_made_of_a_syntax_error_is_no_second_mistake() {
    for text in [
        "[bot\ncode = 'b'\nname = 'x'\n",
        "[bot]\ncode = 'b'\n[limits]\nburst = fifty\n",
        "[bot]\ncode\n[server]\n",
        "[bot]\ncode = 'b'\n[[rule]]\ntext = ['x',\n",
        "[bot]\ncode = 'b'\n[[rule]]\ntext = ['x'\n[server]\npath = 5\n",
        "[bot]\ncode = 'b'\n[[rule]]\ntext = ['x', {\n[server]\nlisten = 'x'\n",
        "[[rule]]\ntext = [\n[bot]\nnmae = 'b'\n",
    ] {
        let error = mistakes(text);
        assert_eq!(error.diagnostics().len(), 1, "{error}");
    }
}

#[test]
fn an_unclosed_list_is_one_mistake_and_hides_none_before() {
    let text = r#"[bot]
code = 5

[[rule]]
text = [
    "thanks",
    "merci"
like = true
limit = "5/1m"

[[rule]]
text = "hello"
reply = "Hi"
"#;
    let expected = r#"error: `code` must be a string, this is an integer
 --> bot.toml:2:8
  |
2 | code = 5
  |        ^
  |
  = help: put it in quotes

error: missing comma between array elements, expected `,`
 --> bot.toml:8:1
  |
8 | like = true
  | ^
  |
  = help: the `[` in line 5 is not closed

2 mistakes in bot.toml"#;
    assert_eq!(mistakes(text).to_string(), expected);
}

#[test]
fn effects_that_the_portal_will_refuse_are_warned_of() {
    const WEBHOOK: &str = "[portal]\nwebhook = 'https://a.example/rest/1/x/'\n";
    const APP: &str = "[app]\nclient_id = 'a'\nclient_secret = 'b'\n";
    let rules = "[[rule]]\nlike = true\n[[rule]]\nreaction = 'fire'\nreply = 'Hi'\n";
    let token = format!("{WEBHOOK}bot_token = 't'\n");
    let client_id = format!("{WEBHOOK}client_id = 'c'\n");
    let [reaction, v1, v2] = [
        "`reaction` needs `bot_token` in [portal]",
        "`reply` needs `client_id` in [portal]",
        "`reply` needs `bot_token` in [portal]",
    ];
    let (both, by_app) = (format!("{token}client_id = 'c'\n"), format!("{WEBHOOK}{APP}"));
    for (api, portal, expected) in [
        ("v1", WEBHOOK, &[reaction, v1][..]),
        ("v1", &token, &[v1]),
        ("v1", &client_id, &[reaction]),
        ("v1", &both, &[]),
        ("v2", WEBHOOK, &[reaction, v2]),
        ("v2", &token, &[]),
        ("v2", &client_id, &[reaction, v2]),
        ("v1", APP, &["`[app]` needs `public_url` in [server]"]),
        // With a webhook, every call goes through it.
        ("v2", &by_app, &["[app] is not used beside [portal]", reaction, v2]),
        ("v1", "", &[]),
        // One mistake is no reason to suspect another.
        ("v3", WEBHOOK, &["`api` cannot be `v3`", reaction]),
        ("v2", &format!("{WEBHOOK}bot_token = ''\n"), &["`bot_token` is empty"]),
    ] {
        let text = format!("[bot]\ncode = 'b'\napi = '{api}'\n{portal}{rules}");
        let found: Vec<String> = match Config::parse("bot.toml", &text, &environment) {
            Ok(config) => config.warnings.iter().map(|warning| warning.message().to_owned()).collect(),
            Err(error) => error.diagnostics().iter().map(|mistake| mistake.message().to_owned()).collect(),
        };
        assert_eq!(found, expected, "{text}");
        let local = Config::parse_for_local_portal("bot.toml", &text, &environment);
        assert_eq!(local.is_ok_and(|config| config.warnings.is_empty()), api != "v3", "{text}");
    }
    let config =
        Config::parse("bot.toml", &format!("[bot]\ncode = 'b'\n{WEBHOOK}{rules}"), &environment).unwrap();
    let [first, second] = config.warnings.as_slice() else { panic!("{config:?}") };
    assert_eq!(((first.line(), first.column()), (second.line(), second.column())), ((8, 1), (9, 1)));
    assert!(second.help().unwrap().contains("bot_token = \"${B24_BOT_TOKEN}\""), "{second}");
    assert!(second.to_string().starts_with("warning: "), "{second}");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_move_nothing() {
    let error = mistakes("\u{feff}[bot]\r\ncode = 'b'\r\n\r\n[server]\r\n  path = 'x'\r\n");
    let [mistake] = error.diagnostics() else { panic!("{error}") };
    assert_eq!((mistake.line(), mistake.column()), (5, 10));
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    for (open, close) in [("[", "]"), ("{a=", "}"), ("a.", "a")] {
        let text = format!("{BOT}x = {}{}", open.repeat(20_000), close.repeat(20_000));
        mistakes(&text);
        mistakes(&format!("{BOT}{}", open.repeat(20_000)));
    }
}

#[test]
fn a_missing_file_is_told_how_to_start_one() {
    let error = Config::load("no-such-folder/bot.toml").unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Missing);
    assert_eq!(
        error.to_string(),
        "there is no `no-such-folder/bot.toml`: write one, or start with `b24bot dev`, which needs none"
    );
    assert_eq!(error.render_for_terminal(), error.to_string());
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn bytes_that_are_no_text_are_pointed_at() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"[bot]\nname = '\xd0\xd1'\n").unwrap();
    let error = Config::load(file.path()).unwrap_err();
    let [mistake] = error.diagnostics() else { panic!("{error}") };
    assert_eq!((mistake.line(), mistake.column()), (2, 9));
    assert_eq!(mistake.message(), "this is not UTF-8 text");
}

fn strip_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

/// Text that resembles a configuration more or less.
fn any_file() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "(\\[{1,2}(bot|portal|app|server|store|retry|limits|rule|x)\\]{0,2})",
        6 => "(code|name|type|text|users|like|limit|webhook|burst|path|reply|regex|max_age|max_size|attempts|ключ|x) ?= ?('b'|\"\\$\\{[A-Z]{0,2}\\}?\"|\\[.{0,9}\\]|true|-?[0-9]{1,3}|\\{.{0,9}\\}|.{0,12})",
        1 => ".{0,30}",
        1 => "[\\[\\]{}=\"'#\\\\\r\u{feff}\t ]{0,12}",
    ];
    (proptest::collection::vec(line, 0..12), prop_oneof![Just("\n"), Just("\r\n")])
        .prop_map(|(lines, end)| lines.join(end))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_position_lies_within_the_file(text in prop_oneof![3 => any_file(), 1 => any::<String>()]) {
        let Err(error) = Config::parse("bot.toml", &text, &environment) else { return Ok(()) };
        prop_assert!(!error.diagnostics().is_empty());
        let lines: Vec<&str> = text.split('\n').collect();
        let mut last = (1, 1);
        for mistake in error.diagnostics() {
            let here = (mistake.line(), mistake.column());
            prop_assert!(last <= here, "{last:?} comes before {here:?}");
            last = here;
            prop_assert!((1..=lines.len()).contains(&here.0));
            let width = lines[here.0 - 1].chars().count();
            prop_assert!((1..=width + 1).contains(&here.1), "{here:?} is not in {text:?}");
        }
        let shown = error.to_string();
        prop_assert_eq!(shown.matches("error: ").count(), error.diagnostics().len(), "{}", shown);
        prop_assert!(!error.render_for_terminal().is_empty());
    }

    #[test]
    fn every_accepted_path_can_be_routed(path in "/[/a:*{}%.~]{0,8}") {
        if let Ok(config) = Config::parse("bot.toml", &format!("{BOT}[server]\npath = '{path}'"), &environment) {
            let _: Router = Router::new().route(&config.server.path, get(|| async {}));
        }
    }

    #[test]
    fn no_secret_is_ever_shown(
        key in "(webhook|bot_token|client_id|application_token|client_secret|webhok|x|a b|ключ|x\\.y|\"x\"|name\\.x)",
        section in "(portal|app|security|portl|bot|rule|bot\\.x|)",
        equals in "( = | =\n|: | = \\{ name = | = \\[\n|\n)",
        open in "(\"|'|\"\"\"|'''|)",
        close in "(\"|'|\"\"\"|'''|\\]|)",
    ) {
        let address = format!("https://portal.example/rest/1/s3cr3t{}", "/s3cr3t".repeat(usize::from(key == "x")));
        for value in ["s3cr3t", "${SECRET}", &address] {
            let text = format!("[{section}]\n{key}{equals}{open}{value}{close}\nother = 1");
            if let Err(error) = Config::parse("bot.toml", &text, &environment) {
                prop_assert!(!error.to_string().contains("s3cr3t"), "{}", error);
            }
        }
    }
}

#[test]
fn commands_that_cannot_be_are_explained() {
    for (text, message, help) in [
        ("[[command]]\ntitle = 'Help'", "[[command]] lacks `name`", "add `name = \"help\"`"),
        ("[[command]]\nname = '/help'\ntitle = 'Help'", "has no slash", "write `name = \"help\"`"),
        ("[[command]]\nname = 'make tea'\ntitle = 'Tea'", "cannot be called `make tea`", "without spaces"),
        ("[[command]]\nname = 'help'", "has no `title`", "`hidden = true`"),
        ("[[command]]\nname = 'help'\ntitle = 5", "a text, or a table of texts by language", "{ en = "),
        ("[[command]]\nname = 'help'\ntitle = {}", "`title` is empty", "{ en = "),
        (
            "[[command]]\nname = 'help'\ntitle = { english = 'Help' }",
            "`english` is no language",
            "such as `en`",
        ),
        ("[[command]]\nname = 'help'\ntitle = { en = 5 }", "`title` must be a string", "put it in quotes"),
        (
            "[[command]]\nname = 'help'\ntitle = 'Help'\nhiden = true",
            "unknown key `hiden` in [[command]]",
            "`hidden`",
        ),
        (
            "[[command]]\nname = 'a'\nhidden = true\n[[command]]\nname = 'a'\nhidden = true",
            "two commands named `a`",
            "in line 4",
        ),
        (
            "[command]\nname = 'help'\ntitle = 'Help'",
            "`command` is a list of sections",
            "write `[[command]]`",
        ),
    ] {
        let error = mistakes(&format!("{BOT}{text}\n")).to_string();
        assert!(error.contains(message) && error.contains(help), "{text}\n{error}");
    }
}
