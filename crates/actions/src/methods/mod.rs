//! Every method of the chat platform, typed.
//!
//! A call is written as its method is named: each dot a handle, the last part the method, its required
//! parameters as
//! arguments, the others as methods of the builder. `imbot.v2.Chat.Message.send` is
//!
//! ```no_run
//! # async fn example(client: b24bot_actions::Client) -> Result<(), b24bot_actions::Error> {
//! let sent = client.imbot().v2().chat().message().send(1001, "chat5").message("Hi").reply_to(345).await?;
//! println!("wrote {:?}", sent.id);
//! # Ok(())
//! # }
//! ```
//!
//! Where a handle and a method would have one name, the method has another: `im.notify` is
//! `im().notify().send(…)`,
//! `im.dialog.read.all` is `im().dialog().read_all()`, and so with `im.notify.read.all` and
//! `im.notify.read.list`.
//!
//! | handle | methods |
//! |---|---|
//! | [`client.im()`](im::Im) | [`im::chat`], [`im::dialog`], [`im::message`], [`im::notify`], [`im::recent`], [`im::search`], [`im::user`], [`im::department`], [`im::disk`], [`im::v2`] |
//! | [`client.imbot()`](imbot::Imbot) | [`imbot::chat`], [`imbot::command`], [`imbot::message`], [`imbot::app`] |
//! | [`client.imbot().v2()`](imbot::v2::V2) | [`imbot::v2::bot`], [`imbot::v2::chat`], [`imbot::v2::message`], [`imbot::v2::command`] |
//! | [`client.imopenlines()`](imopenlines::Imopenlines) | [`imopenlines::bot`], [`imopenlines::config`], [`imopenlines::crm`], [`imopenlines::operator`], [`imopenlines::session`] |
//! | [`client.event()`](event::Event) | [`event`] |
//! | `client.app()`, `.feature()`, `.method()`, `.server()`, `.user()`, `.events()`, `.methods()`, `.profile()`, `.scope()` | [`system`] |
//!
//! Every builder is a [`Method`]: `.await` it for the result, `.send().await` for the result in its
//! [`Answer`](crate::Answer), [`into_call`](Method::into_call) for the plain [`Call`](crate::Call). What the
//! platform
//! adds tomorrow goes in with `.extra("KEY", value)`. Lists with pages have `.pages()` and `.stream()`, and
//! ask for a
//! page when it is wanted:
//!
//! ```no_run
//! # async fn example(client: b24bot_actions::Client) -> Result<(), b24bot_actions::Error> {
//! use std::pin::pin;
//! use futures_util::TryStreamExt;
//!
//! let mut users = pin!(client.im().dialog().users().list("chat5").limit(200).stream());
//! while let Some(user) = users.try_next().await? {
//!     println!("{}", user.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What a method's page names as errors are variants of [`ErrorCode`](crate::ErrorCode):
//!
//! ```no_run
//! # async fn example(client: b24bot_actions::Client) -> Result<(), b24bot_actions::Error> {
//! use b24bot_actions::ErrorCode;
//!
//! match client.im().chat().leave(5).await {
//!     Err(error) if error.code() == Some(&ErrorCode::AccessDeniedKick) => println!("not from this chat"),
//!     left => println!("left: {}", left?),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`all`] is the table itself, as data.

#[macro_use]
mod table;

pub mod answers;
pub mod event;
pub mod im;
pub mod imbot;
pub mod imopenlines;
mod info;
mod line;
mod loose;
mod objects;
mod pages;
mod request;
pub mod system;
mod words;

pub use info::{Effect, MethodInfo, ParamInfo};
pub use line::{LineConfig, QueueEntry};
pub use objects::{AppText, BotProfile, BotProperties, CommandText};
pub use pages::Page;
pub use request::{Method, Sending};
pub use words::{
    Background, BotKind, BotType, ChatEntity, ChatRole, ChatType, Color, CrmEntityType, DepartmentId,
    EntryNumber, EventMode, EventType, Gender, InputStatus, LineMessage, NotificationId, NotifyType,
    Presence, QueueType, Reaction, ShareAs, SortOrder,
};

use crate::client::Client;

/// The handles at the root.
impl Client {
    /// The chat of a portal as its users see it: `im.*`.
    #[must_use]
    pub fn im(&self) -> im::Im {
        im::Im::from_client(self.clone())
    }

    /// Bots: `imbot.*`; those of the second generation are under `imbot().v2()`.
    #[must_use]
    pub fn imbot(&self) -> imbot::Imbot {
        imbot::Imbot::from_client(self.clone())
    }

    /// Open channels: `imopenlines.*`.
    #[must_use]
    pub fn imopenlines(&self) -> imopenlines::Imopenlines {
        imopenlines::Imopenlines::from_client(self.clone())
    }

    /// Handlers of events and the queue of events kept offline: `event.*`.
    #[must_use]
    pub fn event(&self) -> event::Event {
        event::Event::from_client(self.clone())
    }

    /// The application itself: `app.*`.
    #[must_use]
    pub fn app(&self) -> system::App {
        system::App::from_client(self.clone())
    }

    /// What the portal can do: `feature.*`.
    #[must_use]
    pub fn feature(&self) -> system::Feature {
        system::Feature::from_client(self.clone())
    }

    /// Methods: `method.*`.
    #[must_use]
    pub fn method(&self) -> system::MethodNames {
        system::MethodNames::from_client(self.clone())
    }

    /// The portal's server: `server.*`.
    #[must_use]
    pub fn server(&self) -> system::Server {
        system::Server::from_client(self.clone())
    }

    /// The portal's users, as the administration knows them: `user.*`.
    #[must_use]
    pub fn user(&self) -> system::User {
        system::User::from_client(self.clone())
    }

    /// The events that the application may bind to: `events`.
    pub fn events(&self) -> system::Events {
        system::System::from_client(self.clone()).events()
    }

    /// The methods that may be called: `methods`.
    pub fn methods(&self) -> system::Methods {
        system::System::from_client(self.clone()).methods()
    }

    /// Who the caller is, in short: `profile`.
    pub fn profile(&self) -> system::Profile {
        system::System::from_client(self.clone()).profile()
    }

    /// The scopes of the credentials: `scope`.
    pub fn scope(&self) -> system::Scope {
        system::System::from_client(self.clone()).scope()
    }
}

/// Every method that has a typed call, family by family.
pub fn all() -> impl Iterator<Item = &'static MethodInfo> {
    FAMILIES.iter().copied().flatten().copied()
}

/// What is known about a method, by its exact name.
#[must_use]
pub fn find(name: &str) -> Option<&'static MethodInfo> {
    all().find(|info| info.name == name)
}

const FAMILIES: &[&[&MethodInfo]] = &[
    im::Im::METHODS,
    im::Counters::METHODS,
    im::Revision::METHODS,
    im::chat::Chat::METHODS,
    im::chat::ChatUser::METHODS,
    im::dialog::Dialog::METHODS,
    im::dialog::DialogMessages::METHODS,
    im::dialog::DialogUsers::METHODS,
    im::message::Message::METHODS,
    im::notify::Notify::METHODS,
    im::notify::NotifyHistory::METHODS,
    im::notify::NotifyPersonal::METHODS,
    im::notify::NotifySchema::METHODS,
    im::notify::NotifySystem::METHODS,
    im::recent::Recent::METHODS,
    im::search::Search::METHODS,
    im::search::SearchChat::METHODS,
    im::search::SearchDepartment::METHODS,
    im::search::SearchLast::METHODS,
    im::search::SearchUser::METHODS,
    im::user::User::METHODS,
    im::user::UserList::METHODS,
    im::user::UserStatus::METHODS,
    im::user::UserStatusIdle::METHODS,
    im::department::Department::METHODS,
    im::department::DepartmentColleagues::METHODS,
    im::department::DepartmentEmployees::METHODS,
    im::department::DepartmentManagers::METHODS,
    im::disk::Disk::METHODS,
    im::disk::DiskFile::METHODS,
    im::disk::DiskFolder::METHODS,
    im::v2::V2::METHODS,
    im::v2::Event::METHODS,
    im::v2::File::METHODS,
    imbot::Imbot::METHODS,
    imbot::Bot::METHODS,
    imbot::Dialog::METHODS,
    imbot::app::App::METHODS,
    imbot::chat::Chat::METHODS,
    imbot::chat::ChatUser::METHODS,
    imbot::command::Command::METHODS,
    imbot::message::Message::METHODS,
    imbot::v2::V2::METHODS,
    imbot::v2::Event::METHODS,
    imbot::v2::File::METHODS,
    imbot::v2::Revision::METHODS,
    imbot::v2::bot::Bot::METHODS,
    imbot::v2::chat::Chat::METHODS,
    imbot::v2::chat::ChatInputAction::METHODS,
    imbot::v2::chat::ChatManager::METHODS,
    imbot::v2::chat::ChatTextField::METHODS,
    imbot::v2::chat::ChatUser::METHODS,
    imbot::v2::message::Message::METHODS,
    imbot::v2::message::ChatMessageReaction::METHODS,
    imbot::v2::command::Command::METHODS,
    imopenlines::Imopenlines::METHODS,
    imopenlines::Dialog::METHODS,
    imopenlines::Message::METHODS,
    imopenlines::Network::METHODS,
    imopenlines::Revision::METHODS,
    imopenlines::MessageQuick::METHODS,
    imopenlines::MessageSession::METHODS,
    imopenlines::NetworkMessage::METHODS,
    imopenlines::bot::Bot::METHODS,
    imopenlines::bot::BotSession::METHODS,
    imopenlines::bot::BotSessionMessage::METHODS,
    imopenlines::config::Config::METHODS,
    imopenlines::config::ConfigList::METHODS,
    imopenlines::config::ConfigPath::METHODS,
    imopenlines::crm::Crm::METHODS,
    imopenlines::crm::CrmChat::METHODS,
    imopenlines::crm::CrmLead::METHODS,
    imopenlines::crm::CrmMessage::METHODS,
    imopenlines::crm::CrmChatUser::METHODS,
    imopenlines::operator::Operator::METHODS,
    imopenlines::operator::OperatorAnother::METHODS,
    imopenlines::session::Session::METHODS,
    imopenlines::session::SessionHead::METHODS,
    imopenlines::session::SessionHistory::METHODS,
    imopenlines::session::SessionMode::METHODS,
    event::Event::METHODS,
    event::Offline::METHODS,
    system::System::METHODS,
    system::App::METHODS,
    system::Feature::METHODS,
    system::MethodNames::METHODS,
    system::Server::METHODS,
    system::User::METHODS,
    system::AppOption::METHODS,
];
