//! Byzantine seats: what their state machines want goes through their strategy first.

use std::{collections::BTreeMap, rc::Rc};

use loadstone_core::AnchorNumber;
use loadstone_dag::{Effect, EpochStart, PersistItem, Slot, Unit};

use super::{packet::Packet, World};
use crate::strategy::{Lair, Strategy, View};

/// What all Byzantine members know together.
#[derive(Default)]
pub struct Conspiracy {
    /// Second units of forking devices, by place.
    pub rivals: BTreeMap<Slot, Unit>,
    views: BTreeMap<u32, View>,
}

/// What a strategy did, to be carried out when it is done.
struct Acts {
    parcels: Vec<crate::strategy::Parcel>,
    kept: Vec<(loadstone_dag::Witness, Vec<Unit>)>,
    submitted: Vec<(loadstone_dag::Anchor, loadstone_dag::Certificate)>,
}

impl World {
    /// Lets the strategy act for a face, and carries out what it did.
    pub(super) fn scheme(&mut self, face: usize, act: impl FnOnce(&mut dyn Strategy, &mut Lair)) {
        let Some(mut strategy) = self.strategy.take() else { return };
        let acts = self.act_for(face, |lair| act(strategy.as_mut(), lair));
        self.strategy = Some(strategy);
        let Some(Acts { parcels, kept, submitted }) = acts else { return };
        for (witness, units) in kept {
            self.keep(face, witness, units);
        }
        for parcel in parcels {
            match parcel.request {
                true => self.send_request(face, parcel.to, parcel.packet),
                false => self.send_note(face, parcel.to, parcel.packet, parcel.after_ms),
            }
        }
        for (anchor, certificate) in submitted {
            // What is refused was worth a try.
            let _ = self.chain.submit(anchor, certificate);
        }
    }

    fn act_for(&mut self, face: usize, act: impl FnOnce(&mut Lair)) -> Option<Acts> {
        let state = &self.faces[face];
        let member = state.member()?;
        let (epoch, me) = (member.config().epoch, member.config().me);
        let sitting = self.chain.committee(epoch)?;
        let start = state.disk.start().anchor.as_ref().map(|anchor| anchor.number).unwrap_or_default();
        let base = AnchorNumber(member.status().anchor.0.saturating_sub(1)).max(start);
        let closing = state.state.as_ref().is_some_and(|state| state.epoch == epoch && state.closing);
        let empty = View::default();
        let mut lair = Lair {
            seat: state.seat,
            me,
            epoch,
            committee: &sitting.committee,
            seats: &sitting.seats,
            villains: self.plan.villains,
            halves: self.plan.halves,
            now: self.now,
            rng: &mut self.rng,
            signer: &self.signers[usize::from(state.seat)],
            view: self.conspiracy.views.get(&epoch).unwrap_or(&empty),
            rivals: &self.conspiracy.rivals,
            base,
            closing,
            latest: self.chain.anchors.last(),
            parcels: Vec::new(),
            kept: Vec::new(),
            submitted: Vec::new(),
        };
        act(&mut lair);
        Some(Acts { parcels: lair.parcels, kept: lair.kept, submitted: lair.submitted })
    }

    /// Hands a witness that the strategy wrote to its own state machine, and to its accomplices' view.
    fn keep(&mut self, face: usize, witness: loadstone_dag::Witness, units: Vec<Unit>) {
        let epoch = witness.content.epoch;
        let me = witness.content.member;
        self.conspiracy.views.entry(epoch).or_default().add(&witness);
        self.record.witness(&witness, false, self.now, false);
        let checked = self.checked(|checker| checker.witness(witness, units).ok());
        if let Some((witness, units)) = checked {
            self.with(face, |member, now| member.on_witness(me, witness, units, now));
        }
    }

    pub(super) fn villains_effect(&mut self, face: usize, effect: Effect) {
        match effect {
            Effect::Persist(item) => self.learn(face, item),
            Effect::Broadcast(message) => {
                if let loadstone_dag::MemberMessage::Witness(witness, _) = &message {
                    self.record.witness(witness, false, self.now, false);
                }
                self.scheme(face, |strategy, lair| strategy.on_send(lair, message));
            }
            Effect::Request(to, request) => {
                let to = self.chain.committee(self.faces[face].epoch()).and_then(|epoch| epoch.seat_of(to));
                if let Some(to) = to {
                    self.send_request(face, to, Rc::new(Packet::request(&request)));
                }
            }
            Effect::SubmitAnchor(anchor, certificate) => {
                self.scheme(face, |strategy, lair| strategy.on_submit(lair, anchor, certificate));
            }
            Effect::Closed { anchor, heads } => {
                let epoch = anchor.epoch + 1;
                self.begin_epoch(face, epoch, EpochStart { anchor: Some(anchor), heads });
            }
            Effect::Confirmed { .. } | Effect::Anchored { .. } | Effect::Evidence(_) => {}
        }
    }

    fn learn(&mut self, face: usize, item: PersistItem) {
        if let PersistItem::Witness(witness, _) = &item {
            self.conspiracy.views.entry(witness.content.epoch).or_default().add(witness);
        }
        self.faces[face].disk.write(item, true);
    }
}
