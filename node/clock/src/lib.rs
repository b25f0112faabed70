//! Whether a validator's clock agrees with the others'.
//!
//! Slots are cut from the time of day, so an author whose clock is off builds too early, on a block that is still
//! on its way, or too late, when the next author has begun. Each validator asks the others what time it is
//! ([`protocol`]), estimates from their answers how far its own clock is off ([`Estimator`]), tells people by log,
//! metrics and RPC, and leaves its slots to the others while it is far off ([`ClockGuard`]). It goes on voting:
//! votes need no clock.
//!
//! Nobody's word sets a clock here. That is NTP's business.

mod estimate;
mod gauges;
mod guard;
mod protocol;
mod rpc;
mod sample;
mod server;
mod verdict;
mod watch;

pub use estimate::{Estimate, Estimator};
pub use guard::{ClockGuard, ClockStatus};
pub use protocol::{protocol, ClockProtocol};
pub use rpc::{ClockApiServer, ClockRpc};
pub use sample::{Moment, Sample};
pub use verdict::{Limits, Verdict};
pub use watch::{start, Clock, ClockParams, ClockTasks, Validators};

/// Where this crate logs.
const LOG: &str = "clock";
