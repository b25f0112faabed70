//! `loadstone order capsule`: the newest order's capsule, from a node into a file.

use super::name_of;
use crate::{
    client::{unhex, Chain},
    context::Context,
    files, parse,
};
use anyhow::{anyhow, Context as _, Result};
use clap::Args;
use loadstone_core::{AreaId, Direction};
use loadstone_evidence::{capsule::OrderCapsuleV1, keys, AuthoritySet, BrokenCapsule, OrderCapsule};
use serde_json::json;
use std::path::PathBuf;
use subxt::rpcs::rpc_params;

/// Takes the newest order's capsule from a node and writes it into a file.
#[derive(Args, Debug)]
pub struct Fetch {
    /// Whom the order addresses.
    #[arg(long)]
    area: u16,
    /// Which way.
    #[arg(long, default_value = "down")]
    direction: parse::Direction,
    /// The file; by default named after area and direction.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Fetch {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (area, direction) = (AreaId(self.area), Direction::from(self.direction));
        let chain = context.connect().await?;
        let text: String = chain.request("dag_orderCapsule", rpc_params![area, direction]).await?;
        let bytes = unhex(&text)?;
        // A node may be mistaken: nothing leaves here that does not verify by the voters that it names itself.
        let unproven = |link: BrokenCapsule| anyhow!("the node's answer does not prove the order: {link}");
        let capsule = OrderCapsule::open(&bytes).map_err(unproven)?;
        let set = voters(&chain, &capsule).await?;
        let verified = capsule.verify(&set, area, direction).map_err(unproven)?;
        let name = || format!("order-{area}-{}.capsule", name_of(direction)).into();
        let file = self.out.unwrap_or_else(name);
        files::write(&file, &bytes)?;
        let sequence = verified.order.map(|order| order.sequence);
        let file = file.display().to_string();
        let value = json!({
            "file": file, "bytes": bytes.len(), "area": area, "direction": direction, "sequence": sequence,
            "block": verified.number, "set_id": set.id,
        });
        context.output().print(&value, || {
            let order = sequence.map_or("no order".into(), |sequence| format!("order {sequence}"));
            let (way, block) = (name_of(direction), verified.number);
            format!("{file}: {} bytes, {order} of area {area} {way}, final in block {block}", bytes.len())
        })
    }
}

/// Who votes now, by the newest state, and where that is a later set, who voted on the capsule's block: the state
/// before a block says so.
async fn voters(chain: &Chain, capsule: &OrderCapsuleV1) -> Result<AuthoritySet> {
    let mut state = chain.finalised().await?;
    let mut id: u64 = state.get(keys::grandpa_set_id()).await?.unwrap_or_default();
    if id != capsule.set {
        let last = capsule.finalised.path.last().unwrap_or(&capsule.finalised.header);
        state = chain.at(last.parent_hash);
        let found = state.get(keys::grandpa_set_id()).await;
        id = found.context("the node no longer keeps that block's state")?.unwrap_or_default();
    }
    let authorities = state.require(keys::grandpa_authorities(), "the list of voters").await?;
    Ok(AuthoritySet { id, authorities })
}
