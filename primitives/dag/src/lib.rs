//! The DAG ledger: units by devices, witnesses by committee members, certified by connectivity.
//!
//! Attack model: fewer than one third of the committee's weight is Byzantine; any number of devices
//! is. A reading has one honest author, so it needs Byzantine consistent broadcast, not total order:
//! no leader, no view change. Sans-IO: messages and ticks in, messages and effects out.
//!
//! An *epoch* is the reign of one committee and the unit of memory: it starts from the devices' heads,
//! the last anchored unit of each, and ends with a closing anchor that commits to the next heads.
//!
//! Driving a [`Member`] (every input returns `Vec<Effect>`, to be carried out in order):
//! - `Member::new(config, crypto, start, persisted_items, now)`, with the epoch in [`MemberConfig::epoch`],
//!   the [`EpochStart`], and what was persisted in this epoch; [`PersistItem::Mute`] last if the counter of
//!   own witnesses is missing or behind;
//! - `introduce(Vec<CheckedUnit>, now)`: units that passed the [`UnitGate`], for which the member
//!   itself is the [`DeviceChains`], and what the epoch before left over;
//! - `on_witness(from, CheckedWitness, Vec<CheckedUnit>, now)`, `on_proposal(proposal, from, signature,
//!   now)`, `on_anchor_signature(anchor_hash, from, signature, now)`: the notifications;
//! - `on_witnesses(from, Vec<(CheckedWitness, Vec<CheckedUnit>)>, now)`, `on_anchors(from,
//!   Vec<AnchorProposal>, now)`: answers to [`Effect::Request`];
//! - `on_anchor_finalised(&Anchor, now)`: the newest anchor of the epoch in the chain's finalised state; once
//!   that state has a newer epoch, the closing anchor which that one starts from;
//! - `close(now)`: the finalised state says that the epoch is being closed; again after each start;
//! - `tick(now)`: every 10 ms or so, and after each of the above if latency matters;
//! - `serve(&HistoryRequest, &impl Archive) -> HistoryResponse`: changes nothing; heads and anchors' units
//!   are the driver's to serve;
//! - after [`Effect::Closed`] nothing more happens, but the member goes on serving: the driver starts the
//!   next one and hands it `into_leftover()`.
//!
//! Another epoch's messages are ignored. The driver verifies signatures, in batches if it likes, and keeps
//! what [`Effect::Persist`] says.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod anchor;
pub mod check;
pub mod committee;
pub mod compact;
pub mod decode;
pub mod effect;
pub mod gate;
mod graph;
pub mod heads;
pub mod member;
mod readings;
pub mod shown;
pub mod state;
pub mod unit;
pub mod wire;
pub mod witness;

pub use anchor::*;
pub use check::*;
pub use committee::*;
pub use compact::*;
pub use decode::*;
pub use effect::*;
pub use gate::*;
pub use heads::*;
pub use member::*;
pub use readings::ReadingsFault;
pub use shown::*;
pub use state::*;
pub use unit::*;
pub use wire::*;
pub use witness::*;
