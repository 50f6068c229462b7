//! What operators do: `imopenlines.operator.*`.

use b24bot_core::{ChatId, UserId};

namespace! {
    /// What operators do: `imopenlines.operator.*`.
    Operator, scope Some("imopenlines"), under {
        /// Other operators' dialogs: `imopenlines.operator.another.*`.
        another: OperatorAnother,
    };

    /// Takes a dialog.
    set answer = OperatorAnswer, "imopenlines.operator.answer"
        at "imopenlines/openlines/operators/imopenlines-operator-answer"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId];

    /// Ends the caller's own dialog.
    set finish = OperatorFinish, "imopenlines.operator.finish"
        at "imopenlines/openlines/operators/imopenlines-operator-finish"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId];

    /// Passes a dialog on to the next operator.
    act skip = OperatorSkip, "imopenlines.operator.skip"
        at "imopenlines/openlines/operators/imopenlines-operator-skip"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, AccessDeniedKick, UserId];

    /// Ends a dialog as spam.
    set spam = OperatorSpam, "imopenlines.operator.spam"
        at "imopenlines/openlines/operators/imopenlines-operator-spam"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId];

    /// Hands a dialog over to a colleague or another open channel.
    act transfer = OperatorTransfer, "imopenlines.operator.transfer"
        at "imopenlines/openlines/operators/imopenlines-operator-transfer"
    (chat_id: ChatId = "CHAT_ID") -> bool {
        /// Whom to hand over to: a user's id, or `queue` and a channel's id.
        transfer_id: text = "TRANSFER_ID",
        /// The user.
        user_id: UserId = "USER_ID",
        /// The open channel to hand over to.
        queue_id: u64 = "QUEUE_ID",
    }
    errors [ChatIdEmpty, UserIdEmpty, QueueIdEmpty, TransferIdEmpty, OperatorWrong];
}

namespace! {
    /// Other operators' dialogs: `imopenlines.operator.another.*`.
    OperatorAnother, scope Some("imopenlines");

    /// Ends another operator's dialog.
    set finish = OperatorAnotherFinish, "imopenlines.operator.another.finish"
        at "imopenlines/openlines/operators/imopenlines-operator-another-finish"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId];
}
