//! Tests of the market's rules, one file a behaviour, over one small event.

mod audit;
mod clearing;
mod credit;
mod days;
mod explain;
mod inflation;
mod methods;
mod oracle;
mod profile;
mod programme;
mod ranking;
mod record;
mod referee;
mod reserve;
mod score;
mod setpoint;
mod settle;
mod split;
mod supervision;
mod validity;

use crate::*;
use loadstone_core::{
    AccountId, AnchorNumber, AreaId, BasisPoints, Direction, Millis, Price, ProgrammeId, ProgrammeVersion, Watts,
};

/// Start of every test event.
const START: Millis = Millis(1_700_000_000_000);

/// An event with one interval of `interval_ms` for each need.
fn event(direction: Direction, needs: &[i64], interval_ms: u32) -> Event {
    Event {
        programme: ProgrammeId(1),
        version: ProgrammeVersion(1),
        opener: AccountId::new([1; 32]),
        area: AreaId(1),
        direction,
        needs: Needs::truncate_from(needs.iter().copied().map(Watts).collect()),
        start: START,
        interval_ms,
        gate_closure: Millis(START.0 - 10_000),
        budget: 1_000_000,
        opened: Millis(START.0 - 20_000),
        baseline_anchor: AnchorNumber(5),
        reserve_from: None,
        phase: Phase::Dispatched,
    }
}

/// Sichuan's deviation rule and Hunan's standards, with a meter-before baseline of four readings.
fn programme() -> Programme {
    Programme {
        price_cap: Price(4_000_000),
        price_tick: Price(10_000),
        bid_min: Watts(1),
        settlement_interval_ms: 4_000,
        baseline: BaselineMethod::MeterBefore { readings: 4 },
        score: ScoreRule {
            own_weight: BasisPoints(6_000),
            response_standard_ms: 60_000,
            rate_standard: BasisPoints(1_000),
            precision_standard: BasisPoints(200),
            credit_weight: BasisPoints(2_000),
            ..ScoreRule::plain()
        },
        grace_ms: 2_000,
        ..Programme::plain()
    }
}

/// One segment alone in its bucket.
fn segments(price: u64, watts: i64) -> Segments {
    Segments::truncate_from(vec![Segment {
        price: Price(price),
        watts: Watts(watts),
        before: Watts(0),
        credit: BasisPoints::ONE,
    }])
}

/// A clearing that awards every offer below `price` in full.
fn full_clearing(price: u64) -> Clearing {
    Clearing { marginal_price: Price(price), ..Clearing::default() }
}

/// A valid reading `ms` after the start.
fn reading(ms: i64, load: i64) -> baseline::Reading {
    baseline::Reading { at: Millis(START.0.saturating_add_signed(ms)), load: Watts(load), valid: true }
}

/// Readings of `load` in each of the four seconds before the start.
fn before(load: i64) -> Vec<baseline::Reading> {
    (-4..0).map(|second| reading(second * 1_000, load)).collect()
}

/// One reading a second from the start on.
fn during(loads: &[i64]) -> Vec<baseline::Reading> {
    loads.iter().enumerate().map(|(second, load)| reading(second as i64 * 1_000, *load)).collect()
}
