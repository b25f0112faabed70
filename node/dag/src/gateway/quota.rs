//! Token buckets: what a connection and a device may send before anything costly is done for them.

use std::{collections::BTreeMap, net::IpAddr, time::Instant};

use loadstone_core::DeviceId;

/// Greatest number of devices with a bucket of their own.
const MAX_BUCKETS: usize = 200_000;

/// Thousandths of a token.
const MILLI: u64 = 1_000;

/// A rate and how far it may be exceeded at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens a second.
    pub per_second: u32,
    /// Tokens that a full bucket holds.
    pub burst: u32,
}

/// One bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    milli_tokens: u64,
    filled_at: Instant,
}

impl Bucket {
    /// Full.
    pub fn new(rate: Rate, now: Instant) -> Self {
        Self { milli_tokens: u64::from(rate.burst) * MILLI, filled_at: now }
    }

    fn fill(&mut self, rate: Rate, now: Instant) {
        let elapsed = u64::try_from(now.saturating_duration_since(self.filled_at).as_millis()).unwrap_or(u64::MAX);
        // Below one millisecond nothing is added, and the time is kept for the next call.
        if elapsed > 0 {
            let gain = elapsed.saturating_mul(u64::from(rate.per_second));
            self.milli_tokens = self.milli_tokens.saturating_add(gain).min(u64::from(rate.burst) * MILLI);
            self.filled_at = now;
        }
    }

    /// Takes `tokens`, or nothing and returns `false` when there are too few.
    pub fn take(&mut self, tokens: u32, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        match self.milli_tokens.checked_sub(u64::from(tokens) * MILLI) {
            Some(rest) => {
                self.milli_tokens = rest;
                true
            }
            None => false,
        }
    }
}

/// Buckets of devices. The sender's address is part of the key: a stranger who names a device uses
/// up a bucket of its own, not the device's.
pub struct DeviceQuota {
    rate: Rate,
    buckets: BTreeMap<(IpAddr, DeviceId), Bucket>,
}

impl DeviceQuota {
    /// Every device at `rate`.
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: BTreeMap::new() }
    }

    /// Takes one token of the device.
    pub fn take(&mut self, from: IpAddr, device: DeviceId, now: Instant) -> bool {
        let rate = self.rate;
        if self.buckets.len() >= MAX_BUCKETS && !self.buckets.contains_key(&(from, device)) {
            self.forget_full(now);
            if self.buckets.len() >= MAX_BUCKETS {
                return false;
            }
        }
        self.buckets.entry((from, device)).or_insert_with(|| Bucket::new(rate, now)).take(1, rate, now)
    }

    /// A full bucket says no more than none.
    fn forget_full(&mut self, now: Instant) {
        let rate = self.rate;
        self.buckets.retain(|_, bucket| {
            bucket.fill(rate, now);
            bucket.milli_tokens < u64::from(rate.burst) * MILLI
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        // GIVEN a device with 10 units a second and a burst of 5
        let start = Instant::now();
        let mut quota = DeviceQuota::new(Rate { per_second: 10, burst: 5 });
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        // THEN the burst passes at once and the next does not
        assert!((0..5).all(|_| quota.take(here, DeviceId(1), start)));
        assert!(!quota.take(here, DeviceId(1), start));
        // THEN neither another device nor another sender is touched
        assert!(quota.take(here, DeviceId(2), start) && quota.take(there, DeviceId(1), start));
        // WHEN a tenth of a second has passed THEN one more passes
        let later = start + Duration::from_millis(100);
        assert!(quota.take(here, DeviceId(1), later));
        assert!(!quota.take(here, DeviceId(1), later));
        // WHEN a long time has passed THEN no more than the burst is there
        let much_later = start + Duration::from_secs(3_600);
        assert_eq!((0..20).filter(|_| quota.take(here, DeviceId(1), much_later)).count(), 5);
    }
}
