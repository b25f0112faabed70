//! What happens in a run, all of it drawn from the seed before the run begins.

use codec::Encode;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_crypto_hashing::blake2_256;

use crate::{
    keys::Scheme,
    kind::{Kind, Stake},
    seats::SeatSet,
};

/// Real signatures in every run whose seed is a multiple of this.
const REAL_EVERY: u64 = 100;

/// What is asked for; the rest is dealt by the seed.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Decides everything that is not said.
    pub seed: u64,
    /// The strategy.
    pub kind: Option<Kind>,
    /// Size of the first committee.
    pub members: Option<u16>,
    /// Number of devices.
    pub devices: Option<u32>,
    /// A third of the weight or more is Byzantine.
    pub canary: bool,
}

/// Links between members.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    /// Least and greatest usual delay.
    pub delay_ms: (u64, u64),
    /// Messages lost, in percent, before the network heals.
    pub loss: u32,
    /// Messages that take up to `slow_ms`, in percent.
    pub slow: u32,
    /// See `slow`.
    pub slow_ms: u64,
    /// Messages that arrive twice, in percent.
    pub twice: u32,
}

/// A cut between some seats and the others.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// From when.
    pub from: u64,
    /// Until when.
    pub until: u64,
    /// The two sides; whoever is on neither hears both.
    pub sides: [SeatSet; 2],
}

/// What a crash does to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Everything written survives.
    None,
    /// What was not synced is lost in part.
    Tail,
    /// The disk is replaced by a copy taken earlier; the counter file is not.
    Restored,
    /// Disk and counter file are gone.
    Wiped,
}

impl Damage {
    /// Whether the member may have forgotten what it voted for.
    pub fn loses_votes(self) -> bool {
        matches!(self, Self::Restored | Self::Wiped)
    }
}

/// A crash and the start after it.
#[derive(Clone, Copy, Debug)]
pub struct Crash {
    /// When; within the effects of the next input.
    pub at: u64,
    /// Who.
    pub seat: u16,
    /// Until the start.
    pub pause: u64,
    /// What it does to the disk.
    pub damage: Damage,
}

/// A member's clock against that of the world.
#[derive(Clone, Copy, Debug, Default)]
pub struct Skew {
    /// Ahead by.
    pub offset_ms: u64,
    /// Runs faster by so many parts of a thousand; negative: slower.
    pub permille: i64,
}

/// The chain closes an epoch, and the next committee differs by so much.
#[derive(Clone, Copy, Debug)]
pub struct Closing {
    /// When.
    pub at: u64,
    /// Whether a seat leaves.
    pub leaves: bool,
    /// Whether a seat joins.
    pub joins: bool,
}

/// What happens in a run. Times are in milliseconds from its beginning.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Seed of everything.
    pub seed: u64,
    /// The strategy.
    pub kind: Kind,
    /// Size of the first committee: seats below this number.
    pub members: u16,
    /// Weight of each seat, those that may join included.
    pub weights: Vec<u32>,
    /// Byzantine seats.
    pub villains: SeatSet,
    /// Two halves of the honest seats that strategies play off against each other.
    pub halves: [SeatSet; 2],
    /// Registered devices.
    pub devices: u32,
    /// Devices that measure until then.
    pub measure_ms: u64,
    /// Between two units of a device.
    pub unit_every_ms: u64,
    /// Whether units name other owners' units and members' witnesses.
    pub references: bool,
    /// Whether devices rely on a confirmation by an honest gateway and send the unit no more.
    pub trusting: bool,
    /// Signatures.
    pub scheme: Scheme,
    /// More Byzantine weight than the rules stand.
    pub canary: bool,
    /// The network.
    pub links: Links,
    /// Cuts.
    pub cuts: Vec<Cut>,
    /// Crashes.
    pub crashes: Vec<Crash>,
    /// Clocks.
    pub skews: Vec<Skew>,
    /// Closings of epochs.
    pub closings: Vec<Closing>,
    /// From then on no message is lost and nobody crashes.
    pub heal_ms: u64,
    /// By then everything must be anchored.
    pub deadline_ms: u64,
}

/// A stream of random numbers for one purpose, so that drawing more for one changes no other.
pub fn stream(seed: u64, purpose: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(blake2_256(&(seed, purpose).encode()))
}

/// Virtual time from the healing of the network by which everything honest must be anchored: long
/// enough for every Byzantine member to let its turn pass a few times.
const PATIENCE_MS: u64 = 90_000;

impl Plan {
    /// Deals a run. The same order gives the same plan.
    pub fn deal(order: &Order) -> Self {
        let seed = order.seed;
        let (kind, stake) = deal_kind(order);
        let mut draw = stream(seed, "committee");
        let members = order.members.unwrap_or(draw.gen_range(4..=16)).clamp(1, loadstone_dag::MAX_MEMBERS as u16);
        let even = order.canary || draw.gen_ratio(3, 4);
        let seats = members + 4;
        let weights: Vec<u32> = (0..seats).map(|_| if even { 1 } else { draw.gen_range(1..=3) }).collect();
        let villains = deal_villains(kind, order.canary.then_some(stake), &weights[..members.into()], &mut draw);
        let mut draw = stream(seed, "load");
        let devices = order.devices.unwrap_or(draw.gen_range(4..=20));
        let measure_ms = draw.gen_range(1_200..=2_200);
        let mut plan = Self {
            seed,
            kind,
            members,
            halves: deal_halves(SeatSet::below(seats).without(villains), seats, seed),
            weights,
            villains,
            devices,
            measure_ms,
            unit_every_ms: draw.gen_range(250..=700),
            trusting: draw.gen(),
            references: draw.gen(),
            scheme: if seed.is_multiple_of(REAL_EVERY) { Scheme::Sr25519 } else { Scheme::Tag },
            canary: order.canary,
            links: deal_links(seed),
            cuts: Vec::new(),
            crashes: Vec::new(),
            skews: deal_skews(seats, seed),
            closings: Vec::new(),
            heal_ms: measure_ms,
            deadline_ms: 0,
        };
        plan.deal_cuts();
        plan.deal_crashes();
        plan.deal_blackout();
        plan.deal_closings();
        plan.heal_ms = plan.last_harm();
        plan.deadline_ms = plan.heal_ms + PATIENCE_MS;
        plan
    }

    /// Seats of the run, those that may join included.
    pub fn seats(&self) -> u16 {
        self.weights.len() as u16
    }

    /// Whether the seat follows the rules.
    pub fn is_honest(&self, seat: u16) -> bool {
        !self.villains.contains(seat)
    }

    fn deal_cuts(&mut self) {
        let mut draw = stream(self.seed, "cuts");
        if self.kind == Kind::Collude {
            // The halves hear nothing of each other; whoever lies lives in both.
            let until = self.measure_ms + draw.gen_range(0..1_500);
            self.cuts.push(Cut { from: 0, until, sides: self.halves });
            return;
        }
        for _ in 0..[0, 0, 1, 1, 2][draw.gen_range(0..5)] {
            let from = draw.gen_range(0..self.measure_ms);
            let until = from + draw.gen_range(200..1_500);
            let side: SeatSet = (0..self.seats()).filter(|_| draw.gen_ratio(1, 3)).collect();
            let sides = [side, SeatSet::below(self.seats()).without(side)];
            self.cuts.push(Cut { from, until, sides });
        }
    }

    fn deal_crashes(&mut self) {
        let mut draw = stream(self.seed, "crashes");
        let count = if self.canary { 0 } else { [0, 0, 1, 2, 4][draw.gen_range(0..5)] };
        for _ in 0..count {
            let damage = if draw.gen() { Damage::None } else { Damage::Tail };
            self.add_crash(damage, &mut draw);
        }
        if self.kind == Kind::Amnesia {
            let most = spare(&self.weights[..self.members.into()], 0);
            let mut lost = 0;
            for _ in 0..most.max(1) {
                let damage = if draw.gen_ratio(3, 4) { Damage::Restored } else { Damage::Wiped };
                let seat = draw.gen_range(0..self.members);
                lost += self.weights[usize::from(seat)];
                if lost <= most {
                    let at = draw.gen_range(300..self.measure_ms);
                    self.crashes.push(Crash { at, seat, pause: draw.gen_range(50..1_500), damage });
                }
            }
        }
    }

    fn add_crash(&mut self, damage: Damage, draw: &mut ChaCha8Rng) {
        let seat = draw.gen_range(0..self.members);
        let (at, pause) = (draw.gen_range(100..self.measure_ms), draw.gen_range(50..1_500));
        if self.is_honest(seat) {
            self.crashes.push(Crash { at, seat, pause, damage });
        }
    }

    /// Now and then all who are honest crash at once, their disks intact or without what was not synced.
    fn deal_blackout(&mut self) {
        let mut draw = stream(self.seed, "blackout");
        if self.canary || !draw.gen_ratio(1, 6) {
            return;
        }
        let at = draw.gen_range(100..self.measure_ms);
        for seat in (0..self.seats()).filter(|seat| !self.villains.contains(*seat)) {
            let damage = if draw.gen() { Damage::None } else { Damage::Tail };
            self.crashes.push(Crash { at, seat, pause: draw.gen_range(50..1_500), damage });
        }
    }

    fn deal_closings(&mut self) {
        let mut draw = stream(self.seed, "closings");
        let count = match self.kind {
            Kind::Finals => 2,
            _ if self.canary => 0,
            _ => [0, 0, 0, 1, 2][draw.gen_range(0..5)],
        };
        let mut at = 0;
        for _ in 0..count {
            at += draw.gen_range(500..1_500);
            let (leaves, joins) = (draw.gen(), draw.gen());
            self.closings.push(Closing { at, leaves, joins });
        }
    }

    fn last_harm(&self) -> u64 {
        let cuts = self.cuts.iter().map(|cut| cut.until);
        let crashes = self.crashes.iter().map(|crash| crash.at + crash.pause);
        let closings = self.closings.iter().map(|closing| closing.at);
        cuts.chain(crashes).chain(closings).fold(self.measure_ms, u64::max)
    }
}

fn deal_kind(order: &Order) -> (Kind, Stake) {
    if order.canary {
        let (kind, stake) = Kind::CANARIES[order.seed as usize % Kind::CANARIES.len()];
        return match order.kind {
            Some(asked) if asked != kind => {
                let known = Kind::CANARIES.into_iter().find(|(kind, _)| *kind == asked);
                (asked, known.map_or(Stake::Divide, |(_, stake)| stake))
            }
            _ => (kind, stake),
        };
    }
    let dealt = Kind::all()[order.seed as usize % Kind::all().len()];
    (order.kind.unwrap_or(dealt), Stake::Block)
}

/// Weight that may be Byzantine, beyond what is.
fn spare(weights: &[u32], taken: u32) -> u32 {
    let total: u32 = weights.iter().sum();
    (total.saturating_sub(1) / 3).saturating_sub(taken)
}

fn deal_villains(kind: Kind, canary: Option<Stake>, weights: &[u32], draw: &mut ChaCha8Rng) -> SeatSet {
    let members = weights.len() as u16;
    let total: u32 = weights.iter().sum();
    let quorum = loadstone_core::quorum(total);
    let most = match canary {
        None => spare(weights, 0),
        Some(Stake::Block) => total - quorum + 1,
        Some(Stake::Divide) => 2 * quorum - total,
    };
    // Most runs have as many as the rules stand.
    let wanted = if canary.is_some() || draw.gen_ratio(3, 4) { most } else { draw.gen_range(0..=most) };
    let first = draw.gen_range(0..members);
    let mut set = SeatSet::default();
    let mut weight = 0;
    for seat in (0..members).map(|step| (first + step) % members) {
        let more = weight + weights[usize::from(seat)];
        if kind.has_villains() && more <= wanted {
            (set, weight) = (set.with(seat), more);
        }
    }
    set
}

/// Every other honest seat, from a random one on.
fn deal_halves(honest: SeatSet, seats: u16, seed: u64) -> [SeatSet; 2] {
    let first = stream(seed, "halves").gen_range(0..seats);
    let turned = (0..seats).map(|step| (first + step) % seats).filter(|seat| honest.contains(*seat));
    let order: Vec<u16> = turned.collect();
    [order.iter().copied().step_by(2).collect(), order.iter().copied().skip(1).step_by(2).collect()]
}

fn deal_links(seed: u64) -> Links {
    let mut draw = stream(seed, "links");
    let delay_ms = [(1, 10), (1, 40), (10, 80), (30, 150)][draw.gen_range(0..4)];
    let loss = [0, 0, 2, 8][draw.gen_range(0..4)];
    let (slow, slow_ms) = [(0, 0), (2, 300), (5, 800)][draw.gen_range(0..3)];
    Links { delay_ms, loss, slow, slow_ms, twice: draw.gen_range(0..3) }
}

fn deal_skews(seats: u16, seed: u64) -> Vec<Skew> {
    let mut draw = stream(seed, "clocks");
    let skewed = draw.gen_ratio(1, 2);
    let skew = |_| Skew { offset_ms: draw.gen_range(0..10_000), permille: draw.gen_range(-20..=20) };
    if skewed {
        (0..seats).map(skew).collect()
    } else {
        vec![Skew::default(); usize::from(seats)]
    }
}
