//! Members that say less than they should, or say it twice.

use loadstone_dag::{Anchor, Certificate, CheckedUnit, HistoryResponse, MemberMessage};

use super::{Lair, Strategy};
use crate::seats::SeatSet;

/// Never says anything, and loses what its gateway accepted.
pub struct Silent;

impl Strategy for Silent {
    fn on_send(&mut self, _: &mut Lair, _: MemberMessage) {}

    fn on_request(&mut self, _: &mut Lair, _: HistoryResponse) -> Option<HistoryResponse> {
        None
    }

    fn on_units(&mut self, _: &mut Lair, _: Vec<CheckedUnit>) -> Vec<CheckedUnit> {
        Vec::new()
    }

    fn on_submit(&mut self, _: &mut Lair, _: Anchor, _: Certificate) {}
}

/// Sends its witnesses, but nobody gets the bodies of their units: not even on request.
pub struct Withhold;

impl Strategy for Withhold {
    fn on_send(&mut self, lair: &mut Lair, message: MemberMessage) {
        match message {
            MemberMessage::Witness(witness, _) => lair.broadcast(&MemberMessage::Witness(witness, Vec::new())),
            other => lair.broadcast(&other),
        }
    }

    fn on_request(&mut self, _: &mut Lair, _: HistoryResponse) -> Option<HistoryResponse> {
        None
    }
}

/// Lives once in each half: two members under one key, each of which follows the rules and knows
/// only its half.
pub struct Collude;

impl Strategy for Collude {
    fn faces(&self, _: SeatSet, halves: [SeatSet; 2], villains: SeatSet) -> Vec<SeatSet> {
        halves.into_iter().map(|half| half.or(villains)).collect()
    }
}
