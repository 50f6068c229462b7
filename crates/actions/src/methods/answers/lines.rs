//! Open channels.

use std::collections::BTreeMap;

use b24bot_core::{ChatId, MessageId, UserId, Value};

use super::User;
use crate::methods::QueueType;

answer! {
    /// An open channel with its settings. A list holds only some of them.
    Line {
        /// The id.
        id: u64,
        /// The name.
        line_name: String,
        /// Whether it is switched on.
        active: bool,
        /// Whether clients are looked for in the CRM.
        crm: bool,
        /// What to make in the CRM of a new client.
        crm_create: String,
        /// The second setting for new clients, as for deals their pipeline.
        crm_create_second: String,
        /// The third setting for new clients.
        crm_create_third: bool,
        /// Whether a known client's dialog goes to who is responsible for them.
        crm_forward: bool,
        /// Whether clients are known again by what they write of themselves.
        crm_chat_tracker: bool,
        /// Whether handing a dialog over changes who is responsible.
        crm_transfer_change: bool,
        /// The source that the CRM notes.
        crm_source: String,
        /// After how many seconds the next operator gets a dialog.
        queue_time: u64,
        /// After how many seconds nobody has answered.
        no_answer_time: u64,
        /// How dialogs are shared out among them.
        queue_type: Option<QueueType>,
        /// Whether operators who are away are passed over.
        check_available: bool,
        /// Whether operators see the client typing.
        watch_typing: bool,
        /// Whether a bot answers first.
        welcome_bot_enable: bool,
        /// Whether clients are welcomed.
        welcome_message: bool,
        /// The welcome.
        welcome_message_text: String,
        /// Whether clients are asked for a rating.
        vote_message: bool,
        /// For how many seconds clients may rate.
        vote_time_limit: u64,
        /// Whether clients may rate before the dialog ends.
        vote_before_finish: bool,
        /// Whether a dialog ends with its rating.
        vote_closing_delay: bool,
        /// How they are asked in the online chat.
        vote_message_1_text: String,
        /// The thanks for a good rating there.
        vote_message_1_like: String,
        /// The answer to a bad one there.
        vote_message_1_dislike: String,
        /// How they are asked in other channels.
        vote_message_2_text: String,
        /// The thanks for a good rating there.
        vote_message_2_like: String,
        /// The answer to a bad one there.
        vote_message_2_dislike: String,
        /// Whether clients must agree to how their data is used.
        agreement_message: bool,
        /// The agreement.
        agreement_id: u64,
        /// Whether there are categories.
        category_enable: bool,
        /// The category.
        category_id: u64,
        /// When it does: `always` or `first`.
        welcome_bot_join: String,
        /// The bot.
        welcome_bot_id: u64,
        /// After how many seconds it hands over.
        welcome_bot_time: u64,
        /// When it leaves: `queue` or `close`.
        welcome_bot_left: String,
        /// What happens when nobody answers.
        no_answer_rule: String,
        /// The form for that.
        no_answer_form_id: u64,
        /// The bot for that.
        no_answer_bot_id: u64,
        /// The text for that.
        no_answer_text: String,
        /// Whether there are working hours.
        worktime_enable: bool,
        /// When they begin, `HH.MM`.
        worktime_from: String,
        /// When they end, `HH.MM`.
        worktime_to: String,
        /// Their time zone, such as `Europe/Berlin`.
        worktime_timezone: String,
        /// The holidays, `DD.MM`.
        worktime_holidays: Vec<String>,
        /// The days off, `MO` to `SU`.
        worktime_dayoff: Vec<String>,
        /// What happens out of working hours.
        worktime_dayoff_rule: String,
        /// The form for that.
        worktime_dayoff_form_id: u64,
        /// The bot for that.
        worktime_dayoff_bot_id: u64,
        /// The text for that.
        worktime_dayoff_text: String,
        /// What happens when an operator ends a dialog.
        close_rule: String,
        /// The form for that.
        close_form_id: u64,
        /// The bot for that.
        close_bot_id: u64,
        /// The text for that.
        close_text: String,
        /// After how many minutes an ended dialog is closed for good.
        full_close_time: u64,
        /// What happens when the client is silent.
        auto_close_rule: String,
        /// The form for that.
        auto_close_form_id: u64,
        /// The bot for that.
        auto_close_bot_id: u64,
        /// After how many seconds of silence.
        auto_close_time: u64,
        /// The text for that.
        auto_close_text: String,
        /// After how many seconds a dialog ends by itself.
        auto_expire_time: u64,
        /// When it was made, ISO 8601.
        date_create: Option<String>,
        /// When it last changed, ISO 8601.
        date_modify: Option<String>,
        /// Who changed it.
        modify_user_id: Option<UserId>,
        /// Whether the channel is but a draft.
        temporary: bool,
        /// An id from outside.
        xml_id: Option<String>,
        /// The language.
        language_id: String,
        /// The store of quick answers.
        quick_answers_iblock_id: u64,
        /// How long a dialog may wait before others, in seconds.
        session_priority: u64,
        /// Which dialogs count.
        type_max_chat: String,
        /// How many dialogs an operator may have at once.
        max_chat: u64,
        /// What clients see of operators.
        operator_data: String,
        /// The name and picture that clients see instead of an operator's.
        default_operator_data: Value,
        /// Within how many seconds the first answer is due.
        kpi_first_answer_time: u64,
        /// Whether somebody is told that it is late.
        kpi_first_answer_alert: bool,
        /// Who is.
        kpi_first_answer_list: Vec<UserId>,
        /// What they are told.
        kpi_first_answer_text: String,
        /// Within how many seconds later answers are due.
        kpi_further_answer_time: u64,
        /// Whether somebody is told that one is late.
        kpi_further_answer_alert: bool,
        /// Who is.
        kpi_further_answer_list: Vec<UserId>,
        /// What they are told.
        kpi_further_answer_text: String,
        /// Whether operators are watched being active.
        kpi_check_operator_activity: bool,
        /// Whether somebody is told that nobody is in the queue.
        send_notification_empty_queue: bool,
        /// Whether clients fill in a form first.
        use_welcome_form: bool,
        /// The form.
        welcome_form_id: u64,
        /// Whether it may wait until they have written.
        welcome_form_delay: bool,
        /// Whether each session begins with the welcome.
        send_welcome_each_session: bool,
        /// Whether operators are asked before a dialog ends.
        confirm_close: bool,
        /// Whether who is responsible by the form is passed over.
        ignore_welcome_form_responsible: bool,
        /// The operators.
        queue: Vec<UserId>,
        /// Their places in the queue, by user.
        queue_full: BTreeMap<String, Operator>,
        /// What clients see of them, by user.
        queue_users_fields: BTreeMap<String, Operator>,
        /// Whether one of them is there.
        queue_online: bool,
        /// The queue as it is configured, with departments.
        config_queue: Vec<QueuePlace>,
    }

    /// An operator in a queue.
    Operator {
        /// Which place of the queue.
        id: Option<u64>,
        /// The order of the place.
        sort: Option<u64>,
        /// The user.
        user_id: Option<UserId>,
        /// The department that they are there for.
        department_id: Option<u64>,
        /// The name that clients see.
        user_name: Option<String>,
        /// What clients see that they do.
        user_work_position: Option<String>,
        /// The address of the picture that clients see.
        user_avatar: Option<String>,
        /// The picture's id.
        user_avatar_id: Option<u64>,
    }

    /// One place in a queue.
    QueuePlace {
        /// `user` or `department`.
        entity_type: String,
        /// Its id.
        entity_id: u64,
    }

    /// Where the open channels' public page is.
    LinePath {
        /// The server.
        server_address: String,
        /// The path on it.
        public_path: String,
    }

    /// A CRM item's chat.
    CrmChat {
        /// The chat.
        chat_id: ChatId,
        /// The connector that it came through: `livechat`, `telegram`, …
        connector_id: String,
        /// Its name for people.
        connector_title: String,
    }

    /// A chat that was opened.
    LineChat {
        /// The chat.
        chat_id: ChatId,
    }

    /// A session with all its messages.
    SessionHistory {
        /// The chat.
        chat_id: ChatId,
        /// Whether the caller can join it.
        can_join: bool,
        /// Whether the caller can rate it as the operators' head.
        can_vote_head: bool,
        /// The session.
        session_id: u64,
        /// The head's stars.
        session_vote_head: u64,
        /// The head's comment.
        session_comment_head: Option<String>,
        /// The dialog.
        user_id: String,
        /// The messages, by id.
        message: BTreeMap<String, SessionMessage>,
        /// The messages' ids by dialog.
        users_message: BTreeMap<String, Vec<MessageId>>,
        /// Who wrote them, by id.
        users: BTreeMap<String, User>,
        /// The files, by id.
        files: Value,
        /// The chats, by id.
        chat: Value,
    }

    /// A message of a session.
    SessionMessage {
        /// The id.
        id: MessageId,
        /// The chat.
        chat_id: ChatId,
        /// Who wrote it; 0 is the platform.
        sender_id: Option<UserId>,
        /// Where to.
        recipient_id: String,
        /// When, ISO 8601.
        date: Option<String>,
        /// The text, in BB code.
        text: String,
        /// The text, in HTML.
        text_legacy: String,
        /// What belongs to it.
        params: Value,
    }
}
