//! `fleet`: many nodes in one process, each with meter, ledger and gateways of its own, around one light client.

use crate::{
    config::Config,
    run::{run_with, saved_database, Joined, Options},
};
use anyhow::{bail, ensure, Context};
use loadstone_light::LightClient;
use loadstone_load_core::Summary;
use serde::Serialize;
use std::{path::Path, time::Duration};
use tokio::task::{JoinSet, LocalSet};

/// Nodes of one process at most.
const MAX_NODES: usize = 10_000;

/// What all nodes' ledgers hold.
#[derive(Debug, Default, Serialize)]
pub struct Totals {
    /// Nodes that ran to the end.
    nodes: usize,
    /// Why others did not.
    failed: Vec<String>,
    /// Sums over the nodes that ran.
    totals: Summary,
}

/// Runs every node whose configuration lies in `folder`, until a signal.
pub async fn run(folder: &Path, drain: Duration) -> anyhow::Result<Totals> {
    let configs = configs(folder)?;
    let Some(first) = configs.first() else { bail!("there is no *.toml in {}", folder.display()) };
    let (light, heads) = LightClient::start(&first.chain_spec()?, saved_database(first)?)?;
    let genesis = light.genesis().await?;
    tracing::info!(target: "fleet", nodes = configs.len(), "starting");
    let (streams, local, mut tasks) = (heads.split(configs.len()), LocalSet::new(), JoinSet::new());
    for (place, (config, heads)) in configs.into_iter().zip(streams).enumerate() {
        let joined = Joined { light: light.clone(), heads, genesis, saves: place == 0 };
        let options = Options { events: None, series: None, log_readings: false, drain, test_clock: None };
        let name = config.name.clone();
        let node = async move { run_with(config, options, joined).await.with_context(|| format!("node {name}")) };
        tasks.spawn_local_on(node, &local);
    }
    drop(light);
    local.run_until(gather(tasks)).await
}

/// Waits for all nodes; what ends one ends no other.
async fn gather(mut tasks: JoinSet<anyhow::Result<Summary>>) -> anyhow::Result<Totals> {
    let mut totals = Totals::default();
    while let Some(ended) = tasks.join_next().await {
        match ended.context("a node was cut off")? {
            Ok(summary) => {
                totals.nodes += 1;
                totals.totals.add(&summary);
            }
            Err(error) => {
                tracing::error!(target: "fleet", error = format!("{error:#}"), "a node has ended");
                totals.failed.push(format!("{error:#}"));
            }
        }
    }
    Ok(totals)
}

/// All configurations of a folder in the order of their names.
fn configs(folder: &Path) -> anyhow::Result<Vec<Config>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    ensure!(paths.len() <= MAX_NODES, "{} holds more than {MAX_NODES} configurations", folder.display());
    paths.iter().map(|path| Config::read(path)).collect()
}
