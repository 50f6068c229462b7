//! What methods return.
//!
//! One type serves both generations: keys are found whatever their case (`first_name`, `firstName`), and
//! values
//! are read from whatever the platform writes them as (numbers as strings, `Y` and `N`, `[]` for an empty
//! object). What
//! is absent is empty, zero, `false` or `None`; only ids must be there. What a type does not name is in
//! [`Answer::json`](crate::Answer::json).

mod bots;
mod chats;
mod events;
mod lines;
mod messages;
mod people;
mod system;

pub use bots::{Bot, BotAndUsers, Bots, CommandInfo, CommandReply, Commands, RegisteredV1};
pub use chats::{
    Avatar, Chat, ChatAndUsers, ChatRef, EntityLink, LastViews, Permissions, ReadBy, RecentItem,
    RecentMessage, RecentPage, Restrictions, Viewer,
};
pub use events::{BoundEvent, EventLog, LoggedEvent, OfflineEvent, OfflineEvents, Unbound};
pub use lines::{CrmChat, Line, LineChat, LinePath, Operator, QueuePlace, SessionHistory, SessionMessage};
pub use messages::{
    Commit, Counters, DialogRead, DownloadUrl, File, FileRef, FolderRef, ImageSize, Message, MessageAndUser,
    MessageContext, Messages, MessagesRead, Notification, Notifications, NotifyAnswer, NotifyKind,
    NotifyModule, NotifyReadAll, SavedFile, Sent, Totals, Upload,
};
pub use people::{Department, Employee, Phones, Profile, User, UserOrId};
pub use system::{App, Feature, MethodState, Revision};
