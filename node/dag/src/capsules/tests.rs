//! Capsules from a chain in memory.

use super::*;
use futures::stream;
use loadstone_core::{AnchorNumber, AreaId, BoundedVec, Direction, CHANGE_ENGINE_ID};
use loadstone_evidence::testing::{child, justify, scheduled, set, State};
use loadstone_market::{Order, OrderRule};
use sp_keyring::Ed25519Keyring::{Alice, Bob, Charlie, Dave};
use sp_runtime::{generic::DigestItem, traits::Header as _};
use std::collections::BTreeMap;

const DOWN: Direction = Direction::Down;
const FUTURE: Millis = Millis(u64::MAX / 2);

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Default)]
struct Source {
    blocks: BTreeMap<Hash, (Header, Entries)>,
}

impl Source {
    /// A block on top of `parent` in whose state `entries` stand.
    fn block(&mut self, parent: &Header, entries: &Entries, logs: Vec<DigestItem>) -> Header {
        let listed: Vec<_> = entries.clone().into_iter().collect();
        let header = child(parent, State::new(&listed).root, logs);
        self.blocks.insert(header.hash(), (header.clone(), entries.clone()));
        header
    }
}

impl OrderSource for Source {
    fn header(&self, hash: Hash) -> Result<Option<Header>, ChainError> {
        Ok(self.blocks.get(&hash).map(|(header, _)| header.clone()))
    }

    fn value(&self, at: Hash, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError> {
        Ok(self.blocks.get(&at).and_then(|(_, entries)| entries.get(key).cloned()))
    }

    fn keys(&self, at: Hash, prefix: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ChainError> {
        let keys = self.blocks.get(&at).into_iter().flat_map(|(_, entries)| entries.keys());
        Ok(keys.filter(|key| key.starts_with(prefix)).take(limit).cloned().collect())
    }

    fn proof(&self, at: Hash, key: &[u8]) -> Result<Vec<Vec<u8>>, ChainError> {
        let entries = self.blocks.get(&at).into_iter().flat_map(|(_, entries)| entries.clone());
        Ok(State::new(&entries.collect::<Vec<_>>()).prove(&[key.to_vec()]))
    }
}

fn order(area: u16, sequence: u64, end: Millis) -> Order {
    Order {
        area: AreaId(area),
        direction: DOWN,
        sequence,
        rule: OrderRule::Release,
        start: Millis(10),
        end,
        issued_at: Millis(5),
        reference_anchor: AnchorNumber(2),
        reason: BoundedVec::default(),
    }
}

fn put(entries: &mut Entries, order: &Order) {
    entries.insert(keys::order(order.area, DOWN), order.encode());
}

fn vote_of(entries: &mut Entries, set: &AuthoritySet) {
    entries.insert(keys::grandpa_set_id(), set.id.encode());
    entries.insert(keys::grandpa_authorities(), set.authorities.encode());
}

fn notice(area: u16) -> DigestItem {
    DigestItem::Consensus(CHANGE_ENGINE_ID, ChangeNotice::Order(AreaId(area), DOWN).encode())
}

fn genesis() -> Header {
    Header::new(0, Hash::zero(), Hash::zero(), Hash::zero(), Default::default())
}

fn shown(board: &Capsules, set: &AuthoritySet, area: u16) -> Option<(BlockNumber, u64)> {
    let capsule = board.get((AreaId(area), DOWN))?;
    let verified = OrderCapsule::verify(&capsule, set, AreaId(area), DOWN).expect("a device accepts it");
    verified.order.map(|order| (verified.number, order.sequence))
}

#[tokio::test]
async fn every_running_order_has_its_capsule_from_the_start_and_new_ones_follow_their_notices() {
    // GIVEN a chain with an order that runs, one that has ended, and a change of the voters
    let (first, second) = (set(4, &[Alice, Bob]), set(5, &[Charlie, Dave]));
    let (mut source, mut entries) = (Source::default(), Entries::new());
    vote_of(&mut entries, &first);
    put(&mut entries, &order(1, 7, FUTURE));
    put(&mut entries, &order(2, 3, Millis(20)));
    let one = source.block(&genesis(), &entries, vec![]);
    let two = source.block(&one, &entries, vec![]);
    // AND two orders in the blocks that the next justification finalises, the latter in that which ends
    // the voters' turn
    put(&mut entries, &order(3, 1, FUTURE));
    let three = source.block(&two, &entries, vec![notice(3)]);
    put(&mut entries, &order(1, 8, FUTURE));
    vote_of(&mut entries, &second);
    let four = source.block(&three, &entries, vec![notice(1), scheduled(&second)]);
    put(&mut entries, &order(3, 2, FUTURE));
    let five = source.block(&four, &entries, vec![notice(3)]);
    let by = |set: u64, block: &Header| match set {
        4 => justify(1, 4, block, &[(Alice, block), (Bob, block)], &[]),
        _ => justify(1, 5, block, &[(Charlie, block), (Dave, block)], &[]),
    };
    let justified = |set, block: &Header| Justified { hash: block.hash(), justification: by(set, block) };
    let source = Arc::new(source);
    // WHEN the first justification comes THEN the running order has its capsule
    let board = Capsules::default();
    make(source.clone(), stream::iter([justified(4, &two)]).boxed(), board.clone()).await;
    assert_eq!((shown(&board, &first, 1), shown(&board, &first, 2)), (Some((2, 7)), None));
    // WHEN the others come THEN each order is proven in the block justified, by the set that voted on it
    let rest = [justified(4, &two), justified(4, &four)];
    make(source.clone(), stream::iter(rest).boxed(), board.clone()).await;
    assert_eq!((shown(&board, &first, 1), shown(&board, &first, 3)), (Some((4, 8)), Some((4, 1))));
    let rest = [justified(4, &four), justified(5, &five)];
    make(source, stream::iter(rest).boxed(), board.clone()).await;
    assert_eq!(shown(&board, &second, 3), Some((5, 2)));
}

#[tokio::test]
async fn what_a_device_would_refuse_is_not_put_up_and_the_next_one_is() {
    // GIVEN a justification that lacks the quorum, of a block with a notice
    let voters = set(4, &[Alice, Bob]);
    let (mut source, mut entries) = (Source::default(), Entries::new());
    vote_of(&mut entries, &voters);
    let one = source.block(&genesis(), &entries, vec![]);
    let two = source.block(&one, &entries, vec![]);
    put(&mut entries, &order(1, 1, FUTURE));
    let three = source.block(&two, &entries, vec![notice(1)]);
    put(&mut entries, &order(1, 2, FUTURE));
    let four = source.block(&three, &entries, vec![notice(1)]);
    let full = |block: &Header| justify(1, 4, block, &[(Alice, block), (Bob, block)], &[]);
    let justified = |block: &Header, justification| Justified { hash: block.hash(), justification };
    let weak = justify(1, 4, &three, &[(Alice, &three)], &[]);
    let (source, board) = (Arc::new(source), Capsules::default());
    // THEN no capsule comes of it, nor of a block that is not here
    let stranger = child(&four, Hash::zero(), vec![]);
    let blocks = [justified(&two, full(&two)), justified(&three, weak), justified(&stranger, full(&stranger))];
    make(source.clone(), stream::iter(blocks).boxed(), board.clone()).await;
    assert_eq!(board.get((AreaId(1), DOWN)), None);
    // AND the next good one is made
    let blocks = [justified(&two, full(&two)), justified(&four, full(&four))];
    make(source, stream::iter(blocks).boxed(), board.clone()).await;
    assert_eq!(shown(&board, &voters, 1), Some((4, 2)));
}
