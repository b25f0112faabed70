//! Meters that measure others, too.

use super::told;
use crate::{call::Call, client::decode, context::Context, fault::Fault, output::Table};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{BoundedVec, ResourceId};
use loadstone_evidence::keys;
use loadstone_market::supervision::feeder::Nodes;
use serde_json::json;

/// Declares, removes and shows meters that measure others, too.
#[derive(Subcommand, Debug)]
pub enum Feeder {
    /// Declares that a resource's meter measures others, too. By a grid company or the regulator.
    ///
    /// Where both the feeder and its nodes have records in an event, what they delivered must agree within `feeder_loss`.
    Declare {
        /// The feeder, itself a resource that takes part in events.
        feeder: u32,
        /// The resources behind it, separated by commas, at most 64. Without this: all others of its area.
        #[arg(long, value_delimiter = ',')]
        nodes: Vec<u32>,
    },
    /// Takes such a declaration back. By a grid company or the regulator.
    Remove {
        /// The feeder.
        feeder: u32,
    },
    /// Shows all feeders.
    List,
}

impl Feeder {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (call, done, feeder) = match self {
            Self::Declare { feeder, nodes } => {
                let arguments = (ResourceId(feeder), behind(nodes)?);
                (Call::new("Supervision", "declare_feeder", arguments), "declared", feeder)
            }
            Self::Remove { feeder } => {
                (Call::new("Supervision", "remove_feeder", ResourceId(feeder)), "removed", feeder)
            }
            Self::List => return list(context).await,
        };
        let chain = context.connect().await?;
        let receipt = context.sender(&chain)?.submit(&call).await?;
        told(context, &receipt, done, json!({ "feeder": feeder }))
    }
}

/// Nodes in the order that the chain asks for.
fn behind(mut nodes: Vec<u32>) -> Result<Nodes, Fault> {
    if nodes.is_empty() {
        return Ok(Nodes::Area);
    }
    nodes.sort_unstable();
    nodes.dedup();
    let nodes: Vec<_> = nodes.into_iter().map(ResourceId).collect();
    let too_many = |_| Fault::Usage("at most 64 nodes are named behind one feeder".into());
    BoundedVec::try_from(nodes).map(Nodes::Named).map_err(too_many)
}

async fn list(context: &Context) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let found = state.keys(&keys::feeders()).await?;
    let values = state.get_all::<Nodes>(&found).await?;
    let mut table = Table::new(&["feeder", "nodes"]);
    let mut rows = Vec::new();
    for (key, nodes) in found.iter().zip(values.into_iter().flatten()) {
        let feeder: ResourceId = decode(keys::last_part(key, 4).unwrap_or_default())?;
        let shown = match &nodes {
            Nodes::Area => "all others of its area".to_owned(),
            Nodes::Named(nodes) => nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        };
        table.row([feeder.to_string(), shown]);
        rows.push(json!({ "feeder": feeder, "nodes": nodes }));
    }
    context.output().print(&json!(rows), || table.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_named_in_rising_order_or_not_at_all() {
        assert!(matches!(behind(vec![]), Ok(Nodes::Area)));
        let Ok(Nodes::Named(nodes)) = behind(vec![9, 2, 9]) else { panic!("named") };
        assert_eq!(nodes.into_inner(), [ResourceId(2), ResourceId(9)]);
        assert!(behind((0..65).collect()).is_err());
    }
}
