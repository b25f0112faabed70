//! Bilateral programmes: offered, accepted, metered and paid, without a bid or an order.

use crate::{
    baselines::Window,
    cases::{millis, Case},
    chain::{By, Chain},
    conduct::Conduct,
    market::{needs, AGGREGATORS, PROGRAMME},
    walk::{Expected, Paid, Player, Running, Walk},
};
use loadstone_core::Price;
use loadstone_market::Phase;
use loadstone_runtime::{Bids, Runtime};

/// Watts agreed in each quarter of an hour.
const AGREED: [i64; 2] = [7_400, 5_123];

/// What each pays in micro-yuan per kWh.
const PRICE: u64 = 640_000;

/// A contract of each way to behave; the other aggregator buys.
pub fn deals(case: Case) -> Vec<Paid> {
    let mut walk = Walk::new(case, &[Conduct::Full, Conduct::Over, Conduct::Fails]);
    let (window, before) = (case.window(&walk.programme), walk.market.books());
    let players = walk.players.clone();
    let mut events: Vec<Running> = players.iter().map(|player| deal(&mut walk, *player, window)).collect();
    walk.measure(&mut events);
    for running in &events {
        walk.record(running);
    }
    walk.settle(&events, &before).into_iter().flatten().collect()
}

fn deal(walk: &mut Walk, player: Player, window: Window) -> Running {
    let chain = &mut walk.market.chain;
    let event = chain.read(pallet_bids::NextEvent::<Runtime>::get);
    let buyer = if player.owner == AGGREGATORS[0] { AGGREGATORS[1] } else { AGGREGATORS[0] };
    let offer = pallet_bids::Call::offer_contract {
        programme: PROGRAMME,
        resource: player.id,
        direction: walk.case.direction,
        needs: needs(&AGREED),
        start: millis(window.start),
        price: Price(PRICE),
    };
    // WHEN the buyer offers THEN it is open, and nobody but the owner accepts
    let at = millis(window.opened);
    chain.block(at, vec![(By::Signer(buyer), offer.into())]);
    let phase = |chain: &mut Chain| chain.read(|| Bids::event_summary(event)).map(|told| told.event.phase);
    assert_eq!(phase(chain), Some(Phase::Open));
    let accept = || pallet_bids::Call::accept_contract { event }.into();
    assert!(chain.refusal(at, By::Signer(buyer), accept()).is_some(), "the buyer can't accept for the owner");
    // WHEN the owner accepts THEN it binds at once
    chain.block(at, vec![(By::Signer(player.owner), accept())]);
    assert_eq!(phase(chain), Some(Phase::Dispatched));
    let award = i128::from(AGREED[0]);
    let resource = Expected {
        player,
        award,
        value: award * i128::from(PRICE),
        quotas: AGREED.iter().map(|watts| i128::from(*watts)).collect(),
        baseline: walk.baseline(&player, &window),
        delivered: Vec::new(),
    };
    Running { event, window, margin: PRICE.into(), buyer, resources: vec![resource] }
}
