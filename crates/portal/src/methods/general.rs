//! `profile`, `scope`, `server.time`, `user.current`, `app.info`, and the revisions.

use serde_json::{Value, json};

use super::{Answer, Call};
use crate::clock::Moment;
use crate::credentials::Via;
use crate::refusal::{bad, forbidden};
use crate::state::applications::ALL_SCOPES;
use crate::state::people::User;
use crate::tree::Tree;

pub(super) fn profile(call: &mut Call<'_>) -> Answer {
    call.state.profile(call.caller.user).ok_or_else(|| bad("ERROR_CORE", "User not found"))
}

pub(super) fn scope(call: &mut Call<'_>) -> Answer {
    let full = call.params.get("FULL").is_some_and(Tree::flag);
    Ok(if full { json!(ALL_SCOPES) } else { json!(call.caller.scopes) })
}

pub(super) fn server_time(call: &mut Call<'_>) -> Answer {
    Ok(Value::from(call.state.now.iso()))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every method")]
pub(super) fn user_admin(call: &mut Call<'_>) -> Answer {
    let user = call.state.users.get(&call.caller.user);
    Ok(Value::Bool(user.is_some_and(User::is_administrator)))
}

pub(super) fn user_current(call: &mut Call<'_>) -> Answer {
    let now = call.state.now.iso();
    let user = call.state.users.get(&call.caller.user).ok_or_else(|| bad("ERROR_CORE", "User not found"))?;
    Ok(json!({
        "ID": user.id.to_string(),
        "ACTIVE": true,
        "NAME": user.first_name,
        "LAST_NAME": user.last_name,
        "EMAIL": format!("user{}@portal.example", user.id),
        "LAST_LOGIN": now,
        "DATE_REGISTER": "2024-01-15T00:00:00+00:00",
        "IS_ONLINE": "Y",
        "LAST_ACTIVITY_DATE": now,
        "PERSONAL_GENDER": user.gender,
        "PERSONAL_BIRTHDAY": "",
        "WORK_POSITION": user.work_position,
        "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": [1],
    }))
}

/// What the portal says of an application, and what the authorization server says, which is in the same house.
pub(super) fn app_info(call: &mut Call<'_>) -> Answer {
    let application = match &call.caller.via {
        Via::Application(client_id) => call.state.applications.get(client_id),
        Via::Webhook => None,
    };
    let application =
        application.ok_or_else(|| forbidden("ACCESS_DENIED", "Application context required"))?;
    let mut info = json!({
        "ID": application.number,
        "CODE": application.client_id,
        "VERSION": application.settings.version,
        "STATUS": application.status,
        "INSTALLED": application.installed,
        "PAYMENT_EXPIRED": if application.payment_expired { "Y" } else { "N" },
        "DAYS": application.days,
        "LANGUAGE_ID": "en",
        "LICENSE": "en_local",
        "LICENSE_TYPE": "local",
        "LICENSE_FAMILY": "local",
    });
    info["client_id"] = json!(application.client_id);
    info["scope"] = json!(call.caller.scopes.join(","));
    info["expires"] = json!(call.caller.expires.map(Moment::iso));
    info["user_id"] = json!(call.caller.user);
    info["install"] = json!({
        "installed": application.installed,
        "version": application.settings.version,
        "status": application.status,
        "scope": application.scope(),
        "domain": call.state.domain(),
        "uri": call.state.url,
        "client_endpoint": call.state.endpoint(),
        "member_id": call.state.member_id,
        "member_type": "bitrix24",
    });
    Ok(info)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every method")]
pub(super) fn im_revision(_: &mut Call<'_>) -> Answer {
    Ok(json!({"rest": 32, "web": 130, "mobile": 22, "desktop": 6, "im_revision_mobile": 22}))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every method")]
pub(super) fn imbot_revision(_: &mut Call<'_>) -> Answer {
    Ok(json!({"rest": 33, "web": 130, "mobile": 23, "desktop": 6}))
}
