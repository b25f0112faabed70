//! How a member behaves. All times are in milliseconds.

use loadstone_core::{Hash, MemberIndex};

use crate::Committee;

/// Settings of a member. Those in force for everyone are marked; the others may differ.
#[derive(Clone, Debug)]
pub struct MemberConfig {
    /// The chain that signatures are bound to; the same for everyone.
    pub genesis: Hash,
    /// The member's own place.
    pub me: MemberIndex,
    /// All members; the same for everyone.
    pub committee: Committee,
    /// Committee epoch; the same for everyone.
    pub epoch: u32,
    /// Least time between two of the member's witnesses.
    pub level_interval_ms: u64,
    /// Least time between two witnesses when the last ones achieved nothing.
    pub heartbeat_ms: u64,
    /// A frontier's witnesses lie at most this many levels apart and below the signer's own level.
    pub stale_levels: u32,
    /// Least time from a finalised anchor to the proposal of the next.
    pub anchor_interval_ms: u64,
    /// After this time the next member in turn proposes, or submits, too.
    pub anchor_timeout_ms: u64,
    /// A finalised anchor becomes the base of witnesses after this time, when others know it as well.
    pub base_delay_ms: u64,
    /// Time before something is sent or asked for again.
    pub retry_ms: u64,
    /// Bodies of units and witnesses stay in memory for this many anchors after the one that reached them.
    pub keep_anchors: u32,
}

impl MemberConfig {
    /// The usual settings.
    pub fn new(genesis: Hash, me: MemberIndex, committee: Committee) -> Self {
        Self {
            genesis,
            me,
            committee,
            epoch: 0,
            level_interval_ms: 30,
            heartbeat_ms: 2_000,
            stale_levels: 64,
            anchor_interval_ms: 500,
            anchor_timeout_ms: 2_000,
            base_delay_ms: 500,
            retry_ms: 250,
            keep_anchors: 16,
        }
    }
}
