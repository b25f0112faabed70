//! `loadstone proof`: the evidence bundle of one unit, gathered from a node.

use crate::{
    client::{Chain, State},
    context::Context,
    files,
    history::dag_proof,
    parse,
};
use anyhow::{anyhow, Context as _, Result};
use clap::Args;
use codec::Encode;
use loadstone_core::{BlockNumber, MmrPeaks, MmrProof};
use loadstone_dag::{Anchor, Slot};
use loadstone_evidence::{
    keys, state::minimal_proof, AnchorPlace, Bundle, BundleV1, Checkpoint, Finalised, Header, Start,
};
use serde_json::json;
use std::path::PathBuf;

/// Writes the evidence bundle of a unit. The node must keep the state of old blocks unless a checkpoint
/// is given.
#[derive(Args, Debug)]
pub struct Proof {
    /// The unit: DEVICE/SEQUENCE or DEVICE/INCARNATION/SEQUENCE.
    #[arg(value_parser = parse::slot)]
    unit: Slot,
    /// The file; by default named after the unit.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Start from this checkpoint instead of genesis; its verifiers need it too.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
}

impl Proof {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let start = self.checkpoint.as_deref().map(super::verify::read_checkpoint).transpose()?;
        let bundle = gather(&chain, &self.unit, start.clone()).await?;
        let bytes = Bundle::V1(bundle).encode();
        // A node may be mistaken: nothing leaves here that does not verify.
        let verdict = loadstone_evidence::verify(&bytes, &chain.genesis, start.as_ref())
            .map_err(|link| anyhow!("the node's answers don't prove the unit: {link}"))?;
        let slot = parse::slot_name(&self.unit);
        let path = self.out.unwrap_or_else(|| PathBuf::from(format!("unit-{}.bundle", slot.replace('/', "-"))));
        files::write(&path, &bytes)?;
        let file = path.display().to_string();
        let value = json!({
            "file": file, "bytes": bytes.len(), "genesis": chain.genesis, "unit": slot,
            "anchor": verdict.anchor.number, "block": verdict.head.number, "set_id": verdict.head.set.id,
        });
        context.output().print(&value, || {
            let (anchor, block) = (verdict.anchor.number, verdict.head.number);
            format!("{file}: {} bytes, unit {slot} in anchor {anchor}, final in block {block}", bytes.len())
        })
    }
}

async fn gather(chain: &Chain, slot: &Slot, checkpoint: Option<Checkpoint>) -> Result<BundleV1> {
    let genesis = chain.header(chain.genesis).await?;
    // The proof first: the block that is finalised next then holds its anchor.
    let (anchor, path, unit, _) = dag_proof(chain, slot, None).await?;
    let (head, justification) = chain.next_justification().await?;
    let state = chain.at(head);
    let kept: Option<Anchor> = state.get(keys::anchor(anchor.number)).await?;
    let (place, anchor_key) = match kept {
        Some(_) => (AnchorPlace::Kept, keys::anchor(anchor.number)),
        None => (AnchorPlace::Range(range(chain, &state, slot).await?), keys::peaks()),
    };
    let target = chain.header(state.hash).await?;
    let target_set: u64 = state.require(keys::grandpa_set_id(), "the authority set").await?;
    let (start, changes) = match checkpoint {
        Some(checkpoint) => {
            let changes = set_changes(chain, checkpoint.number, checkpoint.set.id, &target, target_set).await?;
            (Start::Checkpoint(checkpoint), changes)
        }
        None => {
            let at_genesis = chain.at(chain.genesis);
            let first: u64 = at_genesis.get(keys::grandpa_set_id()).await?.unwrap_or_default();
            let proof = prove(&at_genesis, &genesis, &[keys::grandpa_authorities()]).await?;
            (Start::Genesis(proof), set_changes(chain, 0, first, &target, target_set).await?)
        }
    };
    let state_proof = prove(&state, &target, &[anchor_key, keys::device(slot.device)]).await?;
    let target = Finalised { header: target, path: Vec::new(), justification };
    Ok(BundleV1 { genesis, start, changes, target, state: state_proof, place, anchor, path, unit })
}

/// Path from a pruned anchor to the range's peaks in `state`.
async fn range(chain: &Chain, state: &State<'_>, slot: &Slot) -> Result<MmrProof> {
    let peaks: MmrPeaks = state.require(keys::peaks(), "an anchor").await?;
    Ok(dag_proof(chain, slot, Some(peaks.leaves)).await?.3)
}

async fn prove(state: &State<'_>, header: &Header, wanted: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let nodes = state.read_proof(wanted).await.context("the node no longer keeps that block's state")?;
    minimal_proof(&header.state_root, nodes, wanted).map_err(|error| anyhow!("a state proof is broken: {error:?}"))
}

/// Every change of the authority set after block `from`, where set `first` is in force, up to the target's.
async fn set_changes(
    chain: &Chain,
    from: BlockNumber,
    first: u64,
    target: &Header,
    last: u64,
) -> Result<Vec<Finalised>> {
    let mut changes = Vec::new();
    let mut low = from;
    for set in first..last {
        let number = first_block_of_set(chain, set + 1, low, target.number).await?;
        let hash = chain.block_hash(number).await?;
        let justification = chain.justification(hash).await?;
        let justification =
            justification.with_context(|| format!("the node keeps no justification of set change {number}"))?;
        changes.push(Finalised { header: chain.header(hash).await?, path: Vec::new(), justification });
        low = number;
    }
    // A change in the target itself does not concern who finalised it.
    if changes.last().is_some_and(|change| change.header.number == target.number) {
        changes.pop();
    }
    Ok(changes)
}

/// The first block after `low` in whose state the set's number is at least `set`; in `high`'s it is.
async fn first_block_of_set(chain: &Chain, set: u64, low: BlockNumber, high: BlockNumber) -> Result<BlockNumber> {
    let (mut low, mut high) = (low, high);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let state = chain.at(chain.block_hash(middle).await?);
        let found: u64 = state
            .get(keys::grandpa_set_id())
            .await
            .context("the node no longer keeps old states: ask an archive node, or start from a checkpoint")?
            .unwrap_or_default();
        if found >= set {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(high)
}
