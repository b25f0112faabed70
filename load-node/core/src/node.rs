//! The state machine: inputs of the chain and the meter. Gateways' inputs are in `gateway`.

mod capsules;
mod gateway;
mod orders;
mod registry;
mod state;
mod units;

pub use state::{GatewayState, NodeState};

use crate::{
    anchors::Anchors,
    clock::ChainClock,
    desk::Desk,
    health::Health,
    known::Known,
    outbox::Outbox,
    types::*,
    wall::{TimeSource, WallClock},
    writer::Writer,
    Config, ConfigError,
};
use loadstone_core::{BlockNumber, ChangeNotice, Direction, Hash, Millis, Watts};
use loadstone_dag::{Unit, WitnessRef};
use std::collections::{BTreeMap, BTreeSet};

/// Least distance between two saves of the head alone, in milliseconds: flash wears.
const HEAD_SAVE_MS: u64 = 60_000;

/// Time over which the nodes of a chain spread their reading of a new anchor.
const ANCHOR_SPREAD_MS: u64 = 500;

/// Distance in it of nodes whose devices were registered one after the other.
const ANCHOR_STEP_MS: u64 = 61;

/// How far chain time may be ahead of what heads tell of it, in slots: its own, and what finality takes.
const SLACK_SLOTS: u64 = 2;

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
    /// What readings are dated by.
    wall: WallClock,
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
    health: Health,
    rotated_ms: u64,
    connected: Vec<bool>,
    /// Gateways that hold another unit in a place of ours.
    disowned: BTreeSet<usize>,
    frontier: Option<WitnessRef>,
    /// What orders are proven with.
    known: Known,
    /// The operator's word, which stands above every order.
    override_: Option<Override>,
    /// Whether the load was let go for want of contact.
    let_go: bool,
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
            wall: WallClock::new(saved.head.time),
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
            health: Health::new(config.gateways),
            rotated_ms: 0,
            connected: vec![false; config.gateways],
            disowned: BTreeSet::new(),
            frontier: None,
            known: Known::new(saved.voters, saved.standings),
            override_: None,
            let_go: false,
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

    /// The time to trust, where the system's clocks say `raw`; to be put into every [`Now`] that the node is given.
    pub fn wall(&mut self, raw: Now) -> Millis {
        let is_heard = self.clock.silence(raw).is_some_and(|silence| silence < self.config.silence_ms(false));
        let chain = if is_heard { self.clock.now(raw) } else { None };
        let before = self.wall.source();
        let time = self.wall.at(raw, chain);
        if self.wall.source() != before {
            let off_ms = i64::try_from(i128::from(raw.unix.0) - i128::from(time.0)).unwrap_or(i64::MAX);
            self.note(Note::Clock { source: self.wall.source(), off_ms });
        }
        time
    }

    /// Chain time. Heads tell it by the slot and late; a system clock that agrees with them tells the moment in between.
    fn time(&mut self, now: Now) -> Option<Millis> {
        let estimate = self.clock.now(now)?;
        let slack_ms = SLACK_SLOTS * self.known.slot_ms.unwrap_or_default();
        Some(match self.wall.source() {
            TimeSource::System => estimate.max(now.unix.min(estimate.after(slack_ms))),
            TimeSource::Held | TimeSource::Chain | TimeSource::Nobody => estimate,
        })
    }

    /// Where the time of readings comes from.
    pub fn time_source(&self) -> TimeSource {
        self.wall.source()
    }

    /// Time goes on; to be called several times a second.
    pub fn tick(&mut self, now: Now) {
        if let Some(time) = self.time(now) {
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
        // When it was nobody knows, so it is told and counts for nothing.
        let is_dated = self.wall.source() != TimeSource::Nobody;
        let reading = Reading { at, watts, doubtful: !valid || !is_dated };
        if !self.writer.push(reading) {
            let text = format!("a reading of {at} was taken already, or too many wait for a unit");
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
                self.on_verdict(now, verdict);
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
