//! The load node's decisions as a sans-IO state machine: which order binds, what level to hold, what
//! to sign, what to send again.
//!
//! [`LoadNode`] takes moments, readings, verified heads, verified storage and gateway messages in, and
//! gives [`Output`]s. It knows no clock, socket or database; whoever drives it executes the outputs
//! in order, so that what must be on disk before it is sent is on disk before it is sent.
//!
//! Attack model: gateways may lie, withhold and repeat. Nothing that a gateway says binds the node,
//! except what is proven against a finalised head.

mod anchors;
mod clock;
mod config;
mod desk;
mod health;
mod known;
mod ledger;
mod node;
mod outbox;
mod standing;
mod types;
mod wall;
mod writer;

pub use config::{Config, ConfigError};
pub use ledger::{Entry, Ledger, LedgerError, Summary, UnitState};
pub use node::{GatewayState, LoadNode, NodeState};
pub use standing::Standing;
pub use types::*;
pub use wall::TimeSource;
