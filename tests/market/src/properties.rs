//! Random markets through the whole runtime: money is conserved, and more delivery is never worth less.

use crate::{
    cases::millis,
    market::{Bid, Market, Opening, AGGREGATORS, GRID},
};
use loadstone_core::{Balance, DeviceId, Direction, ResourceId, Watts};
use loadstone_market::{BaselineMethod, Programme, Statement};
use loadstone_runtime::{Bids, Settlement};
use proptest::prelude::*;

/// When events are opened.
const OPENED: i64 = 1_613_606_400;
/// Seconds of a settlement interval.
const INTERVAL: i64 = 60;
/// Load of everybody without regulation.
const LOAD: i64 = 1_000_000;
/// Width of a price.
const TICK: u64 = 50_000;

/// One resource: its offers as (ticks above the one before, watts), and the percents of its award that it delivers.
#[derive(Clone, Debug)]
struct Spec {
    offers: Vec<(u64, i64)>,
    percents: [i64; 2],
}

/// A market: resources, the share of all offers that is needed, and that of its worth that the budget covers, in percent.
#[derive(Clone, Debug)]
struct MarketSpec {
    resources: Vec<Spec>,
    needed: i64,
    budget: u128,
}

fn spec() -> impl Strategy<Value = Spec> {
    let offers = proptest::collection::vec((1u64..8, 1_000i64..90_000), 1..=3);
    (offers, -40i64..260, -40i64..260).prop_map(|(offers, first, second)| Spec { offers, percents: [first, second] })
}

fn market() -> impl Strategy<Value = MarketSpec> {
    (proptest::collection::vec(spec(), 1..6), 5i64..130, 1u128..120)
        .prop_map(|(resources, needed, budget)| MarketSpec { resources, needed, budget })
}

fn programme() -> Programme {
    Programme {
        baseline: BaselineMethod::MeterBefore { readings: 10 },
        settlement_interval_ms: INTERVAL as u32 * 1_000,
        reveal_ms: 10_000,
        grace_ms: 1_000,
        dispute_ms: 10_000,
        hearing_ms: 10_000,
        ..Programme::plain()
    }
}

fn bids(spec: &MarketSpec) -> Vec<Bid> {
    let bid = |(place, resource): (usize, &Spec)| {
        let priced = resource.offers.iter().scan(0, |price, (ticks, watts)| {
            *price += ticks * TICK;
            Some((*price, *watts))
        });
        let (owner, resource) = (AGGREGATORS[place % 2], ResourceId(place as u32));
        Bid { owner, resource, offers: priced.collect() }
    };
    spec.resources.iter().enumerate().map(bid).collect()
}

/// The market from its opening to its settlement; every statement, with books that balance.
fn settled(spec: &MarketSpec) -> Vec<Statement> {
    let mut market = Market::new(&programme(), millis(OPENED - 60));
    let bids = bids(spec);
    for bid in &bids {
        assert_eq!(market.register(bid.owner), bid.resource);
        market.ledger.write(DeviceId(bid.resource.0), millis(OPENED - 20), &[Some(LOAD); 20]);
    }
    let Market { chain, ledger } = &mut market;
    ledger.anchor(chain, millis(OPENED - 1));
    let before = market.books();
    let offered: i64 = bids.iter().flat_map(|bid| &bid.offers).map(|(_, watts)| watts).sum();
    let peak = (offered * spec.needed / 100).max(1);
    let start = OPENED + 60;
    let worth = peak as u128 * u128::from(programme().price_cap.0) * 2 * INTERVAL as u128 / 3_600_000;
    let opening = Opening {
        at: millis(OPENED),
        direction: Direction::Down,
        needs: vec![peak, peak / 2],
        start: millis(start),
        gate: millis(OPENED + 20),
        budget: (worth * spec.budget / 1_000).max(1),
    };
    let event = market.open(&opening);
    market.commit(event, &bids);
    market.reveal(event, &bids);
    market.clear_and_dispatch(event, programme().reveal_ms);
    for (place, resource) in spec.resources.iter().enumerate() {
        let id = ResourceId(place as u32);
        let Watts(award) = market.chain.read(|| Bids::award_of(event, id)).expect("cleared");
        let loads = resource.percents.map(|percent| vec![Some(LOAD - award * percent / 100); INTERVAL as usize]);
        market.ledger.write(DeviceId(id.0), millis(start), &loads.concat());
    }
    let Market { chain, ledger } = &mut market;
    ledger.anchor(chain, millis(start + 2 * INTERVAL + 2));
    market.record(event);
    market.settle(event, programme().dispute_ms);
    let of = |id: &Bid| market.chain.read(|| Settlement::statement_of(event, id.resource)).expect("drawn up");
    let statements: Vec<Statement> = bids.iter().map(of).collect();
    balance(&mut market, &before, &bids, &statements, opening.budget);
    statements
}

/// The pot is shared out, and each account won what its statements say.
fn balance(market: &mut Market, before: &crate::money::Books, bids: &[Bid], statements: &[Statement], budget: Balance) {
    let sum = |part: fn(&Statement) -> Balance| statements.iter().map(part).sum::<Balance>();
    assert_eq!(sum(|one| one.paid), budget.min(sum(|one| one.claim)), "the pot pays all claims, or all of itself");
    assert!(statements.iter().all(|one| one.paid <= one.claim));
    let won = |who: &str| {
        let own = bids.iter().zip(statements).filter(|(bid, _)| who == bid.owner || who == GRID);
        let sum: i128 = own.map(|(_, one)| one.paid as i128 - one.penalty as i128).sum();
        if who == GRID {
            -sum
        } else {
            sum
        }
    };
    let named = [GRID, AGGREGATORS[0], AGGREGATORS[1]];
    assert_eq!(market.books().gains(before, &named), named.map(won));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_markets_conserve_every_micro_yuan(spec in market()) {
        // GIVEN any offers, deliveries, need and budget THEN books balance, see `balance`
        settled(&spec);
    }

    #[test]
    fn more_delivery_is_never_paid_less_nor_punished_more(
        spec in market(), who in any::<prop::sample::Index>(), more in (0i64..150, 0i64..150),
    ) {
        // GIVEN one market twice, in the second of which one resource delivers more
        let place = who.index(spec.resources.len());
        let mut better = spec.clone();
        let percents = &mut better.resources[place].percents;
        *percents = [percents[0] + more.0, percents[1] + more.1];
        let (first, second) = (settled(&spec), settled(&better));
        // THEN its claim is no smaller and its penalty no greater, and nobody else's changed
        prop_assert!(second[place].claim >= first[place].claim && second[place].penalty <= first[place].penalty);
        for other in (0..spec.resources.len()).filter(|other| *other != place) {
            prop_assert_eq!((second[other].claim, second[other].paid_energy), (first[other].claim, first[other].paid_energy));
        }
    }
}
