//! How a load behaves while it is ordered.

use crate::published::ONE;
use loadstone_core::Direction;

/// What a resource makes of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// It holds it.
    Full,
    /// It does far more.
    Over,
    /// It does too little in the first of two intervals and far too little in the second.
    Fails,
    /// It was asked for nothing, and does as it likes.
    Outbid,
}

impl Conduct {
    /// Share of the quota that it aims at in an interval, in basis points.
    fn share(self, interval: usize) -> i128 {
        match (self, interval % 2) {
            (Self::Full, _) => 10_100,
            (Self::Over, _) => 14_000,
            (Self::Fails, 0) => 8_000,
            (Self::Fails, _) => 4_000,
            (Self::Outbid, _) => 0,
        }
    }

    /// Its load in each second of the window. It takes one part in 150 of an interval to begin, and then wavers by up to a
    /// five-hundredth of the quota, as its own meter does.
    pub fn loads(
        self,
        direction: Direction,
        (baseline, quotas): (&[i128], &[i128]),
        seconds: usize,
        natural: &[Option<i64>],
    ) -> Vec<Option<i64>> {
        let load = |(second, natural): (usize, &Option<i64>)| {
            let (interval, quota) = (second / seconds, quotas[second / seconds]);
            if quota == 0 {
                return *natural;
            }
            let wavers = i128::from(natural.unwrap_or_default()).rem_euclid(quota / 500 + 1);
            let aimed = if second < seconds / 150 { 0 } else { quota * self.share(interval) / ONE - wavers };
            let load = match direction {
                Direction::Down => baseline[interval] - aimed,
                Direction::Up => baseline[interval] + aimed,
            };
            i64::try_from(load).ok()
        };
        natural.iter().enumerate().map(load).collect()
    }
}
