//! Content as it is sent.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Content that has been checked, ready to be sent as a parameter or as several.
///
/// It serializes as the JSON that the platform reads. The parameters of a message can be flattened into those of the
/// call:
///
/// ```
/// use b24bot_actions::{Call, content::{Encoded, OutgoingMessage}};
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "UPPERCASE")]
/// struct Add { dialog_id: &'static str, #[serde(flatten)] message: Encoded }
///
/// let message = OutgoingMessage::new("Hello").to_params_v1()?;
/// let call = Call::new("im.message.add").params(&Add { dialog_id: "chat5", message })?;
/// # Ok::<(), b24bot_actions::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded(Value);

impl Encoded {
    /// What takes away a message's keyboard, menu or attachment when the message is changed.
    pub(super) fn nothing() -> Self {
        Self("N".into())
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}

impl From<Value> for Encoded {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl From<Map<String, Value>> for Encoded {
    fn from(map: Map<String, Value>) -> Self {
        Self(Value::Object(map))
    }
}

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
