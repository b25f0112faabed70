//! Deterministic simulator of the DAG ledger.
//!
//! A [`plan::Plan`] is dealt from a seed: committee, devices, network, crashes, clocks, and who lies how.
//! A [`world::World`] plays it with the production state machine in virtual time, and comes to a
//! [`verdict::Verdict`]. The same seed gives the same run.

pub mod device;
pub mod growth;
pub mod keys;
pub mod kind;
pub mod plan;
pub mod record;
pub mod report;
pub mod runner;
pub mod seats;
pub mod strategy;
pub mod trace;
pub mod verdict;
pub mod world;
