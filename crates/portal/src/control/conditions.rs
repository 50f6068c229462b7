//! Under what conditions a bot has to work: faults, limits, the clock, the portal's address.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State as Extract;
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::not_found;
use super::number::Number;
use super::{Answer, Body};
use crate::credentials::Via;
use crate::faults::{Fault, Kind};
use crate::limits::Limit;
use crate::methods;
use crate::refusal::{Refusal, bad};
use crate::shared::Shared;
use crate::state::{Change, State};

#[derive(Deserialize)]
pub(super) struct Order {
    kind: String,
    method: Option<String>,
    #[serde(default = "once")]
    times: Number,
    milliseconds: Option<Number>,
    status: Option<u16>,
}

fn once() -> Number {
    Number(1)
}

/// `POST /control/faults`
pub(super) async fn order_fault(Extract(shared): Extract<Arc<Shared>>, Body(order): Body<Order>) -> Answer {
    let kind = Kind::of(&order.kind).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|(name, _)| *name).collect();
        bad("UNKNOWN_FAULT", format!("There is no fault {:?}; there are {}", order.kind, known.join(", ")))
    })?;
    if order.status.is_some_and(|status| !(200..600).contains(&status)) {
        return Err(bad("INVALID_REQUEST", "status is an HTTP status from 200 to 599"));
    }
    let fault = Fault {
        kind,
        method: order.method.filter(|method| !method.is_empty() && method != "*"),
        times: order.times.0,
        milliseconds: order.milliseconds.map(|Number(milliseconds)| milliseconds),
        status: order.status,
    };
    let pending = shared.with(|state| {
        state.faults.add(fault);
        state.faults.show()
    });
    Ok(Json(json!(pending)))
}

/// `DELETE /control/faults`
pub(super) async fn clear_faults(Extract(shared): Extract<Arc<Shared>>) -> Answer {
    shared.with(|state| state.faults.clear());
    Ok(Json(json!([])))
}

fn show_limits(state: &State) -> Value {
    let limit = state.buckets.limit;
    json!({
        "burst": limit.map_or(0.0, |limit| limit.burst),
        "per_second": limit.map_or(0.0, |limit| limit.per_second),
        "work_seconds": state.work.limit.map_or(0.0, |limit| limit.as_secs_f64()),
    })
}

/// `GET /control/limits`
pub(super) async fn limits(Extract(shared): Extract<Arc<Shared>>) -> Answer {
    Ok(Json(shared.read(show_limits)))
}

/// What is missing stays as it is.
#[derive(Deserialize)]
pub(super) struct Limits {
    /// 0 lifts the limit.
    burst: Option<f64>,
    per_second: Option<f64>,
    /// 0 lifts the limit.
    work_seconds: Option<f64>,
}

/// `POST /control/limits`
pub(super) async fn set_limits(Extract(shared): Extract<Arc<Shared>>, Body(wanted): Body<Limits>) -> Answer {
    let Limits { burst, per_second, work_seconds } = wanted;
    [burst, per_second, work_seconds].into_iter().flatten().try_for_each(amount)?;
    Ok(Json(shared.with(|state| {
        if burst.is_some() || per_second.is_some() {
            let old = state.buckets.limit.unwrap_or(Limit::PLATFORM);
            let burst = burst.unwrap_or(old.burst);
            let per_second = per_second.unwrap_or(old.per_second);
            state.buckets.limit = (burst > 0.0).then_some(Limit { burst, per_second });
        }
        if let Some(seconds) = work_seconds {
            state.work.limit = (seconds > 0.0).then(|| Duration::from_secs_f64(seconds));
        }
        show_limits(state)
    })))
}

fn amount(number: f64) -> Result<(), Refusal> {
    let known = (0.0..1e9).contains(&number);
    known.then_some(()).ok_or_else(|| bad("INVALID_REQUEST", "Limits and seconds are numbers from 0 to 1e9"))
}

#[derive(Deserialize)]
pub(super) struct Charge {
    method: String,
    seconds: f64,
    /// A client id or number; without it everybody is charged, the webhook and each application.
    application: Option<super::acts::Name>,
}

/// `POST /control/work`: as if calls of the method had kept the portal busy for so long just now.
pub(super) async fn charge_work(Extract(shared): Extract<Arc<Shared>>, Body(charge): Body<Charge>) -> Answer {
    let method =
        methods::name_of(charge.method.trim()).ok_or_else(|| not_found("There is no such method"))?;
    amount(charge.seconds)?;
    let took = Duration::from_secs_f64(charge.seconds);
    shared.with(|state| {
        let callers: Vec<Via> = match charge.application {
            Some(name) => {
                let application = state.find_application(&name.text());
                let application = application.ok_or_else(|| not_found("There is no such application"))?;
                vec![Via::Application(application.client_id.clone())]
            }
            None => {
                let applications = state.applications.keys().cloned().map(Via::Application);
                applications.chain([Via::Webhook]).collect()
            }
        };
        for via in callers {
            state.work.add(&via, method, took, state.now);
        }
        Ok(Json(json!({"result": true})))
    })
}

#[derive(Deserialize)]
pub(super) struct Advance {
    advance_seconds: Number,
}

/// `POST /control/clock`: the portal's time goes forward, and with it tokens expire and buckets drain.
pub(super) async fn put_clock_forward(
    Extract(shared): Extract<Arc<Shared>>,
    Body(advance): Body<Advance>,
) -> Answer {
    const MOST: u64 = 100 * 365 * 24 * 3600;
    let Number(seconds) = advance.advance_seconds;
    if seconds > MOST {
        return Err(bad("INVALID_REQUEST", "advance_seconds is more than a hundred years"));
    }
    Ok(Json(shared.with(|state| {
        state.ahead = state.ahead.saturating_add(seconds);
        state.now = state.now.plus_seconds(seconds);
        json!({"now": state.now.iso()})
    })))
}

#[derive(Deserialize)]
pub(super) struct Move {
    /// `http://localhost:9400`; by default the other loopback name.
    url: Option<String>,
}

/// `POST /control/domain`
pub(super) async fn change_domain(Extract(shared): Extract<Arc<Shared>>, Body(wanted): Body<Move>) -> Answer {
    let url = wanted.url.map(|url| url.trim_end_matches('/').to_owned());
    let is_origin = |url: &String| {
        reqwest::Url::parse(url).is_ok_and(|parsed| {
            matches!(parsed.scheme(), "http" | "https")
                && parsed.origin().ascii_serialization() == url.to_ascii_lowercase()
        })
    };
    if url.as_ref().is_some_and(|url| !is_origin(url)) {
        return Err(bad(
            "INVALID_REQUEST",
            "url is a scheme, a name and a port, such as http://localhost:9400",
        ));
    }
    Ok(Json(shared.with(|state| {
        let url = url.unwrap_or_else(|| format!("http://{}", state.other_name(state.domain())));
        state.move_to(url);
        state.changes.push(Change::State);
        json!({"url": state.url, "domain": state.domain(), "member_id": state.member_id})
    })))
}
