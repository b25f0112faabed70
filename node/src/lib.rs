//! The Loadstone node: validator of the chain, member of the DAG committee, gateway for devices.

mod chain_spec;
mod cli;
mod command;
mod dag;
mod failure;
mod keys;
mod rpc;
mod service;

pub use command::run;
pub use failure::explain;
