//! Makes blocks.

use super::{inherents, slot_duration, Shared};
use crate::service::partial::{FullBlockImport, FullClient, FullPool, FullSelectChain};
use loadstone_author::{ChainDemand, Filling, Gated, Need, PoolDemand, PromptWorker};
use loadstone_clock::ClockGuard;
use loadstone_core::Millis;
use loadstone_runtime::{extensions::ORDER_PRIORITY, opaque::Block, Hash, Header};
use loadstone_runtime_api::{Activity, LoadstoneApi};
use sc_consensus_aura::{build_aura_worker, standalone::find_pre_digest, BuildAuraWorkerParams, SlotProportion};
use sc_consensus_slots::{start_slot_worker, SimpleSlotWorkerToSlotWorker};
use sc_service::{Error, TaskManager};
use sp_api::ProvideRuntimeApi;
use sp_consensus_aura::sr25519::{AuthorityPair as AuraPair, AuthoritySignature as AuraSignature};
use std::sync::Arc;

/// Share of a slot in which Substrate's own author may fill its block. Announcing, importing and voting need
/// the rest.
const STOCK_PORTION: f32 = 0.5;

/// Slot of a block, which the first has not.
fn slot_of(header: &Header) -> Option<u64> {
    (header.number > 0).then(|| find_pre_digest::<Block, AuraSignature>(header).ok().map(u64::from)).flatten()
}

/// The chain as the runtime and the pool tell of it.
struct ChainView {
    client: Arc<FullClient>,
    pool: Arc<FullPool>,
}

impl ChainDemand<Hash> for ChainView {
    fn order_waits(&self, head: Hash) -> bool {
        self.pool.has_order(head)
    }

    fn need(&self, head: Hash, now_ms: u64) -> Need {
        match self.client.runtime_api().activity(head, Millis(now_ms)) {
            Ok(Activity::Resting) => Need::Nothing,
            Ok(Activity::Working) => Need::Pressing,
            // A runtime that can't be asked gets its heartbeats.
            Ok(Activity::Alert) | Err(_) => Need::Heartbeats,
        }
    }

    fn is_crowded(&self, head: Hash) -> bool {
        self.client.runtime_api().is_crowded(head).unwrap_or_default()
    }
}

/// Starts authoring blocks, as long as the clock is good enough.
pub fn start_author(
    shared: &Shared,
    block_import: FullBlockImport,
    select_chain: FullSelectChain,
    force_authoring: bool,
    clock: ClockGuard,
    task_manager: &TaskManager,
) -> Result<(), Error> {
    let proposer_factory = sc_basic_authorship::ProposerFactory::new(
        task_manager.spawn_handle(),
        shared.client.clone(),
        shared.pool.clone(),
        shared.prometheus.as_ref(),
        shared.telemetry.clone(),
    );
    let slot_duration = slot_duration(&shared.client)?;
    let filling = shared.pace.timing.map_or(slot_duration.as_duration(), |timing| timing.build);
    // The prompt author gives each block what is left of its slot.
    let portion = || SlotProportion::new(if shared.pace.timing.is_some() { 1.0 } else { STOCK_PORTION });
    let aura = build_aura_worker::<AuraPair, _, _, _, _, _, _, _, _>(BuildAuraWorkerParams {
        client: shared.client.clone(),
        block_import,
        proposer_factory: Filling::new(proposer_factory, filling),
        sync_oracle: shared.sync.clone(),
        justification_sync_link: shared.sync.clone(),
        force_authoring,
        // Slowing down when finality lags would delay the very orders that wait for it.
        backoff_authoring_blocks: None::<()>,
        keystore: shared.keystore.clone(),
        block_proposal_slot_portion: portion(),
        // Without a bound the portion doubles with every empty slot.
        max_block_proposal_slot_portion: Some(portion()),
        telemetry: shared.telemetry.clone(),
        compatibility_mode: Default::default(),
    });
    let providers = move |_, ()| async move { Ok(inherents(slot_duration)) };
    let may_author = move || clock.may_author();
    let (spawn, sync) = (task_manager.spawn_essential_handle(), shared.sync.clone());
    let Some(timing) = shared.pace.timing else {
        let worker = Gated::new(SimpleSlotWorkerToSlotWorker(aura), may_author);
        let slots = start_slot_worker(slot_duration, select_chain, worker, sync, providers);
        spawn.spawn_blocking("aura", Some("block-authoring"), slots);
        return Ok(());
    };
    let chain = ChainView { client: shared.client.clone(), pool: shared.pool.clone() };
    let demand = PoolDemand::new(shared.pool.clone(), chain, ORDER_PRIORITY);
    let worker = PromptWorker::new(aura, select_chain.clone(), shared.client.clone(), demand, timing, slot_of);
    let slots = start_slot_worker(slot_duration, select_chain, Gated::new(worker, may_author), sync, providers);
    spawn.spawn_blocking("aura", Some("block-authoring"), slots);
    Ok(())
}
