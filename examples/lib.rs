//! Bots to read, run and begin with. Each runs on this machine, with a local portal in the same process:
//!
//! - `cargo run -p b24bot-examples --example like_thanks`: a `Handler` that likes;
//! - `cargo run -p b24bot-examples --example echo`: one that answers, and greets whoever opens a chat with it;
//! - `cargo run -p b24bot-examples --example rules_only`: no code, only rules.
