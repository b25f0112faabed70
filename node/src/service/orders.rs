//! The order lane over this node's client.

use super::partial::{FullClient, FullPool};
use futures::StreamExt;
use loadstone_order_lane::{Chain, OrderPool, Route};
use loadstone_runtime::{
    extensions::{priority, ORDER_PRIORITY},
    opaque::Block,
    BlockNumber, Hash, UncheckedExtrinsic,
};
use sc_client_api::{BlockBackend, BlockchainEvents};
use sc_service::TaskManager;
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::TransactionSource;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_runtime::{
    traits::{BlakeTwo256, Hash as _, LazyExtrinsic},
    transaction_validity::TransactionValidity,
    OpaqueExtrinsic,
};
use sp_transaction_pool::runtime_api::TaggedTransactionQueue;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Time between two looks for overdue transactions.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Puts the order lane before the pool and keeps it up to date as long as the node runs.
pub fn keep(
    pool: TransactionPoolHandle<Block, FullClient>,
    client: &Arc<FullClient>,
    task_manager: &TaskManager,
) -> Arc<FullPool> {
    let lane = Arc::new(OrderPool::new(Arc::new(pool), OrderChain(client.clone())));
    let imports = client.import_notification_stream();
    let best = imports.filter_map(|block| async move { block.is_new_best.then_some(block.hash) });
    let finalised = client.finality_notification_stream();
    let finalised = finalised.map(|block| block.tree_route.iter().copied().chain([block.hash]).collect());
    let keeper = lane.clone();
    let run = async move { keeper.run(best, finalised).await };
    task_manager.spawn_essential_handle().spawn("order-lane", Some("transaction-pool"), run);
    let keeper = lane.clone();
    let overdue = async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            keeper.offer_overdue(Instant::now());
        }
    };
    task_manager.spawn_essential_handle().spawn("overdue-transactions", Some("transaction-pool"), overdue);
    lane
}

/// [`Chain`] over the client.
#[derive(Clone)]
pub struct OrderChain(Arc<FullClient>);

impl Chain<Block> for OrderChain {
    fn is_order(&self, extrinsic: &OpaqueExtrinsic) -> bool {
        let decoded = UncheckedExtrinsic::decode_unprefixed(extrinsic.inner());
        decoded.is_ok_and(|extrinsic| priority(&extrinsic.function) >= ORDER_PRIORITY)
    }

    fn validity(&self, at: Hash, source: TransactionSource, extrinsic: OpaqueExtrinsic) -> Option<TransactionValidity> {
        self.0.runtime_api().validate_transaction(at, source, extrinsic, at).ok()
    }

    fn height(&self, block: Hash) -> Option<BlockNumber> {
        self.0.number(block).ok().flatten()
    }

    fn extrinsics(&self, block: Hash) -> Option<Vec<Hash>> {
        let body = self.0.block_body(block).ok().flatten()?;
        Some(body.iter().map(BlakeTwo256::hash_of).collect())
    }

    fn route(&self, from: Hash, to: Hash) -> Option<Route<Hash>> {
        let route = sp_blockchain::tree_route(&*self.0, from, to).ok()?;
        let hashes = |blocks: &[sp_blockchain::HashAndNumber<Block>]| blocks.iter().map(|block| block.hash).collect();
        Some(Route { retracted: hashes(route.retracted()), enacted: hashes(route.enacted()) })
    }
}
