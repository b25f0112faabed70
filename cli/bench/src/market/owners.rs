//! Aggregators with very many resources.

use super::flow;
use crate::{
    enrol::{enrolled, register},
    pen::Pen,
};
use anyhow::{ensure, Context, Result};
use codec::{Compact, Encode};
use loadstone_client::{call::Call, client::Chain};
use loadstone_core::{AccountId, AreaId, PublicKey, ResourceId, Watts};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Capacity of each resource, in watts.
pub const CAPACITY: i64 = 10_000;

/// Registrations in one transaction: as many as fit into a block.
const AT_ONCE: usize = 48;

/// An aggregator with its connection and its resources, in rising order.
pub struct Owner {
    /// Where its transactions go.
    pub chain: Arc<Chain>,
    /// Signs them.
    pub pen: Pen,
    /// What it owns.
    pub resources: Vec<ResourceId>,
}

/// All aggregators.
pub struct Owners(pub Vec<Owner>);

impl Owners {
    /// The accounts, spread over the nodes.
    pub async fn connect(chains: &[Arc<Chain>], accounts: &[String]) -> Result<Self> {
        let mut owners = Vec::new();
        for (suri, chain) in accounts.iter().zip(chains.iter().cycle()) {
            let pen = Pen::new(chain, suri).await?;
            owners.push(Owner { chain: chain.clone(), pen, resources: Vec::new() });
        }
        Ok(Self(owners))
    }

    /// Registers `count` resources in equal parts; tells how long that took.
    pub async fn enrol(&mut self, area: AreaId, count: u32) -> Result<Duration> {
        let (began, owners) = (Instant::now(), u32::try_from(self.0.len())?);
        let parts = (0..owners).map(|place| count / owners + u32::from(place < count % owners));
        let calls = self.0.iter().zip(parts).map(|(owner, part)| owner.registrations(area, part));
        let calls = calls.collect::<Result<Vec<_>>>()?;
        flow::send(&mut self.0, calls).await?;
        let took = began.elapsed();
        let chain = self.0.first().context("no account")?.chain.clone();
        let known = enrolled(&chain).await?;
        for owner in &mut self.0 {
            let account = owner.pen.account();
            let own = known.values().filter(|one| one.registered.owner == account && one.registered.area == area);
            owner.resources = own.map(|one| one.resource).collect();
            owner.resources.sort();
        }
        let found = self.resources();
        ensure!(found == count, "{found} of {count} resources were registered");
        Ok(took)
    }

    /// How many resources they own.
    pub fn resources(&self) -> u32 {
        self.0.iter().fold(0, |sum, owner| sum.saturating_add(owner.resources.len() as u32))
    }
}

impl Owner {
    /// Calls that register `count` resources.
    fn registrations(&self, area: AreaId, count: u32) -> Result<Vec<Call>> {
        let one = |number| {
            let key = device_key(&self.pen.account(), area, number);
            self.pen.encode(&register(area, key, Watts(CAPACITY), Watts(CAPACITY)))
        };
        let encoded = (0..count).map(one).collect::<Result<Vec<_>>>()?;
        let batch = |part: &[Vec<u8>]| {
            let mut bytes = Compact(u32::try_from(part.len())?).encode();
            part.iter().for_each(|call| bytes.extend(call));
            Ok(Call::from_bytes("Utility", "batch_all", bytes))
        };
        encoded.chunks(AT_ONCE).map(batch).collect()
    }
}

/// Keys of devices that never speak: the account's own, with area and number in it.
fn device_key(account: &AccountId, area: AreaId, number: u32) -> PublicKey {
    let mut key: PublicKey = account.clone().into();
    let place = (u64::from(area.0) << 32 | u64::from(number)).to_be_bytes();
    for (byte, bits) in key.iter_mut().skip(24).zip(place) {
        *byte ^= bits;
    }
    key
}
