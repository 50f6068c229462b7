//! `b24bot like` and `b24bot call`: one REST call with the configured credentials.

use std::{path::Path, process::ExitCode};

use b24bot::{
    actions::{Answer, Call, Client, Error, LikeAction, RetryPolicy},
    rules::Config,
};
use serde_json::{Map, Value as Json, json};

use super::{Outcome, complain, say};

pub(super) async fn like(config: &Path, message_id: u64, action: LikeAction) -> Outcome {
    Ok(show(client(config)?.like(message_id.into(), action).await))
}

pub(super) async fn call(config: &Path, method: &str, pairs: &[String], json: Option<&str>) -> Outcome {
    let params = params(pairs, json)?;
    let answer = client(config)?.send::<Json>(Call::new(method).params(&params)?).await;
    Ok(show(answer))
}

fn client(config: &Path) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let config = super::check::explained(Config::load_for_calls(config))?;
    let missing = "there is nothing to call with: set `webhook` in [portal] to an inbound webhook's address";
    // Someone waits at the terminal: better an early answer than a patient one.
    let portals = b24bot::portals(&config).retry(RetryPolicy::default().attempts(3)).build()?;
    Ok(portals.webhook_client().ok_or(missing)?)
}

/// The portal's answer to stdout, an error's explanation to stderr.
fn show<T>(answer: Result<Answer<T>, Error>) -> ExitCode {
    match answer {
        Ok(answer) => {
            say(answer.json());
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Without an answer there is none to show.
            if let Some(json) = error.json() {
                say(json);
            }
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn params(pairs: &[String], json: Option<&str>) -> Result<Json, String> {
    let mut params: Map<String, Json> = match json {
        Some(json) => {
            serde_json::from_str(json).map_err(|error| format!("--json is no JSON object: {error}"))?
        }
        None => Map::new(),
    };
    for pair in pairs {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not KEY=VALUE"))?;
        insert(&mut params, key, value)
            .ok_or_else(|| format!("`{key}` is no name of a parameter, or is one of another kind"))?;
    }
    Ok(params.into())
}

/// `A[B][C]` nests; `A[]` counts on.
fn insert(params: &mut Map<String, Json>, key: &str, value: &str) -> Option<()> {
    let (name, mut rest) = match key.split_once('[') {
        Some((name, rest)) => (name, rest.strip_suffix(']')?.split("][").collect::<Vec<_>>()),
        None => (key, Vec::new()),
    };
    if name.is_empty() {
        return None;
    }
    let mut node = params.entry(name).or_insert(Json::Null);
    for segment in rest.drain(..) {
        if node.is_null() {
            *node = if segment.is_empty() { json!([]) } else { json!({}) };
        }
        node = match node {
            Json::Array(list) if segment.is_empty() => {
                list.push(Json::Null);
                list.last_mut()?
            }
            Json::Object(map) if !segment.is_empty() => map.entry(segment).or_insert(Json::Null),
            _ => return None,
        };
    }
    *node = value.into();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[&str], json: Option<&str>) -> Result<String, String> {
        let pairs: Vec<String> = pairs.iter().map(|&pair| pair.to_owned()).collect();
        params(&pairs, json).map(|params| params.to_string())
    }

    #[test]
    fn pairs_nest_and_add_to_json() {
        let pairs = ["A=1", "P[NAME]=Tea = good", "P[X][Y]=2", "USERS[]=27", "USERS[]=42"];
        let json = r#"{"A":"1","J":true,"P":{"NAME":"Tea = good","X":{"Y":"2"}},"USERS":["27","42"]}"#;
        assert_eq!(read(&pairs, Some(r#"{"J": true}"#)).unwrap(), json);
        assert_eq!(read(&[], None).unwrap(), "{}");
    }

    #[test]
    fn what_cannot_be_a_parameter_is_said() {
        for (pairs, json) in [
            (&["A"][..], None),
            (&["=1"], None),
            (&["A[=1"], None),
            (&["A=1", "A[B]=2"], None),
            (&[], Some("[]")),
        ] {
            assert!(read(pairs, json).is_err(), "{pairs:?} {json:?}");
        }
    }
}
