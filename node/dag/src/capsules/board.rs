//! The newest capsule of each area and direction.
//!
//! Connections are woken when one changes and fetch what they lack, so nothing queues up for a slow
//! device: what is replaced before it was sent is never sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use codec::Encode;
use loadstone_core::{AreaId, BlockNumber, Direction, Millis};
use loadstone_dag::GatewayMessage;
use parking_lot::RwLock;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Bytes;

/// Capsules kept; more areas have no order at the same time.
const MAX_KEPT: usize = 1_024;

/// Capsules sent at once to a connection whose devices' areas are not known; of more it gets none before.
const MAX_UNASKED: usize = 8;

/// Whom an order addresses, and which way.
pub type Place = (AreaId, Direction);

struct Kept {
    /// Rises with every capsule put up.
    version: u64,
    number: BlockNumber,
    ends: Millis,
    capsule: Vec<u8>,
    /// As it is sent; cheap to clone.
    frame: Bytes,
}

/// See the module's text; cheap to clone.
#[derive(Clone)]
pub struct Capsules {
    kept: Arc<RwLock<BTreeMap<Place, Kept>>>,
    version: Arc<watch::Sender<u64>>,
}

/// What a connection has been sent.
#[derive(Default)]
pub struct Sent(BTreeMap<Place, u64>);

impl Default for Capsules {
    fn default() -> Self {
        Self { kept: Arc::default(), version: Arc::new(watch::Sender::new(0)) }
    }
}

impl Capsules {
    /// Puts up the capsule of an order that stands in the block of height `number` and ends at `ends`,
    /// unless a newer one is there. Those of orders that had ended by `now` are taken down.
    pub fn put(&self, place: Place, number: BlockNumber, ends: Millis, capsule: Vec<u8>, now: Millis) {
        let mut kept = self.kept.write();
        kept.retain(|_, kept| kept.ends > now);
        let is_older = kept.get(&place).is_some_and(|kept| kept.number >= number);
        if is_older || (kept.len() >= MAX_KEPT && !kept.contains_key(&place)) {
            return;
        }
        let frame = GatewayMessage::Capsule(capsule.clone()).encode().into();
        self.version.send_modify(|version| {
            *version += 1;
            kept.insert(place, Kept { version: *version, number, ends, capsule, frame });
        });
    }

    /// The newest capsule.
    pub fn get(&self, place: Place) -> Option<Vec<u8>> {
        self.kept.read().get(&place).map(|kept| kept.capsule.clone())
    }

    /// Wakes whoever waits for a new one.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Frames that a connection lacks whose devices lie in these areas; an empty set says that the areas
    /// are not known.
    pub(crate) fn lacking(&self, sent: &mut Sent, areas: &BTreeSet<AreaId>) -> Vec<Bytes> {
        let kept = self.kept.read();
        sent.0.retain(|place, _| kept.contains_key(place));
        if areas.is_empty() && kept.len() > MAX_UNASKED {
            return Vec::new();
        }
        let wanted = kept.iter().filter(|((area, _), _)| areas.is_empty() || areas.contains(area));
        let new = wanted.filter(|(place, kept)| sent.0.insert(**place, kept.version) != Some(kept.version));
        new.map(|(_, kept)| kept.frame.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000);

    fn place(area: u16) -> Place {
        (AreaId(area), Direction::Down)
    }

    fn frame(byte: u8) -> Bytes {
        GatewayMessage::Capsule(vec![byte]).encode().into()
    }

    fn areas(list: &[u16]) -> BTreeSet<AreaId> {
        list.iter().copied().map(AreaId).collect()
    }

    #[test]
    fn a_slow_connection_gets_the_newest_only_and_each_once() {
        // GIVEN three capsules of one area, the last of which comes late and is older
        let (board, mut sent) = (Capsules::default(), Sent::default());
        for (number, byte) in [(5, 1), (7, 2), (6, 3)] {
            board.put(place(1), number, Millis(9_000), vec![byte], NOW);
        }
        // THEN the newest is there, is sent, and is not sent again
        assert_eq!(board.get(place(1)), Some(vec![2]));
        assert_eq!(board.lacking(&mut sent, &areas(&[])), [frame(2)]);
        assert_eq!(board.lacking(&mut sent, &areas(&[1])), [] as [Bytes; 0]);
    }

    #[test]
    fn devices_get_their_own_areas_capsules_and_strangers_a_few_or_none() {
        // GIVEN capsules of two areas
        let board = Capsules::default();
        board.put(place(1), 5, Millis(9_000), vec![1], NOW);
        board.put(place(2), 5, Millis(9_000), vec![2], NOW);
        // THEN a connection of one area gets one, and one that is not known both
        assert_eq!(board.lacking(&mut Sent::default(), &areas(&[2])), [frame(2)]);
        assert_eq!(board.lacking(&mut Sent::default(), &areas(&[])), [frame(1), frame(2)]);
        // WHEN there are many THEN one that is not known waits until its area is
        for area in 3..20 {
            board.put(place(area), 5, Millis(9_000), vec![area as u8], NOW);
        }
        let mut sent = Sent::default();
        assert!(board.lacking(&mut sent, &areas(&[])).is_empty());
        assert_eq!(board.lacking(&mut sent, &areas(&[9])), [frame(9)]);
    }

    #[test]
    fn ended_orders_go_and_the_board_is_bounded() {
        // GIVEN a full board
        let board = Capsules::default();
        for area in 0..=MAX_KEPT as u16 {
            board.put(place(area), 5, Millis(9_000), vec![1], NOW);
        }
        assert!(board.get(place(MAX_KEPT as u16)).is_none());
        // WHEN its orders have ended THEN there is room again
        board.put(place(MAX_KEPT as u16), 6, Millis(19_000), vec![2], Millis(9_000));
        assert_eq!(board.get(place(MAX_KEPT as u16)), Some(vec![2]));
        assert_eq!(board.get(place(0)), None);
    }
}
