//! People and departments.

use b24bot_core::UserId;

use crate::methods::{
    Gender, Presence,
    loose::{Loose, Mismatch},
};

answer! {
    /// A user, as the chat knows them. Bots are users, too.
    User unless has_no_id {
        /// The id.
        id: UserId,
        /// Whether they may use the portal.
        active: bool,
        /// The whole name.
        name: String,
        /// The first name.
        first_name: String,
        /// The last name.
        last_name: String,
        /// What they do.
        work_position: String,
        /// The colour, `#rrggbb`.
        color: String,
        /// The picture's address.
        avatar: String,
        /// The address of the picture in high resolution.
        avatar_hr: String,
        /// The gender.
        gender: Option<Gender>,
        /// The birthday, `DD-MM`.
        birthday: Option<String>,
        /// Whether they are from outside the company.
        extranet: bool,
        /// Whether they are from Bitrix24.Network.
        network: bool,
        /// Whether they are a bot.
        bot: bool,
        /// Whether they are a client in an open channel.
        connector: bool,
        /// What signs them in.
        external_auth_id: String,
        /// The status.
        status: Option<Presence>,
        /// Away from the keyboard since, ISO 8601.
        idle: Option<String>,
        /// When they were last active, ISO 8601.
        last_activity_date: Option<String>,
        /// When they last used the mobile application, ISO 8601.
        mobile_last_date: Option<String>,
        /// When they last used the desktop application, ISO 8601.
        desktop_last_date: Option<String>,
        /// Absent until, ISO 8601.
        absent: Option<String>,
        /// The departments' ids.
        departments: Vec<u64>,
        /// The telephone numbers.
        phones: Option<Phones>,
        /// `user`, `bot`, `employee`, …
        type_: String,
        /// The web page.
        website: String,
        /// The e-mail address.
        email: String,
    }

    /// Telephone numbers.
    Phones {
        /// At work.
        work_phone: Option<String>,
        /// Mobile.
        personal_mobile: Option<String>,
        /// At home.
        personal_phone: Option<String>,
        /// Within the company.
        inner_phone: Option<String>,
    }

    /// A department.
    Department {
        /// The id.
        id: u64,
        /// The name.
        name: String,
        /// The name with those of the departments above it.
        full_name: String,
        /// Who leads it.
        manager_user_id: Option<UserId>,
        /// Who that is, if it was asked for.
        manager_user_data: Option<User>,
    }

    /// A user, as the administration knows them. Only what is filled in and visible to the caller is there.
    Employee {
        /// The id.
        id: UserId,
        /// Whether they may use the portal.
        active: bool,
        /// The first name.
        name: String,
        /// The last name.
        last_name: String,
        /// The second name.
        second_name: String,
        /// The e-mail address.
        email: String,
        /// When they last signed in, ISO 8601.
        last_login: Option<String>,
        /// When they were added, ISO 8601.
        date_register: Option<String>,
        /// The time zone.
        time_zone: String,
        /// Whether they are online.
        is_online: bool,
        /// When they were last active.
        last_activity_date: Option<String>,
        /// The gender.
        personal_gender: Option<Gender>,
        /// The web page.
        personal_www: String,
        /// The birthday, ISO 8601.
        personal_birthday: Option<String>,
        /// The mobile telephone number.
        personal_mobile: String,
        /// The city.
        personal_city: String,
        /// The picture's address.
        personal_photo: String,
        /// The telephone number at work.
        work_phone: String,
        /// What they do.
        work_position: String,
        /// Employed since, ISO 8601.
        uf_employment_date: Option<String>,
        /// The departments' ids.
        uf_department: Vec<u64>,
        /// `employee`, `extranet`, `email`.
        user_type: String,
    }

    /// Who the caller is, in short.
    Profile {
        /// The id.
        id: UserId,
        /// Whether they are an administrator.
        admin: bool,
        /// The first name.
        name: String,
        /// The last name.
        last_name: String,
        /// The gender.
        personal_gender: Option<Gender>,
        /// The picture's address.
        personal_photo: String,
        /// The time zone.
        time_zone: String,
        /// The difference to the server's time, seconds.
        time_zone_offset: Option<i64>,
    }
}

/// A user, or only their id where that was all that was asked for.
#[derive(Clone, Debug)]
pub enum UserOrId {
    /// The id.
    Id(UserId),
    /// The user.
    User(Box<User>),
}

impl UserOrId {
    /// The user's id.
    #[must_use]
    pub fn id(&self) -> UserId {
        match self {
            Self::Id(id) => *id,
            Self::User(user) => user.id,
        }
    }
}

impl Loose for UserOrId {
    fn loose(value: &serde_json::Value) -> Result<Self, Mismatch> {
        if value.is_object() {
            User::loose(value).map(|user| Self::User(Box::new(user)))
        } else {
            UserId::loose(value).map(Self::Id)
        }
    }
}
