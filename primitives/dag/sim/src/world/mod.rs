//! A committee, its devices and its chain in virtual time.
//!
//! Every member is the production state machine behind the production decoders; the network, the disks,
//! the clocks and the chain are this module's. All chance comes from the seed, so that a run can be
//! had again.

mod chain;
mod clock;
mod disk;
mod door;
mod effects;
mod face;
mod handover;
mod links;
mod packet;
mod queue;
mod traffic;
mod villains;

use std::{collections::BTreeMap, ops::Range};

use loadstone_core::Millis;
use loadstone_dag::{Effect, Member, Slot, Status};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

pub use self::{
    chain::{Chain, Epoch, Refused},
    disk::Disk,
    face::{Face, Life},
    packet::{Note, Packet},
};
use self::{clock::Clock, door::Quota, links::Network, queue::Queue, villains::Conspiracy};
use crate::{
    device::{Device, Manner},
    keys::{SeatCrypto, Signer},
    kind::Kind,
    plan::{stream, Plan},
    record::{Figures, Record},
    seats::SeatSet,
    strategy::{strategy, Strategy},
    trace::Trace,
    verdict::Verdict,
};
use queue::Event;

/// Time between two ticks of a member that has something to do, and of one that has not.
const TICK_MS: (u64, u64) = (10, 50);

/// Time between two acts of a strategy by itself.
const SCHEME_MS: u64 = 25;

/// See the module's text.
pub struct World {
    plan: Plan,
    now: u64,
    queue: Queue,
    network: Network,
    rng: ChaCha8Rng,
    chain: Chain,
    signers: Vec<Signer>,
    faces: Vec<Face>,
    /// Faces of each seat.
    seats: Vec<Range<usize>>,
    devices: Vec<Device>,
    quotas: BTreeMap<(u16, u32), Quota>,
    resets: BTreeMap<u32, u64>,
    strategy: Option<Box<dyn Strategy>>,
    conspiracy: Conspiracy,
    record: Record,
    trace: Trace,
    clocked: Clocked,
}

/// Processor time of the state machines, when it is measured.
#[derive(Default)]
pub struct Clocked {
    /// Whether to measure.
    pub wanted: bool,
    /// Time in state machines so far.
    pub spent: std::time::Duration,
}

/// What came of a run.
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// Figures.
    pub figures: Figures,
    /// The last events, if they were asked for.
    pub trace: Vec<String>,
    /// Time in state machines, if it was measured.
    pub spent: std::time::Duration,
}

impl World {
    /// The world of a plan, at its beginning.
    pub fn new(plan: Plan, trace: bool) -> Self {
        let seats = plan.seats();
        let signers: Vec<Signer> = (0..seats).map(|seat| Signer::new(plan.scheme, "member", seat.into())).collect();
        let mut world = Self {
            now: 0,
            queue: Queue::default(),
            network: Network::new(&plan),
            rng: stream(plan.seed, "world"),
            chain: Chain::new(plan.scheme, &plan.weights, &signers, plan.members),
            signers,
            faces: Vec::new(),
            seats: Vec::new(),
            devices: (0..plan.devices).map(|number| Device::new(number, manner(&plan, number), plan.scheme)).collect(),
            quotas: BTreeMap::new(),
            resets: BTreeMap::new(),
            strategy: Some(strategy(plan.kind)),
            conspiracy: Conspiracy::default(),
            record: Record::default(),
            trace: Trace::new(trace),
            clocked: Clocked::default(),
            plan,
        };
        world.make_faces();
        world.schedule();
        world
    }

    fn make_faces(&mut self) {
        let all = SeatSet::below(self.plan.seats());
        for seat in all.iter() {
            let clock = Clock::new(self.plan.skews[usize::from(seat)]);
            let hears = match &self.strategy {
                Some(strategy) if !self.plan.is_honest(seat) => {
                    strategy.faces(all, self.plan.halves, self.plan.villains)
                }
                _ => vec![all],
            };
            let first = self.faces.len();
            let faces = hears.into_iter().enumerate().map(|(ordinal, hears)| Face::new(seat, ordinal, hears, clock));
            self.faces.extend(faces);
            self.seats.push(first..self.faces.len());
        }
    }

    fn schedule(&mut self) {
        for face in 0..self.faces.len() {
            self.start(face);
            self.queue.push(self.rng.gen_range(0..TICK_MS.0), Event::Tick(face));
            if !self.plan.is_honest(self.faces[face].seat) {
                self.queue.push(self.rng.gen_range(0..SCHEME_MS), Event::Scheme(face));
            }
        }
        for device in 0..self.devices.len() as u32 {
            let first = self.rng.gen_range(0..self.plan.unit_every_ms);
            self.queue.push(first, Event::Measure(device));
            self.queue.push(first + 500, Event::Resend(device));
            if self.plan.kind == Kind::Fork && self.devices[device as usize].manner == Manner::Forking {
                self.queue.push(self.plan.measure_ms / 3, Event::Reset(device));
            }
        }
        for crash in &self.plan.crashes {
            let (seat, pause, damage) = (crash.seat, crash.pause, crash.damage);
            self.queue.push(crash.at, Event::Crash { seat, pause, damage });
        }
        for closing in &self.plan.closings {
            self.queue.push(closing.at, Event::Close { leaves: closing.leaves, joins: closing.joins });
        }
        self.queue.push(300, Event::Block);
    }

    /// Runs to the end.
    pub fn run(mut self) -> Outcome {
        while self.record.fault.is_none() {
            let Some((at, event)) = self.queue.pop() else { break };
            self.now = at;
            let is_block = matches!(event, Event::Block);
            self.happen(event);
            if is_block && self.now > self.plan.heal_ms && (self.is_settled() || self.now > self.plan.deadline_ms) {
                break;
            }
        }
        self.outcome()
    }

    fn outcome(mut self) -> Outcome {
        let active = self.plan.measure_ms;
        if self.record.fault.is_none() {
            self.judge();
        }
        self.record.finish(self.now, active);
        let verdict = self.record.fault.clone().unwrap_or(Verdict::Ok);
        let trace = self.trace.lines().map(str::to_string).collect();
        Outcome { verdict, figures: self.record.figures, trace, spent: self.clocked.spent }
    }

    /// Lets events happen up to a moment, for tests that look at a world on its way.
    pub fn run_until(&mut self, until: u64) {
        while let Some((at, event)) = self.queue.pop() {
            if at > until {
                self.queue.push(at, event);
                break;
            }
            self.now = at;
            self.happen(event);
        }
        self.now = until;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Note { from, ordinal, to, packet } => self.on_note(from, ordinal, to, &packet),
            Event::Again { from, face, packet, attempts } => self.hear(face, from, &packet, attempts),
            Event::Request { from, face, to, packet } => self.on_request(from, face, to, &packet),
            Event::Response { from, face, packet } => self.on_response(from, face, &packet),
            Event::Frame { to, device, bytes } => self.on_frame(to, device, &bytes),
            Event::State { face, state } => self.on_state(face, state),
            Event::Tick(face) => self.on_tick(face),
            Event::Scheme(face) => {
                self.scheme(face, |strategy, lair| strategy.on_tick(lair));
                self.queue.push(self.now + SCHEME_MS, Event::Scheme(face));
            }
            Event::Block => self.on_block(),
            Event::Measure(device) => self.on_measure(device),
            Event::Resend(device) => self.on_resend(device),
            Event::Reset(device) => self.reset(device),
            Event::Crash { seat, pause, damage } => {
                let effects = self.rng.gen_range(0..6);
                for face in self.faces_of(seat) {
                    self.faces[face].fuse.get_or_insert((effects, pause, damage));
                }
            }
            Event::Start(face) => self.start(face),
            Event::Close { leaves, joins } => self.close_epoch(leaves, joins),
        }
    }

    fn on_tick(&mut self, face: usize) {
        self.fetch_heads(face);
        self.with(face, |member, now| member.tick(now));
        let busy = self.faces[face].member().is_some_and(|member| {
            let Status { open, queued, pending, .. } = member.status();
            open + queued + pending > 0 || member.status().closing
        });
        let pause = if busy { TICK_MS.0 } else { TICK_MS.1 };
        self.queue.push(self.now + pause, Event::Tick(face));
    }

    /// Lets a face's state machine act, and carries out what it wants.
    fn with(&mut self, face: usize, act: impl FnOnce(&mut Member<SeatCrypto>, Millis) -> Vec<Effect>) {
        let now = self.now;
        let Some((member, time)) = self.faces[face].member_at(now) else { return };
        let begun = self.clocked.wanted.then(std::time::Instant::now);
        let effects = act(member, time);
        self.clocked.spent += begun.map(|begun| begun.elapsed()).unwrap_or_default();
        self.carry_out(face, effects);
    }

    fn faces_of(&self, seat: u16) -> Range<usize> {
        self.seats.get(usize::from(seat)).cloned().unwrap_or(0..0)
    }

    fn is_honest(&self, face: usize) -> bool {
        self.plan.is_honest(self.faces[face].seat)
    }

    /// Whether all that must be anchored is, and every honest member of the committee knows.
    fn is_settled(&self) -> bool {
        let all_closed = !self.chain.is_closing() && self.record.figures.epochs == self.plan.closings.len() as u64;
        let anchored = self.record.waiting().next().is_none() && self.record.unanchored().next().is_none();
        anchored && all_closed && self.laggard().is_none()
    }

    /// An honest member of the committee that does not stand where the chain stands.
    fn laggard(&self) -> Option<&Face> {
        let number = self.chain.anchors.last().map(|anchor| anchor.number).unwrap_or_default();
        let sits = |face: &&Face| self.plan.is_honest(face.seat) && self.chain.sitting().contains(&face.seat);
        self.faces.iter().filter(sits).find(|face| {
            let status = face.member().map(Member::status);
            status.is_none_or(|status| status.anchor != number || status.epoch != self.chain.epoch())
        })
    }

    /// The verdict of a run that came to its end without a fault.
    fn judge(&mut self) {
        let left = self.record.waiting().count();
        let example = self.record.waiting().next().map(|(id, accepted)| (*id, *accepted));
        let lost = self.record.unanchored().next().map(|(slot, unit)| (*slot, *unit));
        if let Some((id, accepted)) = example {
            let Slot { device, sequence, .. } = accepted.slot;
            let text = format!(
                "{left} units of honest devices not anchored by {} ms, as {id:?} of device {device}, sequence {sequence}, accepted by seat {} at {} ms",
                self.now, accepted.seat, accepted.at
            );
            self.record.fail(Verdict::Stuck(text));
        } else if let Some((slot, unit)) = lost {
            let Slot { device, sequence, .. } = slot;
            self.record.fail(Verdict::Lost(format!("{unit:?} of device {device}, sequence {sequence}, was confirmed")));
        } else if self.chain.is_closing() || self.record.figures.epochs != self.plan.closings.len() as u64 {
            self.record.fail(Verdict::Stuck(format!("epoch {} does not close", self.chain.epoch())));
        } else if let Some(face) = self.laggard() {
            let status = face.member().map(Member::status);
            let text = format!("seat {} stays behind the chain: {status:?}", face.seat);
            self.record.fail(Verdict::Stuck(text));
        }
    }

    /// The time of the world.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The members.
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// What was recorded.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Asks for processor time to be measured.
    pub fn measure(&mut self) {
        self.clocked.wanted = true;
    }
}

/// How a device of this number behaves in a run.
fn manner(plan: &Plan, device: u32) -> Manner {
    let few = device % 4 == 1;
    match plan.kind {
        kind if kind.has_forks() && few => Manner::Forking,
        Kind::Sybil if device % 3 == 2 => Manner::Stranger,
        Kind::Eclipse if device % 2 == 1 && !plan.villains.is_empty() => Manner::Eclipsed,
        Kind::Spam if few => Manner::Flooding,
        _ => Manner::Honest,
    }
}
