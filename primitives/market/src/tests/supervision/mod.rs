//! Each detector finds what it is for, and leaves alone what only looks like it.

mod bids;
mod meters;
mod resources;
mod rules;

use crate::{supervision::*, tests::score::record, Clearing, EventRecord, Segment, Segments};
use loadstone_core::{AccountId, BasisPoints, OrganisationId, Price, Watts};

/// A record that delivers `delivered` where `quota` was asked, with a baseline of 500 W.
fn delivers(quota: &[i64], delivered: &[i64]) -> EventRecord {
    record(quota, delivered)
}

/// A clearing at `price`, with half of the `bucket` watts there awarded.
fn cleared(price: u64, bucket: i64) -> Clearing {
    Clearing {
        marginal_price: Price(price),
        residual: Watts(bucket / 2),
        marginal_total: Watts(bucket),
        ..Clearing::default()
    }
}

/// An organisation with these offers, each of one resource and before all others of its price.
fn tally(organisation: u16, clearing: &Clearing, offers: &[(u64, i64)]) -> Tally {
    let mut tally = Tally::new(OrganisationId(organisation), AccountId::new([organisation as u8; 32]));
    for (price, watts) in offers {
        let segment =
            Segment { price: Price(*price), watts: Watts(*watts), before: Watts(0), credit: BasisPoints::ONE };
        tally.add(clearing, &Segments::truncate_from(vec![segment]));
    }
    tally
}

/// The plain rules with some changed.
fn rules(change: impl FnOnce(&mut SupervisionRules)) -> SupervisionRules {
    let mut rules = SupervisionRules::plain();
    change(&mut rules);
    rules
}

fn bp(value: u32) -> BasisPoints {
    BasisPoints(value)
}
