//! Following the chain from epoch to epoch: starting, closing, catching up by heads.

use std::{collections::BTreeMap, rc::Rc};

use loadstone_core::MerkleProof;
use loadstone_dag::{
    verify_heads_chunk, Anchor, DeviceHead, EpochStart, HistoryRequest, LedgerState, Member, MemberConfig, PersistItem,
};
use rand::Rng;

use super::{clock::Clock, face::Fetch, packet::Packet, queue::Event, Life, World};
use crate::{
    keys::{SeatCrypto, GENESIS},
    plan::Skew,
};

/// Time in which a member that is one epoch behind may still close it by itself.
const SELF_HELP_MS: u64 = 2_500;

/// Time between two requests for heads.
const RETRY_MS: u64 = 250;

/// Anchors whose bodies stay in memory: few, so that history is served from disk too.
const KEEP_ANCHORS: u32 = 2;

impl World {
    /// Starts a face from its disk.
    pub(super) fn start(&mut self, face: usize) {
        self.faces[face].fetch = None;
        self.faces[face].behind_since = None;
        if self.now > 0 {
            // What counts time from its own beginning has begun again.
            let Skew { permille, .. } = self.plan.skews[usize::from(self.faces[face].seat)];
            self.faces[face].clock = Clock::new(Skew { offset_ms: self.rng.gen_range(0..10_000), permille });
        }
        let items = self.faces[face].disk.items().to_vec();
        self.live(face, items);
        self.trace.add(self.now, || format!("seat {} starts", self.faces[face].seat));
    }

    /// Becomes a member of the disk's epoch, if it is one, remembering these items.
    fn live(&mut self, face: usize, mut items: Vec<PersistItem>) {
        let (seat, honest) = (self.faces[face].seat, self.is_honest(face));
        let epoch = self.faces[face].disk.epoch();
        let sits = self.chain.committee(epoch).and_then(|sitting| Some((sitting, sitting.index_of(seat)?)));
        let Some((sitting, me)) = sits else {
            self.faces[face].life = Life::Idle;
            return;
        };
        let mute = match &self.strategy {
            Some(strategy) if !honest => strategy.writes_itself(),
            _ => honest && !self.faces[face].disk.is_whole(me),
        };
        if mute {
            items.push(PersistItem::Mute);
        }
        let config = MemberConfig {
            epoch,
            keep_anchors: KEEP_ANCHORS,
            ..MemberConfig::new(GENESIS, me, sitting.committee.clone())
        };
        let crypto = SeatCrypto { signer: self.signers[usize::from(seat)].clone(), scheme: self.plan.scheme };
        let face = &mut self.faces[face];
        let start = face.disk.start().clone();
        let member = Member::new(config, crypto, start, items, face.clock.at(self.now));
        face.life = Life::Member(Box::new(member));
    }

    /// Leaves an epoch for the one that begins with `start`; what is not anchored comes along.
    pub(super) fn begin_epoch(&mut self, face: usize, epoch: u32, start: EpochStart) {
        let state = &mut self.faces[face];
        if let Life::Member(member) = std::mem::replace(&mut state.life, Life::Idle) {
            state.leftover = member.into_leftover();
        }
        state.disk.begin(epoch, start);
        state.fetch = None;
        state.behind_since = None;
        self.live(face, Vec::new());
        self.trace.add(self.now, || format!("seat {} begins epoch {epoch}", self.faces[face].seat));
        let leftover = std::mem::take(&mut self.faces[face].leftover);
        self.with(face, |member, now| member.introduce(leftover, now));
        if let Some(state) = self.faces[face].state.clone() {
            self.on_state(face, state);
        }
    }

    /// A face reads the chain's state at a finalised block.
    pub(super) fn on_state(&mut self, face: usize, state: Rc<LedgerState>) {
        if !self.faces[face].is_up() {
            return;
        }
        self.faces[face].state = Some(state.clone());
        let epoch = self.faces[face].epoch();
        let is_member = self.faces[face].member().is_some();
        if is_member && state.epoch == epoch {
            if let Some(latest) = &state.latest {
                self.with(face, |member, now| member.on_anchor_finalised(latest, now));
            }
            if state.closing {
                self.with(face, |member, now| member.close(now));
            }
        } else if state.epoch > epoch {
            self.fall_behind(face, epoch, &state);
        }
    }

    /// The chain is in a later epoch: one behind, a member closes its own; else it fetches the heads.
    fn fall_behind(&mut self, face: usize, epoch: u32, state: &LedgerState) {
        let Some(closing) = &state.start else { return };
        let since = *self.faces[face].behind_since.get_or_insert(self.now);
        let may_help_itself = self.faces[face].member().is_some() && state.epoch == epoch + 1;
        if may_help_itself {
            self.with(face, |member, now| member.on_anchor_finalised(closing, now));
        }
        let sits =
            self.chain.committee(state.epoch).is_some_and(|sitting| sitting.index_of(self.faces[face].seat).is_some());
        let late = !may_help_itself || self.now > since + SELF_HELP_MS;
        let fetching = self.faces[face].fetch.as_ref().is_some_and(|fetch| fetch.epoch == state.epoch);
        if late && sits && !fetching && self.faces[face].epoch() < state.epoch {
            self.begin_fetch(face, state.epoch, closing.clone());
        }
    }

    fn begin_fetch(&mut self, face: usize, epoch: u32, anchor: Anchor) {
        let attempts = usize::from(self.faces[face].seat);
        let chunks = BTreeMap::new();
        self.faces[face].fetch = Some(Fetch { epoch, anchor, chunks, total: None, due: self.now, attempts });
        self.finish_fetch(face);
    }

    /// Asks for the first chunk that is missing, if it is time.
    pub(super) fn fetch_heads(&mut self, face: usize) {
        let now = self.now;
        let Some(fetch) = self.faces[face].fetch.as_mut().filter(|fetch| fetch.due <= now) else { return };
        fetch.due = now + RETRY_MS;
        fetch.attempts += 1;
        let chunk = (0u32..).find(|chunk| !fetch.chunks.contains_key(chunk)).unwrap_or_default();
        let request = HistoryRequest::Heads { anchor: fetch.anchor.hash(), chunk };
        let (epoch, attempts) = (fetch.epoch, fetch.attempts);
        let Some(seats) = self.chain.committee(epoch).map(|sitting| sitting.seats.clone()) else { return };
        let to = seats[attempts % seats.len()];
        self.send_request(face, to, Rc::new(Packet::request(&request)));
    }

    pub(super) fn on_heads(&mut self, face: usize, chunk: Vec<DeviceHead>, proof: &MerkleProof) {
        let Some(fetch) = &mut self.faces[face].fetch else { return };
        if !fetch.anchor.heads.is_some_and(|root| verify_heads_chunk(&root, &chunk, proof)) {
            return;
        }
        fetch.chunks.insert(proof.index, chunk);
        fetch.total = Some(proof.leaves);
        fetch.due = self.now;
        self.finish_fetch(face);
    }

    fn finish_fetch(&mut self, face: usize) {
        let Some(fetch) = &self.faces[face].fetch else { return };
        let heads: Vec<DeviceHead> = fetch.chunks.values().flatten().copied().collect();
        let start = EpochStart { anchor: Some(fetch.anchor.clone()), heads };
        if start.is_sound() {
            let epoch = fetch.epoch;
            self.trace.add(self.now, || format!("seat {} has the heads of epoch {epoch}", self.faces[face].seat));
            self.begin_epoch(face, epoch, start);
        }
    }

    /// The chain makes a block now and then, and members read its state once it is final.
    pub(super) fn on_block(&mut self) {
        if self.chain.pooled() > 0 {
            let position = self.rng.gen_range(0..self.chain.pooled());
            if let Some(anchor) = self.chain.make_block(position) {
                self.trace.add(self.now, || {
                    let closing = if anchor.closes_epoch() { ", which closes its epoch" } else { "" };
                    format!("the chain takes anchor {} of {} units{closing}", anchor.number, anchor.units)
                });
                if anchor.closes_epoch() {
                    self.record.next_epoch();
                }
            }
        }
        let state = Rc::new(self.chain.state());
        let final_at = self.now + self.rng.gen_range(100..400);
        for face in 0..self.faces.len() {
            // A member that is busy reads the next one.
            if self.rng.gen_ratio(3, 4) {
                let at = final_at + self.rng.gen_range(0..200);
                self.queue.push(at, Event::State { face, state: state.clone() });
            }
        }
        self.queue.push(self.now + self.rng.gen_range(250..500), Event::Block);
    }

    /// The validators change.
    pub(super) fn close_epoch(&mut self, leaves: bool, joins: bool) {
        if self.chain.is_closing() {
            // One at a time: this one comes when the other is done.
            self.queue.push(self.now + 500, Event::Close { leaves, joins });
            return;
        }
        let mut seats = self.chain.sitting().to_vec();
        let joiner = (0..self.plan.seats()).find(|seat| *seat >= self.plan.members && !seats.contains(seat));
        if joins && seats.len() < loadstone_dag::MAX_MEMBERS {
            seats.extend(joiner);
        }
        if leaves {
            let position = self.rng.gen_range(0..seats.len());
            let mut rest = seats.clone();
            rest.remove(position);
            if self.stands(&rest) {
                seats = rest;
            }
        }
        self.trace.add(self.now, || format!("the chain closes epoch {}; next sit {seats:?}", self.chain.epoch()));
        self.chain.close(seats);
    }

    /// Whether less than a third of the weight of these seats is Byzantine.
    fn stands(&self, seats: &[u16]) -> bool {
        let weight = |seat: &&u16| self.plan.weights[usize::from(**seat)];
        let total: u32 = seats.iter().map(|seat| weight(&seat)).sum();
        let lies: u32 = seats.iter().filter(|seat| !self.plan.is_honest(**seat)).map(|seat| weight(&seat)).sum();
        seats.len() >= 3 && 3 * lies < total
    }
}
