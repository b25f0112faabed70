//! Names of units: slots in runs, so that a name takes a few bytes and a burst of one device takes as many.

use codec::{Compact, Decode, Encode};
use loadstone_core::{DeviceId, Hash, Incarnation, Sequence};
use loadstone_dag::Slot;

/// Where the body of a unit, or of a run of units, stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// The first units of consecutive slots.
    Run(Slot, u32),
    /// One of several units in a slot.
    Rival(Slot, Hash),
    /// A unit of which only the id was said.
    Known(Hash),
}

const RUN: u32 = 0;
const RIVAL: u32 = 1;
const KNOWN: u32 = 2;

/// The last two bits of a name's first number say which kind it is.
const KIND_BITS: u32 = 2;

/// The slot so many places later in the device's chain.
pub fn later(slot: &Slot, places: u32) -> Slot {
    Slot { sequence: Sequence(slot.sequence.0.saturating_add(places.into())), ..*slot }
}

/// Names in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<Name>);

impl Names {
    /// Adds the first unit of a slot; it lengthens the run that it continues.
    pub fn push(&mut self, slot: Slot) {
        if let Some(Name::Run(first, count)) = self.0.last_mut() {
            if *count < u32::MAX >> KIND_BITS && later(first, *count) == slot && slot.sequence > first.sequence {
                *count += 1;
                return;
            }
        }
        self.0.push(Name::Run(slot, 1));
    }

    pub fn push_rival(&mut self, slot: Slot, id: Hash) {
        self.0.push(Name::Rival(slot, id));
    }

    pub fn push_known(&mut self, id: Hash) {
        self.0.push(Name::Known(id));
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Name> {
        self.0.iter()
    }

    /// Devices stand as differences, since neighbours are close.
    pub fn encode(&self) -> Vec<u8> {
        let (mut out, mut last) = (Vec::with_capacity(8 * self.0.len()), 0u32);
        for name in &self.0 {
            let (kind, count, slot, id) = match name {
                Name::Run(slot, count) => (RUN, *count, Some(slot), None),
                Name::Rival(slot, id) => (RIVAL, 1, Some(slot), Some(id)),
                Name::Known(id) => (KNOWN, 1, None, Some(id)),
            };
            Compact((count - 1) << KIND_BITS | kind).encode_to(&mut out);
            if let Some(slot) = slot {
                Compact(slot.device.0.wrapping_sub(last)).encode_to(&mut out);
                Compact(slot.incarnation.0).encode_to(&mut out);
                Compact(slot.sequence.0).encode_to(&mut out);
                last = slot.device.0;
            }
            id.into_iter().for_each(|id| id.encode_to(&mut out));
        }
        out
    }

    /// Reads names of at most `most` units.
    pub fn decode(mut bytes: &[u8], most: u32) -> Option<Self> {
        let (mut names, mut last, mut left) = (Vec::new(), 0u32, most);
        let input = &mut bytes;
        while !input.is_empty() {
            let Compact(head) = Compact::<u32>::decode(input).ok()?;
            let count = (head >> KIND_BITS) + 1;
            left = left.checked_sub(count)?;
            let kind = head & ((1 << KIND_BITS) - 1);
            if kind == KNOWN {
                names.push(Name::Known(Hash::decode(input).ok()?));
                continue;
            }
            let Compact(device) = Compact::<u32>::decode(input).ok()?;
            let Compact(incarnation) = Compact::<u16>::decode(input).ok()?;
            let Compact(sequence) = Compact::<u64>::decode(input).ok()?;
            last = last.wrapping_add(device);
            let (incarnation, sequence) = (Incarnation(incarnation), Sequence(sequence));
            let slot = Slot { device: DeviceId(last), incarnation, sequence };
            names.push(match kind {
                RUN => Name::Run(slot, count),
                RIVAL => Name::Rival(slot, Hash::decode(input).ok()?),
                _ => return None,
            });
        }
        Some(Self(names))
    }
}

impl Name {
    /// Units that it names.
    pub fn count(&self) -> u32 {
        match self {
            Self::Run(_, count) => *count,
            Self::Rival(..) | Self::Known(_) => 1,
        }
    }
}
