//! Objects among the parameters.

use super::{Color, Gender};

object! {
    /// The profile of a bot of the first generation (`PROPERTIES` of `imbot.register`). The platform is
    /// content with
    /// either name: leave the other empty.
    BotProfile(name: text = "NAME", last_name: text = "LAST_NAME") {
        /// The colour.
        color: Color = "COLOR",
        /// The e-mail address; no other user's.
        email: text = "EMAIL",
        /// The birthday, `YYYY-MM-DD`.
        personal_birthday: text = "PERSONAL_BIRTHDAY",
        /// What it does.
        work_position: text = "WORK_POSITION",
        /// The web page.
        personal_www: text = "PERSONAL_WWW",
        /// The gender.
        personal_gender: Gender = "PERSONAL_GENDER",
        /// The picture, in Base64.
        personal_photo: json = "PERSONAL_PHOTO",
    }
}

object! {
    /// The profile of a bot of the second generation (`fields.properties` of `imbot.v2.Bot.register`).
    BotProperties(name: text = "name") {
        /// The last name.
        last_name: text = "lastName",
        /// What it does.
        work_position: text = "workPosition",
        /// The colour.
        color: colour = "color",
        /// The gender.
        gender: Gender = "gender",
        /// The picture, in Base64.
        avatar: text = "avatar",
    }
}

object! {
    /// How a command of the first generation is called in one language.
    CommandText(language_id: text = "LANGUAGE_ID", title: text = "TITLE") {
        /// What may follow the command.
        params: text = "PARAMS",
    }
}

object! {
    /// How an application in the chat is called in one language.
    AppText(language_id: text = "LANGUAGE_ID") {
        /// What its button says.
        title: text = "TITLE",
        /// What it does.
        description: text = "DESCRIPTION",
        /// Whose it is.
        copyright: text = "COPYRIGHT",
    }
}
