//! Installations: the `auth` of ONAPPINSTALL, and the flat form of a page.

use super::{Delivery, fields::Fields};
use crate::{DecodeError, InstallRequest, MemberId, Secret, Value, body, value::Map};

/// What a browser posts, if it is that.
pub(crate) fn page(body: &[u8], query: &[u8]) -> Result<Option<InstallRequest>, DecodeError> {
    let (body, query) = (body::parse(body)?, body::parse_form(query)?);
    let (form, query) = (Fields::of(body.root()), Fields::of(query.root()));
    let (Some(member_id), Some(access_token)) = (form.some_text("member_id"), form.some_text("AUTH_ID"))
    else {
        return Ok(None);
    };
    let domain = query.some_text("DOMAIN").or_else(|| form.some_text("DOMAIN"));
    let scheme = if query.text("PROTOCOL") == "0" { "http" } else { "https" };
    Ok(Some(InstallRequest {
        member_id: MemberId::from(member_id),
        access_token: Secret::from(access_token),
        refresh_token: form.some_text("REFRESH_ID").map(Secret::from),
        application_token: form.some_text("APPLICATION_TOKEN").map(Secret::from),
        client_endpoint: domain.as_ref().map(|domain| format!("{scheme}://{domain}/rest/")),
        domain,
        server_endpoint: form.some_text("SERVER_ENDPOINT"),
        language: query.some_text("LANG").or_else(|| form.some_text("LANG")),
        placement: form.some_text("PLACEMENT"),
    }))
}

impl Delivery<'_> {
    /// What is to be confirmed, if it brings a token.
    pub(crate) fn install_request(&self) -> Option<InstallRequest> {
        let auth = Fields::of(self.document.root()).child("auth");
        self.request(auth.some_text("access_token")?, auth.some_text("refresh_token"))
    }

    /// What may tell the application token, if it brings a token of its own: the bot's before anybody else's, since
    /// nobody on the portal gets to see that one.
    pub(crate) fn learn_request(&self) -> Option<InstallRequest> {
        let root = Fields::of(self.document.root());
        let data = root.child("data");
        let first_generation = ["BOT", "COMMAND"].into_iter().flat_map(|key| data.child(key).children());
        let token = first_generation
            .flat_map(|(_, bot)| [bot, bot.child("AUTH")])
            .chain([data.child("bot").child("auth"), root.child("auth")])
            .find_map(|auth| auth.some_text("access_token"));
        self.request(token?, None)
    }

    fn request(&self, access_token: String, refresh_token: Option<String>) -> Option<InstallRequest> {
        Some(InstallRequest {
            member_id: self.portal.member_id.clone()?,
            access_token: Secret::from(access_token),
            refresh_token: refresh_token.map(Secret::from),
            application_token: self.application_token.clone(),
            domain: self.portal.domain.clone(),
            client_endpoint: self.portal.client_endpoint.clone(),
            server_endpoint: self.portal.server_endpoint.clone(),
            language: Fields::of(self.document.root()).child("data").some_text("LANGUAGE_ID"),
            placement: None,
        })
    }

    /// Whether it tells of an installation.
    pub(crate) fn is_installation(&self) -> bool {
        self.name == "ONAPPINSTALL"
    }

    /// Whether it is about the application itself. Its tokens are not needed for handling it then.
    pub(crate) fn is_of_application(&self) -> bool {
        self.name.starts_with("ONAPP")
    }

    /// The body without the tokens of its `auth`: what may be stored. It is the same event by its key.
    pub(crate) fn without_tokens(&self) -> Result<Vec<u8>, DecodeError> {
        let mut body = self.document.root().to_value();
        if let Value::Map(Map(root)) = &mut body
            && let Some(Value::Map(Map(auth))) = root.get_mut("auth")
        {
            auth.retain(|key, _| {
                !matches!(key.as_str(), "access_token" | "refresh_token" | "application_token")
            });
        }
        serde_json::to_vec(&body).map_err(DecodeError::malformed)
    }
}
