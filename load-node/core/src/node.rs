//! The state machine: inputs of the chain and the meter. Gateways' inputs are in `gateway`.

mod capsules;
mod gateway;
mod orders;

use crate::{
    anchors::Anchors, clock::ChainClock, desk::Desk, known::Known, outbox::Outbox, types::*, writer::Writer, Config,
    ConfigError,
};
use loadstone_core::{BlockNumber, ChangeNotice, Device, Direction, Hash, Millis, Resource, Watts};
use loadstone_dag::{Body, Slot, Unit, WitnessRef, MAX_READINGS};
use std::collections::{BTreeMap, BTreeSet};

/// Least distance between two saves of the head alone, in milliseconds: flash wears.
const HEAD_SAVE_MS: u64 = 60_000;

/// Time over which the nodes of a chain spread their reading of a new anchor.
const ANCHOR_SPREAD_MS: u64 = 500;

/// Distance in it of nodes whose devices were registered one after the other.
const ANCHOR_STEP_MS: u64 = 61;

/// How often the own registration is read, in refreshes of the order.
const DEVICE_REFRESH: u32 = 6;

/// See the crate's text.
pub struct LoadNode {
    config: Config,
    genesis: Hash,
    signer: Box<dyn Signer>,
    identity: Option<Identity>,
    /// Whether the registry, as last read, lets this node sign.
    admitted: bool,
    clock: ChainClock,
    head: SavedHead,
    /// Nothing read at a head below this one is used.
    floor: BlockNumber,
    head_saved_ms: Option<u64>,
    refreshed_ms: Option<u64>,
    refreshes: u32,
    alarm_ms: u64,
    down: Desk,
    up: Desk,
    writer: Writer,
    outbox: Outbox,
    anchors: Anchors,
    /// When anchors are read that notices told of.
    anchors_due_ms: Option<u64>,
    /// Queries under way; true when the answer is already known to be old.
    asked: BTreeMap<Query, bool>,
    failed: Vec<Query>,
    primary: usize,
    rotated_ms: u64,
    connected: Vec<bool>,
    /// Gateways that hold another unit in a place of ours.
    disowned: BTreeSet<usize>,
    frontier: Option<WitnessRef>,
    /// What orders are proven with.
    known: Known,
    out: Vec<Output>,
}

impl LoadNode {
    /// Starts, or continues where a run before was stopped or killed.
    pub fn new(config: Config, genesis: Hash, saved: Saved, signer: Box<dyn Signer>) -> Result<Self, ConfigError> {
        config.check()?;
        let guard = |direction| saved.guards.iter().find(|guard| guard.direction == direction).cloned();
        let mut node = Self {
            genesis,
            identity: saved.identity,
            admitted: saved.identity.is_some(),
            clock: ChainClock::default(),
            head: saved.head,
            floor: saved.head.number,
            head_saved_ms: None,
            refreshed_ms: None,
            refreshes: 0,
            alarm_ms: 0,
            down: Desk::new(config.area, Direction::Down, guard(Direction::Down)),
            up: Desk::new(config.area, Direction::Up, guard(Direction::Up)),
            writer: Writer::new(config.device, config.interval_ms, saved.tip, saved.pending),
            outbox: Outbox::new(config.resend_after_ms as u64),
            anchors: Anchors::default(),
            anchors_due_ms: None,
            asked: BTreeMap::new(),
            failed: Vec::new(),
            primary: config.device.0 as usize % config.gateways,
            rotated_ms: 0,
            connected: vec![false; config.gateways],
            disowned: BTreeSet::new(),
            frontier: None,
            known: Known::new(saved.voters, saved.standings),
            out: Vec::new(),
            signer,
            config,
        };
        node.out.push(Output::UseGateway(node.primary));
        node.load_units();
        Ok(node)
    }

    /// What is to be done since the last call, in order.
    pub fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// Whether every reading is in a unit and every unit is proven anchored.
    pub fn is_drained(&self) -> bool {
        self.writer.pending() == 0 && self.outbox.is_empty()
    }

    /// Time goes on; to be called several times a second.
    pub fn tick(&mut self, now: Now) {
        if let Some(time) = self.clock.now(now) {
            self.assert(now, time);
            let all = self.refreshed_ms.is_none_or(|at| now.mono_ms >= at + self.config.refresh_ms as u64);
            if all {
                self.refresh(now);
            }
        }
        if self.anchors_due_ms.is_some_and(|due| due <= now.mono_ms) {
            self.anchors_due_ms = None;
            self.ask_anchors(false);
        }
        self.watch_silence(now);
        self.close_due(now);
        self.send_unsent(now);
        self.send_due(now);
        self.load_units();
    }

    /// The meter was read at `at`, a moment on the grid of the reading interval.
    pub fn reading(&mut self, now: Now, at: Millis, watts: Watts, valid: bool) {
        let reading = Reading { at, watts, doubtful: !valid };
        if !self.writer.push(reading) {
            let text = format!("the reading at {at} is not newer than the last, or too many wait for a unit");
            return self.note(Note::Refused(text));
        }
        self.out.push(Output::Persist(vec![Change::Reading(reading)], false));
        self.close_due(now);
    }

    /// Closes every unit at once, for a graceful stop.
    pub fn flush(&mut self, now: Now) {
        self.close(now, 0);
    }

    /// A head was verified final.
    pub fn head(&mut self, now: Now, head: VerifiedHead) {
        if head.number < self.head.number {
            return; // Older than the saved head: the light client is still catching up.
        }
        self.clock.observe(head.time, now);
        self.alarm_ms = 0;
        self.head = SavedHead { number: head.number, time: head.time.max(self.head.time) };
        self.known.on_head(&head);
        if self.head_saved_ms.is_none_or(|at| now.mono_ms.saturating_sub(at) >= HEAD_SAVE_MS) {
            self.head_saved_ms = Some(now.mono_ms);
            // A capsule may have been ahead of the light client.
            let saved = SavedHead { number: self.head.number.max(self.floor), ..self.head };
            self.out.push(Output::Persist(vec![Change::Head(saved)], false));
        }
        for query in std::mem::take(&mut self.failed) {
            self.ask(query);
        }
        for notice in &head.notices {
            match notice {
                ChangeNotice::Order(area, direction) if *area == self.config.area => {
                    if !self.known.has_shown(*direction, head.number) {
                        self.ask(Query::Order(*direction));
                    }
                }
                ChangeNotice::Order(..) => {}
                ChangeNotice::Anchor(number) => {
                    self.anchors.announced(*number);
                    self.anchors_due_ms.get_or_insert(now.mono_ms + self.anchors_delay_ms());
                }
            }
        }
        if head.set_changed || head.after_gap {
            self.ask(Query::Voters);
        }
        if head.after_gap || self.refreshed_ms.is_none() {
            self.refresh(now);
        }
    }

    /// A query was answered at the finalised head of height `at`.
    pub fn answered(&mut self, now: Now, at: BlockNumber, answer: Answer) {
        let query = answer.query();
        let again = self.asked.remove(&query).unwrap_or(false);
        if at < self.floor {
            return self.failed.push(query);
        }
        if again {
            self.ask(query);
        }
        match answer {
            Answer::Device(device, resource) => self.on_device(now, device, resource),
            Answer::Order(direction, order, availability) => {
                self.on_order_read(now, at, direction, order, availability);
            }
            Answer::Voters(set) => self.on_voters(now, set),
            Answer::Event(id, facts) => {
                self.down.on_event(id, facts.clone());
                self.up.on_event(id, facts);
                self.pursue(now);
            }
            Answer::Programme(id, version, programme) => {
                let need = crate::desk::Need::Programme(id, version);
                self.down.on_programme(need, programme.as_ref());
                self.up.on_programme(need, programme.as_ref());
                self.pursue(now);
            }
            Answer::Anchor(number, anchor) => {
                let verdict = self.anchors.on_chain(number, anchor.as_ref());
                self.on_verdict(verdict);
            }
        }
    }

    /// A query could not be answered: it is asked again at the next head.
    pub fn unanswered(&mut self, query: Query) {
        self.asked.remove(&query);
        self.failed.push(query);
    }

    /// Own units from the ledger, asked for by [`Output::LoadUnits`] with the same limit.
    pub fn loaded(&mut self, now: Now, units: Vec<Unit>, limit: usize) {
        let hashed = units.into_iter().map(|unit| {
            let hash = unit.content.payload(&self.genesis).hash();
            (unit, hash)
        });
        self.outbox.loaded(hashed.collect(), limit);
        self.reissue(now);
        self.send_unsent(now);
    }

    fn note(&mut self, note: Note) {
        self.out.push(Output::Note(note));
    }

    fn ask(&mut self, query: Query) {
        match self.asked.get_mut(&query) {
            Some(again) => *again = true,
            None => {
                self.asked.insert(query, false);
                self.out.push(Output::Read(query));
            }
        }
    }

    /// All nodes learn of an anchor at once and none is in a hurry: each has its own moment to read it, so that a
    /// gateway's short queue holds the questions of hundreds.
    fn anchors_delay_ms(&self) -> u64 {
        (self.config.device.0 as u64).wrapping_mul(ANCHOR_STEP_MS) % ANCHOR_SPREAD_MS
    }

    fn ask_anchors(&mut self, all: bool) {
        for number in self.anchors.wanted(all) {
            if !self.asked.contains_key(&Query::Anchor(number)) {
                self.ask(Query::Anchor(number));
            }
        }
    }

    /// The safety net under the notices.
    fn refresh(&mut self, now: Now) {
        self.refreshed_ms = Some(now.mono_ms);
        if self.refreshes.is_multiple_of(DEVICE_REFRESH) || !self.admitted {
            self.ask(Query::Device);
            self.ask_once(Query::Voters);
        }
        self.refreshes = self.refreshes.wrapping_add(1);
        self.ask(Query::Order(Direction::Down));
        self.ask(Query::Order(Direction::Up));
        self.ask_anchors(true);
    }

    fn on_device(&mut self, now: Now, device: Option<Device>, resource: Option<Resource>) {
        match self.admission(device, resource) {
            Ok(identity) => {
                self.admitted = true;
                if identity.incarnation > self.writer.tip().incarnation {
                    self.writer.renew(identity.incarnation);
                    self.disowned.clear();
                }
                if self.identity != Some(identity) {
                    self.identity = Some(identity);
                    self.out.push(Output::Persist(vec![Change::Identity(identity)], false));
                    self.reissue(now);
                }
            }
            Err(reason) => {
                self.admitted = false;
                self.note(Note::Refused(reason));
            }
        }
    }

    /// Whether the registry lets this node sign, with a reason and a remedy where it does not.
    fn admission(&self, device: Option<Device>, resource: Option<Resource>) -> Result<Identity, String> {
        let id = self.config.device;
        let device = device.ok_or(format!("device {id} is not registered: its owner registers the resource first"))?;
        let resource = resource.ok_or(format!("resource {} is not registered", self.config.resource))?;
        if device.revoked {
            return Err(format!("device {id} is revoked: its owner renews it with a new key"));
        }
        if device.key != self.signer.public() {
            return Err(format!("device {id} is registered with another key: use that key's file, or rotate the key"));
        }
        if device.resource != self.config.resource || resource.device != id {
            return Err(format!(
                "device {id} does not meter resource {}: correct the configuration",
                self.config.resource
            ));
        }
        if resource.area != self.config.area {
            return Err(format!("the resource lies in area {}, not {}", resource.area, self.config.area));
        }
        if device.incarnation < self.writer.tip().incarnation {
            return Err(format!("the registry names incarnation {}, which is over here", device.incarnation));
        }
        Ok(Identity { incarnation: device.incarnation, load_min: resource.load_min, load_max: resource.load_max })
    }

    /// Closes the units that are due: at once while an order runs, else when full or old enough.
    fn close_due(&mut self, now: Now) {
        let live = self.clock.now(now).is_some_and(|time| self.down.is_live(time) || self.up.is_live(time));
        self.close(now, if live { 0 } else { self.config.max_unit_age_ms as u64 });
    }

    fn close(&mut self, now: Now, max_age_ms: u64) {
        if !self.may_sign() {
            return;
        }
        let limit = (self.config.readings_per_unit as usize).min(MAX_READINGS);
        let time = self.clock.now(now);
        let event = time.and_then(|time| self.down.event(time).or_else(|| self.up.event(time)));
        let range = self.identity.map(|identity| identity.load_min..=identity.load_max);
        let possible = |watts: Watts| range.as_ref().is_none_or(|range| range.contains(&watts));
        while let Some(count) = self.writer.due(now, limit, max_age_ms) {
            let Some(body) = self.writer.take(count, event, possible) else { break };
            self.write(body, count, Vec::new());
        }
        self.send_unsent(now);
    }

    fn may_sign(&self) -> bool {
        self.admitted && self.identity.is_some_and(|identity| identity.incarnation == self.writer.tip().incarnation)
    }

    /// Signs a unit. It is on disk, in one step with `changes`, before anything later in the outputs
    /// is sent.
    fn write(&mut self, body: Body, readings: usize, mut changes: Vec<Change>) {
        let references = self.frontier.take().map(|w| loadstone_dag::Reference::Witness(w.member, w.level, w.hash));
        let references = references.into_iter().collect();
        let (unit, hash) = self.writer.sign(body, references, &self.genesis, self.signer.as_ref());
        let slot = unit.content.slot;
        changes.push(Change::Unit(unit.clone(), hash));
        self.out.push(Output::Persist(changes, true));
        self.note(Note::Unit { slot, readings });
        self.outbox.push(unit, hash);
    }

    /// Puts the content of units from an earlier life of the device into the present one.
    fn reissue(&mut self, now: Now) {
        let tip = self.writer.tip();
        let first = Slot { device: self.config.device, incarnation: tip.incarnation, sequence: Default::default() };
        if !self.may_sign() {
            return;
        }
        for unit in self.outbox.drain_before(first) {
            let readings = match &unit.content.body {
                Body::Readings(readings) => readings.count(),
                Body::Acknowledgement(_) => 0,
            };
            let void = Change::Void(unit.content.slot);
            self.write(unit.content.body, readings, vec![void]);
        }
        self.send_unsent(now);
    }
}

impl Answer {
    /// The question that it answers.
    pub fn query(&self) -> Query {
        match self {
            Self::Device(..) => Query::Device,
            Self::Order(direction, ..) => Query::Order(*direction),
            Self::Event(id, ..) => Query::Event(*id),
            Self::Programme(id, version, ..) => Query::Programme(*id, *version),
            Self::Anchor(number, ..) => Query::Anchor(*number),
            Self::Voters(_) => Query::Voters,
        }
    }
}
