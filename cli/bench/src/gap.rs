//! `order-bench selection-gap`: what the rule of ranks costs above the least cost of the same expected delivery.

use anyhow::Result;
use clap::Args;
use loadstone_client::output::write_line;
use loadstone_core::{AvailabilityEpoch, BasisPoints, Price, Watts};
use loadstone_market::{
    selection::{call, select},
    Availability, AvailabilityEntry, Limits, OrderRule, Selection, Supply,
};
use serde_json::json;
use std::{collections::BTreeMap, io};

/// Draws offers of standing availability, selects among them, and compares the cost with the least one.
///
/// Prints {"offers", "percent", "gap"}: the gap is cost / least cost - 1. The least cost is that of calling the cheapest
/// expected watts first, each offer in part if need be, which is what an exact solver finds (tests/selection-oracle).
#[derive(Args, Debug)]
pub struct SelectionGap {
    /// Offers.
    #[arg(long, default_value_t = 100_000)]
    offers: usize,
    /// Target as a share of all that is expected, in per cent.
    #[arg(long, default_value_t = 50)]
    percent: i64,
    /// Draws the offers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl SelectionGap {
    /// Carries the command out.
    pub fn run(&self) -> Result<()> {
        let set = Set::draw(self.seed, self.offers);
        let target = set.target(self.percent);
        let gap = set.cost(target) as f64 / set.least(target) - 1.0;
        let line = json!({ "offers": self.offers, "percent": self.percent, "gap": gap });
        write_line(&mut io::stdout().lock(), &line.to_string())
    }
}

/// Offers of one area and direction.
struct Set(Vec<AvailabilityEntry>);

impl Set {
    /// The set that tests/selection-oracle/oracle.py draws from the same seed.
    fn draw(seed: u64, count: usize) -> Self {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let offer = |_| {
            let (watts, price, reliability) = (1_000 + draw() % 99_000, 200_000 + draw() % 3_000_000, draw() % 7_001);
            let (watts, reliability) = (Watts(watts as i64), BasisPoints(3_000 + reliability as u32));
            AvailabilityEntry::new(AvailabilityEpoch(1), watts, Price(price), 500, reliability)
        };
        Self((0..count).map(offer).collect())
    }

    fn target(&self, percent: i64) -> Watts {
        Watts(self.0.iter().map(|entry| entry.supply().expected.0).sum::<i64>() * percent / 100)
    }

    /// What an emergency order for `target` costs, in watts x micro-yuan per kWh.
    fn cost(&self, target: Watts) -> u128 {
        let mut buckets = BTreeMap::<u16, Supply>::new();
        for entry in &self.0 {
            let bucket = buckets.entry(entry.rank).or_default();
            *bucket = bucket.plus(entry.supply());
        }
        let limits = Limits::default();
        let Selection { cutoff_rank, numerator, denominator, .. } = select(buckets, target, &limits);
        let epoch = AvailabilityEpoch(1);
        let rule = OrderRule::Emergency { epoch, changed: epoch, target, limits, cutoff_rank, numerator, denominator };
        let cost = |entry: &AvailabilityEntry| {
            let called = call(&Availability::truncate_from(vec![entry.clone()]), &rule);
            called.map_or(0, |called| u128::from(called.quota.0.unsigned_abs()) * u128::from(entry.price.0))
        };
        self.0.iter().map(cost).sum()
    }

    /// The least cost of as much: the cheapest expected watts first, the last offer in part.
    fn least(&self, target: Watts) -> f64 {
        let value =
            |entry: &AvailabilityEntry| (entry.watts.0 as f64 * entry.price.0 as f64, entry.supply().expected.0);
        let mut offers: Vec<(f64, i64)> = self.0.iter().map(value).collect();
        offers.sort_by(|(a, of_a), (b, of_b)| (a * *of_b as f64).total_cmp(&(b * *of_a as f64)));
        let (mut missing, mut cost) = (target.0, 0.0);
        for (whole, expected) in offers {
            let called = missing.min(expected);
            cost += whole * called as f64 / expected as f64;
            missing -= called;
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_of_ranks_costs_no_more_than_a_per_cent_above_what_an_exact_solver_finds() {
        // GIVEN each set of offers for which the solver found the least cost
        let lines = include_str!("../../../tests/selection-oracle/expected.csv").lines().skip(1);
        for line in lines {
            let cells: Vec<u128> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
            let [seed, offers, percent, target_w, least_cost] = cells[..] else { panic!("{line}") };
            let set = Set::draw(seed as u64, offers as usize);
            let target = set.target(percent as i64);
            assert_eq!(target.0 as u128, target_w, "{line}");
            // THEN the cheapest expected watts cost what the solver says, and the rule at most a per cent more
            let (least, cost) = (set.least(target), set.cost(target));
            assert!((least / least_cost as f64 - 1.0).abs() < 1e-6, "{line}: {least}");
            assert!(cost * 100 <= least_cost * 101, "{line}: the rule costs {cost}");
        }
    }
}
