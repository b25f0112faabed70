//! Fetching anchored history from members: for a node that joins, and for one that was away too long.
//!
//! The chain vouches for its newest anchor, hashes for all anchors before it, an anchor's root for its
//! units, and a closing anchor's root for the heads. So nobody needs to be trusted: a bad answer sends the
//! question to the next member. Anchors are walked backwards once, keeping one hash of each answer, and then
//! fetched again forwards, so memory does not grow with the time that was missed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use loadstone_core::{AnchorNumber, DeviceId, Hash, MemberIndex};
use loadstone_dag::{
    decode_history_response, leaves_root, verify_heads_chunk, Anchor, AnchorLeaf, DeviceHead, EpochStart,
    HistoryRequest, HistoryResponse, Unit, HEADS_CHUNK,
};
use tokio::sync::watch;

use crate::{
    chain::BlockRef,
    courier::Messenger,
    store::{Store, StoreError},
    verifier::Registry,
};

/// Time between two rounds of questions that nobody answered well.
const PAUSE: Duration = Duration::from_millis(500);

/// Rounds after which an anchor's units are given up: members keep them for as long as the chain's rules
/// may need them, and then archives do.
const UNIT_ROUNDS: u32 = 20;

/// Rounds between two complaints in the log.
const COMPLAINT: u32 = 20;

/// Greatest number of chunks of heads.
const MAX_CHUNKS: u32 = 65_536;

/// Why history could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain's anchors do not continue ours.
    #[error("anchor {0} on chain does not follow from ours")]
    Diverged(AnchorNumber),
    /// The work died.
    #[error("catching up died: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// A fetch of history.
pub struct CatchUp {
    genesis: Hash,
    store: Arc<Store>,
    messenger: Messenger,
    registry: Registry,
    head: watch::Receiver<BlockRef>,
    members: Vec<MemberIndex>,
    /// Whom to ask next.
    turn: usize,
}

/// Our own heads, as far as our database goes without a gap.
type Heads = Option<BTreeMap<DeviceId, DeviceHead>>;

impl CatchUp {
    /// Asks these members, one question at a time.
    pub fn new(
        genesis: Hash,
        store: Arc<Store>,
        messenger: Messenger,
        registry: Registry,
        head: watch::Receiver<BlockRef>,
        members: Vec<MemberIndex>,
    ) -> Self {
        Self { genesis, store, messenger, registry, head, members, turn: 0 }
    }

    /// Fetches all anchors after the newest one here up to `target`, with their units; and what the next
    /// epoch starts from, where that is wanted of a closing anchor.
    pub async fn run(mut self, target: Anchor, wants_start: bool) -> Result<Option<EpochStart>, CatchUpError> {
        let mut heads = if wants_start { self.own_heads()? } else { None };
        let held = self.store.last_anchor()?.map(|stored| stored.anchor);
        let last = held.as_ref().map_or(AnchorNumber(0), |anchor| anchor.number);
        if last < target.number {
            log::info!(target: crate::LOG, "catching up from anchor {last} to {}", target.number);
            self.fetch_anchors(&target, held, &mut heads).await?;
        }
        if !wants_start {
            return Ok(None);
        }
        let own = heads.map(|heads| heads.into_values().collect());
        let own = own.map(|heads| EpochStart { anchor: Some(target.clone()), heads }).filter(EpochStart::is_sound);
        match own {
            Some(start) => Ok(Some(start)),
            None => Ok(Some(self.fetch_heads(&target).await)),
        }
    }

    /// Heads after the newest anchor here; `None` where some units are missing.
    fn own_heads(&self) -> Result<Heads, StoreError> {
        let start = self.store.epoch()?.map(|(_, start)| start).unwrap_or_default();
        let mut heads: BTreeMap<_, _> = start.heads.into_iter().map(|head| (head.device, head)).collect();
        let from = start.anchor.map_or(0, |anchor| anchor.number.0);
        let to = self.store.last_anchor()?.map_or(0, |stored| stored.anchor.number.0);
        for number in from.saturating_add(1)..=to {
            let Some(leaves) = self.store.leaves(AnchorNumber(number))? else { return Ok(None) };
            follow(&mut heads, &leaves);
        }
        Ok(Some(heads))
    }

    async fn fetch_anchors(
        &mut self,
        target: &Anchor,
        held: Option<Anchor>,
        heads: &mut Heads,
    ) -> Result<(), CatchUpError> {
        let mut last = held.as_ref().map_or(AnchorNumber(0), |anchor| anchor.number);
        let mut parent = held.as_ref().map_or_else(Hash::zero, Anchor::hash);
        let mut trail = vec![target.hash()];
        while let Some(hash) = trail.last().copied() {
            let oldest = self.anchors(hash, None).await.pop();
            match oldest.filter(|oldest| oldest.number > last.next()) {
                Some(oldest) => trail.push(oldest.parent),
                None => break,
            }
        }
        while let Some(hash) = trail.pop() {
            let mut anchors = self.anchors(hash, Some(last.next())).await;
            while let Some(anchor) = anchors.pop().filter(|anchor| anchor.number <= target.number) {
                if anchor.number <= last {
                    continue;
                }
                if anchor.parent != parent {
                    return Err(CatchUpError::Diverged(anchor.number));
                }
                (last, parent) = (anchor.number, anchor.hash());
                self.take_anchor(anchor, heads).await?;
            }
            log::info!(target: crate::LOG, "caught up to anchor {last} of {}", target.number);
        }
        Ok(())
    }

    /// Fetches an anchor's units and keeps both.
    async fn take_anchor(&mut self, anchor: Anchor, heads: &mut Heads) -> Result<(), CatchUpError> {
        let (units, leaves) = match self.units(&anchor).await? {
            Some(found) => found,
            None => {
                let number = anchor.number;
                log::error!(target: crate::LOG, "the units of anchor {number} are nowhere: an archive may have them");
                *heads = None;
                Default::default()
            }
        };
        if let Some(heads) = heads {
            follow(heads, &leaves);
        }
        let (store, block) = (self.store.clone(), self.head.borrow().hash);
        let write = move || store.put_history(&anchor, &units, &leaves, block);
        Ok(tokio::task::spawn_blocking(write).await??)
    }

    /// Asks one member after another until an answer is accepted; `None` after so many rounds.
    async fn ask<T>(
        &mut self,
        request: &HistoryRequest,
        rounds: Option<u32>,
        mut accept: impl FnMut(HistoryResponse) -> Option<T>,
    ) -> Option<T> {
        let mut round = 0u32;
        while rounds.is_none_or(|rounds| round < rounds) {
            for _ in 0..self.members.len() {
                let peer = self.members[self.turn % self.members.len()];
                let answer = self.messenger.ask(peer, request).await;
                let answer = answer.and_then(|bytes| decode_history_response(&bytes, &self.genesis).ok());
                if let Some(accepted) = answer.and_then(&mut accept) {
                    return Some(accepted);
                }
                self.turn = self.turn.wrapping_add(1);
            }
            round += 1;
            if round.is_multiple_of(COMPLAINT) {
                log::warn!(target: crate::LOG, "no member answers {request:?}");
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// The anchor of this hash and some before it, newest first: down to `lowest`, where that is said.
    async fn anchors(&mut self, hash: Hash, lowest: Option<AnchorNumber>) -> Vec<Anchor> {
        let accept = |response| {
            let HistoryResponse::Anchors(proposals) = response else { return None };
            let anchors: Vec<Anchor> = proposals.into_iter().map(|proposal| proposal.anchor).collect();
            let is_first = anchors.first().is_some_and(|first| first.hash() == hash);
            let is_chain = anchors
                .windows(2)
                .all(|pair| pair[0].parent == pair[1].hash() && pair[1].number.next() == pair[0].number);
            let reaches = anchors.last().is_some_and(|last| lowest.is_none_or(|lowest| last.number <= lowest));
            (is_first && is_chain && reaches).then_some(anchors)
        };
        self.ask(&HistoryRequest::Anchors(vec![hash]), None, accept).await.unwrap_or_default()
    }

    /// All units of an anchor, which its root vouches for; `None` when no member has them any more.
    async fn units(&mut self, anchor: &Anchor) -> Result<Option<(Vec<Unit>, Vec<AnchorLeaf>)>, CatchUpError> {
        for _ in 0..UNIT_ROUNDS {
            let mut units: Vec<Unit> = Vec::new();
            let whole = usize::try_from(anchor.units).unwrap_or(usize::MAX);
            while units.len() < whole {
                let from = u32::try_from(units.len()).unwrap_or(u32::MAX);
                let request = HistoryRequest::Units { anchor: anchor.number, from };
                let accept = |response| match response {
                    HistoryResponse::Units(page) => Some(page).filter(|page| !page.is_empty()),
                    _ => None,
                };
                match self.ask(&request, Some(1), accept).await {
                    Some(page) => units.extend(page),
                    None => break,
                }
            }
            let (genesis, registry, head) = (self.genesis, self.registry.clone(), *self.head.borrow());
            let (root, number) = (anchor.root, anchor.number);
            let judge = move || {
                let id = |unit: &Unit| unit.content.payload(&genesis).hash();
                let leaf = |unit: &Unit| AnchorLeaf { slot: unit.content.slot, unit: id(unit) };
                let leaves: Vec<_> = units.iter().map(leaf).collect();
                let is_right = units.len() == whole && leaves_root(&leaves) == root;
                (is_right && are_signed(&units, &genesis, &registry, head, number)).then_some((units, leaves))
            };
            if let Some(right) = tokio::task::spawn_blocking(judge).await? {
                return Ok(Some(right));
            }
            // Somebody's page was bad, or nobody has it: the next round begins with another member.
            self.turn = self.turn.wrapping_add(1);
        }
        Ok(None)
    }

    /// The heads after a closing anchor, chunk by chunk.
    async fn fetch_heads(&mut self, closing: &Anchor) -> EpochStart {
        let (anchor, root) = (closing.hash(), closing.heads.unwrap_or_default());
        loop {
            let mut start = EpochStart { anchor: Some(closing.clone()), heads: Vec::new() };
            let (mut chunk, mut chunks) = (0, if root.is_zero() { 0 } else { 1 });
            while chunk < chunks {
                let accept = |response| match response {
                    HistoryResponse::Heads { chunk: heads, proof } => {
                        let fits = proof.index == chunk && proof.leaves <= MAX_CHUNKS;
                        (fits && verify_heads_chunk(&root, &heads, &proof)).then_some((heads, proof.leaves))
                    }
                    _ => None,
                };
                let request = HistoryRequest::Heads { anchor, chunk };
                let Some((heads, all)) = self.ask(&request, None, accept).await else { continue };
                start.heads.extend(heads);
                (chunk, chunks) = (chunk + 1, all);
                if chunk.is_multiple_of(64) {
                    log::info!(target: crate::LOG, "{} heads fetched", chunk as usize * HEADS_CHUNK);
                }
            }
            if start.is_sound() {
                return start;
            }
            self.turn = self.turn.wrapping_add(1);
        }
    }
}

/// Moves heads on to an anchor's units.
fn follow(heads: &mut BTreeMap<DeviceId, DeviceHead>, leaves: &[AnchorLeaf]) {
    for leaf in leaves {
        let slot = leaf.slot;
        let head =
            DeviceHead { device: slot.device, incarnation: slot.incarnation, sequence: slot.sequence, unit: leaf.unit };
        let known = heads.entry(slot.device).or_insert(head);
        if (known.incarnation, known.sequence) < (head.incarnation, head.sequence) {
            *known = head;
        }
    }
}

/// Whether the units are their devices' own. Ids do not cover signatures, so the root alone does not say.
/// A key that can't be told any more speaks for nobody, and against nobody: the committee saw it.
fn are_signed(units: &[Unit], genesis: &Hash, registry: &Registry, head: BlockRef, anchor: AnchorNumber) -> bool {
    let (directory, checker) = (&registry.directory, &registry.checker);
    let lives: Vec<_> = units.iter().map(|unit| (unit.content.slot.device, unit.content.slot.incarnation)).collect();
    let keys = directory.keys(head, &lives);
    let signed = |unit: &Unit, key| (key, unit.content.payload(genesis).as_bytes().to_vec(), unit.signature);
    let known: Vec<_> = units.iter().zip(&keys).filter_map(|(unit, key)| Some(signed(unit, (*key)?))).collect();
    let mut hold = checker.verify(&known).into_iter();
    let doubtful = units.iter().zip(&keys).filter(|(_, key)| key.is_none() || hold.next() != Some(true));
    let before: Vec<_> = doubtful
        .filter_map(|(unit, _)| {
            let found = directory.device_at(head, anchor, unit.content.slot.device).ok().flatten();
            let (device, _) = found.filter(|(device, _)| device.incarnation == unit.content.slot.incarnation)?;
            Some(signed(unit, device.key))
        })
        .collect();
    !checker.verify(&before).contains(&false)
}
