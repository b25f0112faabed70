//! Set-up of the pallets, one file a theme.

mod access;
mod consensus;
mod governance;
mod ledger;
mod market;
mod money;
mod system;

pub use access::{CallQuota, Caller};
pub use consensus::EndSession;
pub use governance::{CouncilInstance, GovernanceOrigin};
pub use system::RuntimeBlockWeights;
