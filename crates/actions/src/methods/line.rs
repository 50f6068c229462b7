//! The settings of an open channel.

use b24bot_core::UserId;

use super::QueueType;

object! {
    /// One place in an open channel's queue.
    QueueEntry(entity_type: text = "ENTITY_TYPE", entity_id: u64 = "ENTITY_ID") {}
}

impl QueueEntry {
    /// A user as operator.
    pub fn user(user: impl Into<UserId>) -> Self {
        Self::new("user", user.into().get())
    }

    /// Everybody in a department.
    pub fn department(department: u64) -> Self {
        Self::new("department", department)
    }
}

object! {
    /// The settings of an open channel (`PARAMS` of `imopenlines.config.add` and `.update`).
    #[derive(Default)]
    LineConfig() {
        /// The name.
        line_name: text = "LINE_NAME",
        /// Whether it is switched on.
        active: yn = "ACTIVE",
        /// The operators.
        queue: [{QueueEntry}] = "QUEUE",
        /// How dialogs are shared out among them.
        queue_type: QueueType = "QUEUE_TYPE",
        /// After how many seconds the next operator gets a dialog.
        queue_time: u64 = "QUEUE_TIME",
        /// After how many seconds nobody has answered.
        no_answer_time: u64 = "NO_ANSWER_TIME",
        /// Whether clients are welcomed.
        welcome_message: yn = "WELCOME_MESSAGE",
        /// The welcome.
        welcome_message_text: text = "WELCOME_MESSAGE_TEXT",
        /// Whether there are working hours.
        worktime_enable: yn = "WORKTIME_ENABLE",
        /// When they begin, `HH:MM`.
        worktime_from: text = "WORKTIME_FROM",
        /// When they end, `HH:MM`.
        worktime_to: text = "WORKTIME_TO",
        /// Their time zone, such as `Europe/Berlin`.
        worktime_timezone: text = "WORKTIME_TIMEZONE",
        /// Whether clients are looked for in the CRM.
        crm: yn = "CRM",
        /// What to make in the CRM of a new client.
        crm_create: text = "CRM_CREATE",
        /// Whether clients are asked for a rating.
        vote_message: yn = "VOTE_MESSAGE",
        /// The language.
        language_id: text = "LANGUAGE_ID",
        /// The second setting for new clients, as for deals their pipeline.
        crm_create_second: text = "CRM_CREATE_SECOND",
        /// The third setting for new clients.
        crm_create_third: yn = "CRM_CREATE_THIRD",
        /// Whether clients are known again by what they write of themselves.
        crm_chat_tracker: yn = "CRM_CHAT_TRACKER",
        /// Whether a known client's dialog goes to who is responsible for them.
        crm_forward: yn = "CRM_FORWARD",
        /// Whether handing a dialog over changes who is responsible.
        crm_transfer_change: yn = "CRM_TRANSFER_CHANGE",
        /// The source that the CRM notes.
        crm_source: text = "CRM_SOURCE",
        /// How many dialogs an operator may have at once.
        max_chat: u64 = "MAX_CHAT",
        /// Which dialogs count.
        type_max_chat: text = "TYPE_MAX_CHAT",
        /// Whether there are categories.
        category_enable: yn = "CATEGORY_ENABLE",
        /// The category.
        category_id: u64 = "CATEGORY_ID",
        /// How long a dialog may wait before others, in seconds.
        session_priority: u64 = "SESSION_PRIORITY",
        /// Whether a bot answers first.
        welcome_bot_enable: yn = "WELCOME_BOT_ENABLE",
        /// When it does: `always` or `first`.
        welcome_bot_join: text = "WELCOME_BOT_JOIN",
        /// The bot.
        welcome_bot_id: u64 = "WELCOME_BOT_ID",
        /// After how many seconds it hands over.
        welcome_bot_time: u64 = "WELCOME_BOT_TIME",
        /// When it leaves: `queue` or `close`.
        welcome_bot_left: text = "WELCOME_BOT_LEFT",
        /// Whether operators who are away are passed over.
        check_available: yn = "CHECK_AVAILABLE",
        /// Whether operators see the client typing.
        watch_typing: yn = "WATCH_TYPING",
        /// Whether each session begins with the welcome.
        send_welcome_each_session: yn = "SEND_WELCOME_EACH_SESSION",
        /// What clients see of operators.
        operator_data: text = "OPERATOR_DATA",
        /// The name and picture that they see instead.
        default_operator_data: json = "DEFAULT_OPERATOR_DATA",
        /// What happens when nobody answers.
        no_answer_rule: text = "NO_ANSWER_RULE",
        /// The form for that.
        no_answer_form_id: u64 = "NO_ANSWER_FORM_ID",
        /// The bot for that.
        no_answer_bot_id: u64 = "NO_ANSWER_BOT_ID",
        /// The text for that.
        no_answer_text: text = "NO_ANSWER_TEXT",
        /// The days off, `MO` to `SU`.
        worktime_dayoff: [text] = "WORKTIME_DAYOFF",
        /// The holidays, `DD.MM` with commas between.
        worktime_holidays: text = "WORKTIME_HOLIDAYS",
        /// What happens out of working hours.
        worktime_dayoff_rule: text = "WORKTIME_DAYOFF_RULE",
        /// The form for that.
        worktime_dayoff_form_id: u64 = "WORKTIME_DAYOFF_FORM_ID",
        /// The bot for that.
        worktime_dayoff_bot_id: u64 = "WORKTIME_DAYOFF_BOT_ID",
        /// The text for that.
        worktime_dayoff_text: text = "WORKTIME_DAYOFF_TEXT",
        /// What happens when an operator ends a dialog.
        close_rule: text = "CLOSE_RULE",
        /// The form for that.
        close_form_id: u64 = "CLOSE_FORM_ID",
        /// The bot for that.
        close_bot_id: u64 = "CLOSE_BOT_ID",
        /// The text for that.
        close_text: text = "CLOSE_TEXT",
        /// For how many seconds clients may rate.
        vote_time_limit: u64 = "VOTE_TIME_LIMIT",
        /// Whether a dialog ends with its rating.
        vote_closing_delay: yn = "VOTE_CLOSING_DELAY",
        /// Whether clients may rate before the dialog ends.
        vote_before_finish: yn = "VOTE_BEFORE_FINISH",
        /// How they are asked in the online chat.
        vote_message_1_text: text = "VOTE_MESSAGE_1_TEXT",
        /// The thanks for a good rating there.
        vote_message_1_like: text = "VOTE_MESSAGE_1_LIKE",
        /// The answer to a bad one there.
        vote_message_1_dislike: text = "VOTE_MESSAGE_1_DISLIKE",
        /// How they are asked in other channels.
        vote_message_2_text: text = "VOTE_MESSAGE_2_TEXT",
        /// The thanks for a good rating there.
        vote_message_2_like: text = "VOTE_MESSAGE_2_LIKE",
        /// The answer to a bad one there.
        vote_message_2_dislike: text = "VOTE_MESSAGE_2_DISLIKE",
        /// What happens when the client is silent.
        auto_close_rule: text = "AUTO_CLOSE_RULE",
        /// After how many minutes an ended dialog is closed for good.
        full_close_time: u64 = "FULL_CLOSE_TIME",
        /// After how many seconds of silence.
        auto_close_time: u64 = "AUTO_CLOSE_TIME",
        /// The form for that.
        auto_close_form_id: u64 = "AUTO_CLOSE_FORM_ID",
        /// The bot for that.
        auto_close_bot_id: u64 = "AUTO_CLOSE_BOT_ID",
        /// The text for that.
        auto_close_text: text = "AUTO_CLOSE_TEXT",
        /// After how many seconds a dialog ends by itself.
        auto_expire_time: u64 = "AUTO_EXPIRE_TIME",
        /// Whether the channel is but a draft.
        temporary: yn = "TEMPORARY",
        /// The store of quick answers.
        quick_answers_iblock_id: u64 = "QUICK_ANSWERS_IBLOCK_ID",
        /// Within how many seconds the first answer is due.
        kpi_first_answer_time: u64 = "KPI_FIRST_ANSWER_TIME",
        /// Whether somebody is told that it is late.
        kpi_first_answer_alert: yn = "KPI_FIRST_ANSWER_ALERT",
        /// Who is.
        kpi_first_answer_list: [UserId] = "KPI_FIRST_ANSWER_LIST",
        /// What they are told.
        kpi_first_answer_text: text = "KPI_FIRST_ANSWER_TEXT",
        /// Within how many seconds later answers are due.
        kpi_further_answer_time: u64 = "KPI_FURTHER_ANSWER_TIME",
        /// Whether somebody is told that one is late.
        kpi_further_answer_alert: yn = "KPI_FURTHER_ANSWER_ALERT",
        /// Who is.
        kpi_further_answer_list: [UserId] = "KPI_FURTHER_ANSWER_LIST",
        /// What they are told.
        kpi_further_answer_text: text = "KPI_FURTHER_ANSWER_TEXT",
        /// Whether operators are watched being active.
        kpi_check_operator_activity: yn = "KPI_CHECK_OPERATOR_ACTIVITY",
        /// Whether clients fill in a form first.
        use_welcome_form: yn = "USE_WELCOME_FORM",
        /// The form.
        welcome_form_id: u64 = "WELCOME_FORM_ID",
        /// Whether it may wait until they have written.
        welcome_form_delay: yn = "WELCOME_FORM_DELAY",
        /// Whether operators are asked before a dialog ends.
        confirm_close: yn = "CONFIRM_CLOSE",
        /// Whether who is responsible by the form is passed over.
        ignore_welcome_form_responsible: yn = "IGNORE_WELCOME_FORM_RESPONSIBLE",
    }
}
