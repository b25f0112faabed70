//! What blocks carried, and what they left in the state.

use crate::load::blocks::filled;
use anyhow::{Context, Result};
use loadstone_client::client::{Chain, State};
use loadstone_core::{BlockNumber, Hash};
use loadstone_evidence::keys;
use serde::Deserialize;
use std::future::Future;
use subxt::rpcs::rpc_params;

/// Pallets in which an event leaves something.
const PALLETS: [(&str, &[&str]); 5] = [
    (
        "Bids",
        &[
            "Events",
            "Commitments",
            "Withdrawn",
            "Bidders",
            "Committed",
            "Reserved",
            "Segments",
            "Buckets",
            "Clearings",
            "EventResources",
            "EventResourceCount",
            "Sweeps",
            "GateAuthors",
            "EventCustomers",
            "PotSpent",
        ],
    ),
    ("Dispatch", &["Orders", "Availabilities", "Declared", "RankBuckets", "LastChanges"]),
    (
        "ExecutionScore",
        &[
            "Awaiting",
            "Recording",
            "Scoring",
            "Cutoffs",
            "CutoffHashes",
            "ChunksDone",
            "Records",
            "Histograms",
            "Scores",
            "Credits",
            "Profiles",
            "Past",
            "Signatures",
        ],
    ),
    ("Settlement", &["Escrows", "Bonds", "Claimables", "Queue", "Settling", "Statements", "Totals", "Disputes"]),
    (
        "Supervision",
        &["Scans", "TalliesOf", "RecentEvents", "HabitsOf", "Rows", "Tracks", "Cases", "CaseOf", "OutcomesOf"],
    ),
];

/// Picoseconds in a microsecond.
const PICOS: u64 = 1_000_000;

#[derive(Deserialize)]
struct Signed {
    block: Body,
}

#[derive(Deserialize)]
struct Body {
    extrinsics: Vec<String>,
}

/// Height of the finalised head.
pub async fn height(chain: &Chain) -> Result<BlockNumber> {
    Ok(chain.header(chain.finalised().await?.hash).await?.number)
}

/// What a row of blocks carried, whoever sent it.
#[derive(Debug, Default)]
pub struct Carried {
    /// Transactions.
    pub extrinsics: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Weight of each block, in microseconds of computing time.
    pub weights: Vec<u64>,
}

/// What the blocks after `first` up to `last` carried.
pub async fn carried(chain: &Chain, first: BlockNumber, last: BlockNumber) -> Result<Carried> {
    let mut sum = Carried::default();
    for number in first.saturating_add(1)..=last {
        let hash: Hash = chain.block_hash(number).await?;
        let found: Option<Signed> = chain.request("chain_getBlock", rpc_params![hash]).await?;
        let body = found.with_context(|| format!("block {number} is gone"))?.block.extrinsics;
        sum.extrinsics += body.len();
        sum.bytes += body.iter().map(|hex| hex.len().saturating_sub(2) / 2).sum::<usize>();
        let (normal, other) = filled(&chain.at(hash)).await?;
        sum.weights.push(normal.saturating_add(other) / PICOS);
    }
    Ok(sum)
}

/// Bytes of keys and values that the market's pallets hold.
pub async fn size(state: &State<'_>) -> Result<u64> {
    let mut sum = 0u64;
    for (pallet, items) in PALLETS {
        for item in items {
            let prefix = keys::item(pallet, item);
            let key_bytes: usize = state.keys(&prefix).await?.iter().map(Vec::len).sum();
            let params = rpc_params![format!("0x{}", hex::encode(&prefix)), state.hash];
            let values: Option<u64> = state.chain().request("state_getStorageSize", params).await?;
            sum = sum.saturating_add(key_bytes as u64).saturating_add(values.unwrap_or_default());
        }
    }
    Ok(sum)
}

/// The first block up to the finalised head in whose state something holds that holds there.
pub async fn block_of<'a, F: Future<Output = Result<bool>>>(
    chain: &'a Chain,
    holds: impl Fn(State<'a>) -> F,
) -> Result<BlockNumber> {
    let mut number = height(chain).await?;
    while number > 0 && holds(chain.at(chain.block_hash(number - 1).await?)).await? {
        number -= 1;
    }
    Ok(number)
}
