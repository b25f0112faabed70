//! What each member's messages named lately: resolves hashes that its next ones leave out.
//!
//! Messages are decoded before those ahead of them are verified and taken in, so the state machine alone
//! would not know yet. A sender's words are used for that sender's messages only: whoever lies spoils
//! nothing but its own.

use std::collections::BTreeMap;

use loadstone_core::{Hash, Level, MemberIndex};
use loadstone_dag::{Known, Slot, Unit};

use crate::seat::SharedSeat;

/// Slots remembered of a sender; each has one place, where it takes another's.
const PLACES: usize = 1 << 14;

type Places = Vec<Option<(Slot, Hash)>>;

/// Ids of recent units by sender and slot.
#[derive(Default)]
pub struct Recent(BTreeMap<MemberIndex, Places>);

fn place(slot: &Slot) -> usize {
    let mixed = u64::from(slot.device.0)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(slot.sequence.0.wrapping_mul(0xd1b5_4a32_d192_ed03))
        .wrapping_add(u64::from(slot.incarnation.0));
    (mixed >> 40) as usize % PLACES
}

impl Recent {
    /// Notes the units of a message, whose ids stand beside them.
    pub fn add(&mut self, sender: MemberIndex, ids: &[Hash], units: &[Unit]) {
        let places = self.0.entry(sender).or_insert_with(|| vec![None; PLACES]);
        if ids.len() == units.len() {
            for (id, unit) in ids.iter().zip(units) {
                places[place(&unit.content.slot)] = Some((unit.content.slot, *id));
            }
        }
    }

    /// What a message of this sender may leave out.
    pub fn of<'a>(&'a self, sender: MemberIndex, seat: &'a SharedSeat) -> View<'a> {
        View { places: self.0.get(&sender), seat }
    }
}

/// The resolver for one sender's messages.
pub struct View<'a> {
    places: Option<&'a Places>,
    seat: &'a SharedSeat,
}

impl Known for View<'_> {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        let recent = self.places.and_then(|places| places[place(slot)]);
        match recent {
            Some((said, id)) if said == *slot => Some(id),
            _ => self.seat.unit(slot),
        }
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        self.seat.witness(member, level)
    }
}
