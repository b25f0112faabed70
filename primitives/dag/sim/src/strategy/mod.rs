//! Byzantine members, each way of lying in a file of its own.
//!
//! A Byzantine seat runs the production state machine and lets its strategy decide what the world
//! gets to see of it. Strategies that write witnesses themselves keep the machine mute: it then only
//! takes in, serves, and knows anchors.

mod anchors;
mod equivocate;
mod finals;
mod flood;
mod gateways;

mod lair;
mod lazy;
mod parasite;
mod pen;
mod quiet;
mod replay;
mod split;
mod view;

use loadstone_dag::{Anchor, Certificate, CheckedUnit, HistoryResponse, MemberMessage, Unit};

pub use self::{
    lair::{unit_id, Lair, Parcel},
    view::View,
};
use crate::{kind::Kind, seats::SeatSet};

/// A way of lying. One value acts for all Byzantine members of a run.
pub trait Strategy {
    /// Which seats each face of a Byzantine member hears and speaks to. Each face is a member of its
    /// own, with the same key.
    fn faces(&self, all: SeatSet, _halves: [SeatSet; 2], _villains: SeatSet) -> Vec<SeatSet> {
        vec![all]
    }

    /// Whether the state machine makes no witnesses, because the strategy does.
    fn writes_itself(&self) -> bool {
        false
    }

    /// The state machine wants this sent to everybody.
    fn on_send(&mut self, lair: &mut Lair, message: MemberMessage) {
        lair.broadcast(&message);
    }

    /// A notification came in.
    fn on_hear(&mut self, _lair: &mut Lair, _from: u16, _message: &MemberMessage) {}

    /// Somebody asked, and the state machine would answer so. `None`: no answer.
    fn on_request(&mut self, _lair: &mut Lair, honest: HistoryResponse) -> Option<HistoryResponse> {
        Some(honest)
    }

    /// Units that the gateway accepted: what is handed to the state machine.
    fn on_units(&mut self, _lair: &mut Lair, units: Vec<CheckedUnit>) -> Vec<CheckedUnit> {
        units
    }

    /// A unit that the gateway would refuse, a stranger's among them.
    fn on_refused(&mut self, _lair: &mut Lair, _unit: Unit) {}

    /// The state machine wants this on the chain.
    fn on_submit(&mut self, lair: &mut Lair, anchor: Anchor, certificate: Certificate) {
        lair.submitted.push((anchor, certificate));
    }

    /// Every 25 ms or so.
    fn on_tick(&mut self, _lair: &mut Lair) {}
}

/// Follows the rules.
struct Nobody;

impl Strategy for Nobody {}

/// The strategy of this name.
pub fn strategy(kind: Kind) -> Box<dyn Strategy> {
    match kind {
        Kind::Honest | Kind::Amnesia | Kind::Fork | Kind::Spam => Box::new(Nobody),
        Kind::Silent => Box::new(quiet::Silent),
        Kind::Withhold => Box::new(quiet::Withhold),
        Kind::Equivocate => Box::new(equivocate::Equivocate::default()),
        Kind::Lazy => Box::new(lazy::Lazy::default()),
        Kind::Parasite => Box::new(parasite::Parasite::default()),
        Kind::Split => Box::new(split::Split::default()),
        Kind::Flood => Box::new(flood::Flood::default()),
        Kind::Replay => Box::new(replay::Replay::default()),
        Kind::FalseAnchors => Box::new(anchors::FalseAnchors),
        Kind::StaleAnchors => Box::new(anchors::StaleAnchors),
        Kind::Collude => Box::new(quiet::Collude),
        Kind::Finals => Box::new(finals::Finals::default()),
        Kind::Sybil => Box::new(gateways::Sybil::default()),
        Kind::Eclipse => Box::new(gateways::Eclipse),
    }
}
