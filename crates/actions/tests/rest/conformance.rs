//! The platform's own lists of error codes, if they are at hand.

use std::{fs, path::Path};

use b24bot_actions::{ErrorCode, RetryPolicy};
use serde_json::Value;

use crate::portal::{Portal, error, quick};

#[tokio::test]
async fn every_code_the_platform_lists_has_a_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bitrix24");
    if !folder.exists() {
        assert!(std::env::var_os("CI").is_none(), "the platform's data is missing: {}", folder.display());
        println!("skipped: {} does not exist", folder.display());
        return;
    }
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let system = read("system_errors.json");
    let like = read("methods/im.message.like.json");
    let codes: Vec<_> = system.as_array().unwrap().iter().chain(like["errors"].as_array().unwrap()).collect();
    assert!(codes.len() >= 18);
    let portal = Portal::start([]).await;
    for entry in codes {
        let code = entry["code"].as_str().unwrap();
        let named = ErrorCode::from(code);
        assert!(!matches!(named, ErrorCode::Other(_)), "{code} has no name");
        assert_eq!(named.as_str(), code);
        // Through a real answer: it must arrive as that code, whatever the status.
        let status = entry["status"].as_u64().map_or(400, |status| u16::try_from(status).unwrap());
        portal.prepare([error(status, code)]);
        // Each anew: some are remembered for a while.
        let once = quick().retry(RetryPolicy::never()).webhook(portal.webhook()).build().unwrap();
        let client = once.webhook_client().unwrap();
        let failed = client.call::<bool>("im.message.like", &()).await.unwrap_err();
        assert_eq!((failed.status(), failed.code()), (Some(status), Some(&named)));
        assert_eq!(portal.asked().len(), 1);
    }
}
