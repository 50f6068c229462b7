//! Applications in the chat: `imbot.app.*`.

use b24bot_core::Value;

use crate::methods::AppText;

namespace! {
    /// Applications in the chat: `imbot.app.*`.
    App, scope Some("imbot");

    /// Registers an application for the chat. The platform documents neither parameters nor an answer: pass
    /// them with `extra`.
    act register = AppRegister, "imbot.app.register" at "chats/outdated/create-app/imbot-app-register"
    () -> Value {}
    deprecated "the platform names no successor";

    /// Takes an application out of the chat.
    set unregister = AppUnregister, "imbot.app.unregister" at "chats/outdated/create-app/imbot-app-unregister"
    (app_id: u64 = "APP_ID") -> bool {};

    /// Changes an application of the chat. The page's own example puts all but `APP_ID` into `FIELDS`:
    /// `extra("FIELDS.IFRAME", …)` writes it so.
    set update = AppUpdate, "imbot.app.update" at "chats/outdated/create-app/imbot-app-update"
    (app_id: u64 = "APP_ID") -> bool {
        /// The URL of the frame.
        iframe: text = "IFRAME",
        /// Its width in pixels, at least 250.
        iframe_width: text = "IFRAME_WIDTH",
        /// Its height in pixels, at least 50.
        iframe_height: text = "IFRAME_HEIGHT",
        /// What a press does: `SEND`, `PUT`, `CALL`, `SUPPORT`.
        js_method: text = "JS_METHOD",
        /// What it does it with.
        js_param: text = "JS_PARAM",
        /// A secret for the frame, 32 characters.
        hash: text = "HASH",
        /// The icon, in Base64.
        icon_file: text = "ICON_FILE",
        /// Where it is shown.
        context: text = "CONTEXT",
        /// Available to extranet users. Default: no.
        extranet_support: yn = "EXTRANET_SUPPORT",
        /// Available in the online chat.
        livechat_support: yn = "LIVECHAT_SUPPORT",
        /// The frame can be moved, and stays when the dialog changes.
        iframe_popup: yn = "IFRAME_POPUP",
        /// What it is called, by language.
        lang: [{AppText}] = "LANG",
    };
}
