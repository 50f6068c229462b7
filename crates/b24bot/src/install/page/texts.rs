//! What the pages say, in English and Russian. `{bot}` and `{portal}` are filled in.

use super::Shows;

/// A page's words: what it is about, in a sentence, and what to do.
pub(super) struct Texts {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) steps: &'static [&'static str],
}

/// The language of a page: Russian where the portal is, English elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Russian,
}

impl Language {
    /// By the portal's name for it, which is anyone's text.
    pub(crate) fn of(code: Option<&str>) -> Self {
        match code {
            Some("ru" | "RU" | "by" | "kz") => Self::Russian,
            _ => Self::English,
        }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }
}

pub(super) fn texts(shows: &Shows, language: Language) -> Texts {
    match language {
        Language::English => english(shows),
        Language::Russian => russian(shows),
    }
}

fn english(shows: &Shows) -> Texts {
    match shows {
        Shows::Installed { sees_groups } | Shows::Ready { sees_groups } => Texts {
            title: if matches!(shows, Shows::Installed { .. }) {
                "{bot} is installed"
            } else {
                "{bot} is at work"
            },
            text: "The bot is registered on <b>{portal}</b>.",
            steps: if *sees_groups {
                &[
                    "Find <b>{bot}</b> in the messenger’s search and write to it.",
                    "Or add it to a group chat: it sees every message there.",
                ]
            } else {
                &[
                    "Find <b>{bot}</b> in the messenger’s search and write to it.",
                    "Or add it to a group chat and mention it: there it sees what mentions it.",
                ]
            },
        },
        Shows::Unfinished => Texts {
            title: "Almost there",
            text: "The installation is confirmed, but {bot} could not be registered on <b>{portal}</b> yet. This is tried \
                   again by itself.",
            steps: &[
                "Open this page again in a few minutes.",
                "If it stays so, ask whoever runs the bot to look at its log, or at <code>b24bot doctor</code>.",
            ],
        },
        Shows::Unpaid => Texts {
            title: "{bot} is waiting",
            text: "The application is not paid for on <b>{portal}</b>.",
            steps: &["Renew it in the portal’s Market.", "Then open this page again."],
        },
        Shows::NeedsAdministrator => Texts {
            title: "An administrator is needed",
            text: "{bot} has not been set up on <b>{portal}</b>.",
            steps: &["Ask an administrator of your Bitrix24 to open this page once."],
        },
        Shows::NotConfirmed => Texts {
            title: "This could not be confirmed",
            text: "Bitrix24 does not vouch for what this page was opened with, so nothing was done.",
            steps: &[
                "Open the application from your Bitrix24 again: a page that was left open for an hour is no longer valid.",
                "Ask whoever runs the bot whether <code>client_id</code> and <code>client_secret</code> are those of this \
                 application.",
            ],
        },
        Shows::Later => Texts {
            title: "Please try again",
            text: "Whether Bitrix24 vouches for this could not be found out right now. Nothing was done.",
            steps: &["Open the application again in a minute."],
        },
        Shows::BadState => Texts {
            title: "This link is no longer valid",
            text: "It works once, in the browser where it began, and for ten minutes. Nothing was done.",
            steps: &["Begin the authorization again."],
        },
        Shows::BadDomain => Texts {
            title: "That is no portal’s address",
            text: "The name of a Bitrix24 portal is needed, such as <code>your-company.bitrix24.com</code>.",
            steps: &[],
        },
    }
}

fn russian(shows: &Shows) -> Texts {
    match shows {
        Shows::Installed { sees_groups } | Shows::Ready { sees_groups } => Texts {
            title: if matches!(shows, Shows::Installed { .. }) {
                "{bot}: установлено"
            } else {
                "{bot}: всё работает"
            },
            text: "Бот зарегистрирован на портале <b>{portal}</b>.",
            steps: if *sees_groups {
                &[
                    "Найдите <b>{bot}</b> через поиск в мессенджере и напишите ему.",
                    "Или добавьте его в групповой чат: там он видит все сообщения.",
                ]
            } else {
                &[
                    "Найдите <b>{bot}</b> через поиск в мессенджере и напишите ему.",
                    "Или добавьте его в групповой чат и упомяните: там он видит сообщения, где его упомянули.",
                ]
            },
        },
        Shows::Unfinished => Texts {
            title: "Почти готово",
            text: "Установка подтверждена, но зарегистрировать бота {bot} на портале <b>{portal}</b> пока не удалось. \
                   Попытки продолжаются сами.",
            steps: &[
                "Откройте эту страницу ещё раз через несколько минут.",
                "Если ничего не изменится, попросите того, кто обслуживает бота, посмотреть журнал или \
                 <code>b24bot doctor</code>.",
            ],
        },
        Shows::Unpaid => Texts {
            title: "{bot}: ожидание оплаты",
            text: "Приложение на портале <b>{portal}</b> не оплачено.",
            steps: &["Продлите его в Маркете портала.", "Затем откройте эту страницу ещё раз."],
        },
        Shows::NeedsAdministrator => Texts {
            title: "Нужен администратор",
            text: "Бот {bot} ещё не настроен на портале <b>{portal}</b>.",
            steps: &["Попросите администратора вашего Битрикс24 один раз открыть эту страницу."],
        },
        Shows::NotConfirmed => Texts {
            title: "Не удалось подтвердить",
            text: "Битрикс24 не подтверждает данные, с которыми открыта эта страница, поэтому ничего не сделано.",
            steps: &[
                "Откройте приложение из Битрикс24 заново: страница, открытая больше часа назад, уже недействительна.",
                "Узнайте у того, кто обслуживает бота, от этого ли приложения <code>client_id</code> и \
                 <code>client_secret</code>.",
            ],
        },
        Shows::Later => Texts {
            title: "Попробуйте ещё раз",
            text: "Сейчас не удалось узнать, подтверждает ли это Битрикс24. Ничего не сделано.",
            steps: &["Откройте приложение ещё раз через минуту."],
        },
        Shows::BadState => Texts {
            title: "Ссылка больше не действует",
            text: "Она работает один раз, в том же браузере и в течение десяти минут. Ничего не сделано.",
            steps: &["Начните авторизацию заново."],
        },
        Shows::BadDomain => Texts {
            title: "Это не адрес портала",
            text: "Нужно имя портала Битрикс24, например <code>your-company.bitrix24.ru</code>.",
            steps: &[],
        },
    }
}
