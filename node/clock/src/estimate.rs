//! How far this node's clock is off, from what it has seen of the others'.

use std::collections::BTreeMap;

use crate::{Moment, Sample};

/// Age at which an answer counts no more.
const FRESH_US: i64 = 60_000_000;

/// How far the own clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// What is to be added to the own clock, in microseconds: positive where it is behind the others.
    pub deviation_us: i64,
    /// By how much that may be wrong at most, in microseconds.
    pub error_us: i64,
    /// How many others answered.
    pub peers: usize,
}

impl Estimate {
    /// Microseconds by which the clock is off at least.
    pub fn certain_us(&self) -> i64 {
        self.deviation_us.saturating_abs().saturating_sub(self.error_us).max(0)
    }
}

/// Estimates from the newest sample of each of the other validators.
///
/// The estimate is the median over all validators that are known, this one among them. Each is a range, since its
/// round trip leaves it uncertain, and so is the median: from the lower median of the lower ends to the upper
/// median of the upper ends. It counts when two thirds of the others have answered within a minute. So with less
/// than a third of the validators lying, more than half of what is known is honest, and the median is never beyond
/// the honest extremes. And since a validator counts as much as any other for itself, the one in the middle is
/// never off: where validators fall into two halves, none of them thinks so.
#[derive(Debug)]
pub struct Estimator<K> {
    others: usize,
    samples: BTreeMap<K, Sample>,
}

impl<K: Ord> Default for Estimator<K> {
    fn default() -> Self {
        Self { others: 0, samples: BTreeMap::new() }
    }
}

impl<K: Ord> Estimator<K> {
    /// From now on there are so many other validators, and those alone count for which `is_one` holds.
    pub fn set_others(&mut self, others: usize, is_one: impl Fn(&K) -> bool) {
        self.others = others;
        self.samples.retain(|peer, _| is_one(peer));
    }

    /// Takes in a peer's newest sample.
    pub fn put(&mut self, peer: K, sample: Sample) {
        self.samples.insert(peer, sample);
    }

    /// Whether the peer answered within the last minute.
    pub fn knows(&self, peer: &K, now: Moment) -> bool {
        self.samples.get(peer).is_some_and(|sample| is_fresh(sample, now))
    }

    /// How many others answered within the last minute.
    pub fn peers(&self, now: Moment) -> usize {
        self.samples.values().filter(|sample| is_fresh(sample, now)).count()
    }

    /// The estimate at this moment; `None` when too few have answered.
    pub fn estimate(&self, now: Moment) -> Option<Estimate> {
        let own = (0, 0);
        let known = self.samples.values().filter(|sample| is_fresh(sample, now)).map(|sample| sample.ahead_us(now));
        let (mut least, mut greatest): (Vec<_>, Vec<_>) = known.chain([own]).unzip();
        let peers = least.len().saturating_sub(1);
        if peers.saturating_mul(3) < self.others.saturating_mul(2) {
            return None;
        }
        least.sort_unstable();
        greatest.sort_unstable();
        let (least, greatest) = (least.get(peers / 2)?, greatest.get(greatest.len() / 2)?);
        let deviation_us = least.midpoint(*greatest);
        let error_us = greatest.saturating_sub(deviation_us).max(deviation_us.saturating_sub(*least));
        Some(Estimate { deviation_us, error_us, peers })
    }
}

fn is_fresh(sample: &Sample, now: Moment) -> bool {
    now.monotonic_us.saturating_sub(sample.taken_us) <= FRESH_US
}

#[cfg(test)]
mod tests;
