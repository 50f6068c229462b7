//! Text with BB code.

use std::{borrow::Cow, fmt};

use b24bot_core::{ChatId, DialogId, MessageId, UserId};

use super::{
    address::{in_tag, is_link},
    color::Color,
    harmless::{join, push_code, push_harmless},
};

/// What stands above and below a quoted message. The page shows six dashes; clients count these.
const RULE: &str = "------------------------------------------------------";

/// Text with BB code. Everything that is handed over as text is [`harmless`](super::harmless) in it, so that what
/// users write cannot mention, link or act; BB code comes from the methods, or from [`raw`](Self::raw).
///
/// ```
/// use b24bot_actions::content::{BbText, Color};
///
/// let name = "[URL=https://evil.example]Anna[/URL]";
/// let text = BbText::new()
///     .text("Hello, ").bold(name).text("! ")
///     .mention_user(27, "Boris").text(" is ")
///     .color(Color::rgb(255, 0, 0), BbText::new().italic("not")).text(" here.")
///     .line_break()
///     .send("/help", "What can you do?");
/// assert_eq!(
///     text.as_str(),
///     "Hello, [b][\u{2060}URL=https://evil.example]Anna[\u{2060}/URL][/b]! \
///      [user=27]Boris[/user] is [color=#ff0000][i]not[/i][/color] here.\n\
///      [send=/help]What can you do?[/send]"
/// );
/// ```
///
/// `&str` and `String` become escaped text, wherever a `BbText` is asked for:
///
/// ```
/// # use b24bot_actions::content::BbText;
/// assert_eq!(BbText::from("[b]").to_string(), "[\u{2060}b]");
/// assert_eq!(BbText::new().raw("[b]mine[/b]").to_string(), "[b]mine[/b]");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BbText(String);

/// How large a picture in the text is shown.
///
/// ```
/// use b24bot_actions::content::{BbText, ImageSize};
///
/// let text = BbText::new().image("https://example.com/cat.jpg", ImageSize::Medium);
/// assert_eq!(text.as_str(), "[img size=medium]https://example.com/cat.jpg [/img]");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageSize {
    /// `small`
    Small,
    /// `medium`
    Medium,
    /// `large`
    Large,
}

/// Text.
impl BbText {
    /// No text.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Appends text, escaped.
    #[must_use]
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        push_harmless(&mut self.0, text.as_ref());
        self
    }

    /// Appends BB code as it is. It has to be yours: what users write belongs in [`text`](Self::text).
    #[must_use]
    pub fn raw(mut self, bb_code: impl AsRef<str>) -> Self {
        self.0.push_str(bb_code.as_ref());
        self
    }

    /// Appends what has been built elsewhere.
    #[must_use]
    pub fn append(mut self, text: impl Into<Self>) -> Self {
        join(&mut self.0, &text.into().0);
        self
    }

    /// Begins a new line.
    #[must_use]
    pub fn line_break(self) -> Self {
        self.raw("\n")
    }

    /// The text as the platform reads it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as the platform reads it.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether there is nothing but white space, which the platform takes for no message.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// Looks.
impl BbText {
    /// `[b]`
    #[must_use]
    pub fn bold(self, text: impl Into<Self>) -> Self {
        self.tag("[b]", text, "[/b]")
    }

    /// `[i]`
    #[must_use]
    pub fn italic(self, text: impl Into<Self>) -> Self {
        self.tag("[i]", text, "[/i]")
    }

    /// `[u]`
    #[must_use]
    pub fn underline(self, text: impl Into<Self>) -> Self {
        self.tag("[u]", text, "[/u]")
    }

    /// `[s]`
    #[must_use]
    pub fn strike(self, text: impl Into<Self>) -> Self {
        self.tag("[s]", text, "[/s]")
    }

    /// `[size=20]`, in pixels. The platform shows 8 to 30; the nearest of these is taken.
    #[must_use]
    pub fn size(self, pixels: u8, text: impl Into<Self>) -> Self {
        self.tag(&format!("[size={}]", pixels.clamp(8, 30)), text, "[/size]")
    }

    /// `[color=#ff0000]`
    #[must_use]
    pub fn color(self, color: Color, text: impl Into<Self>) -> Self {
        self.tag(&format!("[color={color}]"), text, "[/color]")
    }

    /// Quoted lines, each behind `>>`, with lines of their own. They do not work inside another tag.
    ///
    /// ```
    /// use b24bot_actions::content::BbText;
    ///
    /// let text = BbText::new().text("You wrote:").quote("first\nsecond").text("Indeed.");
    /// assert_eq!(text.as_str(), "You wrote:\n>>first\n>>second\nIndeed.");
    /// ```
    #[must_use]
    pub fn quote(self, text: impl Into<Self>) -> Self {
        let mut text_so_far = self.on_new_line().0;
        for line in text.into().0.lines() {
            text_so_far.push_str(">>");
            join(&mut text_so_far, line);
            text_so_far.push('\n');
        }
        Self(text_so_far)
    }

    /// A quoted message in its frame (`------`), with lines of its own. `when` is shown beside the author and may be
    /// any text. It does not work inside another tag.
    ///
    /// ```
    /// use b24bot_actions::content::BbText;
    ///
    /// let text = BbText::new().quote_message("Anna", "today, 10:15", "Is it done?").text("It is.");
    /// let rule = "-".repeat(54);
    /// assert_eq!(text.as_str(), format!("{rule}\nAnna [today, 10:15]\nIs it done?\n{rule}\nIt is."));
    /// ```
    #[must_use]
    pub fn quote_message(self, author: &str, when: &str, text: impl Into<Self>) -> Self {
        let mut out = self.on_new_line();
        out.0.push_str(&format!("{RULE}\n{} [{}]\n", in_attribute(author), in_attribute(when)));
        out.append(text).raw(format!("\n{RULE}\n"))
    }

    /// `[code]`. Formatting means nothing in it, so code stays as it is but for what could act or end it.
    ///
    /// ```
    /// use b24bot_actions::content::BbText;
    ///
    /// assert_eq!(BbText::new().code("a[i] >> 1").as_str(), "[code]a[i] >> 1[/code]");
    /// assert_eq!(BbText::new().code("[/code]").as_str(), "[code][\u{2060}/code][/code]");
    /// ```
    #[must_use]
    pub fn code(mut self, code: impl AsRef<str>) -> Self {
        self.0.push_str("[code]");
        push_code(&mut self.0, code.as_ref());
        self.raw("[/code]")
    }

    /// `[img]`: a picture at an address. One that the platform would not show is appended as text.
    #[must_use]
    pub fn image(self, address: &str, size: ImageSize) -> Self {
        let size = match size {
            ImageSize::Small => "small",
            ImageSize::Medium => "medium",
            ImageSize::Large => "large",
        };
        if is_link(address) {
            self.raw(format!("[img size={size}]{} [/img]", in_tag(address)))
        } else {
            self.text(address)
        }
    }

    /// `[icon]`: a small picture within the line, in pixels, with a title that may be empty. Of an address that the
    /// platform would not show, the title is left.
    ///
    /// ```
    /// use b24bot_actions::content::BbText;
    ///
    /// let text = BbText::new().icon("https://example.com/i.png", 20, "smile");
    /// assert_eq!(text.as_str(), "[icon=https://example.com/i.png size=20 title=smile]");
    /// ```
    #[must_use]
    pub fn icon(self, address: &str, size: u16, title: &str) -> Self {
        if !is_link(address) {
            return self.text(title);
        }
        let title = if title.is_empty() { String::new() } else { format!(" title={}", in_attribute(title)) };
        self.raw(format!("[icon={} size={size}{title}]", in_tag(address)))
    }

    /// `[timestamp]`: a moment, in seconds since 1970, that everyone sees in their own time zone. The format is one of
    /// the platform's, such as `SHORT_TIME_FORMAT`.
    ///
    /// ```
    /// use b24bot_actions::content::BbText;
    ///
    /// let text = BbText::new().text("Call at ").timestamp(1_645_844_720, "SHORT_TIME_FORMAT");
    /// assert_eq!(text.as_str(), "Call at [timestamp=1645844720 format=SHORT_TIME_FORMAT]");
    /// ```
    #[must_use]
    pub fn timestamp(self, seconds: i64, format: &str) -> Self {
        self.raw(format!("[timestamp={seconds} format={}]", in_attribute(format)))
    }

    /// `[disk]`: a file on the portal's drive, by its id.
    #[must_use]
    pub fn disk(self, file: u64) -> Self {
        self.raw(format!("[disk={file}]"))
    }
}

/// Links and actions. Their labels are text; an empty one gives way to what it stands for.
impl BbText {
    /// `[url]`: a link, `http://`, `https://` or a path on the portal. Any other address is not made one: it follows
    /// the label as text.
    ///
    /// ```
    /// use b24bot_actions::content::BbText;
    ///
    /// let text = BbText::new().url("https://example.com/?q=[1]", "Results").text(", ").url("javascript:x", "Click");
    /// assert_eq!(text.as_str(), "[url=https://example.com/?q=%5B1%5D]Results[/url], Click (javascript:x)");
    /// ```
    #[must_use]
    pub fn url(self, address: &str, label: &str) -> Self {
        match (is_link(address), label) {
            (true, "") => self.raw(format!("[url]{}[/url]", in_tag(address))),
            (true, label) => self.tag(&format!("[url={}]", in_tag(address)), label, "[/url]"),
            (false, "") => self.text(address),
            (false, label) => self.text(label).text(" (").text(address).text(")"),
        }
    }

    /// `[user]`: mentions a user, who is notified.
    #[must_use]
    pub fn mention_user(self, user: impl Into<UserId>, name: &str) -> Self {
        self.tag(&format!("[user={}]", user.into()), name, "[/user]")
    }

    /// `[user=all]`: mentions everyone in the chat.
    #[must_use]
    pub fn mention_all(self, name: &str) -> Self {
        self.tag("[user=all]", name, "[/user]")
    }

    /// `[chat]`: mentions a chat.
    #[must_use]
    pub fn mention_chat(self, chat: impl Into<ChatId>, name: &str) -> Self {
        self.tag(&format!("[chat={}]", chat.into()), name, "[/chat]")
    }

    /// `[chat=imol|…]`: mentions an open channel, by its id.
    #[must_use]
    pub fn mention_open_channel(self, id: u64, name: &str) -> Self {
        self.tag(&format!("[chat=imol|{id}]"), name, "[/chat]")
    }

    /// `[context]`: leads to a message.
    #[must_use]
    pub fn link_message(self, dialog: &DialogId, message: impl Into<MessageId>, label: &str) -> Self {
        let dialog = in_attribute(dialog.as_str());
        self.tag(&format!("[context={dialog}/{}]", message.into()), label, "[/context]")
    }

    /// `[put]`: puts text into the input field. Square brackets, which a tag cannot hold, become `［` and `］`, and
    /// line breaks become spaces.
    #[must_use]
    pub fn put(self, input: &str, label: &str) -> Self {
        self.action("put", input, label)
    }

    /// `[send]`: sends a message in the name of whoever clicks. Brackets and line breaks as in [`put`](Self::put).
    #[must_use]
    pub fn send(self, message: &str, label: &str) -> Self {
        self.action("send", message, label)
    }

    /// `[call]`: calls a telephone number.
    #[must_use]
    pub fn call(self, number: &str, label: &str) -> Self {
        self.action("call", number, label)
    }

    fn action(self, tag: &str, target: &str, label: &str) -> Self {
        let target = in_attribute(target);
        let label = if label.is_empty() { &target } else { label };
        self.tag(&format!("[{tag}={target}]"), label, &format!("[/{tag}]"))
    }

    fn tag(mut self, open: &str, inside: impl Into<Self>, close: &str) -> Self {
        self.0.push_str(open);
        self.append(inside).raw(close)
    }

    fn on_new_line(self) -> Self {
        if self.0.is_empty() || self.0.ends_with('\n') { self } else { self.line_break() }
    }
}

/// Text for inside a tag's brackets, where nothing can be escaped: what ends the tag or makes a quote gives way to
/// what looks like it.
fn in_attribute(text: &str) -> String {
    let text = text.replace("#BR#", " ").replace("------", "-----\u{2011}");
    let replaced = text.chars().map(|c| match c {
        '[' => '［',
        ']' => '］',
        c if c.is_control() => ' ',
        c => c,
    });
    replaced.collect()
}

impl From<&str> for BbText {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for BbText {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

impl From<&String> for BbText {
    fn from(text: &String) -> Self {
        Self::new().text(text)
    }
}

impl From<Cow<'_, str>> for BbText {
    fn from(text: Cow<'_, str>) -> Self {
        Self::new().text(text)
    }
}

impl fmt::Display for BbText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
