//! JSON-RPC beside what the service offers on its own: accounts, finality, the DAG ledger and the clock.

use crate::service::{FullBackend, FullClient, FullPool};
use jsonrpsee::RpcModule;
use loadstone_clock::{ClockApiServer, ClockGuard, ClockRpc};
use loadstone_dag_node::{DagApiServer, DagHandle, DagRpc};
use loadstone_runtime::{opaque::Block, AccountId, BlockNumber, Hash, Nonce};
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What the finality methods read.
#[derive(Clone)]
pub struct Finality {
    /// State of the running rounds.
    pub voter_state: SharedVoterState,
    /// Who votes.
    pub authorities: SharedAuthoritySet<Hash, BlockNumber>,
    /// New justifications.
    pub justifications: GrandpaJustificationStream<Block>,
    /// Proofs of old ones.
    pub proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// The methods of `system_*` for accounts, of `grandpa_*`, of `dag_*` and of `clock_*`.
pub fn module(
    client: Arc<FullClient>,
    pool: Arc<FullPool>,
    finality: Finality,
    dag: DagHandle,
    clock: ClockGuard,
    executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
    let mut module = RpcModule::new(());
    module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(System::new(client, pool)))?;
    let Finality { voter_state, authorities, justifications, proofs } = finality;
    module.merge(Grandpa::new(executor, authorities, voter_state, justifications, proofs).into_rpc())?;
    module.merge(DagRpc::new(dag).into_rpc())?;
    module.merge(ClockRpc::new(clock).into_rpc())?;
    Ok(module)
}
