//! Makes capsules: every justification is looked through for notices of orders in the headers that it
//! finalises, and each order found is proven in the state of the justified block itself.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use codec::{Decode, DecodeAll, Encode};
use futures::{stream::BoxStream, StreamExt};
use loadstone_core::{BlockNumber, ChangeNotice, Hash, Millis};
use loadstone_evidence::{finality::notices, keys, AuthoritySet, Finalised, Header, OrderCapsule};

use super::{board::Place, Capsules};
use crate::chain::ChainError;

/// Headers of one justification that are looked through; beyond it all orders in state are taken.
const MAX_WALK: u32 = 1_024;

/// Orders taken from state at once.
const MAX_ORDERS: usize = 1_024;

/// What capsules are made from: blocks that are here, finalised or about to be.
pub trait OrderSource: Send + Sync + 'static {
    /// The header of a block.
    fn header(&self, hash: Hash) -> Result<Option<Header>, ChainError>;
    /// What stands under a key after a block.
    fn value(&self, at: Hash, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError>;
    /// Keys with a prefix after a block, at most `limit`.
    fn keys(&self, at: Hash, prefix: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ChainError>;
    /// Trie nodes that prove what stands under a key after a block.
    fn proof(&self, at: Hash, key: &[u8]) -> Result<Vec<Vec<u8>>, ChainError>;
}

/// A block with its GRANDPA justification (SCALE bytes).
pub struct Justified {
    /// The block.
    pub hash: Hash,
    /// Proves it final.
    pub justification: Vec<u8>,
}

/// Makes capsules for as long as justifications come. The first one is taken for all orders that run, so
/// that a restarted node has them too.
pub async fn make(source: Arc<dyn OrderSource>, mut justified: BoxStream<'static, Justified>, board: Capsules) {
    let mut maker = Maker { source, board, newest: None };
    while let Some(block) = justified.next().await {
        // State is on disk.
        let work = move || {
            if let Err(error) = maker.take(&block) {
                log::warn!(target: crate::LOG, "no order capsule at block {}: {error}", block.hash);
            }
            maker
        };
        maker = match tokio::task::spawn_blocking(work).await {
            Ok(maker) => maker,
            Err(error) => return log::error!(target: crate::LOG, "making order capsules died: {error}"),
        };
    }
}

struct Maker {
    source: Arc<dyn OrderSource>,
    board: Capsules,
    /// Height of the newest justified block that was looked at.
    newest: Option<BlockNumber>,
}

impl Maker {
    fn take(&mut self, block: &Justified) -> Result<(), ChainError> {
        let header = self.header(block.hash)?;
        if self.newest.is_some_and(|newest| header.number <= newest) {
            return Ok(());
        }
        let noticed = match self.newest {
            Some(newest) => self.noticed(&header, newest)?,
            None => None,
        };
        let places = match noticed {
            Some(places) => places,
            None => self.standing(block.hash)?,
        };
        self.newest = Some(header.number);
        if places.is_empty() {
            return Ok(());
        }
        // Who votes on a block stands in the state before it.
        let voters = self.voters(header.parent_hash)?;
        for place in places {
            self.pack(block, &header, &voters, place)?;
        }
        Ok(())
    }

    /// Orders that the header and those below it give notice of, down to height `newest`; `None` when there
    /// are too many to look through.
    fn noticed(&self, header: &Header, newest: BlockNumber) -> Result<Option<BTreeSet<Place>>, ChainError> {
        let mut places = BTreeSet::new();
        let mut current = header.clone();
        for _ in 0..MAX_WALK {
            places.extend(notices(&current).filter_map(|notice| match notice {
                ChangeNotice::Order(area, direction) => Some((area, direction)),
                ChangeNotice::Anchor(_) => None,
            }));
            if current.number <= newest.saturating_add(1) {
                return Ok(Some(places));
            }
            current = self.header(current.parent_hash)?;
        }
        Ok(None)
    }

    /// All orders in state.
    fn standing(&self, at: Hash) -> Result<BTreeSet<Place>, ChainError> {
        let found = self.source.keys(at, &keys::item("Dispatch", "Orders"), MAX_ORDERS)?;
        Ok(found.iter().filter_map(|key| keys::order_place(key)).collect())
    }

    fn voters(&self, before: Hash) -> Result<AuthoritySet, ChainError> {
        let id = self.source.value(before, &keys::grandpa_set_id())?;
        let authorities = self.source.value(before, &keys::grandpa_authorities())?.unwrap_or_default();
        let undecodable = |_| ChainError::Runtime("the authority set does not decode".into());
        // The pallet stores no id before the first change.
        let id = id.map(|bytes| u64::decode_all(&mut &bytes[..])).transpose().map_err(undecodable)?;
        let authorities = Decode::decode(&mut &authorities[..]).map_err(undecodable)?;
        Ok(AuthoritySet { id: id.unwrap_or_default(), authorities })
    }

    /// Packs one order, verifies it as a device would, and puts it up.
    fn pack(
        &self,
        block: &Justified,
        header: &Header,
        voters: &AuthoritySet,
        place @ (area, direction): Place,
    ) -> Result<(), ChainError> {
        let proof = self.source.proof(block.hash, &keys::order(area, direction))?;
        let finalised =
            Finalised { header: header.clone(), path: Vec::new(), justification: block.justification.clone() };
        let packed = OrderCapsule::new(voters.id, finalised, proof, area, direction);
        let capsule = packed.map_err(|_| ChainError::Runtime("the proof of an order lacks a node".into()))?.encode();
        let broken = |fault| ChainError::Runtime(format!("the capsule of area {area} does not verify: {fault}"));
        let verified = OrderCapsule::verify(&capsule, voters, area, direction).map_err(broken)?;
        let (Some(order), now) = (verified.order, now()) else { return Ok(()) };
        if order.end > now {
            log::debug!(
                target: crate::LOG,
                "capsule of order {} of area {area} at block {}: {} bytes", order.sequence, header.number, capsule.len(),
            );
            self.board.put(place, header.number, order.end, capsule, now);
        }
        Ok(())
    }

    fn header(&self, hash: Hash) -> Result<Header, ChainError> {
        self.source.header(hash)?.ok_or_else(|| ChainError::Runtime(format!("block {hash} is not here")))
    }
}

/// By the wall clock: which orders have ended decides only what is kept.
fn now() -> Millis {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(unix.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
