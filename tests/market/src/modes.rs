//! The source paper's pricing modes by name: what distinguishes each from the others, shown on the chain.

use crate::{
    cases::case,
    conduct::Conduct,
    contracts,
    presets::{event, judge, CONDUCTS},
    walk::{Paid, Walk},
};
use loadstone_runtime::Bids;

fn of(paid: &[Paid], conduct: Conduct) -> Paid {
    *paid.iter().find(|paid| paid.conduct == conduct).expect("it took part")
}

/// Price of an award, in micro-yuan per kWh.
fn price(paid: &Paid) -> i128 {
    paid.value / paid.award
}

#[test]
fn cost_compensation_pays_each_offer_its_own_price() {
    // GIVEN offers at 30 %, 50 % and half a tick more, and 70 % of a cap of 2.25 CNY
    let paid = event(case("cost-compensation.toml"));
    let prices = [Conduct::Full, Conduct::Over, Conduct::Fails].map(|conduct| price(&of(&paid, conduct)));
    // THEN each is paid what it asked for, whatever the others asked
    assert_eq!(prices, [670_000, 1_125_000, 1_570_000]);
}

#[test]
fn a_bidding_market_pays_everybody_the_price_that_clears_it() {
    // GIVEN offers at 0.9, 1.5 and 1.51, 2.1 and 2.7 CNY, of which the third is needed in part
    let paid = event(case("sichuan.toml"));
    // THEN all are paid 2.1 CNY, also those that asked for less
    let won: Vec<_> = paid.iter().filter(|paid| paid.award > 0).collect();
    assert_eq!(won.len(), 3);
    assert!(won.iter().all(|paid| price(paid) == 2_100_000));
}

#[test]
fn value_accounting_pays_by_performance() {
    // GIVEN a market that scales pay by the K index
    let paid = event(case("hunan-value-accounting.toml"));
    let (full, fails) = (of(&paid, Conduct::Full), of(&paid, Conduct::Fails));
    // THEN a fast and exact response earns more than its energy at the price, by its K
    let plain = full.due.paid_energy * price(&full) / 3_600_000_000;
    assert!((10_000..20_000).contains(&full.k_index), "{full:?}");
    assert!((full.due.claim * 10_000 - plain * full.k_index).abs() <= full.k_index);
    // AND one that never responded earns nothing for energy that any other mode would pay
    assert!(fails.due.paid_energy > 0 && fails.due.claim == 0, "{fails:?}");
}

#[test]
fn bilateral_contract_between_neighbours() {
    // GIVEN neighbours who agree on what a roof feeds in THEN its meter alone is paid, at their price
    let paid = contracts::deals(case("neighbour-trade.toml"));
    assert!(paid.iter().all(|paid| price(paid) == 640_000));
    assert!(of(&paid, Conduct::Full).due.paid_energy == of(&paid, Conduct::Full).agreed);
    // AND far too little costs a tenth of the price of what is missing to half of it
    assert!(of(&paid, Conduct::Fails).due.penalty > 0);
}

#[test]
fn bilateral_contract_of_a_charging_session() {
    // GIVEN a session of up to 7.4 kW THEN what was drawn is billed, and less costs nobody a penalty
    let paid = contracts::deals(case("charging-session.toml"));
    let billed = |conduct| of(&paid, conduct).due.claim;
    assert!(billed(Conduct::Fails) < billed(Conduct::Full));
    assert!(paid.iter().all(|paid| paid.due.paid_energy <= paid.agreed && paid.due.penalty == 0));
}

#[test]
fn real_time_bidding_clears_each_interval_by_itself() {
    // GIVEN a row of three intervals, a quarter of an hour apart, with dearer offers each time
    let case = case("real-time-bidding.toml");
    let mut walk = Walk::new(case, &CONDUCTS);
    let (mut window, before) = (case.window(&walk.programme), walk.market.books());
    let mut events = Vec::new();
    for _ in 0..3 {
        let mut running = [walk.dispatch(window)];
        walk.tempt(&window);
        walk.measure(&mut running);
        walk.record(&running[0]);
        events.extend(running);
        (window.start, window.opened, walk.dearer) = (window.start + 900, window.opened + 900, walk.dearer + 7);
        walk.live(window.opened - 120, window.opened);
    }
    // THEN each has a gate and a price of its own
    let gates = events.iter().map(|running| walk.market.chain.read(|| Bids::event_summary(running.event)));
    let gates: Vec<u64> = gates.map(|told| told.expect("opened").event.gate_closure.0).collect();
    assert!(gates.windows(2).all(|pair| pair[1] - pair[0] == 900_000));
    assert_eq!(events.iter().map(|running| running.margin).collect::<Vec<_>>(), [2_100_000, 2_170_000, 2_240_000]);
    // AND is paid at it, by what was delivered in it
    let paid = walk.settle(&events, &before);
    for (running, paid) in events.iter().zip(&paid) {
        judge(case, paid);
        assert!(paid.iter().filter(|paid| paid.award > 0).all(|paid| price(paid) == running.margin));
    }
}
