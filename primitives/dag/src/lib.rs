//! The DAG ledger: units by devices, witnesses by committee members, certified by connectivity.
//!
//! Attack model: fewer than one third of the committee's weight is Byzantine; any number of devices
//! is. A reading has one honest author, so it needs Byzantine consistent broadcast, not total order:
//! no leader, no view change. Sans-IO: messages and ticks in, messages and effects out.
//!
//! Driving a [`Member`] (every input returns `Vec<Effect>`, to be carried out in order):
//! - `Member::new(MemberConfig::new(genesis, me, committee), crypto, persisted_items, now)`;
//! - `introduce(Vec<CheckedUnit>, now)`: units that passed the [`UnitGate`], for which the member
//!   itself is the [`DeviceChains`];
//! - `on_witness(from, CheckedWitness, Vec<CheckedUnit>, now)`, `on_proposal(proposal, from, signature,
//!   now)`, `on_anchor_signature(anchor_hash, from, signature, now)`: the notifications;
//! - `on_witnesses(from, Vec<(CheckedWitness, Vec<CheckedUnit>)>, now)`, `on_anchors(from,
//!   Vec<AnchorProposal>, now)`: answers to [`Effect::Request`];
//! - `on_anchor_finalised(&Anchor, now)`: the newest anchor in the chain's finalised state;
//! - `tick(now)`: every 10 ms or so, and after each of the above if latency matters;
//! - `serve(&HistoryRequest, &impl Archive) -> HistoryResponse`: changes nothing.
//!
//! The driver verifies signatures, in batches if it likes, and keeps what [`Effect::Persist`] says.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod anchor;
pub mod check;
pub mod committee;
pub mod decode;
pub mod effect;
pub mod gate;
mod graph;
pub mod member;
mod readings;
pub mod unit;
pub mod wire;
pub mod witness;

pub use anchor::*;
pub use check::*;
pub use committee::*;
pub use decode::*;
pub use effect::*;
pub use gate::*;
pub use member::*;
pub use readings::ReadingsFault;
pub use unit::*;
pub use wire::*;
pub use witness::*;
