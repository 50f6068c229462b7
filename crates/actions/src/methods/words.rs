//! What the platform enumerates. Each list may grow: `Other` holds what is not known yet.

use crate::like::LikeAction;

words! {
    /// A colour of chats and bots. The first generation writes `LIGHT_BLUE`, the second `lightBlue`; each
    /// call writes
    /// it as its generation does.
    Color {
        Red = "RED",
        Green = "GREEN",
        Mint = "MINT",
        LightBlue = "LIGHT_BLUE",
        DarkBlue = "DARK_BLUE",
        Purple = "PURPLE",
        Aqua = "AQUA",
        Pink = "PINK",
        Lime = "LIME",
        Brown = "BROWN",
        Azure = "AZURE",
        Khaki = "KHAKI",
        Sand = "SAND",
        Marengo = "MARENGO",
        Gray = "GRAY",
        Graphite = "GRAPHITE",
    }

    /// Who may join a group chat.
    ChatType {
        /// Everybody.
        Open = "OPEN",
        /// Who is invited.
        Closed = "CHAT",
    }

    /// What a chat belongs to.
    ChatEntity {
        /// A CRM item; its id is written `DEAL|1663`.
        Crm = "CRM",
        /// A task.
        Task = "TASKS",
        /// A calendar's event.
        Calendar = "CALENDAR",
        /// An open channel, on the operators' side.
        Lines = "LINES",
        /// An open channel, on the client's side.
        Livechat = "LIVECHAT",
        /// A group or project.
        Group = "SONET_GROUP",
        /// A video conference.
        Conference = "VIDEOCONF",
        /// A call.
        Call = "CALL",
        /// A letter.
        Mail = "MAIL",
        /// An announcement.
        Announcement = "ANNOUNCEMENT",
        /// A private talk with the AI assistant.
        Assistant = "AI_ASSISTANT_PRIVATE",
    }

    /// A user's part in a chat.
    ChatRole {
        /// The owner.
        Owner = "owner",
        /// A manager.
        Manager = "manager",
        /// Takes part.
        Member = "member",
        /// Looks on.
        Guest = "guest",
        /// None.
        None = "none",
    }

    /// What `im.message.share` makes of a message.
    ShareAs {
        /// A chat.
        Chat = "CHAT",
        /// A task.
        Task = "TASK",
        /// A post in the feed.
        Post = "POST",
        /// A calendar's event.
        CalendarEvent = "CALEND",
    }

    /// In whose name `im.notify` notifies.
    NotifyType {
        /// The caller's.
        Personal = "USER",
        /// The application's.
        System = "SYSTEM",
    }

    /// A user's status.
    Presence {
        /// Online.
        Online = "online",
        /// Not to be disturbed.
        DoNotDisturb = "dnd",
        /// Away.
        Away = "away",
        /// At a break.
        Break = "break",
    }

    /// What a bot of the second generation is (`imbot.v2.Bot.register`).
    BotType {
        /// In group chats it sees only what mentions it.
        Bot = "bot",
        /// It sees everything in its chats.
        Supervisor = "supervisor",
        /// It sees everything in its chats, and not everybody can find it.
        Personal = "personal",
        /// For open channels.
        OpenChannel = "openline",
    }

    /// What a bot of the first generation is (`imbot.register`).
    BotKind {
        /// In group chats it sees only what mentions it.
        Bot = "B",
        /// The same, and it shows that it is writing before it answers.
        Human = "H",
        /// It sees everything in its chats.
        Supervisor = "S",
        /// For open channels.
        OpenChannel = "O",
    }

    /// How a bot of the second generation gets its events.
    EventMode {
        /// It asks for them: `imbot.v2.Event.get`.
        Fetch = "fetch",
        /// They are sent to its URL.
        Webhook = "webhook",
    }

    /// The background of a bot's private chats.
    Background {
        Azure = "azure",
        Mint = "mint",
        Steel = "steel",
        Slate = "slate",
        Teal = "teal",
        Cornflower = "cornflower",
        Sky = "sky",
        Peach = "peach",
        Frost = "frost",
    }

    /// What `imbot.v2.Chat.InputAction.notify` shows.
    InputStatus {
        Thinking = "IMBOT_AGENT_ACTION_THINKING",
        Searching = "IMBOT_AGENT_ACTION_SEARCHING",
        Generating = "IMBOT_AGENT_ACTION_GENERATING",
        Analyzing = "IMBOT_AGENT_ACTION_ANALYZING",
        Processing = "IMBOT_AGENT_ACTION_PROCESSING",
        Translating = "IMBOT_AGENT_ACTION_TRANSLATING",
        Connecting = "IMBOT_AGENT_ACTION_CONNECTING",
        Checking = "IMBOT_AGENT_ACTION_CHECKING",
        Calculating = "IMBOT_AGENT_ACTION_CALCULATING",
        ReadingDocs = "IMBOT_AGENT_ACTION_READING_DOCS",
        Composing = "IMBOT_AGENT_ACTION_COMPOSING",
    }

    /// A gender.
    Gender {
        /// Male.
        Male = "M",
        /// Female.
        Female = "F",
    }

    /// A direction to sort in.
    SortOrder {
        /// Smallest first.
        Ascending = "ASC",
        /// Largest first.
        Descending = "DESC",
    }

    /// How `event.bind` delivers an event.
    EventType {
        /// Told at once.
        Online = "online",
        /// Kept in the queue.
        Offline = "offline",
    }

    /// A kind of CRM item with chats.
    CrmEntityType {
        /// A lead.
        Lead = "lead",
        /// A deal.
        Deal = "deal",
        /// A company.
        Company = "company",
        /// A contact.
        Contact = "contact",
    }

    /// Which message `imopenlines.bot.session.message.send` writes.
    LineMessage {
        /// The one in `message`.
        Default = "DEFAULT",
        /// The channel's own welcome.
        Welcome = "WELCOME",
    }

    /// How an open channel shares dialogs out among its operators.
    QueueType {
        /// Evenly.
        Evenly = "evenly",
        /// In the order of the queue.
        Strictly = "strictly",
        /// All of them see it at once.
        All = "all",
    }

    /// A reaction to a message. In the first generation there is only the like.
    Reaction {
        Like = "like",
        Dislike = "dislike",
        FaceWithTearsOfJoy = "faceWithTearsOfJoy",
        RedHeart = "redHeart",
        NeutralFace = "neutralFace",
        Fire = "fire",
        Cry = "cry",
        SlightlySmilingFace = "slightlySmilingFace",
        WinkingFace = "winkingFace",
        Laugh = "laugh",
        Kiss = "kiss",
        Wonder = "wonder",
        SlightlyFrowningFace = "slightlyFrowningFace",
        LoudlyCryingFace = "loudlyCryingFace",
        FaceWithStuckOutTongue = "faceWithStuckOutTongue",
        FaceWithStuckOutTongueAndWinkingEye = "faceWithStuckOutTongueAndWinkingEye",
        SmilingFaceWithSunglasses = "smilingFaceWithSunglasses",
        ConfusedFace = "confusedFace",
        FlushedFace = "flushedFace",
        ThinkingFace = "thinkingFace",
        Angry = "angry",
        SmilingFaceWithHorns = "smilingFaceWithHorns",
        FaceWithThermometer = "faceWithThermometer",
        Facepalm = "facepalm",
        Poo = "poo",
        FlexedBiceps = "flexedBiceps",
        ClappingHands = "clappingHands",
        RaisedHand = "raisedHand",
        SmilingFaceWithHeartEyes = "smilingFaceWithHeartEyes",
        SmilingFaceWithHearts = "smilingFaceWithHearts",
        PleadingFace = "pleadingFace",
        RelievedFace = "relievedFace",
        FoldedHands = "foldedHands",
        OkHand = "okHand",
        SignHorns = "signHorns",
        LoveYouGesture = "loveYouGesture",
        ClownFace = "clownFace",
        PartyingFace = "partyingFace",
        QuestionMark = "questionMark",
        ExclamationMark = "exclamationMark",
        LightBulb = "lightBulb",
        Bomb = "bomb",
        SleepingSymbol = "sleepingSymbol",
        CrossMark = "crossMark",
        WhiteHeavyCheckMark = "whiteHeavyCheckMark",
        Eyes = "eyes",
        Handshake = "handshake",
        HundredPoints = "hundredPoints",
    }
}

impl Color {
    /// The colour as the second generation writes it: `lightBlue` for `LIGHT_BLUE`.
    #[must_use]
    pub fn camel(&self) -> String {
        if let Self::Other(word) = self {
            return word.clone();
        }
        let mut camel = String::new();
        for (at, word) in self.as_str().split('_').enumerate() {
            let word = word.to_ascii_lowercase();
            match word.split_at_checked(1) {
                Some((first, rest)) if at > 0 => camel.extend([first.to_ascii_uppercase().as_str(), rest]),
                _ => camel.push_str(&word),
            }
        }
        camel
    }
}

impl serde::Serialize for LikeAction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    )*};
}

numbers! {
    /// A notification's id.
    NotificationId;
    /// A department's id.
    DepartmentId;
    /// The id of an entry in the queue of offline events.
    EntryNumber;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generation_has_its_colours() {
        assert_eq!(
            (Color::LightBlue.as_str(), Color::LightBlue.camel().as_str()),
            ("LIGHT_BLUE", "lightBlue")
        );
        assert_eq!(Color::from("light_blue"), Color::LightBlue);
        assert_eq!(Color::from("neonPink").camel(), "neonPink");
    }
}
