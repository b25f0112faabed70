//! What a Byzantine member has at hand: its key, what it knows, and a way to tell everybody something else.

use std::{collections::BTreeMap, rc::Rc};

use loadstone_core::{AnchorNumber, Hash, MemberIndex, Signature};
use loadstone_dag::{
    encode_member_message, Anchor, Certificate, CheckedUnit, Committee, MemberMessage, Slot, Unit, Witness,
    WitnessContent, WitnessRef,
};
use rand_chacha::ChaCha8Rng;

use super::view::View;
use crate::{
    keys::{Signer, GENESIS},
    seats::SeatSet,
    world::Packet,
};

/// Something to be sent.
pub struct Parcel {
    /// To whom.
    pub to: u16,
    /// What.
    pub packet: Rc<Packet>,
    /// Held back for so long.
    pub after_ms: u64,
    /// A request instead of a notification.
    pub request: bool,
}

/// One Byzantine member at one moment. All Byzantine members of a run act with one mind: what one of
/// them accepts, all know.
pub struct Lair<'a> {
    /// Its seat.
    pub seat: u16,
    /// Its place in the committee.
    pub me: MemberIndex,
    /// Committee epoch.
    pub epoch: u32,
    /// The committee.
    pub committee: &'a Committee,
    /// Who sits, in order of index.
    pub seats: &'a [u16],
    /// Byzantine seats.
    pub villains: SeatSet,
    /// Halves of the honest seats.
    pub halves: [SeatSet; 2],
    /// The world's time.
    pub now: u64,
    /// Chance.
    pub rng: &'a mut ChaCha8Rng,
    /// Its key.
    pub signer: &'a Signer,
    /// Witnesses that the Byzantine members accepted in this epoch.
    pub view: &'a View,
    /// Second units of forking devices, by place.
    pub rivals: &'a BTreeMap<Slot, Unit>,
    /// A base anchor that everybody has by now.
    pub base: AnchorNumber,
    /// Whether the chain closes the epoch.
    pub closing: bool,
    /// The chain's newest anchor.
    pub latest: Option<&'a Anchor>,
    /// To be sent.
    pub parcels: Vec<Parcel>,
    /// To be handed to the member's own state machine, so that it can serve it.
    pub kept: Vec<(Witness, Vec<Unit>)>,
    /// To be submitted to the chain.
    pub submitted: Vec<(Anchor, Certificate)>,
}

impl Lair<'_> {
    /// Everybody else in the committee.
    pub fn others(&self) -> SeatSet {
        self.seats.iter().copied().filter(|seat| *seat != self.seat).collect()
    }

    /// One half of the honest members and all Byzantine ones.
    pub fn side(&self, half: usize) -> SeatSet {
        self.halves[half % 2].or(self.villains)
    }

    /// Sends bytes to some of the others.
    pub fn send_bytes(&mut self, to: SeatSet, bytes: Vec<u8>, after_ms: u64, request: bool) {
        let packet = Rc::new(Packet::new(bytes));
        for to in self.others().iter().filter(|seat| to.contains(*seat)) {
            self.parcels.push(Parcel { to, packet: packet.clone(), after_ms, request });
        }
    }

    /// Sends a message to some of the others, after a while.
    pub fn send(&mut self, to: SeatSet, message: &MemberMessage, after_ms: u64) {
        // Nothing is left out: whom it goes to may hold anything.
        let bytes = encode_member_message(message, &|_: &Slot| None);
        self.send_bytes(to, bytes, after_ms, false);
    }

    /// Sends a message to all others at once.
    pub fn broadcast(&mut self, message: &MemberMessage) {
        self.send(self.others(), message, 0);
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.signer.sign(message)
    }

    /// Signs an anchor.
    pub fn sign_anchor(&self, anchor: &Anchor) -> Signature {
        self.sign(anchor.payload(&GENESIS).as_bytes())
    }

    /// Signs a witness that introduces these units, and lets the member's own state machine have it.
    pub fn witness(&mut self, mut content: WitnessContent, units: &[Unit]) -> (Witness, WitnessRef) {
        content.units = units.iter().map(unit_id).collect();
        let payload = content.payload(&GENESIS);
        let reference = WitnessRef { member: content.member, level: content.level, hash: payload.hash() };
        let witness = Witness { signature: self.sign(payload.as_bytes()), content };
        self.kept.push((witness.clone(), units.to_vec()));
        (witness, reference)
    }

    /// A content with nothing in it but the author, the level, and what it follows.
    pub fn content(&self, level: loadstone_core::Level, previous: Option<WitnessRef>) -> WitnessContent {
        WitnessContent {
            epoch: self.epoch,
            member: self.me,
            level,
            previous,
            parents: Vec::new(),
            latest: Vec::new(),
            units: Vec::new(),
            base: self.base,
            last: false,
        }
    }

    /// The units, each replaced by its rival where there is one.
    pub fn swapped(&self, units: &[CheckedUnit]) -> Vec<Unit> {
        let swap = |unit: &CheckedUnit| self.rivals.get(&unit.unit().content.slot).unwrap_or(unit.unit()).clone();
        units.iter().map(swap).collect()
    }
}

/// Id of a unit.
pub fn unit_id(unit: &Unit) -> Hash {
    unit.content.payload(&GENESIS).hash()
}
