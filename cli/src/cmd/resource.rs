//! `loadstone resource`: adjustable load and the devices that meter it.

use super::{profile, report};
use crate::{
    areas,
    call::Call,
    client::Chain,
    context::Context,
    output::{hexed, Table},
    parse,
    reads::all,
};
use anyhow::Result;
use clap::Subcommand;
use codec::{Decode, Encode};
use loadstone_core::{
    AreaId, Customer, Device, DeviceId, Incarnation, PublicKey, Resource as Registered, ResourceId, Sequence, Watts,
};
use loadstone_evidence::keys;
use serde::Serialize;
use serde_json::json;

/// What was reported of a device that signed two units for one slot: the value of `DagAnchor::DeviceFaults`.
#[derive(Clone, Copy, Debug, Encode, Decode, Serialize)]
struct Fork {
    /// Slots reported.
    count: u32,
    /// Incarnation of the last of them.
    incarnation: Incarnation,
    /// Its sequence.
    sequence: Sequence,
}

/// Registers and shows resources and their devices.
#[derive(Subcommand, Debug)]
pub enum Resource {
    /// Registers a resource with its device. By an aggregator.
    #[command(allow_negative_numbers = true)]
    Register {
        /// Where it is connected; it stays there for good.
        #[arg(long)]
        area: u16,
        /// It is the first of its area; otherwise an area without resources is taken for a mistake.
        #[arg(long)]
        new_area: bool,
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
    /// Names a resource's customer, the account behind its meter. By the resource's owner.
    ///
    /// Where a programme shares pay (its rules split.floor and split.share), the customer gets its part of whatever the
    /// resource is paid, in a transfer of its own; penalties stay with the owner. It must be registered first, best in
    /// the role `customer`: only then can it fetch a payment that failed.
    ///
    /// The change counts for events opened after it. In those that are open or under way the customer of then is
    /// paid. `resource list` shows it, `why EVENT RESOURCE` what it got.
    Customer {
        /// The resource.
        resource: u32,
        /// The account, or `none` for no customer.
        #[arg(value_name = "ACCOUNT|none", value_parser = parse::account_or_none)]
        account: parse::Named,
    },
    /// Shows all resources.
    List,
    /// Shows a resource's credit and profile: what it delivers of what is asked, when, how fast, and how well it is read.
    Show {
        /// The resource.
        resource: u32,
    },
}

impl Resource {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let (call, done) = match self {
            Self::List => return list(context, &chain).await,
            Self::Show { resource } => return profile::show(context, &chain, ResourceId(resource)).await,
            Self::Register { area, new_area, device_key, down, up, load_min, load_max } => {
                if !new_area {
                    let remedy = "give one of these, or --new-area if this is its first";
                    areas::look_for(&chain.finalised().await?, AreaId(area), remedy).await?;
                }
                let range = (Watts(down), Watts(up), Watts(load_min), Watts(load_max));
                let arguments = (AreaId(area), device_key, range.0, range.1, range.2, range.3);
                (Call::new("Registry", "register_resource", arguments), "registered")
            }
            Self::RotateKey { device, key } => {
                (Call::new("Registry", "rotate_device_key", (DeviceId(device), key)), "key replaced")
            }
            Self::Revoke { device } => (Call::new("Registry", "revoke_device", DeviceId(device)), "revoked"),
            Self::Customer { resource, account } => {
                let call = Call::new("Registry", "set_customer", (ResourceId(resource), account.0));
                (call, "customer named, for events opened from now on")
            }
            Self::Renew { device, key } => (Call::new("Registry", "renew_device", (DeviceId(device), key)), "renewed"),
        };
        let receipt = context.sender(&chain)?.submit(&call).await?;
        let created = match receipt.number_in("Registry", "resource").and_then(|id| u32::try_from(id).ok()) {
            Some(id) => {
                // A load node's configuration names the device, which the event does not tell.
                let state = chain.at(receipt.block);
                let resource: Registered =
                    state.require(keys::resource(ResourceId(id)), &format!("resource {id}")).await?;
                json!({ "resource": id, "device": resource.device })
            }
            None => json!({}),
        };
        report(context, &receipt, done, created)
    }
}

async fn list(context: &Context, chain: &Chain) -> Result<()> {
    let state = chain.finalised().await?;
    let next: ResourceId = state.get(keys::next_resource()).await?.unwrap_or_default();
    let wanted: Vec<_> = (0..next.0).map(|id| keys::resource(ResourceId(id))).collect();
    let found = state.get_all::<Registered>(&wanted).await?;
    let found: Vec<(u32, Registered)> =
        (0..next.0).zip(found).filter_map(|(id, resource)| Some((id, resource?))).collect();
    let device_keys: Vec<_> = found.iter().map(|(_, resource)| keys::device(resource.device)).collect();
    let devices = all(state.get_all::<Device>(&device_keys).await?, "a device")?;
    let fault_keys: Vec<_> = found.iter().map(|(_, resource)| keys::device_fault(resource.device)).collect();
    let forks = state.get_all::<Fork>(&fault_keys).await?;
    let customer_keys: Vec<_> = found.iter().map(|(id, _)| keys::customer(ResourceId(*id))).collect();
    let customers = state.get_all::<Customer>(&customer_keys).await?;
    let mut table = Table::new(&[
        "resource",
        "device",
        "area",
        "down W",
        "up W",
        "min W",
        "max W",
        "incarnation",
        "state",
        "device key",
        "owner",
        "customer",
    ]);
    let mut rows = Vec::new();
    for ((((id, resource), device), fork), customer) in found.iter().zip(&devices).zip(&forks).zip(customers) {
        let customer = customer.unwrap_or_default().account;
        table.row([
            id.to_string(),
            resource.device.to_string(),
            resource.area.to_string(),
            resource.capacity_down.0.to_string(),
            resource.capacity_up.0.to_string(),
            resource.load_min.0.to_string(),
            resource.load_max.0.to_string(),
            device.incarnation.to_string(),
            standing(device, fork.as_ref()),
            hexed(&device.key),
            resource.owner.to_string(),
            customer.as_ref().map_or("none".into(), ToString::to_string),
        ]);
        rows.push(json!({
            "resource": id, "registered": resource, "device": device, "fork": fork, "customer": customer,
        }));
    }
    context.output().print(&json!(rows), || table.render())
}

/// Whether the device's units are taken.
fn standing(device: &Device, fork: Option<&Fork>) -> String {
    let forked = fork.map(|fork| {
        let Fork { count, incarnation, sequence } = fork;
        match *incarnation < device.incarnation {
            true => format!("renewed after a fork at {incarnation}/{sequence}"),
            false => format!("forked at {incarnation}/{sequence}, reported {count} times"),
        }
    });
    match (device.revoked, forked) {
        (false, None) => "in use".into(),
        (false, Some(forked)) => forked,
        (true, None) => "revoked".into(),
        (true, Some(forked)) => format!("revoked, {forked}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revoked_and_forked_devices_are_told() {
        // GIVEN a device in its second life, and forks in its lives
        let device = |revoked| Device { resource: ResourceId(3), key: [7; 32], incarnation: Incarnation(1), revoked };
        let fork = |life| Fork { count: 2, incarnation: Incarnation(life), sequence: Sequence(17) };
        // THEN its state says what of them matters
        assert_eq!(standing(&device(false), None), "in use");
        assert_eq!(standing(&device(true), None), "revoked");
        assert_eq!(standing(&device(false), Some(&fork(0))), "renewed after a fork at 0/17");
        assert_eq!(standing(&device(true), Some(&fork(1))), "revoked, forked at 1/17, reported 2 times");
    }

    #[test]
    fn forks_are_read_as_the_chain_keeps_them() {
        // GIVEN what the chain keeps of a device's forks: a count, then the last slot THEN it is read
        let bytes = (2u32, 1u16, 17u64).encode();
        let fork: Fork = crate::client::decode(&bytes).expect("decodes");
        assert_eq!((fork.count, fork.incarnation, fork.sequence), (2, Incarnation(1), Sequence(17)));
    }
}
