//! The market's records as chain, load nodes and auditors read them.

mod bid;
mod escrow;
mod event;
mod order;
mod programme;
mod record;

pub use bid::*;
pub use escrow::*;
pub use event::*;
pub use order::*;
pub use programme::*;
pub use record::*;
