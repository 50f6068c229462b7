//! The application's events.

use super::fields::Fields;
use crate::{AppInstall, AppMethodConfirm, AppPayment, AppUninstall, AppUpdate, Payload, Portal, Secret};

/// `auth` is the top-level one: whoever installed or updated the application.
pub(super) fn read(name: &str, data: Fields<'_>, auth: Fields<'_>, portal: &Portal) -> Option<Payload> {
    Some(match name {
        "ONAPPINSTALL" => Payload::AppInstall(AppInstall {
            version: data.text("VERSION"),
            active: data.flag("ACTIVE"),
            installed: data.flag("INSTALLED"),
            auth: auth.auth(portal),
            language: data.some_text("LANGUAGE_ID"),
        }),
        "ONAPPUPDATE" => Payload::AppUpdate(AppUpdate {
            version: data.text("VERSION"),
            previous_version: data.text("PREVIOUS_VERSION"),
            auth: auth.auth(portal),
        }),
        "ONAPPUNINSTALL" => Payload::AppUninstall(AppUninstall { clean: data.flag("CLEAN") }),
        "ONAPPPAYMENT" => Payload::AppPayment(AppPayment {
            code: data.text("CODE"),
            version: data.text("VERSION"),
            status: data.text("STATUS"),
            expired: data.flag("PAYMENT_EXPIRED"),
            days: data.number("DAYS"),
        }),
        "ONAPPMETHODCONFIRM" => Payload::AppMethodConfirm(AppMethodConfirm {
            token: data.some_text("TOKEN").map(Secret::from),
            method: data.text("METHOD"),
            confirmed: data.flag("CONFIRMED"),
        }),
        _ => return None,
    })
}
