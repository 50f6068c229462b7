//! Bots to read, run and begin with. Each runs on this machine, with a local portal in the same
//! process, unless it says otherwise:
//!
//! - `cargo run -p b24bot-examples --example like_thanks`: a `Handler` that likes;
//! - `cargo run -p b24bot-examples --example echo`: one that answers, and greets whoever opens a chat with it;
//! - `cargo run -p b24bot-examples --example slash_command`: one with a command;
//! - `cargo run -p b24bot-examples --example keyboard`: one with buttons, which changes its own message;
//! - `cargo run -p b24bot-examples --example files`: one that takes and sends files;
//! - `cargo run -p b24bot-examples --example rules_only`: no code, only rules.
//! - `cargo run -p b24bot-examples --example openline_greeter`: one that greets clients in an open channel, once each.
