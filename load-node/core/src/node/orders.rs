//! From orders on chain to the level asserted, with acknowledgement and completion.

use super::LoadNode;
use crate::{
    desk::{Arrival, Desk, Ended, Need},
    types::*,
};
use loadstone_core::{AnchorNumber, BlockNumber, Direction, Millis, Watts};
use loadstone_dag::{Acknowledgement, AcknowledgementKind, Body};
use loadstone_market::{baseline, Availability, Order};

/// What is proven at a finalised head about the orders of one direction.
pub(super) struct Proven {
    pub(super) order: Option<Order>,
    /// The own standing availability, where the order needs it.
    pub(super) availability: Option<Availability>,
    pub(super) by: Source,
}

impl LoadNode {
    /// Own readings in units of anchors up to `anchor`, oldest first, asked for by
    /// [`Output::ReadLedger`].
    pub fn ledger(&mut self, now: Now, anchor: AnchorNumber, readings: &[baseline::Reading]) {
        for direction in [Direction::Down, Direction::Up] {
            if let Some(sequence) = self.desk(direction).on_readings(anchor, readings) {
                let text =
                    format!("order {sequence} has no reference load yet: no own reading is proven in anchor {anchor}");
                self.note(Note::Refused(text));
            }
        }
        if let Some(time) = self.time(now) {
            self.assert(now, time);
        }
    }

    /// Takes what a read proved, and remembers the own availability for capsules to come.
    pub(super) fn on_order_read(
        &mut self,
        now: Now,
        at: BlockNumber,
        direction: Direction,
        order: Option<Order>,
        availability: Option<Availability>,
    ) {
        if let Some(standing) = self.known.on_standing(at, direction, availability.clone()) {
            self.out.push(Output::Persist(vec![Change::Standing(standing)], false));
        }
        self.on_order(now, at, direction, Proven { order, availability, by: Source::Proof });
    }

    pub(super) fn on_order(
        &mut self,
        now: Now,
        at: BlockNumber,
        direction: Direction,
        Proven { order, availability, by }: Proven,
    ) {
        if let Some(order) = &order {
            // Its block's own time: without it an order that binds at once would wait for the next tick.
            self.clock.at_least(order.issued_at, now);
        }
        let expired = match (&order, self.time(now)) {
            (Some(order), Some(time)) => time >= order.end,
            _ => false,
        };
        self.floor = self.floor.max(at);
        match self.desk(direction).on_order(order, availability.as_ref()) {
            Arrival::Known => {}
            Arrival::Refused(reason) => self.note(Note::Refused(reason)),
            Arrival::New { ended } => self.adopt(now, at, (direction, by), ended, expired),
        }
        self.pursue(now);
    }

    /// A new order stands: it is on disk before it acts.
    fn adopt(
        &mut self,
        now: Now,
        at: BlockNumber,
        (direction, by): (Direction, Source),
        ended: Option<Ended>,
        expired: bool,
    ) {
        let guard = self.desk(direction).guard().clone();
        let (area, sequence) = (self.config.area, guard.sequence);
        let head = SavedHead { number: at.max(self.head.number), ..self.head };
        let mut changes = vec![Change::Guard(guard), Change::Head(head)];
        // With it a capsule is enough after a restart in the middle of this order.
        changes.extend(self.known.standing(direction).cloned().map(Change::Standing));
        match ended {
            Some(Ended { sequence, setpoint }) => {
                self.acknowledge(now, direction, sequence, AcknowledgementKind::Completed, setpoint, changes);
            }
            None => self.out.push(Output::Persist(changes, true)),
        }
        self.note(Note::OrderVerified { area, direction, sequence, block: at, by });
        if expired {
            self.note(Note::Refused(format!("order {sequence} has expired: its end lies before chain time")));
        } else if self.desk(direction).is_uncalled() {
            self.note(Note::NotCalled { direction, sequence });
        }
    }

    /// Asks for what is still missing to know the share, then asserts.
    pub(super) fn pursue(&mut self, now: Now) {
        for direction in [Direction::Down, Direction::Up] {
            match self.desk(direction).need() {
                Need::Nothing => {}
                Need::Event(id) => self.ask_once(Query::Event(id)),
                Need::Programme(id, version) => self.ask_once(Query::Programme(id, version)),
                Need::Readings(anchor, reach) => self.out.push(Output::ReadLedger(anchor, reach)),
            }
        }
        if let Some(time) = self.time(now) {
            self.assert(now, time);
        }
    }

    pub(super) fn ask_once(&mut self, query: Query) {
        if !self.asked.contains_key(&query) {
            self.ask(query);
        }
    }

    /// Asserts the level that follows from order, share and time, again and again.
    pub(super) fn assert(&mut self, now: Now, time: Millis) {
        for direction in [Direction::Down, Direction::Up] {
            if let Some(Ended { sequence, setpoint }) = self.desk(direction).expire(time) {
                let guard = vec![Change::Guard(self.desk(direction).guard().clone())];
                self.acknowledge(now, direction, sequence, AcknowledgementKind::Completed, setpoint, guard);
            }
        }
        let Some(identity) = self.identity else { return };
        let (down, up) = (self.down.level(time, &identity), self.up.level(time, &identity));
        let later = if self.up.issued_at() > self.down.issued_at() { up.or(down) } else { down.or(up) };
        let Some(level) = later.filter(|level| self.may_hold(now, level)) else {
            return self.out.push(Output::Release);
        };
        self.out.push(Output::Hold(level));
        if self.may_sign() && self.desk(level.direction).receive() {
            // Readings from before the order stand before its acknowledgement.
            self.flush(now);
            let guard = vec![Change::Guard(self.desk(level.direction).guard().clone())];
            let kind = AcknowledgementKind::Received;
            self.acknowledge(now, level.direction, level.sequence, kind, level.watts, guard);
        }
    }

    /// Sets or takes back the operator's word; one that is not sound is refused.
    pub fn set_override(&mut self, now: Now, word: Option<Override>) {
        if word.as_ref().is_some_and(|word| !word.is_sound()) {
            return self.note(Note::Refused("an override needs a reason of 1 to 256 bytes".into()));
        }
        if self.override_ != word {
            self.override_ = word.clone();
            self.note(Note::Overridden(word));
        }
        if let Some(time) = self.time(now) {
            self.assert(now, time);
        }
    }

    /// Whether an order is held at all: neither where the operator says no, nor where contact is lost for too long.
    fn may_hold(&mut self, now: Now, level: &Level) -> bool {
        if let Some(word) = &self.override_ {
            if word.stands_at(now.unix) {
                return false;
            }
            self.override_ = None;
            self.note(Note::Overridden(None));
        }
        let silent_ms = self.clock.silence(now).unwrap_or_default();
        let lets_go = self.config.lets_go(silent_ms);
        if lets_go && !self.let_go {
            self.note(Note::LetGo { direction: level.direction, sequence: level.sequence, silent_ms });
        }
        self.let_go = lets_go;
        !lets_go
    }

    /// Signs an acknowledgement; it is on disk in one step with `changes`, so that none is signed twice.
    fn acknowledge(
        &mut self,
        now: Now,
        direction: Direction,
        sequence: u64,
        kind: AcknowledgementKind,
        setpoint: Watts,
        changes: Vec<Change>,
    ) {
        let body = Acknowledgement { area: self.config.area, direction, sequence, kind, at: now.unix, setpoint };
        self.write(Body::Acknowledgement(body), 0, changes);
        self.note(Note::Acknowledged { direction, sequence, kind, setpoint });
        self.send_unsent(now);
    }

    /// An own unit was proven to be in `anchor`: a reference that reaches so far is computed again.
    pub(super) fn recompute(&mut self, anchor: AnchorNumber) {
        for direction in [Direction::Down, Direction::Up] {
            if let Some((wanted, reach)) = self.desk(direction).source().filter(|(wanted, _)| anchor <= *wanted) {
                self.out.push(Output::ReadLedger(wanted, reach));
            }
        }
    }

    pub(super) fn desk(&mut self, direction: Direction) -> &mut Desk {
        match direction {
            Direction::Down => &mut self.down,
            Direction::Up => &mut self.up,
        }
    }
}
