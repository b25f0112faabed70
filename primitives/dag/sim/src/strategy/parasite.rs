//! A private branch: it votes for rival units, is grown unseen, and comes out all at once.

use std::collections::BTreeMap;

use loadstone_dag::{CheckedUnit, MemberMessage};
use rand::Rng;

use super::{pen::Line, Lair, Strategy};

#[derive(Default)]
struct Branch {
    line: Line,
    units: Vec<CheckedUnit>,
    hidden: Vec<MemberMessage>,
    release_at: u64,
}

/// See the module's text.
#[derive(Default)]
pub struct Parasite {
    branches: BTreeMap<u16, Branch>,
}

impl Strategy for Parasite {
    fn writes_itself(&self) -> bool {
        true
    }

    fn on_units(&mut self, lair: &mut Lair, units: Vec<CheckedUnit>) -> Vec<CheckedUnit> {
        self.branches.entry(lair.seat).or_default().units.extend(units);
        Vec::new()
    }

    fn on_tick(&mut self, lair: &mut Lair) {
        let branch = self.branches.entry(lair.seat).or_default();
        branch.line.turn(lair);
        let message = if lair.closing {
            branch.line.end(lair, &|_| true)
        } else {
            let Some(level) = branch.line.next_level(lair, &|_| true) else { return };
            let units = lair.swapped(&std::mem::take(&mut branch.units));
            branch.line.write(lair, level, &|_| true, units)
        };
        branch.hidden.extend(message);
        if lair.now >= branch.release_at {
            branch.release_at = lair.now + lair.rng.gen_range(400..1_500);
            for message in std::mem::take(&mut branch.hidden) {
                lair.broadcast(&message);
            }
        }
    }
}
