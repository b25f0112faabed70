//! What the relay counts.

use serde::Serialize;
use std::collections::BTreeMap;

/// A site's counters since the start. Packets, unless the name says bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Read from the site.
    pub sent: u64,
    /// The same in bytes.
    pub sent_bytes: u64,
    /// Of those, to no site's address, or no IPv4.
    pub unroutable: u64,
    /// Of those, into a cut path, or under way when it was cut.
    pub cut: u64,
    /// Of those, lost by chance.
    pub lost: u64,
    /// Of those, dropped because the site had too many bytes under way.
    pub overflowed: u64,
    /// Bytes read from the site that have not arrived yet.
    pub under_way_bytes: usize,
    /// Written to the site.
    pub received: u64,
    /// The same in bytes.
    pub received_bytes: u64,
    /// Arrived, but the site's device took them not: it is down.
    pub refused: u64,
}

/// How much later than due packets were written, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lateness {
    packets: u64,
    sum_us: u64,
    max_us: u64,
}

impl Lateness {
    /// One packet left this late.
    pub fn note(&mut self, late_us: u64) {
        self.packets += 1;
        self.sum_us += late_us;
        self.max_us = self.max_us.max(late_us);
    }
}

/// The answer to `stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// By the site's name.
    pub sites: BTreeMap<String, Counters>,
    /// Over all packets.
    pub lateness: Lateness,
}
