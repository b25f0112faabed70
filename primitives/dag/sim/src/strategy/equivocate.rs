//! Two chains of witnesses, one for each half of the others, each with other units of forked devices.

use std::collections::{BTreeMap, BTreeSet};

use loadstone_core::Hash;
use loadstone_dag::{CheckedUnit, MemberMessage, Unit, WitnessRef};

use super::{pen::Line, Lair, Strategy};

#[derive(Default)]
struct Twin {
    lines: [Line; 2],
    units: Vec<CheckedUnit>,
}

/// See the module's text.
#[derive(Default)]
pub struct Equivocate {
    twins: BTreeMap<u16, Twin>,
    /// Witnesses of each side, which the other side is not to name.
    sides: [BTreeSet<Hash>; 2],
}

impl Equivocate {
    fn write(&mut self, lair: &mut Lair, side: usize, units: Vec<Unit>) -> Option<MemberMessage> {
        let twin = self.twins.entry(lair.seat).or_default();
        let other = &self.sides[1 - side];
        let allowed = |reference: &WitnessRef| !other.contains(&reference.hash);
        let line = &mut twin.lines[side];
        line.turn(lair);
        if lair.closing {
            return line.end(lair, &allowed);
        }
        let level = line.next_level(lair, &allowed)?;
        line.write(lair, level, &allowed, units)
    }
}

impl Strategy for Equivocate {
    fn writes_itself(&self) -> bool {
        true
    }

    fn on_units(&mut self, lair: &mut Lair, units: Vec<CheckedUnit>) -> Vec<CheckedUnit> {
        self.twins.entry(lair.seat).or_default().units.extend(units);
        Vec::new()
    }

    fn on_tick(&mut self, lair: &mut Lair) {
        let units = std::mem::take(&mut self.twins.entry(lair.seat).or_default().units);
        let bodies = [units.iter().map(|unit| unit.unit().clone()).collect(), lair.swapped(&units)];
        let mut written = false;
        for (side, units) in bodies.into_iter().enumerate() {
            let Some(message) = self.write(lair, side, units) else { continue };
            self.sides[side].extend(self.twins[&lair.seat].lines[side].tip.map(|tip| tip.hash));
            lair.send(lair.side(side), &message, 0);
            written = true;
        }
        if !written {
            self.twins.entry(lair.seat).or_default().units = units;
        }
    }
}
