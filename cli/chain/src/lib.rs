//! What every program shares that talks to a node as a participant does: the connection, state at a block,
//! signed calls, and failures with their exit codes.

pub mod call;
pub mod client;
pub mod events;
pub mod fault;
mod hint;
pub mod key;
pub mod output;
mod refusal;
