//! The referee: one record replayed from what was shown of its device's anchored units, by the code that members run.
//!
//! A showing may end early at either side. It replaces the record only where it goes back as far as the baseline needs,
//! and it convicts only where both its ends are proven, so that whatever others show or keep back, who signed a right
//! record has nothing to fear.

use crate::{baseline::Reading, record::Recorder, Event, EventRecord, Programme, Reach, RecordInput};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::Sequence;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Readings that were shown of one device, in chain order, each with its unit's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Showing {
    /// The readings.
    pub readings: Vec<(Sequence, Reading)>,
    /// Newest place that is proven to be anchored by the event's opening.
    pub before: Option<Sequence>,
    /// Whether the readings go back to that place, without a gap.
    pub reaches_opening: bool,
    /// Whether they begin with the device's first unit ever.
    pub is_whole: bool,
    /// Whether both ends are proven.
    pub is_exact: bool,
}

/// What the referee finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// What was shown does not go back as far as the baseline needs, or nothing was shown.
    Incomplete,
    /// The record follows from what was shown.
    Confirmed,
    /// Another record follows.
    Wrong {
        /// That record.
        record: EventRecord,
        /// Whether the ends of the showing are proven, so that its signers are convicted.
        is_proven: bool,
    },
}

/// How a disputed record was judged.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Not shown wrong: too little was shown.
    Unproven,
    /// Shown to be right.
    Confirmed,
    /// Replaced, since more was shown; nobody is convicted, for the showing's ends are not proven.
    Corrected,
    /// Replaced, and its signers are convicted.
    Convicted,
}

impl Ruling {
    /// Whether the record was wrong.
    pub const fn is_upheld(self) -> bool {
        matches!(self, Self::Corrected | Self::Convicted)
    }
}

/// Whether a unit of these readings can change a record, once it is known to be anchored after the opening. Where the
/// baseline looks at no reading since, those outside the window deliver nothing and need not be kept.
pub fn counts_since_opening(event: &Event, reach: Reach, readings: &[Reading]) -> bool {
    let is_within = |reading: &Reading| event.start <= reading.at && reading.at < event.end();
    reach == Reach::Whole || readings.iter().any(is_within)
}

/// Replays a record from `showing` and compares it with the `certified` one.
pub fn judge(
    recorder: &Recorder,
    (event, programme): (&Event, &Programme),
    input: &RecordInput,
    showing: &Showing,
    certified: &EventRecord,
) -> Finding {
    let place = showing.readings.partition_point(|(place, _)| showing.before.is_some_and(|before| *place <= before));
    let (before, during) = showing.readings.split_at(place);
    let only = |readings: &[(Sequence, Reading)]| readings.iter().map(|(_, reading)| *reading).collect::<Vec<_>>();
    let (before, during) = (only(before), only(during));
    let usable = before.iter().filter(|reading| reading.valid && reading.at < event.start).count();
    let suffices = showing.reaches_opening && programme.baseline.reach().is_met(usable);
    if !suffices && !showing.is_whole {
        return Finding::Incomplete;
    }
    let record = recorder.record(input.resource, &input.segments, &input.past, &before, &during);
    match record == *certified {
        true => Finding::Confirmed,
        false => Finding::Wrong { record, is_proven: showing.is_exact },
    }
}
