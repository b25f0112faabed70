//! The Loadstone node: validator of the chain, member of the DAG committee, gateway for devices.

mod cli;
mod clock;
mod command;
mod dag;
mod rpc;
mod service;

pub use command::run;
pub use loadstone_node_setup::failure::explain;
