//! Decoding of webhook bodies, beside a bare `serde_qs` decode of the same bodies into structs.
//!
//! `cargo bench -p b24bot-core`

#![allow(clippy::unwrap_used, reason = "a bench has nobody else to tell")]

use std::{collections::BTreeMap, hint::black_box, sync::Arc};

use b24bot_core::{Delivery, decode};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;

/// What the decoder reads of a message, as one would declare it for `serde_qs`.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Body {
    event: String,
    ts: String,
    data: Data,
    auth: Auth,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(dead_code, reason = "only read")]
struct Data {
    bot: Option<BTreeMap<String, Bot>>,
    command: Option<BTreeMap<String, Bot>>,
    params: Params,
    user: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Bot {
    #[serde(rename = "BOT_ID")]
    id: String,
    #[serde(rename = "BOT_CODE")]
    code: String,
    access_token: Option<String>,
    client_endpoint: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Auth {
    member_id: String,
    domain: String,
    client_endpoint: String,
    application_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(dead_code, reason = "only read")]
struct Params {
    message: String,
    message_original: Option<String>,
    mentioned_list: Option<BTreeMap<String, String>>,
    message_id: String,
    dialog_id: String,
    from_user_id: String,
    system: String,
    chat_id: Option<String>,
    chat_title: Option<String>,
    chat_type: Option<String>,
    message_type: Option<String>,
    chat_entity_type: Option<String>,
    chat_entity_id: Option<String>,
    chat_entity_data_1: Option<String>,
    chat_entity_data_2: Option<String>,
    chat_entity_data_3: Option<String>,
    language: Option<String>,
}

fn bodies(c: &mut Criterion) {
    let bodies: [(&str, &[u8]); 3] = [
        ("group message", include_bytes!("../tests/bodies/onimbotmessageadd-group.form")),
        ("private message", include_bytes!("../tests/bodies/onimbotmessageadd-private.form")),
        ("command", include_bytes!("../tests/bodies/onimcommandadd-group.form")),
    ];
    let serde_qs = serde_qs::Config::new().max_depth(16).use_form_encoding(true);
    for (name, body) in bodies {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        let shared = Arc::from(body);
        group.bench_function("envelope", |b| b.iter(|| Delivery::parse(black_box(&shared)).map(drop)));
        group.bench_function("events", |b| b.iter(|| decode(black_box(body))));
        serde_qs.deserialize_bytes::<Body>(body).map(drop).unwrap();
        group.bench_function("serde_qs", |b| {
            b.iter(|| serde_qs.deserialize_bytes::<Body>(black_box(body)).map(drop));
        });
        group.finish();
    }
}

/// What the worst bodies under the endpoint's limit of 1 MiB cost.
fn hostile(c: &mut Criterion) {
    let mebibyte = |part: &str| part.repeat(1024 * 1024 / part.len());
    let mut group = c.benchmark_group("hostile");
    for (name, body) in [
        ("many names", (0..70_000).map(|n| format!("a{n}=1&")).collect()),
        (
            "names in one place",
            format!(
                "event=X{}",
                (0..8000).map(|n| format!("&a[{n}]={}", "x".repeat(100))).collect::<String>()
            ),
        ),
        ("brackets", mebibyte("a[")),
        ("depth", format!("event=X&a{}=1", mebibyte("[b]"))),
        ("ampersands", mebibyte("&")),
        ("percent signs", format!("event={}", mebibyte("%41"))),
        ("a deep list", mebibyte("{\"a\":[")),
        ("a long list", format!("{{\"a\":[{}1]}}", mebibyte("1,"))),
    ] {
        let body: Arc<[u8]> = body.into_bytes().into();
        group.bench_function(name, |b| b.iter(|| Delivery::parse(black_box(&body)).map(drop)));
    }
    group.finish();
}

criterion_group!(benches, bodies, hostile);
criterion_main!(benches);
