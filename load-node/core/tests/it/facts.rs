//! What a load node finds on chain: its resource, its availability, an event, orders.

use crate::bench::{AREA, DEVICE, START};
use loadstone_core::{
    AnchorNumber, AvailabilityEpoch, BasisPoints, BoundedVec, Direction, EventId, Millis, Price, ProgrammeId,
    ProgrammeVersion, Resource, Watts,
};
use loadstone_load_core::EventFacts;
use loadstone_market::{
    Availability, AvailabilityEntry, Clearing, Event, Limits, Order, OrderRule, PastEvents, Phase, Segment,
};

/// Length of an availability epoch.
pub const EPOCH_MS: u64 = 60_000;

pub fn resource() -> Resource {
    Resource {
        owner: [1; 32].into(),
        area: AREA,
        device: DEVICE,
        capacity_down: Watts(5_000),
        capacity_up: Watts(5_000),
        load_min: Watts(0),
        load_max: Watts(20_000),
    }
}

/// An emergency order over the node's whole availability, from `start_ms` to `end_ms` of the bench.
pub fn emergency(direction: Direction, sequence: u64, start_ms: u64, end_ms: u64, anchor: AnchorNumber) -> Order {
    let rule = OrderRule::Emergency {
        epoch: AvailabilityEpoch(((START + start_ms) / EPOCH_MS) as u32),
        changed: AvailabilityEpoch(((START + start_ms) / EPOCH_MS) as u32),
        target: Watts(100_000),
        limits: Limits::default(),
        cutoff_rank: 5,
        numerator: 1,
        denominator: 2,
    };
    Order {
        area: AREA,
        direction,
        sequence,
        rule,
        start: Millis(START + start_ms),
        end: Millis(START + end_ms),
        issued_at: Millis(START + start_ms),
        reference_anchor: anchor,
        reason: BoundedVec::default(),
    }
}

/// Availability of `watts` at `rank` from the beginning.
pub fn available(watts: i64, rank: u16) -> Availability {
    let (from, reliability) = (AvailabilityEpoch(1), BasisPoints::ONE);
    let entry = AvailabilityEntry { from, watts: Watts(watts), price: Price(1), response_ms: 500, reliability, rank };
    vec![entry].try_into().unwrap()
}

/// An event of two intervals of ten seconds, with needs 1,000 W and 2,000 W, of which this node has won
/// half; its baseline is the mean of the last three readings anchored up to `anchor`.
pub fn event(start_ms: u64, anchor: AnchorNumber) -> EventFacts {
    let event = Event {
        programme: ProgrammeId(1),
        version: ProgrammeVersion(1),
        opener: [2; 32].into(),
        area: AREA,
        direction: Direction::Down,
        needs: vec![Watts(1_000), Watts(2_000)].try_into().unwrap(),
        start: Millis(START + start_ms),
        interval_ms: 10_000,
        gate_closure: Millis(START),
        budget: 0,
        opened: Millis(START),
        baseline_anchor: anchor,
        reserve_from: None,
        phase: Phase::Dispatched,
    };
    let clearing = Clearing {
        marginal_price: Price(10),
        residual: Watts(1_000),
        marginal_total: Watts(1_000),
        awarded: Watts(2_000),
        offered: Watts(2_000),
        ..Clearing::default()
    };
    let segment = Segment { price: Price(5), watts: Watts(1_000), before: Watts(0), credit: BasisPoints::ONE };
    EventFacts { event, clearing, segments: vec![segment].try_into().unwrap(), past: PastEvents::new() }
}

pub fn event_order(sequence: u64, start_ms: u64) -> Order {
    let order = emergency(Direction::Down, sequence, start_ms, start_ms + 20_000, AnchorNumber(0));
    Order { rule: OrderRule::Event(EventId(3)), ..order }
}
