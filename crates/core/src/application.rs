//! Events of an application: installed, updated, paid for, removed.

use crate::{Auth, Secret};

/// A portal installed the application: ONAPPINSTALL.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppInstall {
    /// The application's version.
    pub version: String,
    /// Whether it is active.
    pub active: bool,
    /// Whether the installation is finished; no events come before it is.
    pub installed: bool,
    /// The credentials of whoever installed it, the first that the application gets. Not here where an
    /// [`Installer`](crate::Installer) has taken them.
    pub auth: Option<Auth>,
    /// The portal's language: `de`.
    pub language: Option<String>,
}

/// A portal updated the application: ONAPPUPDATE.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppUpdate {
    /// The new version.
    pub version: String,
    /// The version before.
    pub previous_version: String,
    /// Credentials of whoever updated it; not where there is an [`Installer`](crate::Installer).
    pub auth: Option<Auth>,
}

/// A portal removed the application: ONAPPUNINSTALL. It brings no token but the application token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppUninstall {
    /// Whether the portal asks to erase what the application has stored for it.
    pub clean: bool,
}

/// A portal paid for the application, or did not: ONAPPPAYMENT.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppPayment {
    /// The application's code in the market.
    pub code: String,
    /// Its version.
    pub version: String,
    /// `F` free, `D` demo, `T` trial, `P` paid, `L` local, `S` by subscription.
    pub status: String,
    /// Whether the time paid for is over.
    pub expired: bool,
    /// How many days are left.
    pub days: Option<u64>,
}

/// An administrator allowed or refused a method that needs it: ONAPPMETHODCONFIRM.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppMethodConfirm {
    /// The token that asked.
    pub token: Option<Secret>,
    /// The method.
    pub method: String,
    /// Whether it was allowed.
    pub confirmed: bool,
}
