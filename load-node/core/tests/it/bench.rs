//! A load node on a bench: its outputs are executed against plain values.

pub use crate::facts::*;
use codec::Encode;
use loadstone_core::{
    merkle_proof, AnchorNumber, AreaId, BlockNumber, ChangeNotice, Device, DeviceId, Direction, Hash, Incarnation,
    Millis, ResourceId, Signature, SigningPayload, Watts,
};
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, Body, DeviceMessage, GatewayMessage, Slot, Unit};
use loadstone_evidence::AuthoritySet;
use loadstone_load_core::*;
use loadstone_market::{baseline::Reading as LedgerReading, Availability, Order, Programme, Reach};
use std::collections::{BTreeMap, VecDeque};

pub const AREA: AreaId = AreaId(1);
pub const DEVICE: DeviceId = DeviceId(4);
pub const RESOURCE: ResourceId = ResourceId(4);
pub const KEY: [u8; 32] = [7; 32];
/// Chain time and wall clock at the bench's beginning.
pub const START: u64 = 1_700_000_000_000;

/// Length of a slot.
pub const SLOT_MS: u64 = 200;

pub struct TestKey;

impl Signer for TestKey {
    fn public(&self) -> [u8; 32] {
        KEY
    }

    fn sign(&self, payload: &SigningPayload) -> Signature {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(payload.hash().as_bytes());
        signature
    }
}

/// What stands on chain.
#[derive(Default)]
pub struct Chain {
    pub device: Option<Device>,
    pub orders: BTreeMap<Direction, Order>,
    pub availability: Option<Availability>,
    pub event: Option<EventFacts>,
    pub programme: Option<Programme>,
    pub anchors: BTreeMap<AnchorNumber, Anchor>,
    pub head: BlockNumber,
    pub voters: Option<AuthoritySet>,
}

/// What survives a crash.
#[derive(Default, Clone)]
pub struct Disk {
    pub saved: Saved,
    pub units: BTreeMap<Slot, (Unit, Hash, UnitState)>,
}

pub struct Bench {
    pub node: LoadNode,
    pub chain: Chain,
    pub disk: Disk,
    pub ms: u64,
    /// How far the wall clock is ahead.
    pub off_ms: u64,
    pub level: Option<Level>,
    pub sent: VecDeque<(usize, DeviceMessage)>,
    pub reads: Vec<Query>,
    pub notes: Vec<Note>,
    pub gateways: Vec<usize>,
    /// Whether reads from the chain are answered at once.
    pub online: bool,
}

pub fn config() -> Config {
    Config {
        device: DEVICE,
        resource: RESOURCE,
        area: AREA,
        interval_ms: 1_000,
        readings_per_unit: 5,
        max_unit_age_ms: 60_000,
        heartbeat_ms: 2_000,
        rest_ms: 20_000,
        refresh_ms: 10_000,
        resend_after_ms: 2_000,
        dead_man_ms: 60_000,
        gateways: 4,
    }
}

impl Bench {
    /// A registered node with a connected gateway and a verified head.
    pub fn new() -> Self {
        let mut bench = Self::with_disk(Disk::default(), 0);
        bench.head(&[]);
        bench.connect();
        bench
    }

    /// A node that finds `disk`, `ms` after the beginning.
    pub fn with_disk(disk: Disk, ms: u64) -> Self {
        let node = LoadNode::new(config(), Hash::repeat_byte(9), disk.saved.clone(), Box::new(TestKey)).unwrap();
        let device = Device { resource: RESOURCE, key: KEY, incarnation: Incarnation(0), revoked: false };
        let mut bench = Self {
            node,
            chain: Chain { device: Some(device), head: 100, ..Chain::default() },
            disk,
            ms,
            off_ms: 0,
            level: None,
            sent: VecDeque::new(),
            reads: Vec::new(),
            notes: Vec::new(),
            gateways: Vec::new(),
            online: true,
        };
        bench.settle();
        bench
    }

    /// The node is killed and starts again with what is on disk; the chain goes on.
    pub fn restart(self) -> Self {
        let mut bench = Self::with_disk(self.disk, self.ms);
        bench.chain = self.chain;
        bench
    }

    pub fn connect(&mut self) {
        let gateway = *self.gateways.last().unwrap();
        self.node.connected(self.now(), gateway);
        self.settle();
    }

    /// Monotonic time starts anew with every bench; it only must not run backwards.
    pub fn now(&self) -> Now {
        Now { mono_ms: self.ms, unix: Millis(START + self.ms + self.off_ms) }
    }

    /// A new head with these notices.
    pub fn head(&mut self, notices: &[ChangeNotice]) {
        self.chain.head += 1;
        let head = VerifiedHead {
            number: self.chain.head,
            time: Millis(START + self.ms),
            notices: notices.to_vec(),
            after_gap: false,
            set_changed: false,
            slot_ms: SLOT_MS,
        };
        self.node.head(self.now(), head);
        self.settle();
    }

    /// Seconds with a reading each, and a head each where the chain can be reached.
    pub fn seconds(&mut self, count: u64, watts: i64) {
        for _ in 0..count {
            self.ms += 1_000;
            if self.online {
                self.head(&[]);
            }
            self.node.tick(self.now());
            let at = self.now().unix;
            self.node.reading(self.now(), at, Watts(watts), true);
            self.settle();
        }
    }

    pub fn tick(&mut self, ms: u64) {
        self.ms += ms;
        self.node.tick(self.now());
        self.settle();
    }

    pub fn say(&mut self, gateway: usize, message: GatewayMessage) {
        self.node.message(self.now(), gateway, message);
        self.settle();
    }

    /// Puts an order on chain and gives notice of it.
    pub fn order(&mut self, order: Order) {
        // Nothing is issued later than the block that holds it.
        let order = Order { issued_at: order.issued_at.min(self.now().unix), ..order };
        let direction = order.direction;
        self.chain.orders.insert(direction, order);
        self.head(&[ChangeNotice::Order(AREA, direction)]);
    }

    /// Anchors all units that are not anchored; the gateway shows the proofs.
    pub fn anchor_all(&mut self) -> Anchor {
        let (anchor, messages) = self.make_anchor();
        self.chain.anchors.insert(anchor.number, anchor.clone());
        self.head(&[ChangeNotice::Anchor(anchor.number)]);
        for message in messages {
            self.say(0, message);
        }
        anchor
    }

    /// An anchor over all units that are not anchored, and a gateway's words about it.
    pub fn make_anchor(&self) -> (Anchor, Vec<GatewayMessage>) {
        let open = self.disk.units.iter().filter(|(_, (_, _, state))| !matches!(state, UnitState::Anchored(_)));
        let leaves: Vec<_> = open.map(|(slot, (_, hash, _))| AnchorLeaf { slot: *slot, unit: *hash }).collect();
        let last = self.chain.anchors.values().last();
        let anchor = Anchor {
            number: last.map(|anchor| anchor.number).unwrap_or_default().next(),
            parent: last.map(Anchor::hash).unwrap_or_default(),
            root: leaves_root(&leaves),
            units: leaves.len() as u32,
            ..Anchor::default()
        };
        let encoded: Vec<_> = leaves.iter().map(Encode::encode).collect();
        let shown = leaves.iter().enumerate().map(|(index, leaf)| GatewayMessage::Anchored {
            slot: leaf.slot,
            unit: leaf.unit,
            anchor: anchor.clone(),
            proof: merkle_proof(&encoded, index as u32).unwrap(),
        });
        let messages = shown.collect();
        (anchor, messages)
    }

    /// Units sent since the last call.
    pub fn submitted(&mut self) -> Vec<(usize, Unit)> {
        let sent = std::mem::take(&mut self.sent);
        let units = sent.into_iter().filter_map(|(gateway, message)| match message {
            DeviceMessage::Submit(units) => Some(units.into_iter().map(move |unit| (gateway, unit))),
            DeviceMessage::Prove(_) => None,
        });
        units.flatten().collect()
    }

    pub fn refusals(&self) -> Vec<&str> {
        let texts = self.notes.iter().filter_map(|note| match note {
            Note::Refused(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Executes what is left to do while the clocks say `now`.
    pub fn settle_at(&mut self, now: Now) {
        self.off_ms = now.unix.0 - self.now().unix.0;
        self.settle();
        self.off_ms = 0;
    }

    pub fn settle(&mut self) {
        loop {
            let outputs = self.node.outputs();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                self.execute(output);
            }
        }
    }

    fn execute(&mut self, output: Output) {
        match output {
            Output::Persist(changes, _) => changes.into_iter().for_each(|change| self.persist(change)),
            Output::Read(query) => {
                self.reads.push(query);
                if self.online {
                    let (now, at) = (self.now(), self.chain.head);
                    let answer = self.answer(query);
                    self.node.answered(now, at, answer);
                } else {
                    self.node.unanswered(query);
                }
            }
            Output::ReadLedger(anchor, reach) => {
                let readings = self.anchored_readings(anchor, reach);
                self.node.ledger(self.now(), anchor, &readings);
            }
            Output::LoadUnits(after, limit) => {
                let open = self.disk.units.iter().filter(|(slot, (_, _, state))| {
                    !matches!(state, UnitState::Anchored(_) | UnitState::Void) && Some(**slot) > after
                });
                let units = open.take(limit).map(|(_, (unit, ..))| unit.clone()).collect();
                self.node.loaded(self.now(), units, limit);
            }
            Output::Hold(level) => self.level = Some(level),
            Output::Release => self.level = None,
            Output::UseGateway(gateway) => self.gateways.push(gateway),
            Output::Send(gateway, message) => {
                if let DeviceMessage::Submit(units) = &message {
                    let on_disk = units.iter().all(|unit| self.disk.units.contains_key(&unit.content.slot));
                    assert!(on_disk, "a unit was sent before it was on disk");
                }
                self.sent.push_back((gateway, message));
            }
            Output::Note(note) => self.notes.push(note),
        }
    }

    pub fn answer(&self, query: Query) -> Answer {
        let chain = &self.chain;
        match query {
            Query::Device => Answer::Device(chain.device.clone(), Some(resource())),
            Query::Order(direction) => {
                Answer::Order(direction, chain.orders.get(&direction).cloned(), chain.availability.clone())
            }
            Query::Event(id) => Answer::Event(id, chain.event.clone()),
            Query::Programme(id, version) => Answer::Programme(id, version, chain.programme.clone()),
            Query::Anchor(number) => Answer::Anchor(number, chain.anchors.get(&number).cloned()),
            Query::Voters => Answer::Voters(chain.voters.clone()),
        }
    }

    fn persist(&mut self, change: Change) {
        let (saved, units) = (&mut self.disk.saved, &mut self.disk.units);
        match change {
            Change::Reading(reading) => saved.pending.push(reading),
            Change::Unit(unit, hash) => {
                let slot = unit.content.slot;
                if let Body::Readings(readings) = &unit.content.body {
                    let taken = readings.watts().unwrap();
                    saved.pending.retain(|reading| taken.iter().all(|(at, ..)| *at != reading.at));
                }
                saved.tip = Tip { incarnation: slot.incarnation, next: slot.sequence.next(), previous: hash };
                assert!(units.insert(slot, (unit, hash, UnitState::Signed)).is_none(), "the device forked itself");
            }
            Change::Confirmed(slot) => units.get_mut(&slot).unwrap().2 = UnitState::Confirmed,
            Change::Anchored(slot, anchored) => {
                let entry = units.get_mut(&slot).unwrap();
                entry.2 = UnitState::Anchored(anchored.anchor.number);
                saved.last_anchored = saved.last_anchored.max(Some((slot, entry.1)));
            }
            Change::Void(slot) => units.get_mut(&slot).unwrap().2 = UnitState::Void,
            Change::Guard(guard) => {
                saved.guards.retain(|known| known.direction != guard.direction);
                saved.guards.push(guard);
            }
            Change::Head(head) => saved.head = head,
            Change::Identity(identity) => saved.identity = Some(identity),
            Change::Voters(voters) => saved.voters = Some(voters),
            Change::Standing(standing) => {
                saved.standings.retain(|known| known.direction != standing.direction);
                saved.standings.push(standing);
            }
        }
    }

    fn anchored_readings(&self, anchor: AnchorNumber, reach: Reach) -> Vec<LedgerReading> {
        let mut readings = Vec::new();
        for (unit, _, state) in self.disk.units.values() {
            if let (Body::Readings(body), UnitState::Anchored(number)) = (&unit.content.body, state) {
                if *number <= anchor {
                    let decoded = body.watts().unwrap().into_iter();
                    readings.extend(decoded.map(|(at, load, valid)| LedgerReading { at, load, valid }));
                }
            }
        }
        match reach {
            Reach::Last(valid) => readings.split_off(readings.len().saturating_sub(valid as usize)),
            Reach::Whole => readings,
        }
    }
}
