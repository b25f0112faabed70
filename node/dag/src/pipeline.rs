//! Witnesses that have arrived but are not in the state machine yet.
//!
//! The state machine asks for what it misses, not knowing that it is being checked already. Questions lose
//! here what is under way, and messages that bring it once more are dropped before they cost anything.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use loadstone_core::{Hash, Level, MemberIndex};
use loadstone_dag::{HistoryRequest, WitnessRef};
use parking_lot::Mutex;

/// Time for which a witness that was handed over is not taken in again. The state machine may have let it
/// go, and then it asks anew.
const MEMORY: Duration = Duration::from_secs(1);

struct Entry {
    witness: WitnessRef,
    units: usize,
    is_under_way: bool,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<Hash, Entry>,
    /// What was handed over, and when.
    past: VecDeque<(Instant, Hash)>,
}

impl State {
    fn forget(&mut self, now: Instant) {
        while self.past.front().is_some_and(|(at, _)| now.duration_since(*at) > MEMORY) {
            let Some((_, id)) = self.past.pop_front() else { return };
            if self.entries.get(&id).is_some_and(|entry| !entry.is_under_way) {
                self.entries.remove(&id);
            }
        }
    }
}

/// The witnesses under way; cheap to clone.
#[derive(Clone, Default)]
pub struct Pipeline(Arc<Mutex<State>>);

impl Pipeline {
    /// Takes note of a witness that came with so many units. `false`: it is here already.
    pub fn enter(&self, witness: WitnessRef, units: usize) -> bool {
        let mut state = self.0.lock();
        state.forget(Instant::now());
        if state.entries.get(&witness.hash).is_some_and(|entry| entry.units >= units) {
            return false;
        }
        state.entries.insert(witness.hash, Entry { witness, units, is_under_way: true });
        true
    }

    /// It did not pass.
    pub fn fail(&self, id: &Hash) {
        self.0.lock().entries.remove(id);
    }

    /// The state machine has them.
    pub fn hand_over(&self, ids: impl Iterator<Item = Hash>) {
        let (mut state, now) = (self.0.lock(), Instant::now());
        for id in ids {
            if let Some(entry) = state.entries.get_mut(&id) {
                entry.is_under_way = false;
                state.past.push_back((now, id));
            }
        }
    }

    /// Whether anything is under way: then what seems stuck may only be waiting here.
    pub fn is_busy(&self) -> bool {
        self.0.lock().entries.values().any(|entry| entry.is_under_way)
    }

    /// What is left of a question; `None` when all that it asks for is under way.
    pub fn trim(&self, request: HistoryRequest) -> Option<HistoryRequest> {
        let HistoryRequest::Witnesses { epoch, wanted, known } = request else { return Some(request) };
        let state = self.0.lock();
        let is_missing = |id: &Hash| !state.entries.get(id).is_some_and(|entry| entry.is_under_way);
        let left: Vec<Hash> = wanted.iter().copied().filter(is_missing).collect();
        if left.is_empty() && !wanted.is_empty() {
            return None;
        }
        let mut known: BTreeMap<MemberIndex, Level> = known.into_iter().collect();
        for entry in state.entries.values().filter(|entry| entry.is_under_way) {
            let level = known.entry(entry.witness.member).or_default();
            *level = entry.witness.level.max(*level);
        }
        Some(HistoryRequest::Witnesses { epoch, wanted: left, known: known.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(member: u16, level: u32) -> WitnessRef {
        WitnessRef { member: MemberIndex(member), level: Level(level), hash: Hash::repeat_byte(level as u8) }
    }

    fn asked(wanted: &[u8], known: &[(u16, u32)]) -> HistoryRequest {
        HistoryRequest::Witnesses {
            epoch: 0,
            wanted: wanted.iter().map(|byte| Hash::repeat_byte(*byte)).collect(),
            known: known.iter().map(|(member, level)| (MemberIndex(*member), Level(*level))).collect(),
        }
    }

    #[test]
    fn questions_leave_out_what_is_under_way() {
        // GIVEN witnesses 7 and 8 of member 1 under way
        let pipeline = Pipeline::default();
        assert!(pipeline.enter(witness(1, 7), 3) && pipeline.enter(witness(1, 8), 3));
        // THEN they are not asked for, and none of their author up to there
        assert_eq!(pipeline.trim(asked(&[7, 8], &[(0, 4)])), None);
        assert_eq!(pipeline.trim(asked(&[6, 7], &[(0, 4), (1, 5)])), Some(asked(&[6], &[(0, 4), (1, 8)])));
        // THEN neither is taken twice, unless it brings more
        assert!(!pipeline.enter(witness(1, 7), 3) && pipeline.enter(witness(1, 7), 4));
        // WHEN one is handed over and one fails THEN both may be asked for; the second is taken in again
        assert!(pipeline.is_busy());
        pipeline.hand_over([witness(1, 7).hash].into_iter());
        pipeline.fail(&witness(1, 8).hash);
        assert!(!pipeline.is_busy());
        assert_eq!(pipeline.trim(asked(&[7, 8], &[])), Some(asked(&[7, 8], &[])));
        assert!(!pipeline.enter(witness(1, 7), 4) && pipeline.enter(witness(1, 8), 3));
    }
}
