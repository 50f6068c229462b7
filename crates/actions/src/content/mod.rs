//! What messages are made of: [text with BB code](BbText), a [keyboard](Keyboard), a [context menu](Menu) and an
//! [attachment](Attach), in one [`OutgoingMessage`].
//!
//! The same builders serve both generations of the bot platform. Text is escaped unless it is said to be BB code
//! ([`BbText::raw`]); what the platform would refuse, cut or silently leave out is an error before it is sent.
//!
//! ```
//! use b24bot_actions::content::{
//!     Attach, BbText, Button, Color, ColorToken, GridCell, GridDisplay, Keyboard, LinkBlock, OutgoingMessage,
//! };
//!
//! let text = BbText::new().text("New order from ").bold("Anna [VIP]").text("!");
//! let attach = Attach::new()
//!     .color_token(ColorToken::Primary)
//!     .grid(GridDisplay::Row, [GridCell::new("Sum", "120.50"), GridCell::new("Status", "new")])
//!     .link(LinkBlock::new("/crm/deal/details/142/").name("Open the deal"));
//! let keyboard = Keyboard::new().row([
//!     Button::command("Accept", "accept", "142").color(Color::rgb(0x29, 0x61, 0x9b)).block_after_press(),
//!     Button::command("Reject", "reject", "142"),
//! ]);
//!
//! let message = OutgoingMessage::new(text).attach(attach).keyboard(keyboard);
//! let v1 = serde_json::to_value(message.to_params_v1()?)?; // the parameters of imbot.message.add
//! assert_eq!(v1["MESSAGE"], "New order from [b]Anna [\u{2060}VIP][/b]!");
//! assert_eq!(v1["KEYBOARD"]["BUTTONS"][1]["COMMAND"], "reject");
//! let v2 = serde_json::to_value(message.to_params_v2()?)?; // `fields` of imbot.v2.Chat.Message.send
//! assert_eq!(v2["attach"]["BLOCKS"][1]["LINK"]["NAME"], "Open the deal");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What differs between the generations
//!
//! | | v1 | v2 |
//! |---|---|---|
//! | parameters of a message | `MESSAGE`, `ATTACH`, `URL_PREVIEW`: `"Y"`, … | `message`, `attach`, `urlPreview`: `true`, … |
//! | keys inside keyboards and attachments | upper case | upper case as well |
//! | keyboard | `{"BUTTONS": […]}` | `[…]`, with a bot `{"BOT_ID": …, "BUTTONS": […]}` |
//! | attachment | `{"BLOCKS": […]}` | `[…]`, with a colour or an id `{"BLOCKS": […]}` |
//! | context menu | `{"ITEMS": […]}` | none |
//! | limits | attachment, keyboard and menu 30 KB each | attachment and keyboard 60,000 characters each |
//!
//! A message has up to 20,000 characters in both.

mod address;
mod attach;
mod bb;
mod blocks;
mod button;
mod color;
mod encoded;
mod error;
mod fields;
mod harmless;
mod keyboard;
pub(crate) mod limits;
mod menu;
mod message;

pub use attach::Attach;
pub use bb::{BbText, ImageSize};
pub use blocks::{AvatarType, Delimiter, FileBlock, GridCell, GridDisplay, ImageBlock, LinkBlock, UserBlock};
pub use button::{Button, Device, Display};
pub use color::{Color, ColorToken};
pub use encoded::Encoded;
pub use error::{ContentError, ContentErrorKind, Unit};
pub use harmless::{harmless, push_harmless};
pub use keyboard::Keyboard;
pub use limits::MESSAGE_CHARACTERS;
pub use menu::{Menu, MenuItem};
pub use message::OutgoingMessage;
