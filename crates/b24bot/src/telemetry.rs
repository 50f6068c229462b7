//! The metrics of this process, in Prometheus' text format.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// From the time of a call that waits for nothing to that of one that waits for the portal's limit.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder of this process; `None` if the user has installed another one.
pub(crate) fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDER.get_or_init(install).as_ref()
}

fn install() -> Option<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("b24bot_handler_seconds".into()), &SECONDS)
        .ok()?
        .install_recorder()
        .ok()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    metrics::describe_counter!("b24bot_events_total", "Events by name and outcome");
    metrics::describe_gauge!("b24bot_inbox_pending", "Accepted events that are not handled yet");
    metrics::describe_gauge!(
        "b24bot_inbox_dead",
        "Events that were set aside: their handlers failed for good"
    );
    metrics::describe_histogram!(
        "b24bot_handler_seconds",
        metrics::Unit::Seconds,
        "Time that all handlers of an event take"
    );
    metrics::describe_gauge!(
        "b24bot_store_failing",
        "1 while the store cannot write: events are refused with 503"
    );
    metrics::describe_gauge!(
        "b24bot_portals",
        "Portals that installed the application, by what their tokens are good for"
    );
    metrics::describe_gauge!(
        "b24bot_portals_unregistered",
        "Portals where the bot is not yet registered as it is wanted"
    );
    metrics::describe_counter!(
        "b24bot_installs_total",
        "Installations that were told of, by whether they were confirmed"
    );
    metrics::describe_counter!(
        "b24bot_registrations_total",
        "Registrations of the bot on portals, by outcome"
    );
    metrics::describe_counter!("b24bot_store_failures_total", "Writes of the store that failed");
    metrics::describe_gauge!("b24bot_portals_paused", "Portals that are paused: their events wait");
    metrics::describe_counter!(
        "b24bot_store_share_refusals_total",
        "Deliveries that were refused because their portal has its share of the store already"
    );
    // Shown from the start, whatever has begun before there was anyone to tell.
    metrics::gauge!("b24bot_actions_queued").increment(0.0);
    metrics::gauge!("b24bot_store_failing").increment(0.0);
    metrics::gauge!("b24bot_portals_paused").increment(0.0);
    metrics::counter!("b24bot_store_share_refusals_total").increment(0);
    Some(handle)
}
