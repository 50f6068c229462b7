//! The events of open channels and connectors: one event for each item of `DATA` or `MESSAGES`.

use super::fields::Fields;
use crate::{
    Change, Connector, ConnectorMessage, ConnectorRemoved, DecodeError, MessageId, OpenLineMessage, Payload,
    Session,
};

pub(super) fn read(name: &str, data: Fields<'_>) -> Option<Result<Vec<Payload>, DecodeError>> {
    let change = match name {
        _ if name.ends_with("ADD") => Change::Add,
        _ if name.ends_with("UPDATE") => Change::Update,
        _ => Change::Delete,
    };
    let items = |key| data.child(key).children().map(|(_, item)| item);
    Some(match name {
        "ONOPENLINEMESSAGEADD" | "ONOPENLINEMESSAGEUPDATE" | "ONOPENLINEMESSAGEDELETE" => {
            items("DATA").map(|item| message(data, item, change)).collect()
        }
        "ONSESSIONSTART" | "ONIMCONNECTORDIALOGSTART" => {
            items("DATA").map(|item| session(item, false)).collect()
        }
        "ONSESSIONFINISH" | "ONIMCONNECTORDIALOGFINISH" => {
            items("DATA").map(|item| session(item, true)).collect()
        }
        "ONIMCONNECTORMESSAGEADD" | "ONIMCONNECTORMESSAGEUPDATE" | "ONIMCONNECTORMESSAGEDELETE" => {
            Ok(items("MESSAGES").map(|item| connector_message(data, item, change)).collect())
        }
        "ONIMCONNECTORLINEDELETE" => {
            Ok(vec![Payload::ConnectorRemoved(ConnectorRemoved { connector: None, line: data.as_number() })])
        }
        "ONIMCONNECTORSTATUSDELETE" => Ok(vec![Payload::ConnectorRemoved(ConnectorRemoved {
            connector: data.some_text("connector"),
            line: data.number("line"),
        })]),
        _ => return None,
    })
}

/// A new message names its connector itself; a change of one, beside the list.
fn connector(data: Fields<'_>, item: Fields<'_>) -> Connector {
    let own = item.child("connector");
    Connector {
        id: own.some_text("connector_id").unwrap_or_else(|| data.text("CONNECTOR")),
        line: own.number("line_id").or_else(|| data.number("LINE")),
        chat_id: own.text("chat_id"),
        user_id: own.text("user_id"),
    }
}

fn message(data: Fields<'_>, item: Fields<'_>, change: Change) -> Result<Payload, DecodeError> {
    let (message, im) = (item.child("message"), item.child("im"));
    let id = im.id(&["message_id"]).or_else(|| message.id(&["id"]));
    Ok(Payload::OpenLineMessage(OpenLineMessage {
        change,
        connector: connector(data, item),
        id: id.ok_or_else(|| DecodeError::missing("data[DATA][0][message][id]"))?,
        chat: item.child("chat").id(&["id"]).or_else(|| im.id(&["chat_id"])),
        text: message.text("text"),
        author: message.id(&["user_id"]),
        is_system: message.flag("system"),
    }))
}

fn session(item: Fields<'_>, finished: bool) -> Result<Payload, DecodeError> {
    let session = item.child("session");
    Ok(Payload::Session(Session {
        id: session.number("id").ok_or_else(|| DecodeError::missing("data[DATA][0][session][id]"))?,
        finished,
        parent_id: session.number("parent_id").filter(|id| *id != 0),
        connector: connector(item, item),
        chat: item.child("chat").id(&["id"]),
        user: item.child("user").id(&["id"]),
    }))
}

fn connector_message(data: Fields<'_>, item: Fields<'_>, change: Change) -> Payload {
    let (message, im) = (item.child("message"), item.child("im"));
    let ids = message.child("id");
    let one = message.some_text("id");
    Payload::ConnectorMessage(ConnectorMessage {
        change,
        connector: Connector { chat_id: item.child("chat").text("id"), ..connector(data, item) },
        id: im.id::<MessageId>(&["message_id"]),
        chat: im.id(&["chat_id"]),
        external_ids: one.into_iter().chain(ids.children().filter_map(|(_, id)| id.as_text())).collect(),
        author: message.id(&["user_id"]),
        text: message.text("text"),
    })
}
