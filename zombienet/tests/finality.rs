//! Finality on four validators: with all of them, without one, without two, and with them back.

use anyhow::{ensure, Context, Result};
use std::time::Duration;
use tokio::time::sleep;
use zombienet_sdk::{LocalFileSystem, Network, NetworkConfig, NetworkConfigExt, NetworkNode};

const FINALISED: &str = "block_height{status=\"finalized\"}";
/// Metrics are asked for once a second, and a validator that comes back catches up first.
const PATIENCE_S: u64 = 90;
/// What is long for finality, which takes well under a second.
const LONG: Duration = Duration::from_secs(20);
/// Votes on their way when validators vanish may still finalise a few blocks.
const UNDER_WAY: f64 = 5.0;
const GRID: [&str; 2] = ["ProvincialGrid", "CityGrid"];
const AGGREGATORS: [&str; 2] = ["AggregatorNorth", "AggregatorSouth"];

/// The network of `four-validators.toml`, finalising.
async fn network() -> Result<Network<LocalFileSystem>> {
    let folder = env!("CARGO_MANIFEST_DIR");
    // Both are named in the file; the second is given where the node is not on the path.
    std::env::set_var("LOADSTONE_ZOMBIENET", folder);
    if std::env::var_os("LOADSTONE_NODE").is_none() {
        std::env::set_var("LOADSTONE_NODE", "loadstone-node");
    }
    let config = NetworkConfig::load_from_toml(&format!("{folder}/four-validators.toml"))?;
    let network = config.spawn_native().await?;
    for name in GRID.iter().chain(&AGGREGATORS) {
        reaches(network.get_node(*name)?, 10.0).await?;
    }
    Ok(network)
}

/// Waits until the node has finalised this block. A metric that is missing yet reads as zero.
async fn reaches(node: &NetworkNode, height: f64) -> Result<()> {
    let waited = node.wait_metric_with_timeout(FINALISED, move |finalised| finalised >= height, PATIENCE_S).await;
    waited.with_context(|| format!("{} does not finalise block {height}", node.name()))
}

/// Waits until these nodes have finalised 20 more blocks than the first of them has now; answers with that height.
async fn goes_on(network: &Network<LocalFileSystem>, names: &[&str]) -> Result<f64> {
    let first = names.first().context("no node named")?;
    let height = network.get_node(*first)?.reports(FINALISED).await? + 20.0;
    for name in names {
        reaches(network.get_node(*name)?, height).await?;
    }
    Ok(height)
}

#[tokio::test(flavor = "multi_thread")]
async fn finality_advances_on_four_validators() -> Result<()> {
    // GIVEN a network of four validators
    let network = network().await?;
    // WHEN time passes THEN each of them finalises more
    goes_on(&network, &[GRID, AGGREGATORS].concat()).await?;
    Ok(network.destroy().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_four_may_stand_still_and_comes_back() -> Result<()> {
    // GIVEN a network
    let network = network().await?;
    let paused = network.get_node("AggregatorSouth")?;
    // WHEN one validator stands still THEN the others go on
    paused.pause().await?;
    sleep(LONG).await;
    let height = goes_on(&network, &["ProvincialGrid", "CityGrid", "AggregatorNorth"]).await?;
    // WHEN it goes on THEN it gets to where they are
    paused.resume().await?;
    reaches(paused, height).await?;
    Ok(network.destroy().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_four_may_be_killed_and_comes_back() -> Result<()> {
    // GIVEN a network
    let network = network().await?;
    let killed = network.get_node("AggregatorSouth")?;
    // WHEN one validator is killed and starts again after a while THEN meanwhile the others go on
    let others = goes_on(&network, &["ProvincialGrid", "CityGrid", "AggregatorNorth"]);
    let (_, height) = tokio::try_join!(killed.restart(Some(LONG)), others)?;
    // and it gets to where they are
    reaches(killed, height).await?;
    Ok(network.destroy().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_more_than_a_third_finality_stands_still_and_goes_on_when_they_are_back() -> Result<()> {
    // GIVEN a network
    let network = network().await?;
    // WHEN two of four stand still
    for name in AGGREGATORS {
        network.get_node(name)?.pause().await?;
    }
    let before = network.get_node(GRID[0])?.reports(FINALISED).await?;
    sleep(LONG).await;
    // THEN nothing more is finalised
    for name in GRID {
        let after = network.get_node(name)?.reports(FINALISED).await?;
        ensure!(after <= before + UNDER_WAY, "{name} has finalised {after} after {before} with two of four");
    }
    // WHEN they are back THEN all of them go on
    for name in AGGREGATORS {
        network.get_node(name)?.resume().await?;
    }
    goes_on(&network, &[GRID, AGGREGATORS].concat()).await?;
    Ok(network.destroy().await?)
}
