//! What there is to call and to listen to: `methods`, `method.get`, `events`, `feature.get`.

use serde_json::{Value, json};

use super::{Answer, Call, known};
use crate::credentials::Via;
use crate::refusal::{bad, forbidden};
use crate::tree::Tree;

/// Whether there is an event of that name.
pub(super) fn is_event(name: &str) -> bool {
    EVENTS.iter().any(|(_, names)| names.contains(&name))
}

/// The platform's events by the permission they belong to.
const EVENTS: [(&str, &[&str]); 4] = [
    ("", &["ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "ONAPPPAYMENT", "ONAPPMETHODCONFIRM"]),
    (
        "imbot",
        &[
            "ONIMBOTMESSAGEADD",
            "ONIMBOTMESSAGEUPDATE",
            "ONIMBOTMESSAGEDELETE",
            "ONIMBOTJOINCHAT",
            "ONIMBOTDELETE",
            "ONIMCOMMANDADD",
            "ONIMBOTV2MESSAGEADD",
            "ONIMBOTV2MESSAGEUPDATE",
            "ONIMBOTV2MESSAGEDELETE",
            "ONIMBOTV2JOINCHAT",
            "ONIMBOTV2DELETE",
            "ONIMBOTV2COMMANDADD",
            "ONIMBOTV2REACTIONCHANGE",
            "ONIMBOTV2CONTEXTGET",
        ],
    ),
    (
        "imopenlines",
        &[
            "ONOPENLINEMESSAGEADD",
            "ONOPENLINEMESSAGEUPDATE",
            "ONOPENLINEMESSAGEDELETE",
            "ONSESSIONSTART",
            "ONSESSIONFINISH",
        ],
    ),
    (
        "imconnector",
        &[
            "ONIMCONNECTORMESSAGEADD",
            "ONIMCONNECTORMESSAGEUPDATE",
            "ONIMCONNECTORMESSAGEDELETE",
            "ONIMCONNECTORDIALOGSTART",
            "ONIMCONNECTORDIALOGFINISH",
            "ONIMCONNECTORSTATUSDELETE",
            "ONIMCONNECTORLINEDELETE",
        ],
    ),
];

/// A parameter that makes a difference even when it is empty.
fn wanted_scope(call: &Call<'_>) -> Option<String> {
    call.params.get("SCOPE").and_then(Tree::text)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every method")]
pub(super) fn methods(call: &mut Call<'_>) -> Answer {
    let (scope, full) = (wanted_scope(call), call.params.get("FULL").is_some_and(Tree::flag));
    let names = known().filter(|(_, scopes)| match &scope {
        Some(scope) if scope.is_empty() => scopes.is_empty(),
        Some(scope) => scopes.contains(&scope.as_str()),
        None => full || call.caller.check_scope(scopes).is_ok(),
    });
    Ok(names.map(|(name, _)| Value::from(name)).collect())
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every method")]
pub(super) fn method_get(call: &mut Call<'_>) -> Answer {
    let name = call.text("NAME");
    let found = known().find(|(known, _)| known.eq_ignore_ascii_case(&name));
    let available = found.is_some_and(|(_, scopes)| call.caller.check_scope(scopes).is_ok());
    Ok(json!({"isExisting": found.is_some(), "isAvailable": available}))
}

pub(super) fn events(call: &mut Call<'_>) -> Answer {
    if call.caller.via == Via::Webhook {
        return Err(forbidden("ACCESS_DENIED", "Application context required"));
    }
    let (wanted, full) = (wanted_scope(call), call.params.get("FULL").is_some_and(Tree::flag));
    let listed = EVENTS.into_iter().filter(|(scope, _)| match &wanted {
        Some(wanted) => scope == wanted,
        None => full || scope.is_empty() || call.caller.check_scope(&[scope]).is_ok(),
    });
    Ok(listed.flat_map(|(_, names)| names).map(|name| Value::from(*name)).collect())
}

/// The features one can ask for all belong to offline events, which the portal has not.
pub(super) fn feature_get(call: &mut Call<'_>) -> Answer {
    if call.text("CODE").is_empty() {
        return Err(bad("CODE_EMPTY", "Empty feature code"));
    }
    Ok(json!({"value": "N"}))
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use super::*;
    use crate::credentials::authenticate;
    use crate::methods::call as run;
    use crate::state::sample;

    #[test]
    fn methods_are_listed_by_permission() {
        let mut state = sample();
        let mut call = |method: &str, query: &str| webhook_call(&mut state, method, query).unwrap();
        let all = call("methods", "");
        assert_eq!(call("methods", "full=true"), all);
        let has = |list: &Value, name: &str| list.as_array().unwrap().contains(&json!(name));
        for name in ["batch", "im.message.like", "im.chat.setOwner", "imbot.v2.Chat.get", "methods"] {
            assert!(has(&all, name), "{name}");
        }
        let common = call("methods", "scope=");
        assert!(has(&common, "method.get") && !has(&common, "im.message.like"), "{common}");
        let users = call("methods", "scope=user");
        assert_eq!(users, json!(["user.current", "user.get", "user.search"]));
        let of = |name: &str| json!({"isExisting": name == "both", "isAvailable": name == "both"});
        assert_eq!(call("method.get", "name=imbot.v2.chat.get"), of("both"));
        assert_eq!(call("method.get", "name=im.nonsense"), of("none"));
        assert_eq!(call("method.get", ""), of("none"));
    }

    #[test]
    fn an_application_sees_what_it_may() {
        let mut state = sample();
        let app = state.install(&["im"]);
        let mut params = Tree::new();
        params.put("auth", state.tokens(&app.client_id, 27).access);
        let caller = authenticate(&state, None, &params).unwrap();
        let mut call = |method: &str, query: &str| {
            let params = crate::params::read_form(query).unwrap();
            run(&mut state, &caller, method, &params).unwrap().result
        };
        assert!(!call("methods", "").to_string().contains("imbot.register"));
        assert!(call("methods", "full=1").to_string().contains("imbot.register"));
        let bot = call("method.get", "name=imbot.register");
        assert_eq!(bot, json!({"isExisting": true, "isAvailable": false}));
        assert_eq!(call("events", "").as_array().unwrap().len(), 5);
        assert!(call("events", "FULL=1").to_string().contains("ONIMBOTV2CONTEXTGET"));
        assert!(call("events", "SCOPE=imopenlines").to_string().contains("ONSESSIONSTART"));
        assert_eq!(call("feature.get", "CODE=rest_offline_extended"), json!({"value": "N"}));
    }
}
