//! The words in which the tables of methods are written.
//!
//! [`namespace!`] writes one handle (`client.im().message()`) and a builder for each of its methods:
//!
//! ```text
//! namespace! {
//!     /// Messages: `im.message.*`.
//!     Message, scope Some("im"), under {
//!         /// Their drafts.
//!         draft: Draft,                                  // client.im().message().draft()
//!     };
//!
//!     /// Likes a message.
//!     mark like = MessageLike, "im.message.like" at "chats/messages/im-message-like"
//!     (message: MessageId = "MESSAGE_ID") -> bool {      // required: arguments of `like` …
//!         /// What to do.
//!         action: LikeAction = "ACTION"                  // … optional: methods of `MessageLike`
//!     }
//!     errors [MessageIdError, WithoutChanges];
//! }
//! ```
//!
//! The first word of a method is its [`Effect`](super::Effect): `read`, `set`, `act`, `mark`. After `errors`
//! may follow
//! `deprecated "successor"` and `pages next|offset|last "PARAM"`. Types of parameters are those of [`arg!`].

/// The type of an argument. `text` is a string, `yn` a `bool` that is written `Y` or `N`, `json` whatever
/// serde can
/// write, `colour` a [`Color`](super::Color) in the second generation's spelling, `{Type}` an object of
/// [`object!`],
/// `[Type]` and `[{Type}]` lists.
macro_rules! arg {
    (text) => { impl Into<String> };
    (yn) => { bool };
    (bool) => { bool };
    (u64) => { u64 };
    (u8) => { u8 };
    (json) => { impl serde::Serialize };
    (colour) => { impl Into<$crate::methods::Color> };
    ([text]) => { impl IntoIterator<Item = impl Into<String>> };
    ([{$item:ident}]) => { impl IntoIterator<Item = $item> };
    ([$item:ident]) => { impl IntoIterator<Item = impl Into<$item>> };
    ({$object:ident}) => { $object };
    ($type:ident) => { impl Into<$type> };
}

/// An argument as it is written.
macro_rules! written {
    (text, $value:ident) => {
        Into::<String>::into($value)
    };
    (yn, $value:ident) => {
        if $value { "Y" } else { "N" }
    };
    (bool, $value:ident) => {
        $value
    };
    (u64, $value:ident) => {
        $value
    };
    (u8, $value:ident) => {
        $value
    };
    (json, $value:ident) => {
        $value
    };
    (colour, $value:ident) => {
        Into::<$crate::methods::Color>::into($value).camel()
    };
    ([text], $value:ident) => {
        $value.into_iter().map(Into::into).collect::<Vec<String>>()
    };
    ([{$item:ident}], $value:ident) => {
        $value.into_iter().collect::<Vec<$item>>()
    };
    ([$item:ident], $value:ident) => {
        $value.into_iter().map(Into::into).collect::<Vec<$item>>()
    };
    ({$object:ident}, $value:ident) => {
        $value
    };
    ($type:ident, $value:ident) => {
        Into::<$type>::into($value)
    };
}

/// The fields of an argument's objects.
macro_rules! fields_of {
    ([{$item:ident}]) => {
        $item::FIELDS
    };
    ({$object:ident}) => {
        $object::FIELDS
    };
    ($other:tt) => {
        &[]
    };
}

macro_rules! or_else {
    ($default:expr) => {
        $default
    };
    ($default:expr, $own:expr) => {
        $own
    };
}

/// The end of a builder's documentation.
macro_rules! platform_page {
    ($wire:literal, $page:literal) => {
        concat!(
            "\n\nThe platform's page: [`",
            $wire,
            "`](https://apidocs.bitrix24.com/api-reference/",
            $page,
            ".html).",
        )
    };
}

macro_rules! pages {
    ($name:ident, $answer:ty, $how:ident $param:literal) => {
        impl $name {
            /// The pages from here on, each asked for when it is wanted.
            pub fn pages(
                self,
            ) -> impl futures_util::Stream<Item = Result<$crate::Answer<$answer>, $crate::Error>> + Send {
                $crate::methods::pages::pages(
                    self.0,
                    <Self as $crate::methods::Method>::INFO,
                    $crate::methods::pages::$how,
                    $param,
                )
            }

            /// The entries of all pages from here on.
            pub fn stream(
                self,
            ) -> impl futures_util::Stream<
                Item = Result<<$answer as $crate::methods::Page>::Entry, $crate::Error>,
            > + Send {
                $crate::methods::pages::entries(self.pages())
            }
        }
    };
}

macro_rules! namespace {
    (
        $(#[$about:meta])*
        $handle:ident, scope $scope:expr $(, under { $($(#[$sub_about:meta])* $sub:ident: $sub_handle:ty),* $(,)? })?;
        $(
            $(#[$doc:meta])*
            $effect:ident $call:ident = $name:ident, $wire:literal $(of $own_scope:literal)? at $page:literal
            ($($arg:ident: $arg_type:tt = $arg_wire:literal),* $(,)?) -> $answer:ty {
                $($(#[$opt_doc:meta])* $opt:ident: $opt_type:tt = $opt_wire:literal),* $(,)?
            }
            $(errors [$($error:ident),* $(,)?])?
            $(deprecated $successor:literal)?
            $(pages $how:ident $page_param:literal)?
            ;
        )*
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $handle(pub(crate) $crate::Client);

        impl $handle {
            $($(
                $(#[$sub_about])*
                #[must_use]
                pub fn $sub(&self) -> $sub_handle {
                    <$sub_handle>::from_client(self.0.clone())
                }
            )*)?

            #[allow(dead_code, reason = "handles at the root are made by `Client` itself")]
            pub(crate) fn from_client(client: $crate::Client) -> Self {
                Self(client)
            }

            /// The methods of this handle, without those of the handles under it.
            pub(crate) const METHODS: &[&$crate::methods::MethodInfo] =
                &[$(<$name as $crate::methods::Method>::INFO),*];

            $(
                $(#[$doc])*
                #[doc = concat!("\n\n`", $wire, "`", $("; deprecated: use ", $successor, " instead",)? ".")]
                pub fn $call(&self, $($arg: arg!($arg_type)),*) -> $name {
                    #[allow(unused_mut, reason = "not every method has required parameters")]
                    let mut request = $crate::methods::request::Request::new(&self.0);
                    $(request.set($arg_wire, written!($arg_type, $arg));)*
                    $name(request)
                }
            )*
        }

        $(
            $(#[$doc])*
            $(#[doc = concat!("\n\n**Deprecated** by the platform: use ", $successor, " instead.")])?
            #[doc = platform_page!($wire, $page)]
            #[derive(Clone, Debug)]
            #[must_use = "a call is sent when it is awaited"]
            pub struct $name($crate::methods::request::Request);

            impl $name {
                $(
                    $(#[$opt_doc])*
                    #[doc = concat!("\n\n`", $opt_wire, "`")]
                    pub fn $opt(mut self, value: arg!($opt_type)) -> Self {
                        self.0.set($opt_wire, written!($opt_type, value));
                        self
                    }
                )*

                /// A parameter that is not among these methods; a dot leads into an object
                /// (`fields.message`).
                pub fn extra(mut self, path: &str, value: impl serde::Serialize) -> Self {
                    self.0.set(path, value);
                    self
                }

                /// Several parameters at once, such as the content of a message
                /// ([`to_params_v1`](crate::content::OutgoingMessage::to_params_v1)): a struct or a map.
                pub fn extras(mut self, params: impl serde::Serialize) -> Self {
                    self.0.merge(params);
                    self
                }

                /// Sends the call and returns the result with everything around it.
                ///
                /// # Errors
                /// See [`ErrorKind`](crate::ErrorKind).
                pub fn send(self) -> $crate::methods::Sending<$crate::Answer<$answer>> {
                    self.0.answering(<Self as $crate::methods::Method>::INFO)
                }
            }

            impl IntoFuture for $name {
                type Output = Result<$answer, $crate::Error>;
                type IntoFuture = $crate::methods::Sending<$answer>;

                fn into_future(self) -> Self::IntoFuture {
                    self.0.sending(<Self as $crate::methods::Method>::INFO)
                }
            }

            impl $crate::methods::Method for $name {
                type Answer = $answer;

                const INFO: &'static $crate::methods::MethodInfo = &$crate::methods::MethodInfo {
                    name: $wire,
                    scope: or_else!($scope $(, Some($own_scope))?),
                    effect: $crate::methods::Effect::named(stringify!($effect)),
                    deprecated: or_else!(None $(, Some($successor))?),
                    page: $page,
                    params: &[
                        $($crate::methods::ParamInfo::new($arg_wire, true, fields_of!($arg_type)),)*
                        $($crate::methods::ParamInfo::new($opt_wire, false, fields_of!($opt_type)),)*
                    ],
                    errors: &[$($($crate::ErrorCode::$error),*)?],
                    read: $crate::methods::MethodInfo::reader::<$answer>,
                };

                fn into_call(self) -> Result<$crate::Call, $crate::Error> {
                    self.0.call(Self::INFO)
                }

                fn read(result: &str) -> Result<$answer, $crate::Error> {
                    $crate::methods::loose::read(Self::INFO.name, result)
                }
            }

            $(pages!($name, $answer, $how $page_param);)?
        )*
    };
}

/// An object among the parameters: `new` with what is required, methods for the rest.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $name:ident($($arg:ident: $arg_type:tt = $arg_wire:literal),* $(,)?) {
            $($(#[$opt_doc:meta])* $opt:ident: $opt_type:tt = $opt_wire:literal),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize)]
        #[serde(transparent)]
        #[must_use]
        pub struct $name($crate::methods::request::Fields);

        impl $name {
            pub(crate) const FIELDS: &[$crate::methods::ParamInfo] = &[
                $($crate::methods::ParamInfo::new($arg_wire, true, fields_of!($arg_type)),)*
                $($crate::methods::ParamInfo::new($opt_wire, false, fields_of!($opt_type)),)*
            ];

            /// The object with what is required.
            #[allow(clippy::new_without_default, reason = "those without required fields derive it")]
            pub fn new($($arg: arg!($arg_type)),*) -> Self {
                #[allow(unused_mut, reason = "not every object has required fields")]
                let mut fields = $crate::methods::request::Fields::default();
                $(fields.set($arg_wire, written!($arg_type, $arg));)*
                Self(fields)
            }

            $(
                $(#[$opt_doc])*
                #[doc = concat!("\n\n`", $opt_wire, "`")]
                pub fn $opt(mut self, value: arg!($opt_type)) -> Self {
                    self.0.set($opt_wire, written!($opt_type, value));
                    self
                }
            )*

            /// A field that is not among these methods.
            pub fn extra(mut self, path: &str, value: impl serde::Serialize) -> Self {
                self.0.set(path, value);
                self
            }
        }
    };
}

/// A word out of a list that the platform may lengthen.
macro_rules! words {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($(#[$word_doc:meta])* $word:ident = $wire:literal),* $(,)? }
    )*) => {$(
        $(#[$doc])*
        #[non_exhaustive]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$word_doc])* #[doc = concat!(" `", $wire, "`")] $word,)*
            /// Any other, as the platform writes it.
            Other(String),
        }

        impl $name {
            /// The word as the platform writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $wire,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                $(if word.eq_ignore_ascii_case($wire) {
                    return Self::$word;
                })*
                Self::Other(word.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::methods::loose::Loose for $name {
            fn loose(value: &serde_json::Value) -> Result<Self, $crate::methods::loose::Mismatch> {
                String::loose(value).map(Self::from)
            }
        }
    )*};
}

/// What a method returns: a struct whose fields are found whatever the case of their keys (`firstName`,
/// `first_name`, `FIRST_NAME`), read as [`Loose`](super::loose::Loose) says. `unless has_no_id`: without an
/// id, or with 0
/// as id, it is absent where it may be.
macro_rules! answer {
    ($(
        $(#[$doc:meta])*
        $name:ident $(unless $no_id:ident)? { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? }
    )*) => {$(
        $(#[$doc])*
        #[non_exhaustive]
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::methods::loose::Loose for $name {
            fn loose(value: &serde_json::Value) -> Result<Self, $crate::methods::loose::Mismatch> {
                let object = $crate::methods::loose::object(value)?;
                Ok(Self { $($field: $crate::methods::loose::field(object, stringify!($field))?,)* })
            }

            fn is_nothing(value: &serde_json::Value) -> bool {
                $crate::methods::loose::is_no_object(value) $(|| $crate::methods::loose::$no_id(value))?
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::methods::loose::Loosely::deserialize(deserializer).map(|loosely| loosely.0)
            }
        }
    )*};
}
