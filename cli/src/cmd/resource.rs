//! `loadstone resource`: adjustable load and the devices that meter it.

use super::report;
use crate::{
    call::Call,
    context::Context,
    output::{hexed, Table},
    parse,
    reads::all,
};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{AreaId, Device, DeviceId, PublicKey, Resource as Registered, ResourceId, Watts};
use loadstone_evidence::keys;
use serde_json::json;

/// Registers and shows resources and their devices.
#[derive(Subcommand, Debug)]
pub enum Resource {
    /// Registers a resource with its device. By an aggregator.
    #[command(allow_negative_numbers = true)]
    Register {
        /// Where it is connected.
        #[arg(long)]
        area: u16,
        /// The device's public key, as hex or address.
        #[arg(long, value_parser = parse::public_key)]
        device_key: PublicKey,
        /// Capacity to consume less, in watts.
        #[arg(long, default_value_t = 0)]
        down: i64,
        /// Capacity to consume more, in watts.
        #[arg(long, default_value_t = 0)]
        up: i64,
        /// Least possible meter reading, in watts.
        #[arg(long)]
        load_min: i64,
        /// Greatest possible meter reading, in watts.
        #[arg(long)]
        load_max: i64,
    },
    /// Replaces a device's key. By its owner.
    RotateKey {
        /// The device.
        device: u32,
        /// Its new public key.
        #[arg(value_parser = parse::public_key)]
        key: PublicKey,
    },
    /// Refuses a device's units from now on. By its owner or the regulator.
    Revoke {
        /// The device.
        device: u32,
    },
    /// Begins a device's next life after a fork. By its owner.
    Renew {
        /// The device.
        device: u32,
        /// Its new public key.
        #[arg(value_parser = parse::public_key)]
        key: PublicKey,
    },
    /// Shows all resources.
    List,
}

impl Resource {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (call, done) = match self {
            Self::List => return list(context).await,
            Self::Register { area, device_key, down, up, load_min, load_max } => {
                let range = (Watts(down), Watts(up), Watts(load_min), Watts(load_max));
                let arguments = (AreaId(area), device_key, range.0, range.1, range.2, range.3);
                (Call::new("Registry", "register_resource", arguments), "registered")
            }
            Self::RotateKey { device, key } => {
                (Call::new("Registry", "rotate_device_key", (DeviceId(device), key)), "key replaced")
            }
            Self::Revoke { device } => (Call::new("Registry", "revoke_device", DeviceId(device)), "revoked"),
            Self::Renew { device, key } => (Call::new("Registry", "renew_device", (DeviceId(device), key)), "renewed"),
        };
        let chain = context.connect().await?;
        let receipt = context.sender(&chain)?.submit(&call).await?;
        let created = match receipt.number_in("Registry", "resource") {
            Some(resource) => json!({ "resource": resource }),
            None => json!({}),
        };
        report(context, &receipt, done, created);
        Ok(())
    }
}

async fn list(context: &Context) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let next: ResourceId = state.get(keys::next_resource()).await?.unwrap_or_default();
    let wanted: Vec<_> = (0..next.0).map(|id| keys::resource(ResourceId(id))).collect();
    let found = state.get_all::<Registered>(&wanted).await?;
    let found: Vec<(u32, Registered)> =
        (0..next.0).zip(found).filter_map(|(id, resource)| Some((id, resource?))).collect();
    let device_keys: Vec<_> = found.iter().map(|(_, resource)| keys::device(resource.device)).collect();
    let devices = all(state.get_all::<Device>(&device_keys).await?, "a device")?;
    let mut table = Table::new(&["resource", "area", "down W", "up W", "min W", "max W", "device key", "owner"]);
    let mut rows = Vec::new();
    for ((id, resource), device) in found.iter().zip(&devices) {
        table.row([
            id.to_string(),
            resource.area.to_string(),
            resource.capacity_down.0.to_string(),
            resource.capacity_up.0.to_string(),
            resource.load_min.0.to_string(),
            resource.load_max.0.to_string(),
            if device.revoked { "(revoked)".into() } else { hexed(&device.key) },
            resource.owner.to_string(),
        ]);
        rows.push(json!({ "resource": id, "registered": resource, "device": device }));
    }
    context.output().print(&json!(rows), || table.render());
    Ok(())
}
