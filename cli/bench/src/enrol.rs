//! `order-bench enrol`: many devices registered in a few blocks, with what they offer.

use crate::pen::Pen;
use anyhow::{Context, Result};
use clap::Args;
use loadstone_client::{call::Call, client::Chain, output::write_line};
use loadstone_core::{AreaId, Device, Direction, Price, PublicKey, Resource, ResourceId, Watts};
use loadstone_evidence::keys;
use serde::Deserialize;
use serde_json::json;
use std::{collections::BTreeMap, fs, io, path::PathBuf};

/// Registers devices with their resources and declares what these offer.
///
/// The file holds one JSON object a line: {"key": "0x...", "area": 1, "down": 20000, "load_max": 90000,
/// "watts": 10, "price": 1500000, "response_ms": 2000}; watts and price (micro-yuan per kWh) are the
/// standing availability for consuming less. Prints {"key", "resource", "device"} in the file's order.
#[derive(Args, Debug)]
pub struct Enrol {
    /// Secret keys of the aggregators that own them in turn.
    #[arg(long, required = true)]
    owner: Vec<String>,
    /// The devices.
    file: PathBuf,
}

/// A device to register.
#[derive(Clone, Debug, Deserialize)]
pub struct Wanted {
    key: String,
    area: u16,
    down: i64,
    load_max: i64,
    watts: i64,
    price: u64,
    response_ms: u32,
}

/// A registered device.
pub struct Enrolled {
    /// Its resource.
    pub resource: ResourceId,
    /// What it was registered with.
    pub registered: Resource,
}

impl Wanted {
    fn public(&self) -> Result<PublicKey> {
        let bytes = hex::decode(self.key.trim_start_matches("0x")).context("a device's key is no hex")?;
        PublicKey::try_from(bytes).ok().context("a device's key has not 32 bytes")
    }

    fn register(&self) -> Result<Call> {
        Ok(register(AreaId(self.area), self.public()?, Watts(self.down), Watts(self.load_max)))
    }
}

/// The call that registers a device, whose load is never negative.
pub fn register(area: AreaId, key: PublicKey, down: Watts, load_max: Watts) -> Call {
    Call::new("Registry", "register_resource", (area, key, down, Watts(0), Watts(0), load_max))
}

/// The call that declares what a resource offers to consume less.
pub fn declare(resource: ResourceId, watts: Watts, price: Price, response_ms: u32) -> Call {
    Call::new("Dispatch", "declare_availability", (resource, Direction::Down, watts, price, response_ms))
}

impl Enrol {
    /// Carries the command out.
    pub async fn run(self, urls: &[String]) -> Result<()> {
        let text = fs::read_to_string(&self.file).with_context(|| format!("can't read {}", self.file.display()))?;
        let wanted = text.lines().map(serde_json::from_str).collect::<Result<Vec<Wanted>, _>>()?;
        let chain = Chain::connect(urls.last().context("no address")?).await?;
        let mut pens = Vec::new();
        for suri in &self.owner {
            pens.push(Pen::new(&chain, suri).await?);
        }
        let count = pens.len();
        // Owners take devices in turn.
        let own = |turn| wanted.iter().skip(turn).step_by(count);
        for (turn, pen) in pens.iter_mut().enumerate() {
            pen.send_all(&chain, &own(turn).map(Wanted::register).collect::<Result<Vec<_>>>()?).await?;
        }
        let enrolled = enrolled(&chain).await?;
        let found = |one: &Wanted| -> Result<&Enrolled> {
            enrolled.get(&one.public()?).with_context(|| format!("the device {} was not registered", one.key))
        };
        for (turn, pen) in pens.iter_mut().enumerate() {
            let calls = own(turn)
                .map(|one| Ok(declare(found(one)?.resource, Watts(one.watts), Price(one.price), one.response_ms)));
            pen.send_all(&chain, &calls.collect::<Result<Vec<_>>>()?).await?;
        }
        for one in &wanted {
            let Enrolled { resource, registered } = found(one)?;
            let line = json!({ "key": one.key, "resource": resource, "device": registered.device });
            write_line(&mut io::stdout().lock(), &line.to_string())?;
        }
        Ok(())
    }
}

/// All registered devices by their keys.
pub async fn enrolled(chain: &Chain) -> Result<BTreeMap<PublicKey, Enrolled>> {
    let state = chain.finalised().await?;
    let next: ResourceId = state.get(keys::next_resource()).await?.unwrap_or_default();
    let ids: Vec<ResourceId> = (0..next.0).map(ResourceId).collect();
    let wanted: Vec<_> = ids.iter().map(|id| keys::resource(*id)).collect();
    let resources = state.get_all::<Resource>(&wanted).await?;
    let found: Vec<(ResourceId, Resource)> =
        ids.into_iter().zip(resources).filter_map(|(id, resource)| Some((id, resource?))).collect();
    let wanted: Vec<_> = found.iter().map(|(_, resource)| keys::device(resource.device)).collect();
    let devices = state.get_all::<Device>(&wanted).await?;
    let of_device = |((resource, registered), device): ((ResourceId, Resource), Option<Device>)| {
        Some((device?.key, Enrolled { resource, registered }))
    };
    Ok(found.into_iter().zip(devices).filter_map(of_device).collect())
}
