//! An event that needs records.

use loadstone_core::{
    AccountId, AnchorNumber, AreaId, BasisPoints, BoundedVec, DeviceId, Direction, Hash, Millis, Price, ProgrammeId,
    ProgrammeVersion, ResourceId, Watts,
};
use loadstone_market::{
    BaselineMethod, Clearing, Event, PastEvents, Phase, Programme, RecordInput, RecordInputs, Segment,
};

/// Of one resource with device 1, whose baseline is the mean of two readings, in a window of the seconds 3 and 4.
pub fn record_inputs(baseline_anchor: u32, cutoff: u32) -> RecordInputs {
    let event = Event {
        programme: ProgrammeId(1),
        version: ProgrammeVersion(1),
        opener: AccountId::new([1; 32]),
        area: AreaId(1),
        direction: Direction::Down,
        needs: BoundedVec::truncate_from(vec![Watts(40)]),
        start: Millis(3_000),
        interval_ms: 2_000,
        gate_closure: Millis(0),
        budget: 0,
        opened: Millis(0),
        baseline_anchor: AnchorNumber(baseline_anchor),
        reserve_from: None,
        phase: Phase::Dispatched,
    };
    let programme = Programme {
        settlement_interval_ms: 2_000,
        baseline: BaselineMethod::MeterBefore { readings: 2 },
        ..Programme::plain()
    };
    let clearing = Clearing {
        marginal_price: Price(1),
        residual: Watts(40),
        marginal_total: Watts(40),
        awarded: Watts(40),
        offered: Watts(40),
        ..Clearing::default()
    };
    let segment = Segment { price: Price(1), watts: Watts(40), before: Watts(0), credit: BasisPoints::ONE };
    RecordInputs {
        event,
        programme,
        clearing,
        cutoff: AnchorNumber(cutoff),
        cutoff_hash: Hash::repeat_byte(9),
        resources: vec![RecordInput {
            resource: ResourceId(1),
            device: DeviceId(1),
            segments: BoundedVec::truncate_from(vec![segment]),
            past: PastEvents::new(),
        }],
    }
}
