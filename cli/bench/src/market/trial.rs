//! What a call costs a validator, tried on the state that it is going to act on.

use crate::pen::Pen;
use anyhow::{ensure, Result};
use loadstone_client::{call::Call, client::Chain};
use std::time::{Duration, Instant};
use subxt::rpcs::rpc_params;

/// Trials; their median counts.
const TRIALS: usize = 31;

/// Encoded result of a transaction that succeeds.
const DONE: &str = "0x0000";

/// Median time of the transaction beyond that of a question which costs nothing but the way into the runtime.
///
/// # Errors
/// When the call would fail.
pub async fn median(chain: &Chain, pen: &Pen, call: &Call) -> Result<Duration> {
    let signed = format!("0x{}", hex::encode(pen.sign(call)?.encoded()));
    let (mut trials, mut ways) = (Vec::new(), Vec::new());
    for _ in 0..TRIALS {
        let (took, answer) = asked(chain, "BlockBuilder_apply_extrinsic", &signed).await?;
        ensure!(answer == DONE, "the runtime would answer {answer}");
        trials.push(took);
        ways.push(asked(chain, "Core_version", "0x").await?.0);
    }
    Ok(middle(trials).saturating_sub(middle(ways)))
}

/// A function of the runtime at the finalised head: how long it takes, and its answer.
async fn asked(chain: &Chain, function: &str, argument: &str) -> Result<(Duration, String)> {
    let at = chain.finalised().await?.hash;
    let began = Instant::now();
    let answer = chain.request("state_call", rpc_params![function, argument, at]).await?;
    Ok((began.elapsed(), answer))
}

fn middle(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}
