//! No text may panic, for whatever it is read; what is wrong with it can be shown, and no secret with it.

#![no_main]

use b24bot_rules::Config;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "s3cr3t-0f-the-env1ronment";

fuzz_target!(|text: &str| {
    if text.contains(SECRET) {
        return;
    }
    let environment = |name: &str| (name.len() > 3).then(|| SECRET.to_owned());
    for read in
        [Config::parse, Config::parse_for_local_portal, Config::parse_for_calls, Config::parse_for_store]
    {
        match read("bot.toml", text, &environment) {
            Ok(config) => {
                let _ = format!("{config:?}");
                for warning in &config.warnings {
                    assert!(!warning.to_string().contains(SECRET));
                }
            }
            Err(error) => assert!(!error.to_string().contains(SECRET)),
        }
    }
});
