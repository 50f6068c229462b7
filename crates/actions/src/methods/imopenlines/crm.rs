//! Open channels and the CRM: `imopenlines.crm.*`.

use b24bot_core::{ChatId, MessageId, UserId};

use crate::methods::{CrmEntityType, answers};

namespace! {
    /// Open channels and the CRM: `imopenlines.crm.*`.
    Crm, scope Some("imopenlines"), under {
        /// Chats of CRM items: `imopenlines.crm.chat.*`.
        chat: CrmChat,
        /// Leads: `imopenlines.crm.lead.*`.
        lead: CrmLead,
        /// Messages in chats of CRM items: `imopenlines.crm.message.*`.
        message: CrmMessage,
    };
}

namespace! {
    /// Chats of CRM items: `imopenlines.crm.chat.*`.
    CrmChat, scope Some("imopenlines"), under {
        /// Who is in them: `imopenlines.crm.chat.user.*`.
        user: CrmChatUser,
    };

    /// The chats of a CRM item.
    read get = CrmChatGet, "imopenlines.crm.chat.get"
        at "imopenlines/openlines/chats/imopenlines-crm-chat-get"
    (crm_entity_type: CrmEntityType = "CRM_ENTITY_TYPE", crm_entity: u64 = "CRM_ENTITY") -> Vec<answers::CrmChat> {
        /// Active ones only. Default: yes.
        active_only: yn = "ACTIVE_ONLY",
    }
    errors [AccessDenied, ErrorArgument];

    /// The last chat of a CRM item.
    read get_last_id = CrmChatGetLastId, "imopenlines.crm.chat.getLastId"
        at "imopenlines/openlines/chats/imopenlines-crm-chat-get-last-id"
    (crm_entity_type: CrmEntityType = "CRM_ENTITY_TYPE", crm_entity: u64 = "CRM_ENTITY") -> ChatId {}
    errors [CrmChatEmptyCrmData, ErrorArgument];
}

namespace! {
    /// Leads: `imopenlines.crm.lead.*`.
    CrmLead, scope Some("imopenlines");

    /// Makes a lead of a dialog.
    act create = CrmLeadCreate, "imopenlines.crm.lead.create"
        at "imopenlines/openlines/sessions/imopenlines-crm-lead-create"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId, ErrorUserNotOperator];
}

namespace! {
    /// Messages in chats of CRM items: `imopenlines.crm.message.*`.
    CrmMessage, scope Some("imopenlines");

    /// Writes to a CRM item's chat in a user's name.
    act add = CrmMessageAdd, "imopenlines.crm.message.add"
        at "imopenlines/openlines/messages/imopenlines-crm-message-add"
    (
        crm_entity_type: CrmEntityType = "CRM_ENTITY_TYPE",
        crm_entity: u64 = "CRM_ENTITY",
        user_id: UserId = "USER_ID",
        chat_id: ChatId = "CHAT_ID",
        message: text = "MESSAGE",
    ) -> MessageId {}
    errors [ChatNotInCrm, Canceled, AccessDenied, ErrorArgument];
}

namespace! {
    /// Who is in them: `imopenlines.crm.chat.user.*`.
    CrmChatUser, scope Some("imopenlines");

    /// Adds a user to a CRM item's chat.
    set add = CrmChatUserAdd, "imopenlines.crm.chat.user.add"
        at "imopenlines/openlines/chats/imopenlines-crm-chat-user-add"
    (
        crm_entity_type: CrmEntityType = "CRM_ENTITY_TYPE",
        crm_entity: u64 = "CRM_ENTITY",
        user_id: UserId = "USER_ID",
    ) -> ChatId {
        /// The chat, if the item has several.
        chat_id: ChatId = "CHAT_ID",
    }
    errors [
        AccessDenied, ErrorArgument, ImNotInstalled, ChatNotInCrm, CrmChatUserNotActive, WrongRequest,
    ];

    /// Takes a user out of a CRM item's chat.
    set delete = CrmChatUserDelete, "imopenlines.crm.chat.user.delete"
        at "imopenlines/openlines/chats/imopenlines-crm-chat-user-delete"
    (
        crm_entity_type: CrmEntityType = "CRM_ENTITY_TYPE",
        crm_entity: u64 = "CRM_ENTITY",
        user_id: UserId = "USER_ID",
    ) -> ChatId {
        /// The chat, if the item has several.
        chat_id: ChatId = "CHAT_ID",
    }
    errors [
        AccessDenied, CrmChatEmptyUser, CrmChatEmptyCrmData, ErrorArgument, ImNotInstalled, ChatNotInCrm,
        ChatDeleteUserPermissionDenied, CrmChatUserNotActive, WrongRequest,
    ];
}
