//! The portal as whoever started it sees it.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use b24bot::actions::Limits;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What came to a portal.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Seen {
    /// Those that were refused included.
    pub(crate) requests: u64,
    pub(crate) refusals: u64,
    pub(crate) batches: u64,
    /// In batches or alone.
    pub(crate) calls: u64,
    /// Messages that were liked.
    pub(crate) likes: u64,
}

/// A portal in a process of its own, which ends when this is dropped.
pub(crate) struct Portal {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) address: String,
    /// Where nothing is ever answered.
    pub(crate) stuck: String,
}

impl Portal {
    /// `call` is what each call takes.
    pub(crate) fn start(limits: Limits, call: Duration) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .arg("serve")
            .args([f64::from(limits.burst), limits.per_second, call.as_secs_f64()].map(|n| n.to_string()));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut addresses = String::new();
        output.read_line(&mut addresses).unwrap();
        let (address, stuck) = addresses.trim().split_once(' ').unwrap();
        Self { child, input, output, address: address.to_owned(), stuck: stuck.to_owned() }
    }

    pub(crate) fn webhook(&self) -> String {
        format!("http://{}/rest/1/invented/", self.address)
    }

    pub(crate) fn seen(&mut self) -> Seen {
        self.ask("seen")
    }

    /// When each like arrived.
    pub(crate) fn arrivals(&mut self) -> HashMap<u64, u64> {
        self.ask("arrivals")
    }

    fn ask<T: DeserializeOwned>(&mut self, question: &str) -> T {
        writeln!(self.input, "{question}").unwrap();
        let mut told = String::new();
        self.output.read_line(&mut told).unwrap();
        serde_json::from_str(&told).unwrap()
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
