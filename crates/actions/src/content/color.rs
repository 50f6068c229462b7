//! Colours of buttons, attachments and text.

use std::{fmt, str::FromStr};

use super::error::{ContentError, ContentErrorKind};

/// A colour, written `#29619b`.
///
/// ```
/// use b24bot_actions::content::Color;
///
/// let blue: Color = "#29619B".parse()?;
/// assert_eq!(blue, Color::rgb(0x29, 0x61, 0x9b));
/// assert_eq!("#fa0".parse::<Color>()?.to_string(), "#ffaa00");
/// assert!("red".parse::<Color>().is_err());
/// # Ok::<(), b24bot_actions::content::ContentError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color([u8; 3]);

impl Color {
    /// From red, green and blue.
    #[must_use]
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }
}

impl FromStr for Color {
    type Err = ContentError;

    /// Reads `#RGB` and `#RRGGBB`, which is what the platform takes.
    fn from_str(text: &str) -> Result<Self, ContentError> {
        let digits: Option<Vec<u8>> = text
            .strip_prefix('#')
            .and_then(|hex| hex.chars().map(|c| c.to_digit(16).and_then(|d| d.try_into().ok())).collect());
        match digits.as_deref() {
            Some(&[r, g, b]) => Ok(Self([r * 17, g * 17, b * 17])),
            Some(&[r, rr, g, gg, b, bb]) => Ok(Self([r * 16 + rr, g * 16 + gg, b * 16 + bb])),
            _ => Err(ContentError::new("a colour", ContentErrorKind::Color)),
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A colour that follows the portal's theme: `BG_COLOR_TOKEN`, `COLOR_TOKEN`.
///
/// ```
/// use b24bot_actions::content::{Attach, ColorToken};
///
/// let attach = Attach::new().color_token(ColorToken::Alert).message("The disk is full");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColorToken {
    /// `primary`
    Primary,
    /// `secondary`
    Secondary,
    /// `alert`
    Alert,
    /// `base`, which is the platform's default.
    Base,
}

impl ColorToken {
    /// As the platform writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Alert => "alert",
            Self::Base => "base",
        }
    }
}
