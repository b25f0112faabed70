//! Transactions of many accounts at once, a few of each on the way.

use super::owners::Owner;
use crate::pen::nonces;
use anyhow::{ensure, Context, Result};
use futures::future::try_join_all;
use loadstone_client::call::Call;
use loadstone_core::AccountId;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Transactions of one account on the way at once. Those of all accounts fill several blocks; more would only cost
/// pools their upkeep.
const ON_THE_WAY: u64 = 3;

/// Time between looks at the chain.
const POLL: Duration = Duration::from_millis(100);

/// Longest time in which nothing gets into a block.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hands in what each account has to send and waits until all of it is final. Returns how many transactions of how many
/// bytes that were.
///
/// # Errors
/// When one is refused, or none gets into a block any more.
pub async fn send(owners: &mut [Owner], calls: Vec<Vec<Call>>) -> Result<(usize, usize)> {
    let chain = owners.first().context("no account")?.chain.clone();
    let accounts: Vec<AccountId> = owners.iter().map(|owner| owner.pen.account()).collect();
    let mut queues: Vec<VecDeque<Call>> = calls.into_iter().map(VecDeque::from).collect();
    let count = queues.iter().map(VecDeque::len).sum();
    let (mut bytes, mut known, mut moved) = (0, Vec::new(), Instant::now());
    while queues.iter().any(|queue| !queue.is_empty()) {
        let taken = nonces(&chain.best().await?, &accounts).await?;
        if taken != known {
            moved = Instant::now();
        }
        ensure!(moved.elapsed() < PATIENCE, "transactions don't get into blocks");
        let each = owners.iter_mut().zip(&mut queues).zip(&taken);
        let sent = each.map(|((owner, queue), taken)| top_up(owner, queue, u64::from(*taken)));
        bytes += try_join_all(sent).await?.into_iter().sum::<usize>();
        known = taken;
        tokio::time::sleep(POLL).await;
    }
    for owner in owners {
        owner.pen.settled(&owner.chain).await?;
    }
    Ok((count, bytes))
}

/// Sends as many transactions as may be on the way, where the chain has taken `taken` of the account's. Returns their
/// bytes.
async fn top_up(owner: &mut Owner, queue: &mut VecDeque<Call>, taken: u64) -> Result<usize> {
    let mut bytes = 0;
    while owner.pen.next.saturating_sub(taken) < ON_THE_WAY {
        let Some(call) = queue.pop_front() else { break };
        bytes += owner.pen.send(&owner.chain, &call).await?;
    }
    Ok(bytes)
}
