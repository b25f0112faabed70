//! What the lane holds, and how long.

use futures::{FutureExt, StreamExt};
use sc_transaction_pool_api::{
    error::Error,
    TransactionSource::External,
    TransactionStatus::{Finalized, InBlock, Invalid, Ready, Retracted},
};
use sp_runtime::{transaction_validity::InvalidTransaction, OpaqueExtrinsic};

use super::{block, extrinsic, hash, order, Block, Hash, TestChain};
use crate::{book::Status, Lane, MOST};

fn lane() -> (TestChain, Lane<Block, TestChain>) {
    let chain = TestChain::new();
    (chain.clone(), Lane::new(chain))
}

fn hold(lane: &Lane<Block, TestChain>, at: Hash, extrinsic: &OpaqueExtrinsic) -> Result<bool, Error> {
    lane.hold(at, External, hash(extrinsic), extrinsic)
}

fn waiting(lane: &Lane<Block, TestChain>, at: Hash) -> Vec<Hash> {
    lane.waiting(at).iter().map(|order| order.hash).collect()
}

fn told(watch: &mut (impl StreamExt<Item = Status<Block>> + Unpin)) -> Vec<Status<Block>> {
    std::iter::from_fn(|| watch.next().now_or_never().flatten()).collect()
}

#[test]
fn an_order_is_offered_until_a_block_has_it_and_held_until_that_is_final() {
    // GIVEN an order that someone watches
    let (chain, lane) = lane();
    hold(&lane, block(0), &order(0)).unwrap();
    let mut watch = lane.watch(&hash(&order(0))).unwrap();
    assert_eq!(waiting(&lane, block(0)), [hash(&order(0))]);

    // WHEN a block takes it
    let first = chain.make(1, 0, &[order(0)]);
    lane.follow(first);

    // THEN no other block needs it, but it is still held
    assert!(waiting(&lane, first).is_empty());
    assert!(lane.get(&hash(&order(0))).is_some());

    // AND when the block is final it is held no more
    lane.finalised(&[first]);
    assert!(lane.get(&hash(&order(0))).is_none());
    assert_eq!(told(&mut watch), [Ready, InBlock((first, 0)), Finalized((first, 0))]);
}

#[test]
fn an_order_whose_block_is_left_is_offered_again() {
    // GIVEN an order in a block
    let (chain, lane) = lane();
    hold(&lane, block(0), &order(0)).unwrap();
    let mut watch = lane.watch(&hash(&order(0))).unwrap();
    let (left, other) = (chain.make(1, 0, &[order(0)]), chain.make(2, 0, &[]));
    lane.follow(left);

    // WHEN the chain goes on without that block
    let waiting = waiting(&lane, other);

    // THEN the order waits again
    assert_eq!(waiting, [hash(&order(0))]);
    assert_eq!(told(&mut watch), [Ready, InBlock((left, 0)), Retracted(left)]);
}

#[test]
fn an_order_that_arrives_after_its_block_waits_for_none() {
    // GIVEN a lane that follows a chain, since it holds an order, and a block with the second order
    let (chain, lane) = lane();
    hold(&lane, block(0), &order(0)).unwrap();
    let first = chain.make(1, 0, &[order(0), order(1)]);
    lane.follow(first);

    // WHEN the second is validated at the block before, and arrives now
    hold(&lane, block(0), &order(1)).unwrap();

    // THEN it does not wait
    assert!(waiting(&lane, first).is_empty());
}

#[test]
fn orders_are_offered_in_the_order_in_which_they_build_on_each_other() {
    // GIVEN three orders that arrive in the wrong order
    let (_, lane) = lane();
    for nonce in [2, 0, 1] {
        hold(&lane, block(0), &order(nonce)).unwrap();
    }

    // WHEN a block is made, THEN they come in the right one
    assert_eq!(waiting(&lane, block(0)), [0, 1, 2].map(|nonce| hash(&order(nonce))));
}

#[test]
fn an_order_that_the_final_state_refuses_is_let_go_and_its_watcher_told() {
    // GIVEN an order whose nonce something else takes
    let (chain, lane) = lane();
    hold(&lane, block(0), &order(0)).unwrap();
    let mut watch = lane.watch(&hash(&order(0))).unwrap();
    let first = chain.make(1, 0, &[extrinsic(&[0, 1])]);

    // WHEN that is final
    lane.finalised(&[first]);

    // THEN the order is gone, and its watcher knows
    assert!(lane.get(&hash(&order(0))).is_none());
    assert_eq!(told(&mut watch), [Ready, Invalid]);
}

#[test]
fn an_order_that_lacks_its_predecessor_stays() {
    // GIVEN an order whose predecessor is still under way
    let (chain, lane) = lane();
    hold(&lane, block(0), &order(1)).unwrap();

    // WHEN a block without either is final
    let first = chain.make(1, 0, &[]);
    lane.finalised(&[first]);

    // THEN it is offered still
    assert_eq!(waiting(&lane, first), [hash(&order(1))]);
}

#[test]
fn an_order_that_comes_twice_is_held_once() {
    let (_, lane) = lane();
    assert!(hold(&lane, block(0), &order(0)).unwrap());
    assert!(!hold(&lane, block(0), &order(0)).unwrap());
    assert_eq!(waiting(&lane, block(0)).len(), 1);
}

#[test]
fn what_the_runtime_refuses_is_not_held() {
    // GIVEN a chain that has gone beyond an order
    let (chain, lane) = lane();
    let first = chain.make(1, 0, &[order(0)]);

    // WHEN it comes, THEN it is refused with the runtime's reason
    let refused = hold(&lane, first, &order(0)).unwrap_err();
    assert!(matches!(refused, Error::InvalidTransaction(InvalidTransaction::Stale)), "{refused}");
}

#[test]
fn a_full_lane_refuses_instead_of_losing() {
    // GIVEN as many orders as are held, of distinct bytes
    let (_, lane) = lane();
    let mut number = 0u32;
    let mut next = || {
        number += 1;
        extrinsic(&[&[0], &number.to_be_bytes()[..]].concat())
    };
    for _ in 0..MOST {
        hold(&lane, block(0), &next()).unwrap();
    }

    // WHEN one more comes, THEN it is refused and none is lost
    assert!(matches!(hold(&lane, block(0), &next()), Err(Error::ImmediatelyDropped)));
    assert_eq!(lane.waiting_anywhere().len(), MOST);
}
