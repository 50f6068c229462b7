//! The list of recent dialogs: `im.recent.*`.

use b24bot_core::DialogId;

use crate::methods::answers;

namespace! {
    /// The list of recent dialogs: `im.recent.*`.
    Recent, scope Some("im");

    /// The recent dialogs at once, in short.
    read get = RecentGet, "im.recent.get" at "chats/im-recent-get"
    () -> Vec<answers::RecentItem> {
        /// Without open channels.
        skip_openlines: yn = "SKIP_OPENLINES",
        /// Without group chats.
        skip_chat: yn = "SKIP_CHAT",
        /// Without private dialogs.
        skip_dialog: yn = "SKIP_DIALOG",
        /// Only what changed since then, ISO 8601.
        last_update: text = "LAST_UPDATE",
        /// Open channels only.
        only_openlines: yn = "ONLY_OPENLINES",
        /// Only what changed since then, ISO 8601.
        last_sync_date: text = "LAST_SYNC_DATE",
    };

    /// Takes a dialog off the list.
    set hide = RecentHide, "im.recent.hide" at "chats/special-operations/im-recent-hide"
    (dialog_id: DialogId = "DIALOG_ID") -> bool {}
    errors [DialogIdEmpty];

    /// The recent dialogs in pages.
    read list = RecentList, "im.recent.list" at "chats/im-recent-list"
    () -> answers::RecentPage {
        /// Without open channels.
        skip_openlines: yn = "SKIP_OPENLINES",
        /// Without private dialogs.
        skip_dialog: yn = "SKIP_DIALOG",
        /// Without group chats.
        skip_chat: yn = "SKIP_CHAT",
        /// The date of the last entry of the page before, ISO 8601.
        last_message_date: text = "LAST_MESSAGE_DATE",
        /// Unread ones only.
        unread_only: yn = "UNREAD_ONLY",
        /// With the last message's text made ready to be shown.
        parse_text: yn = "PARSE_TEXT",
        /// With the last message's text as it was written.
        get_original_text: yn = "GET_ORIGINAL_TEXT",
        /// Without open channels' dialogs that no operator has yet.
        skip_undistributed_openlines: yn = "SKIP_UNDISTRIBUTED_OPENLINES",
        /// Dialogs with BitrixGPT only.
        only_copilot: yn = "ONLY_COPILOT",
        /// Channels only.
        only_channel: yn = "ONLY_CHANNEL",
        /// Only where the caller may manage messages.
        can_manage_messages: yn = "CAN_MANAGE_MESSAGES",
        /// How many to leave out.
        offset: u64 = "OFFSET",
        /// How many at most.
        limit: u64 = "LIMIT",
    }
    pages offset "OFFSET";

    /// Pins a dialog to the top, or unpins it.
    set pin = RecentPin, "im.recent.pin" at "chats/special-operations/im-recent-pin"
    (dialog_id: DialogId = "DIALOG_ID") -> bool {
        /// Pin it, or unpin it. Default: pin.
        pin: yn = "PIN",
    }
    errors [DialogIdEmpty, AccessError];

    /// Marks a dialog as unread in the list, or takes the mark away.
    set unread = RecentUnread, "im.recent.unread" at "chats/special-operations/im-recent-unread"
    (dialog_id: DialogId = "DIALOG_ID") -> bool {
        /// Set it, or take it away. Default: set.
        action: yn = "ACTION",
    }
    errors [DialogIdEmpty];
}
