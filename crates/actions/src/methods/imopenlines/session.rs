//! Sessions: `imopenlines.session.*`.

use b24bot_core::ChatId;

use crate::methods::answers;

namespace! {
    /// Sessions: `imopenlines.session.*`.
    Session, scope Some("imopenlines"), under {
        /// What the head of the operators does: `imopenlines.session.head.*`.
        head: SessionHead,
        /// Past sessions: `imopenlines.session.history.*`.
        history: SessionHistory,
        /// How a dialog is kept: `imopenlines.session.mode.*`.
        mode: SessionMode,
    };

    /// Takes a dialog over from the operator who has it.
    set intercept = SessionIntercept, "imopenlines.session.intercept"
        at "imopenlines/openlines/sessions/imopenlines-session-intercept"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatIdEmpty, OperatorWrong];

    /// Joins a dialog.
    set join = SessionJoin, "imopenlines.session.join"
        at "imopenlines/openlines/sessions/imopenlines-session-join"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId];

    /// Opens a session by the code of the client.
    act open = SessionOpen, "imopenlines.session.open"
        at "imopenlines/openlines/sessions/imopenlines-session-open"
    (user_code: text = "USER_CODE") -> answers::LineChat {}
    errors [AccessDenied];

    /// Starts a new session.
    act start = SessionStart, "imopenlines.session.start"
        at "imopenlines/openlines/sessions/imopenlines-session-start"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId];
}

namespace! {
    /// What the head of the operators does: `imopenlines.session.head.*`.
    SessionHead, scope Some("imopenlines");

    /// Rates a session as the head of the operators.
    set vote = SessionHeadVote, "imopenlines.session.head.vote"
        at "imopenlines/openlines/sessions/imopenlines-session-head-vote"
    (session_id: u64 = "SESSION_ID") -> bool {
        /// The stars, 1 to 5.
        rating: u64 = "RATING",
        /// The comment.
        comment: text = "COMMENT",
    }
    errors [EmptySessionId, EmptyVoteParams, AccessDenied];
}

namespace! {
    /// Past sessions: `imopenlines.session.history.*`.
    SessionHistory, scope Some("imopenlines");

    /// A session with all its messages.
    read get = SessionHistoryGet, "imopenlines.session.history.get"
        at "imopenlines/openlines/sessions/imopenlines-session-history-get"
    () -> answers::SessionHistory {
        /// The session.
        session_id: u64 = "SESSION_ID",
        /// The chat.
        chat_id: ChatId = "CHAT_ID",
    }
    errors [MissingRequiredParam, InvalidSessionId, AccessDenied];
}

namespace! {
    /// How a dialog is kept: `imopenlines.session.mode.*`.
    SessionMode, scope Some("imopenlines");

    /// Pins a dialog to its operator, or unpins it.
    set pin = SessionModePin, "imopenlines.session.mode.pin"
        at "imopenlines/openlines/sessions/imopenlines-session-mode-pin"
    (chat_id: ChatId = "CHAT_ID") -> bool {
        /// Pin it, or unpin it. Default: pin.
        activate: yn = "ACTIVATE",
    }
    errors [ChatIdEmpty, ChatId, ChatType, AccessDenied, UserId];

    /// Pins all dialogs to their operator. Returns the ids of the sessions.
    set pin_all = SessionModePinAll, "imopenlines.session.mode.pinAll"
        at "imopenlines/openlines/sessions/imopenlines-session-mode-pin-all"
    () -> Vec<u64> {};

    /// Hides what operators write from the client, or shows it again.
    set silent = SessionModeSilent, "imopenlines.session.mode.silent"
        at "imopenlines/openlines/sessions/imopenlines-session-mode-silent"
    (chat_id: ChatId = "CHAT_ID") -> bool {
        /// Hide it, or show it again. Default: show.
        activate: yn = "ACTIVATE",
    }
    errors [ChatId, ChatType, AccessDenied, UserId]
    deprecated "the platform names no successor";

    /// Unpins all dialogs. Returns the ids of the sessions.
    set unpin_all = SessionModeUnpinAll, "imopenlines.session.mode.unpinAll"
        at "imopenlines/openlines/sessions/imopenlines-session-mode-unpin-all"
    () -> Vec<u64> {};
}
