//! Every bid that could not be revealed is refused by the name of the rule, with the limits.

use super::*;
use crate::{compare::tests as sample, parse::resource_bid};
use loadstone_core::AreaId;

const OWNER: [u8; 32] = [9; 32];

/// 0.10 to 4.00 CNY/kWh in steps of 0.05, at least 1,000 W.
fn programme() -> Programme {
    let prices = (Price(100_000), Price(4_000_000), Price(50_000));
    let (price_floor, price_cap, price_tick) = prices;
    Programme { price_floor, price_cap, price_tick, bid_min: Watts(1_000), ..sample::programme() }
}

fn open() -> Event {
    Event { phase: Phase::Open, ..sample::event() }
}

/// Resources 0, 1, ... of area 1 that can shed 43,890 W and take up nothing.
fn resources(count: u32) -> Vec<Option<Resource>> {
    let capacity = |id| Resource { capacity_down: Watts(43_890), ..sample::resource(id).resource };
    (0..count).map(|id| Some(capacity(id))).collect()
}

fn sheet(offers: &[&str]) -> BidSheet {
    let bids = offers.iter().map(|offer| resource_bid(offer).expect("well formed"));
    BidSheet::truncate_from(bids.collect())
}

fn check(event: &Event, offers: &[&str], resources: &[Option<Resource>]) -> Result<(), Fault> {
    let programme = programme();
    let terms = Terms { id: EventId(2), event, programme: &programme, now: Millis(0) };
    terms.check_sheet(&AccountId::new(OWNER), &sheet(offers), resources)
}

/// The sentence for offers of which the first resource's are refused.
fn refused(offers: &str) -> String {
    check(&open(), &[offers], &resources(1)).expect_err("inadmissible").to_string()
}

#[test]
fn an_admissible_sheet_passes() {
    // GIVEN offers at floor and cap, up to the whole capacity, of two resources
    let offers = ["0=0.1:1,4:43889", "1=1.20:1000"];
    // THEN they pass
    assert!(check(&open(), &offers, &resources(2)).is_ok());
}

#[test]
fn watts_are_held_to_capacity_and_minimum() {
    // GIVEN too many, too few, none and negative watts THEN rule and limits are named
    let text = refused("0=1.20:99999999");
    assert!(text.contains("Bids.BidAboveCapacity") && text.contains("99999999 W"), "{text}");
    assert!(text.contains("43890 W") && text.contains("consume less"), "{text}");
    let text = refused("0=1.20:500,1.30:499");
    assert!(text.contains("Bids.BidBelowMinimum") && text.contains("999 W") && text.contains("1000 W"), "{text}");
    for watts in ["0", "-5"] {
        let text = refused(&format!("0=1.20:2000,1.30:{watts}"));
        assert!(text.contains("Bids.NoWatts") && text.contains(&format!("{watts} W")), "{text}");
    }
    let text = refused(&format!("0=1.20:{0},1.30:{0}", i64::MAX));
    assert!(text.contains("Bids.Overflow"), "{text}");
}

#[test]
fn prices_are_held_to_floor_cap_tick_and_order() {
    // GIVEN prices outside floor and cap THEN both are named
    for price in ["99", "0.05"] {
        let text = refused(&format!("0={price}:8000"));
        assert!(text.contains("Bids.PriceOutOfRange"), "{text}");
        assert!(text.contains("0.100000 CNY/kWh to 4.000000 CNY/kWh"), "{text}");
    }
    // GIVEN a price between two steps THEN the step and its neighbours are named
    let text = refused("0=1.23456:8000");
    assert!(text.contains("Bids.PriceOffTick") && text.contains("steps of 0.050000"), "{text}");
    assert!(text.contains("take 1.200000 CNY/kWh or 1.250000 CNY/kWh"), "{text}");
    // GIVEN prices that fall or stay THEN both are named
    for prices in ["1.80:1000,1.20:1000", "1.80:1000,1.80:1000"] {
        let text = refused(&format!("0={prices}"));
        assert!(text.contains("Bids.PricesNotRising") && text.contains("after 1.800000"), "{text}");
    }
}

#[test]
fn resources_must_be_own_near_and_able() {
    let offers = ["0=1.20:8000"];
    let refused = |event: &Event, resource: Option<Resource>| {
        check(event, &offers, &[resource]).expect_err("inadmissible").to_string()
    };
    let [own] = &resources(1)[..] else { panic!("one resource") };
    let own = own.clone().expect("there");
    // GIVEN no resource, another's, one elsewhere THEN each is named
    assert!(refused(&open(), None).contains("Bids.UnknownResource"));
    let foreign = Resource { owner: AccountId::new([8; 32]), ..own.clone() };
    assert!(refused(&open(), Some(foreign)).contains("Bids.NotOwner"));
    let text = refused(&open(), Some(Resource { area: AreaId(7), ..own.clone() }));
    assert!(text.contains("Bids.OtherArea") && text.contains("area 7") && text.contains("area 1"), "{text}");
    // GIVEN an event in the direction for which nothing is registered THEN the direction is named
    let text = refused(&Event { direction: Direction::Up, ..open() }, Some(own));
    assert!(text.contains("Bids.CapacityBelowMinimum") && text.contains("0 W to consume more"), "{text}");
    // GIVEN a resource that is named twice THEN it is told how to write it
    let text = check(&open(), &["0=1.20:1000", "0=1.30:1000"], &resources(2)).expect_err("twice").to_string();
    assert!(text.contains("Bids.ResourcesNotRising") && text.contains("resource 0"), "{text}");
}

#[test]
fn bids_are_taken_while_the_event_is_open() {
    let programme = programme();
    let check = |event: &Event, now: u64| {
        Terms { id: EventId(2), event, programme: &programme, now: Millis(now) }.check_open().map_err(|e| e.to_string())
    };
    // GIVEN an open event whose gate closes at 11,000 ms THEN bids are taken before and refused from then on
    assert_eq!(check(&open(), 10_999), Ok(()));
    assert!(check(&open(), 11_000).is_err_and(|text| text.contains("Bids.GateClosed")));
    // GIVEN a settled event THEN its phase is named
    assert!(check(&sample::event(), 0).is_err_and(|text| text.contains("Bids.WrongPhase") && text.contains("settled")));
}
