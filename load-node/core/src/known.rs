//! What orders are proven with: who votes on finality, the own availability, and what capsules have shown.

use crate::{
    types::{VerifiedHead, Voters},
    Standing,
};
use loadstone_core::{BlockNumber, Direction, Millis};
use loadstone_evidence::capsule::OrderCapsuleV1;
use loadstone_market::Availability;
use std::collections::BTreeMap;

/// Heads whose chain time is remembered for answers that come after later heads.
const MAX_TIMES: usize = 64;

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Chain time of the last heads.
    times: BTreeMap<BlockNumber, Millis>,
    /// Length of a slot in milliseconds.
    pub(crate) slot_ms: Option<u64>,
    pub(crate) voters: Option<Voters>,
    /// Whether the light client has proven them in this run; those saved may be over.
    pub(crate) confirmed: bool,
    pub(crate) voters_asked_ms: Option<u64>,
    standings: BTreeMap<Direction, Standing>,
    /// Head of the newest capsule taken.
    shown: BTreeMap<Direction, BlockNumber>,
    /// The last capsule of a set that is not proven yet, with its gateway.
    pub(crate) held_back: BTreeMap<Direction, (usize, OrderCapsuleV1)>,
    pub(crate) bad_capsules: u64,
}

impl Known {
    /// What a run before has left.
    pub(crate) fn new(voters: Option<Voters>, standings: Vec<Standing>) -> Self {
        let standings = standings.into_iter().map(|standing| (standing.direction, standing)).collect();
        Self { voters, standings, ..Self::default() }
    }

    /// A head was verified final.
    pub(crate) fn on_head(&mut self, head: &VerifiedHead) {
        self.slot_ms = Some(head.slot_ms);
        self.times.insert(head.number, head.time);
        while self.times.len() > MAX_TIMES {
            self.times.pop_first();
        }
    }

    /// The own availability as last proven.
    pub(crate) fn standing(&self, direction: Direction) -> Option<&Standing> {
        self.standings.get(&direction)
    }

    /// Takes the own availability as read at height `at`. Gives it back when it differs from what was known.
    pub(crate) fn on_standing(
        &mut self,
        at: BlockNumber,
        direction: Direction,
        entries: Option<Availability>,
    ) -> Option<Standing> {
        let (_, time) = self.times.range(..=at).next_back()?;
        let standing = Standing { direction, time: *time, entries };
        let before = self.standings.insert(direction, standing.clone());
        before.is_none_or(|before| before.entries != standing.entries).then_some(standing)
    }

    /// Whether a capsule has shown the order at this height or above.
    pub(crate) fn has_shown(&self, direction: Direction, number: BlockNumber) -> bool {
        self.shown.get(&direction).is_some_and(|shown| number <= *shown)
    }

    /// A capsule of this height was taken.
    pub(crate) fn show(&mut self, direction: Direction, number: BlockNumber) {
        self.shown.insert(direction, number);
    }
}
