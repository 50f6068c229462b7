//! Methods about the application, the portal and its users: `app.*`, `user.*`, `profile`, …

use b24bot_core::Value;

use crate::methods::{SortOrder, answers};

namespace! {
    /// Methods without a namespace.
    System, scope Some("basic");

    /// The events that the application may bind to.
    read events = Events, "events" at "events/events"
    () -> Vec<String> {};

    /// The methods that may be called.
    read methods = Methods, "methods" at "common/system/methods"
    () -> Vec<String> {
        /// Of this scope only.
        scope: text = "scope",
    };

    /// Who the caller is, in short; needs no scope.
    read profile = Profile, "profile" at "common/users/profile"
    () -> answers::Profile {};

    /// The scopes of the credentials.
    read scope = Scope, "scope" at "common/system/scope"
    () -> Vec<String> {
        /// With all scopes that there are.
        full: bool = "full",
    };
}

namespace! {
    /// The application itself: `app.*`.
    App, scope Some("basic"), under {
        /// Settings that the application keeps on the portal: `app.option.*`.
        option: AppOption,
    };

    /// What the portal knows about the application.
    read info = AppInfo, "app.info" at "common/system/app-info"
    () -> answers::App {}
    errors [AccessDenied];
}

namespace! {
    /// What the portal can do: `feature.*`.
    Feature, scope Some("basic");

    /// Whether the portal has a feature.
    read get = FeatureGet, "feature.get" at "common/system/feature-get"
    (code: text = "CODE") -> answers::Feature {}
    errors [CodeEmpty];
}

namespace! {
    /// Methods: `method.*`.
    MethodNames, scope Some("basic");

    /// Whether a method exists and may be called.
    read get = MethodGet, "method.get" at "common/system/method-get"
    () -> answers::MethodState {
        /// The method's name.
        name: text = "name",
    };
}

namespace! {
    /// The portal's server: `server.*`.
    Server, scope Some("basic");

    /// The portal's time, ISO 8601.
    read time = ServerTime, "server.time" at "common/system/server-time"
    () -> String {};
}

namespace! {
    /// The portal's users, as the administration knows them: `user.*`.
    User, scope Some("basic");

    /// Whether the caller is an administrator.
    read admin = UserAdmin, "user.admin" at "common/users/user-admin"
    () -> bool {};

    /// Who the caller is.
    read current = UserCurrent, "user.current" of "user" at "user/user-current"
    () -> answers::Employee {};

    /// Users by a filter.
    read get = UserGet, "user.get" of "user" at "user/user-get"
    () -> Vec<answers::Employee> {
        /// The field to sort by.
        sort: text = "sort",
        /// The direction.
        order: SortOrder = "order",
        /// The filter: fields and what they shall be.
        filter: json = "FILTER",
        /// As the administrator that the caller is.
        admin_mode: bool = "ADMIN_MODE",
        /// The fields to return.
        select: [text] = "select",
        /// How to scale pictures.
        image_resize: text = "IMAGE_RESIZE",
        /// Where the page begins; pages have 50 entries.
        start: u64 = "start",
    }
    pages next "start";

    /// Looks for users by name, position and department.
    read search = UserSearch, "user.search" of "user" at "user/user-search"
    () -> Vec<answers::Employee> {
        /// The filter: fields and what they shall be.
        filter: json = "FILTER",
        /// The field to sort by.
        sort: text = "sort",
        /// The direction.
        order: SortOrder = "order",
        /// As the administrator that the caller is.
        admin_mode: bool = "ADMIN_MODE",
        /// The fields to return.
        select: [text] = "select",
        /// Where the page begins; pages have 50 entries.
        start: u64 = "start",
    }
    pages next "start";
}

namespace! {
    /// Settings that the application keeps on the portal: `app.option.*`.
    AppOption, scope Some("basic");

    /// A setting that the application keeps on the portal; without a name all of them.
    read get = AppOptionGet, "app.option.get" at "common/settings/app-option-get"
    () -> Value {
        /// The setting's name.
        option: text = "option",
    }
    errors [AccessException];

    /// Keeps settings of the application on the portal.
    set set = AppOptionSet, "app.option.set" at "common/settings/app-option-set"
    (options: json = "options") -> bool {}
    errors [ArgumentNullException, AccessException];
}
