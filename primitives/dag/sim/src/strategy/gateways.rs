//! Byzantine members as gateways: they let strangers in, and drop what they accepted.

use loadstone_dag::{CheckedUnit, MemberMessage, Unit};

use super::{Lair, Strategy};

/// Introduces units of devices that nobody registered.
#[derive(Default)]
pub struct Sybil {
    strangers: Vec<Unit>,
}

impl Strategy for Sybil {
    fn on_refused(&mut self, _: &mut Lair, unit: Unit) {
        self.strangers.push(unit);
    }

    fn on_send(&mut self, lair: &mut Lair, message: MemberMessage) {
        match message {
            MemberMessage::Witness(witness, units) if !self.strangers.is_empty() => {
                let mut more = units.clone();
                more.extend(self.strangers.drain(..).take(8));
                let (lie, _) = lair.witness(witness.content.clone(), &more);
                lair.kept.clear();
                lair.send(lair.halves[0], &MemberMessage::Witness(lie, more), 0);
                lair.send(lair.side(1), &MemberMessage::Witness(witness, units), 0);
            }
            other => lair.broadcast(&other),
        }
    }
}

/// Accepts every unit and introduces none.
pub struct Eclipse;

impl Strategy for Eclipse {
    fn on_units(&mut self, _: &mut Lair, _: Vec<CheckedUnit>) -> Vec<CheckedUnit> {
        Vec::new()
    }
}
