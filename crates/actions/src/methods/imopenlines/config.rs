//! Settings of open channels: `imopenlines.config.*`.

use crate::methods::{LineConfig, SortOrder, answers};

namespace! {
    /// Settings of open channels: `imopenlines.config.*`.
    Config, scope Some("imopenlines"), under {
        /// All of them: `imopenlines.config.list.*`.
        list: ConfigList,
        /// Their public page: `imopenlines.config.path.*`.
        path: ConfigPath,
    };

    /// Makes an open channel. Returns its id.
    act add = ConfigAdd, "imopenlines.config.add" at "imopenlines/openlines/imopenlines-config-add"
    (params: {LineConfig} = "PARAMS") -> u64 {};

    /// Deletes an open channel.
    set delete = ConfigDelete, "imopenlines.config.delete"
        at "imopenlines/openlines/imopenlines-config-delete"
    (config_id: u64 = "CONFIG_ID") -> bool {}
    errors [ConfigIdEmpty, ConfigWrongUserPermission];

    /// An open channel's settings.
    read get = ConfigGet, "imopenlines.config.get" at "imopenlines/openlines/imopenlines-config-get"
    (config_id: u64 = "CONFIG_ID") -> answers::Line {
        /// With the queue of operators. Default: yes.
        with_queue: yn = "WITH_QUEUE",
        /// With operators who are away. Default: yes.
        show_offline: yn = "SHOW_OFFLINE",
    }
    errors [ConfigIdEmpty];

    /// Changes an open channel's settings.
    set update = ConfigUpdate, "imopenlines.config.update"
        at "imopenlines/openlines/imopenlines-config-update"
    (config_id: u64 = "CONFIG_ID") -> bool {
        /// The settings to change.
        params: {LineConfig} = "PARAMS",
    }
    errors [ConfigIdEmpty, ConfigWrongUserPermission];
}

namespace! {
    /// All of them: `imopenlines.config.list.*`.
    ConfigList, scope Some("imopenlines");

    /// The open channels.
    read get = ConfigListGet, "imopenlines.config.list.get"
        at "imopenlines/openlines/imopenlines-config-list-get"
    () -> Vec<answers::Line> {
        /// The fields to return.
        select: [text] = "PARAMS.select",
        /// The direction.
        order: SortOrder = "PARAMS.order",
        /// The filter: fields and what they shall be.
        filter: json = "PARAMS.filter",
        /// How many at most.
        limit: u64 = "PARAMS.limit",
        /// How many to leave out.
        offset: u64 = "PARAMS.offset",
        /// With the queue of operators.
        queue: yn = "OPTIONS.QUEUE",
        /// With the queue of operators.
        config_queue: yn = "OPTIONS.CONFIG_QUEUE",
    }
    errors [InvalidFormat]
    pages offset "PARAMS.offset";
}

namespace! {
    /// Their public page: `imopenlines.config.path.*`.
    ConfigPath, scope Some("imopenlines");

    /// Where the open channels' public page is.
    read get = ConfigPathGet, "imopenlines.config.path.get"
        at "imopenlines/openlines/imopenlines-config-path-get"
    () -> answers::LinePath {};
}
