//! Ends the filling of a block in time, and leaves what is filled time to be finished.
//!
//! Substrate's slot worker gives a proposer nearly all of the time after which it throws the proposal away. On a
//! processor that is short, a block that is filled to the last moment is then lost, and with it the slot. Here
//! filling ends early, and a proposal is thrown away only at the slot's end.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use sp_consensus::{Environment, ProposeArgs, Proposer};
use sp_runtime::traits::Block as BlockT;

/// Makes proposers that fill blocks for a limited time.
pub struct Filling<E> {
    inner: E,
    most: Duration,
}

/// A proposer that fills its block for a limited time.
pub struct FillingProposer<P> {
    inner: P,
    most: Duration,
}

impl<E> Filling<E> {
    /// Proposers of `inner` that are given at most this time.
    pub fn new(inner: E, most: Duration) -> Self {
        Self { inner, most }
    }
}

impl<B, E> Environment<B> for Filling<E>
where
    B: BlockT,
    E: Environment<B>,
{
    type Proposer = FillingProposer<E::Proposer>;
    type CreateProposer = BoxFuture<'static, Result<Self::Proposer, Self::Error>>;
    type Error = E::Error;

    fn init(&mut self, parent: &B::Header) -> Self::CreateProposer {
        let most = self.most;
        self.inner.init(parent).map(move |made| made.map(|inner| FillingProposer { inner, most })).boxed()
    }
}

impl<B: BlockT, P: Proposer<B>> Proposer<B> for FillingProposer<P> {
    type Error = P::Error;
    type Proposal = P::Proposal;

    fn propose(self, args: ProposeArgs<B>) -> Self::Proposal {
        let max_duration = args.max_duration.min(self.most);
        self.inner.propose(ProposeArgs { max_duration, ..args })
    }
}
