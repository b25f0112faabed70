//! Sealed bids of all aggregators: committed, then revealed.

use super::{
    event::{PRICE_STEP, STEPS},
    flow,
    owners::{Owners, CAPACITY},
};
use anyhow::Result;
use loadstone_client::{call::Call, client::Chain};
use loadstone_core::{AccountId, BoundedVec, EventId, Hash, Price, ResourceId, Watts};
use loadstone_market::{seal, Batch, BidResources, BidSheet, Offer, ResourceBid, MAX_BID_RESOURCES};
use std::{collections::BTreeMap, time::Instant};

/// Salt of every seal: nobody is to be kept from knowing these bids.
const SALT: [u8; 32] = [7; 32];

/// All batches of all bidders in one event.
pub struct Bids {
    genesis: Hash,
    event: EventId,
    sheets: BTreeMap<AccountId, Vec<BidSheet>>,
}

/// What a step took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// Until the last transaction was final.
    pub seconds: f64,
    /// Bytes of all transactions.
    pub bytes: usize,
    /// Transactions.
    pub calls: usize,
}

impl Bids {
    /// Two offers for each resource, of prices that differ from one to the next.
    pub fn new(chain: &Chain, event: EventId, owners: &Owners) -> Result<Self> {
        let sheets = owners.0.iter().map(|owner| {
            let batches = owner.resources.chunks(MAX_BID_RESOURCES as usize);
            let sheets = batches.map(|batch| BidSheet::truncate_from(batch.iter().map(bid).collect()));
            (owner.pen.account(), sheets.collect())
        });
        Ok(Self { genesis: chain.genesis, event, sheets: sheets.collect() })
    }

    /// Commits all batches.
    pub async fn commit(&self, owners: &mut Owners) -> Result<Taken> {
        let call = |bidder: &AccountId, batch: Batch, sheet: &BidSheet| {
            let sealed = seal(&self.genesis, self.event, bidder, sheet, &SALT);
            let resources = BidResources::truncate_from(sheet.iter().map(|bid| bid.resource).collect());
            Call::new("Bids", "commit", (self.event, batch, sealed, resources))
        };
        self.send(owners, call).await
    }

    /// Reveals all batches.
    pub async fn reveal(&self, owners: &mut Owners) -> Result<Taken> {
        let call = |_: &AccountId, batch: Batch, sheet: &BidSheet| {
            Call::new("Bids", "reveal", (self.event, batch, sheet.clone(), SALT))
        };
        self.send(owners, call).await
    }

    async fn send(&self, owners: &mut Owners, call: impl Fn(&AccountId, Batch, &BidSheet) -> Call) -> Result<Taken> {
        let began = Instant::now();
        let each = owners.0.iter().map(|owner| {
            let bidder = owner.pen.account();
            let sheets = self.sheets.get(&bidder).into_iter().flatten();
            (0..).zip(sheets).map(|(batch, sheet)| call(&bidder, batch, sheet)).collect()
        });
        let each = each.collect();
        let (calls, bytes) = flow::send(&mut owners.0, each).await?;
        Ok(Taken { seconds: began.elapsed().as_secs_f64(), bytes, calls })
    }
}

/// Half of the capacity at a price, and the other half at a higher one.
fn bid(resource: &ResourceId) -> ResourceBid {
    let low = u64::from(resource.0) % (STEPS / 2);
    let offer = |step: u64| Offer { price: Price(step * PRICE_STEP), watts: Watts(CAPACITY / 2) };
    ResourceBid { resource: *resource, offers: BoundedVec::truncate_from(vec![offer(low), offer(low + STEPS / 2)]) }
}
