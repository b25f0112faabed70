//! Order capsules: made as soon as an order is final, pushed to devices, kept for whoever asks.

mod board;
mod maker;

pub(crate) use board::Sent;
pub use board::{Capsules, Place};
pub use maker::{make, Justified, OrderSource};
