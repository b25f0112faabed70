//! What a node does before its service starts: which chain, whose keys, which ports and data, how fast
//! it goes, and how a failure is told. Apart from the service, since that is by far the longest to compile.

pub mod chain_spec;
pub mod data;
pub mod failure;
pub mod keys;
pub mod ports;
pub mod preset;
