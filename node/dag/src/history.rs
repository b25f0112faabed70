//! Serves validators that miss history: the state machine knows what is in the epoch, the database has the
//! bodies and everything before.

use std::{cell::Cell, sync::Arc};

use loadstone_core::{AnchorNumber, Hash, MerkleProof};
use loadstone_dag::{
    decode_history_request, encode_history_response, heads_chunk, AnchorProposal, Archive, DeviceHead, HistoryRequest,
    HistoryResponse, Slot, Unit, Witness,
};
use parking_lot::Mutex;

use crate::{
    seat::SharedSeat,
    store::{Store, StoreError},
    writer::Durable,
};

/// Anchors before the one asked for that are served with it.
const ANCHOR_BATCH: usize = 64;

/// Bytes of units in one answer.
const UNIT_BYTES: usize = 1_024 * 1_024;

/// Bodies read from disk for one answer: the member is locked meanwhile. What follows is asked for again.
const MAX_READS: u32 = 2_048;

/// The database, up to so many reads.
struct Sparing<'a> {
    store: &'a Store,
    left: Cell<u32>,
}

impl Sparing<'_> {
    fn spend(&self) -> Option<&Store> {
        self.left.set(self.left.get().checked_sub(1)?);
        Some(self.store)
    }
}

impl Archive for Sparing<'_> {
    fn witness(&self, id: &Hash) -> Option<Witness> {
        Archive::witness(self.spend()?, id)
    }

    fn unit(&self, slot: &Slot, id: &Hash) -> Option<Unit> {
        Archive::unit(self.spend()?, slot, id)
    }
}

/// The heads served last: whoever catches up asks for their chunks one after another.
type LastHeads = Arc<Mutex<Option<(Hash, Arc<Vec<DeviceHead>>)>>>;

/// Answers what other validators ask for; cheap to clone.
#[derive(Clone)]
pub struct HistoryServer {
    genesis: Hash,
    seat: SharedSeat,
    store: Arc<Store>,
    durable: Durable,
    heads: LastHeads,
}

impl HistoryServer {
    /// Over this node's seat and database.
    pub fn new(genesis: Hash, seat: SharedSeat, store: Arc<Store>, durable: Durable) -> Self {
        Self { genesis, seat, store, durable, heads: LastHeads::default() }
    }

    /// The encoded answer; `None` for bytes that are no request, and for what can't be answered. Reads up
    /// to 4 MiB: not for an async thread.
    pub fn answer(&self, request: &[u8]) -> Option<Vec<u8>> {
        let request = decode_history_request(request).ok()?;
        let answer = match &request {
            HistoryRequest::Witnesses { epoch, .. } => HistoryResponse::Witnesses(self.witnesses(&request, *epoch)?),
            HistoryRequest::Anchors(wanted) => HistoryResponse::Anchors(self.anchors(&request, wanted)),
            HistoryRequest::Heads { anchor, chunk } => {
                let (chunk, proof) = self
                    .heads(anchor, *chunk)
                    .unwrap_or_else(|| (Vec::new(), MerkleProof { index: 0, leaves: 0, siblings: Vec::new() }));
                HistoryResponse::Heads { chunk, proof }
            }
            HistoryRequest::Units { anchor, from } => HistoryResponse::Units(self.units(*anchor, *from)),
        };
        Some(encode_history_response(&answer, &self.genesis))
    }

    /// Nothing at all for another epoch: an empty list would say that we hold no witness.
    fn witnesses(&self, request: &HistoryRequest, epoch: u32) -> Option<Vec<(Witness, Vec<Unit>)>> {
        let (me, answer) = {
            let archive = Sparing { store: &self.store, left: Cell::new(MAX_READS) };
            let seat = self.seat.lock();
            let member = seat.member.as_ref().filter(|_| seat.epoch == epoch)?;
            (seat.me, member.serve(request, &archive))
        };
        let HistoryResponse::Witnesses(mut witnesses) = answer else { return None };
        // An own witness that is not on disk yet may be made otherwise after a crash: it was never sent.
        let is_hidden = |(witness, _): &(Witness, Vec<Unit>)| {
            Some(witness.content.member) == me && !self.durable.covers(epoch, witness.content.level)
        };
        if let Some(first) = witnesses.iter().position(is_hidden) {
            witnesses.truncate(first);
        }
        Some(witnesses)
    }

    fn anchors(&self, request: &HistoryRequest, wanted: &[Hash]) -> Vec<AnchorProposal> {
        let of_epoch = self.seat.lock().member.as_ref().map(|member| member.serve(request, &()));
        match of_epoch {
            Some(HistoryResponse::Anchors(anchors)) if !anchors.is_empty() => anchors,
            _ => logged(self.older_anchors(wanted)).unwrap_or_default(),
        }
    }

    /// From the database, newest first, each the parent of the one before. Frontiers are not kept: the
    /// asker needs the anchors alone.
    fn older_anchors(&self, wanted: &[Hash]) -> Result<Vec<AnchorProposal>, StoreError> {
        let mut found = None;
        for hash in wanted {
            found = self.store.anchor_by_hash(hash)?;
            if found.is_some() {
                break;
            }
        }
        let mut anchors = Vec::new();
        while let Some(stored) = found {
            let before = stored.anchor.number.0.saturating_sub(1);
            anchors.push(AnchorProposal { anchor: stored.anchor, frontier: Vec::new() });
            found = if anchors.len() < ANCHOR_BATCH { self.store.anchor(AnchorNumber(before))? } else { None };
        }
        Ok(anchors)
    }

    fn heads(&self, anchor: &Hash, chunk: u32) -> Option<(Vec<DeviceHead>, MerkleProof)> {
        let last = self.heads.lock().as_ref().filter(|(of, _)| of == anchor).map(|(_, heads)| heads.clone());
        let heads = match last {
            Some(heads) => heads,
            None => {
                let heads = Arc::new(logged(self.store.heads_of(anchor))??);
                *self.heads.lock() = Some((*anchor, heads.clone()));
                heads
            }
        };
        heads_chunk(&heads, chunk)
    }

    fn units(&self, anchor: AnchorNumber, from: u32) -> Vec<Unit> {
        logged(self.store.units_page(anchor, from, UNIT_BYTES)).unwrap_or_default()
    }
}

fn logged<T>(result: Result<T, StoreError>) -> Option<T> {
    result.map_err(|error| log::error!(target: crate::LOG, "history can't be read: {error}")).ok()
}
