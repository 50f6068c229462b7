//! The application and the portal.

answer! {
    /// What the portal knows about the application.
    App {
        /// The id.
        id: u64,
        /// The code.
        code: String,
        /// The version.
        version: u64,
        /// `F` free, `D` demo, `T` trial, `P` paid, `L` local, `S` by subscription.
        status: String,
        /// Whether its installation is finished.
        installed: bool,
        /// Whether what was paid for is over.
        payment_expired: bool,
        /// For how many days it is paid for.
        days: Option<i64>,
        /// The portal's language.
        language_id: String,
        /// The portal's plan, with its region.
        license: String,
        /// The portal's plan.
        license_type: String,
        /// The family of plans.
        license_family: String,
    }

    /// Whether the portal has a feature.
    Feature {
        /// Whether it has.
        value: bool,
    }

    /// What can be said of a method.
    MethodState {
        /// Whether there is one of that name.
        is_existing: bool,
        /// Whether these credentials may call it.
        is_available: bool,
    }

    /// The revisions of an interface, for each kind of client.
    Revision {
        /// For REST.
        rest: u64,
        /// For browsers.
        web: u64,
        /// For the mobile application.
        mobile: u64,
        /// For the desktop application.
        desktop: Option<u64>,
        /// For the mobile application's chat.
        im_revision_mobile: Option<u64>,
    }
}
