//! Lets a voter wait for a block to vote for, instead of voting for the last finalised one again and again.
//!
//! GRANDPA starts a round as soon as the one before is over, and a round without a new block is over after
//! four gossip durations: a dozen a second, each with signatures, writes and announcements to every peer, for
//! nothing. Here a round begins and then waits for a block. As its timers have run out meanwhile, the vote
//! goes out the moment the block is imported, and finality takes two crossings of the network.
//!
//! Safety does not depend on when a validator votes. What must be kept is the limit that a pending change of
//! authorities sets, which GRANDPA reads before it asks for a block: so after a wait only the child of the
//! finalised block is voted for, which no change that came meanwhile can exclude.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::StreamExt;
use sc_client_api::{BlockchainEvents, HeaderBackend};
use sp_consensus::{Error, SelectChain};
use sp_runtime::traits::{Block as BlockT, Header, NumberFor, One, Saturating};

/// Which chain to build and vote on, with patience where there is nothing to vote for.
pub struct Patient<SC, C> {
    inner: SC,
    client: Arc<C>,
    patience: Duration,
}

impl<SC: Clone, C> Clone for Patient<SC, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), client: self.client.clone(), patience: self.patience }
    }
}

impl<SC, C> Patient<SC, C> {
    /// Chooses as `inner` does, after waiting for a new block for at most `patience`; zero waits for none.
    pub fn new(inner: SC, client: Arc<C>, patience: Duration) -> Self {
        Self { inner, client, patience }
    }

    /// The ancestor of `block` at `height`.
    fn ancestor<B>(&self, block: B::Hash, height: NumberFor<B>) -> Result<B::Hash, Error>
    where
        B: BlockT,
        C: HeaderBackend<B>,
    {
        let mut hash = block;
        loop {
            let header = self.client.header(hash).map_err(|error| Error::ChainLookup(error.to_string()))?;
            let header = header.ok_or_else(|| Error::ChainLookup(format!("no header of {hash:?}")))?;
            if *header.number() <= height {
                return Ok(hash);
            }
            hash = *header.parent_hash();
        }
    }
}

#[async_trait]
impl<B, SC, C> SelectChain<B> for Patient<SC, C>
where
    B: BlockT,
    SC: SelectChain<B>,
    C: HeaderBackend<B> + BlockchainEvents<B> + Send + Sync,
{
    async fn leaves(&self) -> Result<Vec<B::Hash>, Error> {
        self.inner.leaves().await
    }

    async fn best_chain(&self) -> Result<B::Header, Error> {
        self.inner.best_chain().await
    }

    async fn finality_target(&self, base: B::Hash, most: Option<NumberFor<B>>) -> Result<B::Hash, Error> {
        let target = self.inner.finality_target(base, most).await?;
        // A base that is not final yet needs the votes of this round; whoever names a limit is no voter.
        let is_to_wait = target == base && most.is_none() && !self.patience.is_zero();
        if !is_to_wait || self.client.info().finalized_hash != base {
            return Ok(target);
        }
        let news = async {
            // Each look comes after subscribing, so that no block falls between the two.
            let mut imports = self.client.import_notification_stream();
            loop {
                let target = self.inner.finality_target(base, most).await?;
                if target != base {
                    return Ok(Some(target));
                }
                if imports.next().await.is_none() {
                    return Ok::<_, Error>(None);
                }
            }
        };
        let Ok(Some(target)) = tokio::time::timeout(self.patience, news).await.unwrap_or(Ok(None)) else {
            return Ok(base);
        };
        let number = self.client.number(base).map_err(|error| Error::ChainLookup(error.to_string()))?;
        self.ancestor(target, number.unwrap_or_default().saturating_add(One::one()))
    }
}

#[cfg(test)]
mod tests;
