//! Order capsules: an order with its proof, pushed over any channel, so that acting takes no request.
//!
//! A capsule is worth exactly what a proven read at its block is. It is used at or above the floor only,
//! against the authority set that the light client has proven, and leads where a read would have led.

use super::{orders::Proven, LoadNode};
use crate::{health::Fault, types::*};
use loadstone_core::{BlockNumber, Millis};
use loadstone_evidence::{capsule::OrderCapsuleV1, AuthoritySet, BrokenCapsule, OrderCapsule};
use loadstone_market::{Availability, Order, OrderRule};

impl LoadNode {
    /// Somebody, mostly a gateway, says that these bytes prove an order.
    pub(super) fn on_capsule(&mut self, now: Now, gateway: usize, bytes: &[u8]) {
        match OrderCapsule::open(bytes) {
            Ok(capsule) => self.judge(now, gateway, capsule),
            Err(fault) => self.on_bad_capsule(now, gateway, fault),
        }
    }

    fn judge(&mut self, now: Now, gateway: usize, capsule: OrderCapsuleV1) {
        let (number, direction) = (capsule.finalised.header.number, capsule.direction);
        let known = self.known.has_shown(direction, number);
        // Nothing to learn: another area's, too old, or taken already.
        if capsule.area != self.config.area || number < self.floor || known {
            return;
        }
        let Some(voters) = self.known.voters.as_ref() else {
            self.known.held_back.insert(direction, (gateway, capsule));
            return;
        };
        match capsule.verify(&voters.set, self.config.area, direction) {
            Ok(verified) => {
                let time = verified.slot.map(|slot| Millis(slot.saturating_mul(voters.slot_ms)));
                let Some(order) = verified.order else { return };
                if self.known.confirmed {
                    self.on_proven(now, number, order, time);
                } else if self.desk(direction).guard().order.as_ref() == Some(&order) {
                    self.on_proven_before(now, order, time);
                } else {
                    self.known.held_back.insert(direction, (gateway, capsule));
                }
            }
            // Sets only follow each other: an earlier one is over.
            Err(BrokenCapsule::OtherSet(id)) if id < voters.set.id => {}
            Err(BrokenCapsule::OtherSet(_)) => {
                self.known.held_back.insert(direction, (gateway, capsule));
                self.ask_voters(now);
            }
            Err(fault) => self.on_bad_capsule(now, gateway, fault),
        }
    }

    /// Takes a proven order as far as it needs no request; otherwise the read is made as without a capsule.
    fn on_proven(&mut self, now: Now, number: BlockNumber, order: Order, time: Option<Millis>) {
        let direction = order.direction;
        let Ok(availability) = self.share_of(&order) else { return self.ask_once(Query::Order(direction)) };
        if let Some(time) = time.filter(|_| number > self.head.number) {
            self.clock.observe(time, now);
            self.alarm_ms = 0;
        }
        self.known.show(direction, number);
        let proven = Proven { order: Some(order), availability, by: Source::Capsule };
        self.on_order(now, number, direction, proven);
    }

    /// The saved set shows the order of before the restart, and that set may be over. So nothing new is
    /// learned of it, neither floor nor guard moves, and the wall clock bounds what it says of time.
    fn on_proven_before(&mut self, now: Now, order: Order, time: Option<Millis>) {
        let direction = order.direction;
        let Some(time) = time.filter(|_| now.unix < order.end) else { return };
        let Ok(availability) = self.share_of(&order) else { return };
        if self.time(now).is_none() {
            self.clock.observe(time.min(now.unix), now);
        }
        let proven = Proven { order: Some(order), availability, by: Source::Capsule };
        self.on_order(now, self.floor, direction, proven);
    }

    /// The own availability for `order`, as far as it needs one. An error means that it is not proven.
    fn share_of(&mut self, order: &Order) -> Result<Option<Availability>, ()> {
        let needs_share = matches!(order.rule, OrderRule::Emergency { .. });
        if !needs_share || self.desk(order.direction).knows(order) {
            return Ok(None);
        }
        let standing = self.known.standing(order.direction).filter(|standing| standing.decides(order));
        standing.map(|standing| standing.entries.clone()).ok_or(())
    }

    /// The set that votes on the next blocks, proven by the light client. Sets never go back.
    pub(super) fn on_voters(&mut self, now: Now, set: Option<AuthoritySet>) {
        let (Some(set), Some(slot_ms)) = (set, self.known.slot_ms) else { return };
        let voters = Voters { set, slot_ms };
        self.known.confirmed = true;
        if self.known.voters.as_ref().is_none_or(|known| known.set.id <= voters.set.id && *known != voters) {
            self.out.push(Output::Persist(vec![Change::Voters(voters.clone())], false));
            self.known.voters = Some(voters);
        }
        for (_, (gateway, capsule)) in std::mem::take(&mut self.known.held_back) {
            // What is of another set still is not of this moment.
            if self.known.voters.as_ref().is_some_and(|voters| voters.set.id == capsule.set) {
                self.judge(now, gateway, capsule);
            }
        }
    }

    /// Capsules may name any set, so they make the node read no more often than silence would.
    fn ask_voters(&mut self, now: Now) {
        let due =
            self.known.voters_asked_ms.is_none_or(|at| now.mono_ms.saturating_sub(at) >= self.config.patience_ms());
        if due {
            self.known.voters_asked_ms = Some(now.mono_ms);
            self.ask_once(Query::Voters);
        }
    }

    fn on_bad_capsule(&mut self, now: Now, gateway: usize, fault: BrokenCapsule) {
        self.known.bad_capsules += 1;
        self.note(Note::CapsuleRefused { gateway, fault, count: self.known.bad_capsules });
        self.blame(now, gateway, Fault::Forged);
    }
}
