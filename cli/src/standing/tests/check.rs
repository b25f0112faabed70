//! A file that can't work is told before anything depends on it.

use super::*;
use crate::{compare::tests as sample, standing::offers::parse};
use loadstone_core::{AreaId, BoundedVec, Watts};

fn offers() -> Offers {
    let text = "programmes = [1]\nareas = [1]\ndirection = \"down\"\nutc_offset_minutes = 0\nevents_a_day_max = 0\n\
                budget_min = \"0\"\n[[resources]]\nresource = 0\noffers = \"0.02:100\"\n\
                times = [{ days = \"weekend\", offers = \"0.02:300\" }]\n";
    parse(text).expect("sound")
}

fn found(registered: Registered, owner: [u8; 32]) -> String {
    let (offers, programmes) = (offers(), [(ProgrammeId(1), sample::programme())]);
    let owner = AccountId::new(owner);
    unfit(&offers.resources[0], &registered, &offers, (Some(&owner), &programmes)).join("\n")
}

#[test]
fn every_list_of_offers_is_held_to_the_capacity() {
    // GIVEN a resource that can do all of it THEN nothing is told
    let registered = sample::resource(0).resource;
    assert_eq!(found(registered.clone(), [9; 32]), "");
    // GIVEN one that can't do what it offers on weekends, of somebody else, elsewhere THEN each is told
    let weak = Registered { capacity_down: Watts(200), ..registered.clone() };
    assert!(found(weak, [9; 32]).contains("programme 1: refused: Bids.BidAboveCapacity"));
    assert!(found(registered.clone(), [8; 32]).contains("resource 0 belongs to"));
    assert!(found(Registered { area: AreaId(2), ..registered }, [9; 32]).contains("lies in area 2"));
}

#[test]
fn a_programme_that_takes_no_such_bids_is_told() {
    let misused = |rules: Programme| misused(ProgrammeId(1), &rules, &offers()).join("\n");
    // GIVEN a programme of bids in the area THEN nothing is told
    assert_eq!(misused(sample::programme()), "");
    // GIVEN contracts, or other areas THEN that is told
    assert!(misused(Programme { pricing: Pricing::Bilateral, ..sample::programme() }).contains("contracts"));
    let elsewhere = BoundedVec::truncate_from(vec![AreaId(3)]);
    assert!(misused(Programme { areas: elsewhere, ..sample::programme() }).contains("covers none"));
}
