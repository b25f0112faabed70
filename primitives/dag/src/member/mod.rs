//! The member: messages and ticks in, effects out.
//!
//! A member takes in witnesses of others as soon as it holds all that they name, makes its own as
//! long as something is left to confirm, and proposes and signs anchors. It reads no clock: every
//! input brings the time.

mod accept;
mod advance;
mod anchoring;
mod candidates;
mod closing;
mod config;
mod devices;
mod finality;
mod inbox;
mod ledger;
mod serve;

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};

use loadstone_core::{AnchorNumber, Hash, Level, MemberIndex, Millis, Signature};

use self::{candidates::Candidates, finality::Finality, inbox::Inbox, ledger::Ledger};
use crate::{
    AnchorProposal, CheckedUnit, CheckedWitness, Crypto, DeviceChains, Effect, EpochStart, MemberSet, PersistItem,
    Slot, Unit, WitnessContent, WitnessRef,
};

pub use self::config::MemberConfig;

/// Members asked after a start for what was missed.
const GREETINGS: u16 = 6;

/// One committee member's part in the DAG.
pub struct Member<C> {
    config: MemberConfig,
    crypto: C,
    ledger: Ledger,
    inbox: Inbox,
    finality: Finality,
    candidates: Candidates,
    /// Units to be introduced, and the slots that they fill.
    queue: VecDeque<CheckedUnit>,
    queued: BTreeMap<Slot, Hash>,
    /// Units left out of the queue because another's witness brought them that ours does not reach so far.
    brought: Vec<CheckedUnit>,
    /// When the member last made a witness, and how much had been achieved by then.
    witnessed_at: Option<Millis>,
    achieved: u64,
    /// Witnesses made in a row that achieved nothing.
    futile: u32,
    /// Units known when the member last made a witness.
    units_witnessed: usize,
    /// When to send the last witness again and ask for what was missed.
    repeat_at: Millis,
    repeats: u64,
    /// Questions left that are asked only to catch up after a start.
    greetings: u16,
    next_peer: u16,
    /// Members that answered a question since the start.
    answered: MemberSet,
    /// Members whose fork was reported.
    reported: MemberSet,
    /// Set when our own past is unknown to us: another witness might be a second vote.
    mute: bool,
    /// Set when the chain closes the epoch: our final witness is due.
    closing: bool,
    /// Whether the driver was told that the epoch is over.
    told_closed: bool,
}

/// Figures for people and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Committee epoch.
    pub epoch: u32,
    /// Whether the chain is closing the epoch.
    pub closing: bool,
    /// Whether the member made its final witness of the epoch.
    pub last: bool,
    /// The member's newest witness.
    pub newest: Option<WitnessRef>,
    /// Highest level held of anyone.
    pub level: Level,
    /// Last finalised anchor that is held with its history.
    pub anchor: AnchorNumber,
    /// Units held, introduced by witnesses.
    pub units: u64,
    /// Witnesses held.
    pub witnesses: u64,
    /// Units with votes that are neither confirmed nor anchored.
    pub open: u64,
    /// Units waiting to be introduced by this member.
    pub queued: u64,
    /// Witnesses that wait for something they name.
    pub pending: u64,
    /// Whether the member makes no witnesses in this epoch because it lost its state.
    pub mute: bool,
}

impl<C: Crypto> Member<C> {
    /// A member of the epoch that begins with `start`. It remembers `persisted`, everything that
    /// [`Effect::Persist`] ever handed out in this epoch, in order; nothing for the first start.
    pub fn new(
        config: MemberConfig,
        crypto: C,
        start: EpochStart,
        persisted: impl IntoIterator<Item = PersistItem>,
        now: Millis,
    ) -> Self {
        let mut member = Self {
            crypto,
            inbox: Inbox::default(),
            finality: Finality::new(start.anchor.as_ref().map(|anchor| anchor.number).unwrap_or_default(), now),
            candidates: Candidates::default(),
            queue: VecDeque::new(),
            queued: BTreeMap::new(),
            brought: Vec::new(),
            witnessed_at: None,
            achieved: 0,
            futile: 0,
            units_witnessed: 0,
            repeat_at: now,
            repeats: 0,
            greetings: GREETINGS,
            next_peer: 0,
            answered: MemberSet::of(config.me),
            reported: MemberSet::default(),
            mute: false,
            closing: false,
            told_closed: false,
            ledger: Ledger::new(config.committee.clone(), &start),
            config,
        };
        for item in persisted {
            member.restore(item, now);
        }
        member.achieved = member.ledger.progress();
        member
    }

    /// Everything that time alone brings about. Call it every 10 ms or so.
    pub fn tick(&mut self, now: Millis) -> Vec<Effect> {
        let mut out = Vec::new();
        self.tell_closed(&mut out);
        if self.is_over() {
            return out;
        }
        self.finalise_known(now, &mut out);
        self.judge_candidates(now, &mut out);
        self.propose(now, &mut out);
        self.submit(now, &mut out);
        self.advance(now, &mut out);
        self.repeat(now, &mut out);
        self.ask(now, &mut out);
        out
    }

    /// Units from the gateway, in the order of each device's chain. What is held or settled already is left out.
    pub fn introduce(&mut self, units: Vec<CheckedUnit>, now: Millis) -> Vec<Effect> {
        for unit in units {
            let slot = unit.unit().content.slot;
            if self.is_covered(&unit) || self.queued.contains_key(&slot) || self.is_past(&slot) {
                continue;
            }
            self.queued.insert(slot, unit.id());
            self.queue.push_back(unit);
        }
        let mut out = Vec::new();
        self.advance(now, &mut out);
        out
    }

    /// A witness that `from` sent, with the bodies of its units as far as they came along.
    pub fn on_witness(
        &mut self,
        from: MemberIndex,
        witness: CheckedWitness,
        units: Vec<CheckedUnit>,
        now: Millis,
    ) -> Vec<Effect> {
        let mut out = Vec::new();
        if !self.is_over() {
            self.receive(from, witness, units, false, now, &mut out);
        }
        self.advance(now, &mut out);
        out
    }

    /// The answer to a request for witnesses; to be handed in even when it is empty.
    pub fn on_witnesses(
        &mut self,
        from: MemberIndex,
        witnesses: Vec<(CheckedWitness, Vec<CheckedUnit>)>,
        now: Millis,
    ) -> Vec<Effect> {
        let mut out = Vec::new();
        self.answered = self.answered.with(MemberSet::of(from));
        if self.is_over() {
            return out;
        }
        let before = self.ledger.graph.nodes.len();
        let named = named_by_others(&witnesses);
        for (witness, units) in witnesses {
            let is_named = named.contains(&witness.reference());
            self.receive(from, witness, units, is_named, now, &mut out);
        }
        if self.ledger.graph.nodes.len() > before {
            // The answer helped, so the next one probably will too: don't wait for the usual time.
            self.inbox.hurry(now);
            self.repeat_at = self.repeat_at.min(now);
            self.greetings = self.greetings.max(1);
        }
        self.finalise_known(now, &mut out);
        self.judge_candidates(now, &mut out);
        self.advance(now, &mut out);
        self.repeat(now, &mut out);
        self.ask(now, &mut out);
        out
    }

    /// The answer to a request for anchors. Nothing in it is trusted: hashes bind it to the chain.
    pub fn on_anchors(&mut self, from: MemberIndex, anchors: Vec<AnchorProposal>, now: Millis) -> Vec<Effect> {
        let mut out = Vec::new();
        let next = self.ledger.graph.last_anchor().next();
        let mut is_news = false;
        for proposal in anchors {
            is_news |= self.finality.learn(proposal, next);
        }
        // Who knew nothing is not asked again before the others: two that lag would ask each other for ever.
        if is_news {
            self.finality.hurry(from, now);
        }
        self.finalise_known(now, &mut out);
        self.ask(now, &mut out);
        out
    }

    /// A candidate for the next anchor with the proposer's signature under it.
    pub fn on_proposal(
        &mut self,
        proposal: AnchorProposal,
        from: MemberIndex,
        signature: Signature,
        now: Millis,
    ) -> Vec<Effect> {
        let mut out = Vec::new();
        self.consider(proposal, from, signature, now, &mut out);
        out
    }

    /// A member's signature under the candidate of this hash.
    pub fn on_anchor_signature(
        &mut self,
        anchor: Hash,
        from: MemberIndex,
        signature: Signature,
        now: Millis,
    ) -> Vec<Effect> {
        let mut out = Vec::new();
        self.count_signature(anchor, from, signature);
        self.submit(now, &mut out);
        out
    }

    /// Another member to ask, in turn; `None` when there is no other.
    fn next_peer(&mut self) -> Option<MemberIndex> {
        let (me, members) = (self.config.me.0, self.config.committee.size());
        self.next_peer = (self.next_peer + 1) % members;
        if self.next_peer == me {
            self.next_peer = (me + 1) % members;
        }
        (self.next_peer != me).then_some(MemberIndex(self.next_peer))
    }

    /// A unit whose body is in memory.
    pub fn unit(&self, id: &Hash) -> Option<&Unit> {
        let units = &self.ledger.graph.units;
        units.entry(units.number(id)?).body.as_deref()
    }

    /// Where the member stands.
    pub fn status(&self) -> Status {
        let graph = &self.ledger.graph;
        Status {
            epoch: self.config.epoch,
            closing: self.closing,
            last: self.ledger.final_of(self.config.me).is_some(),
            newest: self.ledger.newest_ref(self.config.me),
            level: self.ledger.top_level(),
            anchor: graph.last_anchor(),
            units: graph.units.len() as u64,
            witnesses: graph.node_ids.len() as u64,
            open: self.ledger.open_units() as u64,
            queued: self.queue.len() as u64,
            pending: self.inbox.len() as u64,
            mute: self.mute,
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &MemberConfig {
        &self.config
    }
}

/// The witnesses that other members' witnesses of the same answer name.
fn named_by_others(witnesses: &[(CheckedWitness, Vec<CheckedUnit>)]) -> BTreeSet<WitnessRef> {
    let contents = witnesses.iter().map(|(witness, _)| &witness.witness().content);
    let of_others = |content: &'_ WitnessContent| {
        let author = content.member;
        content.named().copied().filter(move |named| named.member != author).collect::<Vec<_>>()
    };
    contents.flat_map(of_others).collect()
}
