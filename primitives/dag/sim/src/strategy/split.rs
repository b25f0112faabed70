//! Keeping the balance: some members show one unit of a forked place to one half first, the others its
//! rival to the other half, and what each half hears of the other comes late.

use std::collections::BTreeMap;

use loadstone_dag::{CheckedUnit, MemberMessage};
use rand::Rng;

use super::{pen::Line, Lair, Strategy};

/// See the module's text.
#[derive(Default)]
pub struct Split {
    lines: BTreeMap<u16, (Line, Vec<CheckedUnit>)>,
}

impl Strategy for Split {
    fn writes_itself(&self) -> bool {
        true
    }

    /// Anchors are signed by halves as well: what one half is shown at once, the other is shown late.
    fn on_send(&mut self, lair: &mut Lair, message: MemberMessage) {
        let late = lair.rng.gen_range(100..400);
        lair.send(lair.side(lair.seat.into()), &message, 0);
        lair.send(lair.halves[usize::from(lair.seat + 1) % 2], &message, late);
    }

    fn on_units(&mut self, lair: &mut Lair, units: Vec<CheckedUnit>) -> Vec<CheckedUnit> {
        self.lines.entry(lair.seat).or_default().1.extend(units);
        Vec::new()
    }

    fn on_tick(&mut self, lair: &mut Lair) {
        let (line, queue) = self.lines.entry(lair.seat).or_default();
        line.turn(lair);
        let message = if lair.closing {
            line.end(lair, &|_| true)
        } else {
            let Some(level) = line.next_level(lair, &|_| true) else { return };
            let units = std::mem::take(queue);
            let units = match lair.seat % 2 {
                0 => units.into_iter().map(CheckedUnit::into_unit).collect(),
                _ => lair.swapped(&units),
            };
            line.write(lair, level, &|_| true, units)
        };
        if let Some(message) = message {
            self.on_send(lair, message);
        }
    }
}
