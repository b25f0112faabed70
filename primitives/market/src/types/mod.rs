//! The market's records as chain, load nodes and auditors read them.

mod availability;
mod bid;
mod escrow;
mod event;
mod order;
mod profile;
mod programme;
mod record;
mod selection;

pub use availability::*;
pub use bid::*;
pub use escrow::*;
pub use event::*;
pub use order::*;
pub use profile::*;
pub use programme::*;
pub use record::*;
pub use selection::*;
