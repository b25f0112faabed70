//! Carrying out what a state machine wants, in its order, up to a crash.

use std::rc::Rc;

use loadstone_dag::{Anchor, Certificate, Effect, EpochStart, Fault, MemberMessage, PersistItem};

use super::{packet::Packet, queue::Event, Life, Refused, World};
use crate::{plan::Damage, verdict::Verdict};

impl World {
    pub(super) fn carry_out(&mut self, face: usize, effects: Vec<Effect>) {
        for effect in effects {
            if self.burns(face) {
                return;
            }
            match self.is_honest(face) {
                true => self.honest_effect(face, effect),
                false => self.villains_effect(face, effect),
            }
        }
    }

    /// Counts down to a crash between two effects.
    fn burns(&mut self, face: usize) -> bool {
        let Some((left, pause, damage)) = self.faces[face].fuse else { return false };
        self.faces[face].fuse = left.checked_sub(1).map(|left| (left, pause, damage));
        if left == 0 {
            self.crash(face, pause, damage);
        }
        left == 0
    }

    fn crash(&mut self, face: usize, pause: u64, damage: Damage) {
        self.trace.add(self.now, || format!("seat {} crashes, damage {damage:?}", self.faces[face].seat));
        let state = &mut self.faces[face];
        state.life = Life::Down;
        state.disk.crash(damage, &mut self.rng);
        state.excused |= damage.loses_votes();
        self.queue.push(self.now + pause, Event::Start(face));
    }

    fn honest_effect(&mut self, face: usize, effect: Effect) {
        let seat = self.faces[face].seat;
        match effect {
            Effect::Persist(item) => self.persist(face, item),
            Effect::Broadcast(message) => {
                self.note_sent(seat, &message);
                self.broadcast(face, &message);
            }
            Effect::Request(to, request) => {
                let to = self.chain.committee(self.faces[face].epoch()).and_then(|epoch| epoch.seat_of(to));
                if let Some(to) = to {
                    self.send_request(face, to, Rc::new(Packet::request(&request)));
                }
            }
            Effect::Confirmed { slot, unit } => {
                self.trace
                    .add(self.now, || format!("seat {seat} confirms {} of device {}", slot.sequence, slot.device));
                self.record.confirm(seat, self.faces[face].epoch(), slot, unit, self.now);
            }
            Effect::SubmitAnchor(anchor, certificate) => self.submit(seat, anchor, certificate),
            Effect::Anchored { anchor, leaves } => {
                self.trace.add(self.now, || format!("seat {seat} has anchor {} of {}", anchor.number, leaves.len()));
                if let Some(leaf) = leaves.iter().find(|leaf| self.device_key(leaf.slot.device).is_none()) {
                    let text = format!("anchor {} holds a unit of stranger {}", anchor.number, leaf.slot.device);
                    self.record.fail(Verdict::Diverged(text));
                }
                let chain = self.chain.anchor(anchor.number);
                self.record.anchor(seat, &anchor, &leaves, chain, self.now);
            }
            Effect::Closed { anchor, heads } => {
                self.record.close(seat, &anchor, &heads);
                let epoch = anchor.epoch + 1;
                self.begin_epoch(face, epoch, EpochStart { anchor: Some(anchor), heads });
            }
            Effect::Evidence(fault) => self.on_evidence(face, &fault),
        }
    }

    fn persist(&mut self, face: usize, item: PersistItem) {
        let epoch = self.faces[face].epoch();
        let Some(me) = self.faces[face].member().map(|member| member.config().me) else { return };
        let sync = item.must_sync(me);
        let own = match &item {
            PersistItem::Witness(witness, _) if witness.content.member == me => Some(witness.content.level),
            _ => None,
        };
        let disk = &mut self.faces[face].disk;
        disk.write(item, sync);
        if let Some(level) = own {
            disk.count(epoch, level);
            // Now and then somebody takes a copy.
            if level.0.is_multiple_of(16) {
                disk.back_up();
            }
        }
    }

    fn note_sent(&mut self, seat: u16, message: &MemberMessage) {
        if let MemberMessage::Witness(witness, units) = message {
            let content = &witness.content;
            self.record.witness(witness, true, self.now, self.now <= self.plan.measure_ms);
            let last = if content.last { ", its last" } else { "" };
            self.trace.add(self.now, || {
                let parents = content.parents.len();
                format!("seat {seat} witnesses at level {} on {parents}, {} units{last}", content.level, units.len())
            });
        }
    }

    fn submit(&mut self, seat: u16, anchor: Anchor, certificate: Certificate) {
        let number = anchor.number;
        match self.chain.submit(anchor, certificate) {
            // Another was first.
            Ok(()) | Err(Refused::Place) => {}
            Err(fault) => {
                let text = format!("seat {seat} submits an anchor {number} that the chain refuses: {fault:?}");
                self.record.fail(Verdict::Diverged(text));
            }
        }
    }

    /// Evidence is good against liars only.
    fn on_evidence(&mut self, face: usize, fault: &Fault) {
        let seat = self.faces[face].seat;
        self.trace.add(self.now, || format!("seat {seat} reports {}", summary(fault)));
        let sitting = self.chain.committee(self.faces[face].epoch());
        let accused = |member: &loadstone_core::MemberIndex| sitting.and_then(|sitting| sitting.seat_of(*member));
        let wronged = match fault {
            Fault::AnchorDiffers(number) => Some(format!("anchor {number} differs at seat {seat}")),
            Fault::DeviceFork(unit, _) => {
                let device = unit.content.slot.device;
                self.is_honest_device(device).then(|| format!("device {device} is accused of a fork"))
            }
            Fault::MemberFork(witness, _) => accused(&witness.content.member)
                .filter(|accused| !self.is_fair_game(*accused))
                .map(|accused| format!("seat {accused} is accused of a fork by seat {seat}")),
            Fault::Refused(member, why) => accused(member)
                .filter(|accused| !self.is_fair_game(*accused))
                .map(|accused| format!("seat {seat} refuses a witness of seat {accused}: {why:?}")),
            Fault::StateLost => {
                (!self.faces[face].excused).then(|| format!("seat {seat} falls mute and has lost nothing"))
            }
        };
        if matches!(fault, Fault::MemberFork(..) | Fault::DeviceFork(..)) {
            self.record.figures.forks_seen += 1;
        }
        if let Some(text) = wronged {
            self.record.fail(Verdict::Diverged(text));
        }
    }

    /// Whether the seat lies, or lost what it wrote.
    fn is_fair_game(&self, seat: u16) -> bool {
        !self.plan.is_honest(seat) || self.faces.iter().any(|face| face.seat == seat && face.excused)
    }
}

fn summary(fault: &Fault) -> String {
    match fault {
        Fault::DeviceFork(unit, _) => format!("a fork of device {}", unit.content.slot.device),
        Fault::MemberFork(witness, _) => format!("a fork of member {}", witness.content.member),
        other => format!("{other:?}"),
    }
}
