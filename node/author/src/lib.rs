//! When a validator makes its block.
//!
//! Aura as Substrate starts it makes a block at the beginning of every slot, whether there is anything to put
//! in it or not: 430,000 a day at 200 ms, and whatever comes a moment later waits for the next. Here the
//! validator whose slot it is looks at the pool instead. An order makes a block at once; everything else is
//! gathered until a part of the slot has passed; and where nothing comes at all, the slot stays empty until a
//! heartbeat is due: often while an order
//! is in force or an event runs, seldom else. What a block is and who may make one stays Aura's business.

mod decide;
mod demand;
mod filling;
mod gate;
mod heartbeat;
mod worker;

pub use demand::{ChainDemand, Demand, Need, PoolDemand};
pub use filling::Filling;
pub use gate::Gated;
pub use worker::{Head, PromptWorker};

use std::time::Duration;

/// Moments of a slot, counted from its beginning, and bounds of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long an author waits for the block of the slot before, unless it is there already. Whoever builds
    /// earlier risks a fork.
    pub settle: Duration,
    /// When a block without an order is begun: until then transactions gather, and an order that comes finds
    /// the slot still free.
    pub gather: Duration,
    /// When no block is begun any more, so that it reaches the next author within the slot.
    pub cut_off: Duration,
    /// Greatest time for filling a block.
    pub build: Duration,
    /// Greatest time between two blocks while load nodes look out for them.
    pub heartbeat: Duration,
    /// Greatest time between two blocks while nothing is under way.
    pub rest: Duration,
    /// Bytes of a block that is made for an order: executing more would delay it.
    pub order_block_bytes: usize,
}

/// Where this crate logs.
const LOG: &str = "author";
