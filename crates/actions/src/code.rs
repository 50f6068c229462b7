//! The platform's error codes.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal;)*) => {
        /// A code from the `error` field of an answer.
        ///
        /// The variants are the codes that the platform documents: first those that any method may return, then those
        /// of single methods. Every other code is [`Other`](Self::Other). The platform is not consistent in case (`expired_token`, `OVERLOAD_LIMIT`), so
        /// codes are compared without regard to it.
        ///
        /// ```
        /// use b24bot_actions::ErrorCode;
        ///
        /// assert_eq!(ErrorCode::from("EXPIRED_TOKEN"), ErrorCode::ExpiredToken);
        /// assert_eq!(ErrorCode::from("bot_not_found"), ErrorCode::BotNotFound);
        /// assert_eq!(ErrorCode::from("SOMETHING_NEW"), "something_new");
        /// ```
        #[non_exhaustive]
        #[derive(Clone, Debug)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// Any other code, as the platform wrote it.
            Other(String),
        }

        impl ErrorCode {
            /// Every code that has a name of its own.
            const NAMED: &[Self] = &[$(Self::$name,)*];

            /// The code as the platform writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $wire,)*
                    Self::Other(code) => code,
                }
            }

            /// The code if it has a name of its own: a label for metrics must not be chosen by the other side.
            pub(crate) fn named(&self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($wire),)*
                    Self::Other(_) => None,
                }
            }
        }
    };
}

codes! {
    /// 500: an error inside the portal.
    InternalServerError = "INTERNAL_SERVER_ERROR";
    /// 500: the portal's server answered itself something unexpected.
    UnexpectedAnswer = "ERROR_UNEXPECTED_ANSWER";
    /// 503 (some pages say 429): too many requests; the request was not carried out.
    QueryLimitExceeded = "QUERY_LIMIT_EXCEEDED";
    /// 405: this method cannot be called within `batch`.
    BatchMethodNotAllowed = "ERROR_BATCH_METHOD_NOT_ALLOWED";
    /// 400: more calls in a `batch` than allowed.
    BatchLengthExceeded = "ERROR_BATCH_LENGTH_EXCEEDED";
    /// 401: the access token or the webhook's secret is not valid.
    NoAuthFound = "NO_AUTH_FOUND";
    /// 400: the portal wants https.
    InvalidRequest = "INVALID_REQUEST";
    /// 503: REST was blocked by hand; only the vendor's support can lift that.
    OverloadLimit = "OVERLOAD_LIMIT";
    /// 403: REST is not part of the portal's plan, or the method refuses this caller.
    AccessDenied = "ACCESS_DENIED";
    /// 403: the user behind the credentials lacks the right to call the method.
    InvalidCredentials = "INVALID_CREDENTIALS";
    /// 404: the manifest is not available.
    ManifestIsNotAvailable = "ERROR_MANIFEST_IS_NOT_AVAILABLE";
    /// 403: the credentials lack the method's scope.
    InsufficientScope = "insufficient_scope";
    /// 401: the access token has expired; a refreshed one will do.
    ExpiredToken = "expired_token";
    /// 401: nobody knows the access token, or not any more; a refreshed one may do.
    InvalidToken = "invalid_token";
    /// 403: the application is installed, but not open to this user.
    UserAccessError = "user_access_error";
    /// 500: the portal was deleted or closed.
    PortalDeleted = "PORTAL_DELETED";
    /// 429: the method's work time for this application is used up for now.
    OperationTimeLimit = "OPERATION_TIME_LIMIT";
    /// 400, `im.message.like`: the message id is missing or invalid.
    MessageIdError = "MESSAGE_ID_ERROR";
    /// 400, `im.message.like`: it was so already, or the caller cannot see the message.
    WithoutChanges = "WITHOUT_CHANGES";

    // What the authorization server says.
    /// The refresh token or code has expired, was used, or is another application's.
    InvalidGrant = "invalid_grant";
    /// The application's id or key is wrong.
    InvalidClient = "invalid_client";
    /// More is asked for than was granted.
    InvalidScope = "invalid_scope";
    /// The portal has not paid for the application: its tokens are not renewed.
    PaymentRequired = "PAYMENT_REQUIRED";

    // What single methods say; which do is told by `methods::MethodInfo::errors`.
    /// The chat's id is missing or invalid.
    ChatIdEmpty = "CHAT_ID_EMPTY";
    /// There is no such thing, or the caller may not get at it.
    AccessError = "ACCESS_ERROR";
    /// The caller may not take people out of this chat.
    AccessDeniedKick = "ACCESS_DENIED_KICK";
    /// The dialog's id is missing or invalid.
    DialogIdEmpty = "DIALOG_ID_EMPTY";
    /// The user's id is missing or invalid.
    UserIdEmpty = "USER_ID_EMPTY";
    /// It could not be done, for no reason that the portal tells.
    WrongRequest = "WRONG_REQUEST";
    /// The picture cannot be used.
    AvatarError = "AVATAR_ERROR";
    /// There is no such colour.
    WrongColor = "WRONG_COLOR";
    /// The title is missing.
    TitleEmpty = "TITLE_EMPTY";
    /// The caller may not invite people to this chat.
    AccessDeniedExtend = "ACCESS_DENIED_EXTEND";
    /// There is no such user here.
    UserNotFound = "USER_NOT_FOUND";
    /// `FIRST_ID` is no number.
    FirstIdString = "FIRST_ID_STRING";
    /// `LAST_ID` is no number.
    LastIdString = "LAST_ID_STRING";
    /// The text is missing.
    MessageEmpty = "MESSAGE_EMPTY";
    /// The chat's id is invalid.
    ChatId = "CHAT_ID";
    /// A parameter is missing or invalid.
    ParamsError = "PARAMS_ERROR";
    /// The attachment is not written as it must be.
    AttachError = "ATTACH_ERROR";
    /// The attachment is larger than 30 KB.
    AttachOversize = "ATTACH_OVERSIZE";
    /// The keyboard is not written as it must be.
    KeyboardError = "KEYBOARD_ERROR";
    /// The menu is not written as it must be.
    MenuError = "MENU_ERROR";
    /// The message to reply to cannot be seen.
    ReplyAccessError = "REPLY_ACCESS_ERROR";
    /// The message to reply to is in another chat.
    ReplyFromOtherChatError = "REPLY_FROM_OTHER_CHAT_ERROR";
    /// The bot's id is missing or invalid, or the bot is not the caller's.
    BotIdError = "BOT_ID_ERROR";
    /// The command is missing or there is none of that name.
    CommandError = "COMMAND_ERROR";
    /// The message cannot be changed: it is someone else's, or too old.
    CantEditMessage = "CANT_EDIT_MESSAGE";
    /// The keyboard is larger than 30 KB.
    KeyboardOversize = "KEYBOARD_OVERSIZE";
    /// The menu is larger than 30 KB.
    MenuOversize = "MENU_OVERSIZE";
    /// These credentials are of the wrong sort for the method.
    WrongAuthType = "WRONG_AUTH_TYPE";
    /// The notification's id is missing or invalid.
    IdError = "ID_ERROR";
    /// The answer is missing.
    AnswerTextError = "ANSWER_TEXT_ERROR";
    /// The button's value is missing.
    NotifyValueError = "NOTIFY_VALUE_ERROR";
    /// `LAST_ID` and `LAST_TYPE` go together.
    LastIdAndLastType = "LAST_ID_AND_LAST_TYPE";
    /// The text to look for is too short.
    SearchTextError = "SEARCH_TEXT_ERROR";
    /// The text to look for is too short.
    FindShort = "FIND_SHORT";
    /// The id is missing.
    IdEmpty = "ID_EMPTY";
    /// There is no such user.
    UserNotExists = "USER_NOT_EXISTS";
    /// A parameter is not written as it must be.
    InvalidFormat = "INVALID_FORMAT";
    /// There is no such status.
    StatusError = "STATUS_ERROR";
    /// The files are missing or cannot be found.
    FilesError = "FILES_ERROR";
    /// The file could not be published.
    SaveError = "SAVE_ERROR";
    /// The file's id is missing.
    FileIdEmpty = "FILE_ID_EMPTY";
    /// The file could not be saved.
    FileSaveError = "FILE_SAVE_ERROR";
    /// There is no such file.
    FileNotFound = "FILE_NOT_FOUND";
    /// The file has no content.
    FileEmpty = "FILE_EMPTY";
    /// The content is not in Base64.
    FileInvalidContent = "FILE_INVALID_CONTENT";
    /// There is no such chat.
    ChatNotFound = "CHAT_NOT_FOUND";
    /// The chat's folder cannot be had.
    FolderError = "FOLDER_ERROR";
    /// The file could not be uploaded.
    UploadFailed = "UPLOAD_FAILED";
    /// The file is uploaded, its message could not be written.
    SendFailed = "SEND_FAILED";
    /// The file is larger than 100 MB.
    FileTooLarge = "FILE_TOO_LARGE";
    /// The URL for new messages is missing or invalid.
    EventMessageAddError = "EVENT_MESSAGE_ADD_ERROR";
    /// The URL for changed messages is invalid.
    EventMessageUpdateError = "EVENT_MESSAGE_UPDATE_ERROR";
    /// The URL for deleted messages is invalid.
    EventMessageDeleteError = "EVENT_MESSAGE_DELETE_ERROR";
    /// The URL for joining chats is missing or invalid.
    EventWelcomeMessageError = "EVENT_WELCOME_MESSAGE_ERROR";
    /// The URL for the bot's deletion is missing or invalid.
    EventBotDeleteError = "EVENT_BOT_DELETE_ERROR";
    /// The bot's code is missing.
    CodeError = "CODE_ERROR";
    /// The bot has neither name nor last name.
    NameError = "NAME_ERROR";
    /// The application has as many bots as it may.
    MaxCountError = "MAX_COUNT_ERROR";
    /// The bot or command belongs to another application, or `CLIENT_ID` is wrong.
    AppIdError = "APP_ID_ERROR";
    /// The caller is not known.
    AuthorizeError = "AUTHORIZE_ERROR";
    /// There is no such command.
    CommandIdError = "COMMAND_ID_ERROR";
    /// The message's id is missing.
    MessageIdEmpty = "MESSAGE_ID_EMPTY";
    /// The URL for the command is missing or invalid.
    EventCommandAddError = "EVENT_COMMAND_ADD_ERROR";
    /// The command's texts are missing.
    LangError = "LANG_ERROR";
    /// Through a webhook `botToken` is needed.
    BotTokenNotSpecified = "BOT_TOKEN_NOT_SPECIFIED";
    /// The bot's id is missing.
    BotIdRequired = "BOT_ID_REQUIRED";
    /// There is no such bot.
    BotNotFound = "BOT_NOT_FOUND";
    /// The bot belongs to another application, or `botToken` is wrong.
    BotOwnershipError = "BOT_OWNERSHIP_ERROR";
    /// The scope for the users' events is missing.
    ScopeError = "SCOPE_ERROR";
    /// The users' events need credentials of a user.
    AuthError = "AUTH_ERROR";
    /// The user has not subscribed to events.
    UserNotSubscribed = "USER_NOT_SUBSCRIBED";
    /// The bot may not have the file.
    FileAccessError = "FILE_ACCESS_ERROR";
    /// The chat's folder cannot be had.
    FileFolderError = "FILE_FOLDER_ERROR";
    /// The file could not be uploaded.
    FileUploadFailed = "FILE_UPLOAD_FAILED";
    /// The file is uploaded, its message could not be written.
    FileSendFailed = "FILE_SEND_FAILED";
    /// Neither the bot's id nor its code was given.
    ParamsRequired = "PARAMS_REQUIRED";
    /// The bot's code is missing.
    BotCodeRequired = "BOT_CODE_REQUIRED";
    /// The bot's profile or its name is missing.
    BotPropertiesRequired = "BOT_PROPERTIES_REQUIRED";
    /// Another application has a bot with that code.
    BotCodeAlreadyTaken = "BOT_CODE_ALREADY_TAKEN";
    /// There is no such type of bot.
    BotInvalidType = "BOT_INVALID_TYPE";
    /// There is no such way to get events.
    BotInvalidEventMode = "BOT_INVALID_EVENT_MODE";
    /// The URL for events is missing.
    BotWebhookUrlRequired = "BOT_WEBHOOK_URL_REQUIRED";
    /// The bot could not be registered.
    BotRegisterFailed = "BOT_REGISTER_FAILED";
    /// The URL for events is invalid.
    BotInvalidCallback = "BOT_INVALID_CALLBACK";
    /// The application has as many bots as it may.
    BotLimitExceeded = "BOT_LIMIT_EXCEEDED";
    /// The picture is of a wrong type.
    BotAvatarIncorrectType = "BOT_AVATAR_INCORRECT_TYPE";
    /// The picture is too large.
    BotAvatarIncorrectSize = "BOT_AVATAR_INCORRECT_SIZE";
    /// The bot could not be taken off the portal.
    BotUnregisterFailed = "BOT_UNREGISTER_FAILED";
    /// The bot's token could not be changed.
    BotTokenRotationFailed = "BOT_TOKEN_ROTATION_FAILED";
    /// No users were named.
    EmptyUserIds = "EMPTY_USER_IDS";
    /// Bots of this type may not do that.
    BotTypeNotAllowed = "BOT_TYPE_NOT_ALLOWED";
    /// There is no such message.
    MessageNotFound = "MESSAGE_NOT_FOUND";
    /// The bot may not see the message.
    MessageAccessDenied = "MESSAGE_ACCESS_DENIED";
    /// The message has no content.
    EmptyMessage = "EMPTY_MESSAGE";
    /// The message could not be sent.
    SendingFailed = "SENDING_FAILED";
    /// There is no such reaction, or it was not set.
    ReactionNotFound = "REACTION_NOT_FOUND";
    /// The reaction was set already.
    ReactionAlreadySet = "REACTION_ALREADY_SET";
    /// The answer could not be written.
    CommandAnswerFailed = "COMMAND_ANSWER_FAILED";
    /// The command's name is invalid.
    CommandNameInvalid = "COMMAND_NAME_INVALID";
    /// The command's name is missing.
    CommandRequired = "COMMAND_REQUIRED";
    /// The command's title is missing.
    CommandTitleRequired = "COMMAND_TITLE_REQUIRED";
    /// The command could not be registered.
    CommandRegisterFailed = "COMMAND_REGISTER_FAILED";
    /// There is no such command.
    CommandNotFound = "COMMAND_NOT_FOUND";
    /// The command's name is empty.
    CommandNameEmpty = "COMMAND_NAME_EMPTY";
    /// The bot has a command of that name.
    CommandAlreadyExists = "COMMAND_ALREADY_EXISTS";
    /// The portal has no chat.
    ImNotInstalled = "IM_NOT_INSTALLED";
    /// The open channel's code is missing or invalid.
    Code = "CODE";
    /// The portal has no bots.
    ImbotError = "IMBOT_ERROR";
    /// There is no such open channel.
    NotFound = "NOT_FOUND";
    /// The open channel is switched off.
    Inactive = "INACTIVE";
    /// The chat is no open channel's.
    ChatType = "CHAT_TYPE";
    /// The quick answer could not be saved.
    CantSaveQuickAnswer = "CANT_SAVE_QUICK_ANSWER";
    /// The user's id is invalid.
    UserId = "USER_ID";
    /// The user got a message within the last week already.
    UserMessageLimit = "USER_MESSAGE_LIMIT";
    /// The chat is no open channel's.
    WrongChat = "WRONG_CHAT";
    /// The open channel's id is missing or invalid.
    QueueIdEmpty = "QUEUE_ID_EMPTY";
    /// It was not said whom to hand over to.
    TransferIdEmpty = "TRANSFER_ID_EMPTY";
    /// The operator may not have this dialog.
    OperatorWrong = "OPERATOR_WRONG";
    /// The open channel's id is missing or invalid.
    ConfigIdEmpty = "CONFIG_ID_EMPTY";
    /// The caller may not change open channels.
    ConfigWrongUserPermission = "CONFIG_WRONG_USER_PERMISSION";
    /// A parameter is missing or invalid.
    ErrorArgument = "ERROR_ARGUMENT";
    /// The CRM item is missing or invalid.
    CrmChatEmptyCrmData = "CRM_CHAT_EMPTY_CRM_DATA";
    /// The caller is not the dialog's operator.
    ErrorUserNotOperator = "ERROR_USER_NOT_OPERATOR";
    /// The chat does not belong to the CRM item.
    ChatNotInCrm = "CHAT_NOT_IN_CRM";
    /// The message was not written.
    Canceled = "CANCELED";
    /// The user is not active.
    CrmChatUserNotActive = "CRM_CHAT_USER_NOT_ACTIVE";
    /// The user is missing.
    CrmChatEmptyUser = "CRM_CHAT_EMPTY_USER";
    /// The caller may not take people out of this chat.
    ChatDeleteUserPermissionDenied = "CHAT_DELETE_USER_PERMISSION_DENIED";
    /// The session's id is missing.
    EmptySessionId = "EMPTY_SESSION_ID";
    /// Neither stars nor a comment were given.
    EmptyVoteParams = "EMPTY_VOTE_PARAMS";
    /// A parameter is missing.
    MissingRequiredParam = "MISSING_REQUIRED_PARAM";
    /// There is no such session.
    InvalidSessionId = "INVALID_SESSION_ID";
    /// There is no such event.
    ErrorEventNotFound = "ERROR_EVENT_NOT_FOUND";
    /// The feature's code is missing.
    CodeEmpty = "CODE_EMPTY";
    /// The caller must be an administrator, or the application's own credentials are needed.
    AccessException = "AccessException";
    /// A parameter is missing.
    ArgumentNullException = "ArgumentNullException";
}

impl ErrorCode {
    /// Whether any method may return it: then it says by itself whether repeating makes sense, whatever the status.
    pub(crate) const fn is_of_the_platform(&self) -> bool {
        matches!(
            self,
            Self::InternalServerError
                | Self::UnexpectedAnswer
                | Self::QueryLimitExceeded
                | Self::BatchMethodNotAllowed
                | Self::BatchLengthExceeded
                | Self::NoAuthFound
                | Self::InvalidRequest
                | Self::OverloadLimit
                | Self::AccessDenied
                | Self::InvalidCredentials
                | Self::ManifestIsNotAvailable
                | Self::InsufficientScope
                | Self::ExpiredToken
                | Self::InvalidToken
                | Self::UserAccessError
                | Self::PortalDeleted
                | Self::OperationTimeLimit
        )
    }
}

impl From<&str> for ErrorCode {
    fn from(code: &str) -> Self {
        let named = Self::NAMED.iter().find(|named| named.as_str().eq_ignore_ascii_case(code));
        named.cloned().unwrap_or_else(|| Self::Other(code.to_owned()))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for ErrorCode {
    fn eq(&self, other: &Self) -> bool {
        *self == *other.as_str()
    }
}

impl Eq for ErrorCode {}

impl PartialEq<str> for ErrorCode {
    fn eq(&self, other: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(other)
    }
}

impl PartialEq<&str> for ErrorCode {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl Hash for ErrorCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.as_str().bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_named_code_is_read_in_any_case() {
        for code in ErrorCode::NAMED {
            for text in [code.as_str().to_ascii_lowercase(), code.as_str().to_ascii_uppercase()] {
                let read = ErrorCode::from(text.as_str());
                assert_eq!(&read, code);
                assert!(!matches!(read, ErrorCode::Other(_)), "{text}");
            }
        }
    }

    #[test]
    fn other_codes_keep_their_spelling_and_are_equal_in_any_case() {
        let code = ErrorCode::from("Something_New");
        assert_eq!(code.as_str(), "Something_New");
        assert_eq!(code, "SOMETHING_NEW");
        assert_ne!(code, "SOMETHING_NEW_AT_ALL");
        let set = HashSet::from([code, ErrorCode::from("SOMETHING_NEW")]);
        assert_eq!(set.len(), 1);
    }
}
