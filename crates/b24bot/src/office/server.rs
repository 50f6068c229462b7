//! Orders from other programs on this machine, beside the desk.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::post};

use super::{Done, Office, Order};

/// What the desk's server answers beside the desk. Whoever gets here was admitted.
pub(crate) fn router(office: Arc<Office>) -> Router {
    Router::new().route("/orders", post(order)).with_state(office)
}

async fn order(
    State(office): State<Arc<Office>>,
    Json(order): Json<Order>,
) -> Json<Result<Vec<Done>, String>> {
    Json(office.carry_out(&order).await.map_err(|error| error.to_string()))
}
