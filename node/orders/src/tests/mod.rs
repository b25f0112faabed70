//! A chain and a pool that the tests can shape.

mod lane;
mod pool;

use std::{collections::BTreeMap, sync::Arc};

use codec::Encode;
use parking_lot::Mutex;
use sc_transaction_pool_api::TransactionSource;
use sp_runtime::{
    generic,
    traits::{BlakeTwo256, Hash as _},
    transaction_validity::{InvalidTransaction, TransactionValidity, ValidTransaction},
    OpaqueExtrinsic,
};

use crate::{Chain, Route};

type Block = generic::Block<generic::Header<u32, BlakeTwo256>, OpaqueExtrinsic>;
type Hash = sp_runtime::testing::H256;

/// An extrinsic of these bytes. The first is its nonce; it is an order unless there is a second.
fn extrinsic(bytes: &[u8]) -> OpaqueExtrinsic {
    OpaqueExtrinsic::try_from_encoded_extrinsic(&bytes.to_vec().encode()).expect("bytes with their length")
}

fn order(nonce: u8) -> OpaqueExtrinsic {
    extrinsic(&[nonce])
}

fn hash(extrinsic: &OpaqueExtrinsic) -> Hash {
    BlakeTwo256::hash_of(extrinsic)
}

fn block(name: u64) -> Hash {
    Hash::from_low_u64_be(name + 1)
}

#[derive(Clone)]
struct Made {
    parent: Hash,
    height: u32,
    extrinsics: Vec<OpaqueExtrinsic>,
}

/// Blocks in memory, of one sender's transactions.
#[derive(Clone, Default)]
struct TestChain(Arc<Mutex<BTreeMap<Hash, Made>>>);

impl TestChain {
    /// A chain of nothing but its first block, number 0.
    fn new() -> Self {
        let chain = Self::default();
        chain.0.lock().insert(block(0), Made { parent: Hash::zero(), height: 0, extrinsics: vec![] });
        chain
    }

    /// Makes a block on top of another.
    fn make(&self, name: u64, parent: u64, extrinsics: &[OpaqueExtrinsic]) -> Hash {
        let height = self.0.lock()[&block(parent)].height + 1;
        let made = Made { parent: block(parent), height, extrinsics: extrinsics.to_vec() };
        self.0.lock().insert(block(name), made);
        block(name)
    }

    fn ancestry(&self, mut hash: Hash) -> Vec<Hash> {
        let blocks = self.0.lock();
        let mut line = Vec::new();
        while let Some(made) = blocks.get(&hash) {
            line.push(hash);
            hash = made.parent;
        }
        line
    }

    /// The sender's next nonce.
    fn nonce(&self, at: Hash) -> u8 {
        let line = self.ancestry(at);
        let blocks = self.0.lock();
        line.iter().map(|hash| blocks[hash].extrinsics.len() as u8).sum()
    }
}

impl Chain<Block> for TestChain {
    fn is_order(&self, extrinsic: &OpaqueExtrinsic) -> bool {
        extrinsic.inner().len() == 1
    }

    fn validity(&self, at: Hash, _: TransactionSource, extrinsic: OpaqueExtrinsic) -> Option<TransactionValidity> {
        let (nonce, next) = (extrinsic.inner()[0], self.nonce(at));
        if nonce < next {
            return Some(Err(InvalidTransaction::Stale.into()));
        }
        let requires = if nonce > next { vec![vec![nonce - 1]] } else { vec![] };
        Some(Ok(ValidTransaction { requires, provides: vec![vec![nonce]], ..Default::default() }))
    }

    fn height(&self, block: Hash) -> Option<u32> {
        self.0.lock().get(&block).map(|made| made.height)
    }

    fn extrinsics(&self, block: Hash) -> Option<Vec<Hash>> {
        self.0.lock().get(&block).map(|made| made.extrinsics.iter().map(hash).collect())
    }

    fn route(&self, from: Hash, to: Hash) -> Option<Route<Hash>> {
        let (left, entered) = (self.ancestry(from), self.ancestry(to));
        let retracted = left.iter().copied().filter(|hash| !entered.contains(hash)).collect();
        let enacted = entered.iter().copied().rev().filter(|hash| !left.contains(hash)).collect();
        Some(Route { retracted, enacted })
    }
}
