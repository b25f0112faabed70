//! Notices in block headers that tell light clients when a storage read is worth its cost.
//!
//! A load node verifies every finalised header anyway. A header without a notice says that no order
//! and no anchor changed in its block, so an idle node asks its gateway for nothing.

use crate::{AnchorNumber, AreaId, Direction};
use codec::{Decode, Encode};

/// Engine id of our consensus digest items.
pub const CHANGE_ENGINE_ID: [u8; 4] = *b"load";

/// What changed in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ChangeNotice {
    /// The current order of an area and direction was issued, superseded or withdrawn.
    Order(AreaId, Direction),
    /// An anchor was accepted.
    Anchor(AnchorNumber),
}
