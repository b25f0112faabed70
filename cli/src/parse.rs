//! What people type: money, prices, directions, accounts, offers, places of units.

use clap::ValueEnum;
use loadstone_core::{
    AccountId, Balance, BoundedVec, ConstU32, DeviceId, Hash, Incarnation, PublicKey, ResourceId, Role, Sequence, Watts,
};
use loadstone_dag::Slot;
use loadstone_market::{Offer, ResourceBid, MAX_SEGMENTS};
use std::str::FromStr;

/// Offers of one resource, cheapest first.
pub type Offers = BoundedVec<Offer, ConstU32<MAX_SEGMENTS>>;

/// Which way load is regulated.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Direction {
    /// Consume less.
    Down,
    /// Consume more.
    Up,
}

impl From<Direction> for loadstone_core::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Down => Self::Down,
            Direction::Up => Self::Up,
        }
    }
}

/// What a participant may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleName {
    /// Dispatch centre.
    GridCompany,
    /// Load integrator.
    Aggregator,
    /// May freeze participants.
    Regulator,
    /// Reads everything.
    Auditor,
    /// Is behind a meter, and shares the pay of resources that name it.
    Customer,
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::GridCompany => Self::GridCompany,
            RoleName::Aggregator => Self::Aggregator,
            RoleName::Regulator => Self::Regulator,
            RoleName::Auditor => Self::Auditor,
            RoleName::Customer => Self::Customer,
        }
    }
}

/// Yuan with up to six decimals, as micro-yuan.
pub fn yuan(text: &str) -> Result<Balance, String> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 6 {
        return Err(format!("{text}: not an amount in yuan with at most six decimals"));
    }
    format!("{whole}{decimals:0<6}").parse().map_err(|_| format!("{text}: too large"))
}

/// Yuan per kWh with up to six decimals.
pub fn price(text: &str) -> Result<loadstone_core::Price, String> {
    let micro = yuan(text)?;
    u64::try_from(micro).map(loadstone_core::Price).map_err(|_| format!("{text}: too large"))
}

/// Watts that can't be negative.
pub fn watts(text: &str) -> Result<Watts, String> {
    match text.parse() {
        Ok(watts @ 0..) => Ok(Watts(watts)),
        Ok(_) => Err(format!("{text}: watts are not negative here; the direction says which way they go")),
        Err(_) => Err(format!("{text}: not a whole number of watts")),
    }
}

/// An account by address or by 32 bytes of hex.
pub fn account(text: &str) -> Result<AccountId, String> {
    if let Ok(bytes) = bytes32(text) {
        return Ok(AccountId::new(bytes));
    }
    AccountId::from_str(text).map_err(|error| format!("{text}: no account: {error}"))
}

/// An account, or none on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(pub Option<AccountId>);

/// As [`account`], or the word `none`.
pub fn account_or_none(text: &str) -> Result<Named, String> {
    match text {
        "none" => Ok(Named(None)),
        _ => account(text).map(|account| Named(Some(account))),
    }
}

/// 32 bytes of hex, with or without prefix.
pub fn bytes32(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text.trim_start_matches("0x")).map_err(|error| format!("{text}: {error}"))?;
    bytes.try_into().map_err(|_| format!("{text}: not 32 bytes"))
}

/// A hash in hex.
pub fn hash(text: &str) -> Result<Hash, String> {
    bytes32(text).map(Hash)
}

/// A public key by hex or by address.
pub fn public_key(text: &str) -> Result<PublicKey, String> {
    account(text).map(Into::into)
}

/// A resource's offers: `RESOURCE=PRICE:WATTS[,PRICE:WATTS...]`, prices in yuan per kWh.
pub fn resource_bid(text: &str) -> Result<ResourceBid, String> {
    let wanted = || format!("{text}: write RESOURCE=PRICE:WATTS,PRICE:WATTS");
    let (resource, offers) = text.split_once('=').ok_or_else(wanted)?;
    let resource = ResourceId(resource.parse().map_err(|_| wanted())?);
    Ok(ResourceBid { resource, offers: self::offers(offers)? })
}

/// Offers of one resource: `PRICE:WATTS[,PRICE:WATTS...]`, prices in yuan per kWh.
pub fn offers(text: &str) -> Result<Offers, String> {
    let wanted = || format!("{text}: write PRICE:WATTS,PRICE:WATTS");
    let offers = text.split(',').map(|offer| {
        let (at, watts) = offer.split_once(':').ok_or_else(wanted)?;
        Ok(Offer { price: price(at.trim())?, watts: Watts(watts.trim().parse().map_err(|_| wanted())?) })
    });
    let offers = offers.collect::<Result<Vec<_>, String>>()?;
    BoundedVec::try_from(offers).map_err(|_| format!("{text}: at most {MAX_SEGMENTS} offers of one resource"))
}

/// A unit's place: `DEVICE/SEQUENCE` or `DEVICE/INCARNATION/SEQUENCE`.
pub fn slot(text: &str) -> Result<Slot, String> {
    let wanted = || format!("{text}: write DEVICE/SEQUENCE or DEVICE/INCARNATION/SEQUENCE");
    let parts: Vec<&str> = text.split('/').collect();
    let (device, incarnation, sequence) = match parts[..] {
        [device, sequence] => (device, "0", sequence),
        [device, incarnation, sequence] => (device, incarnation, sequence),
        _ => return Err(wanted()),
    };
    Ok(Slot {
        device: DeviceId(device.parse().map_err(|_| wanted())?),
        incarnation: Incarnation(incarnation.parse().map_err(|_| wanted())?),
        sequence: Sequence(sequence.parse().map_err(|_| wanted())?),
    })
}

/// A unit's place as people write it.
pub fn slot_name(slot: &Slot) -> String {
    format!("{}/{}/{}", slot.device, slot.incarnation, slot.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_exactly() {
        assert_eq!(yuan("12"), Ok(12_000_000));
        assert_eq!(yuan("0.4"), Ok(400_000));
        assert_eq!(yuan("0.000001"), Ok(1));
        for bad in ["", ".5", "1.0000001", "-1", "1e3", "99999999999999999999999999999999999999"] {
            assert!(yuan(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn watts_are_whole_and_not_negative() {
        assert_eq!(watts("20000"), Ok(Watts(20_000)));
        assert!(watts("-5").is_err_and(|text| text.contains("not negative")));
        assert!(watts("1.5").is_err_and(|text| text.contains("whole number")));
    }

    #[test]
    fn offers_and_slots_are_read() {
        // GIVEN two offers of one resource
        let bid = resource_bid("7=0.400:20000,0.5:10000").expect("well formed");
        // THEN prices are micro-yuan and watts whole
        assert_eq!(bid.resource, ResourceId(7));
        assert_eq!(bid.offers[1], Offer { price: loadstone_core::Price(500_000), watts: Watts(10_000) });
        assert!(resource_bid("7=0.4").is_err());
        assert!(resource_bid("7=1:1,2:1,3:1,4:1,5:1").is_err());
        assert_eq!(slot("3/42").map(|slot| slot_name(&slot)), Ok("3/0/42".into()));
        assert_eq!(slot("3/1/42").map(|slot| slot.incarnation), Ok(Incarnation(1)));
        assert!(slot("3").is_err());
    }

    #[test]
    fn accounts_are_read_in_both_forms() {
        let hex = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        assert_eq!(account(hex), account("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"));
        assert!(account("nobody").is_err());
        assert_eq!(account_or_none("none"), Ok(Named(None)));
        assert_eq!(account_or_none(hex), account(hex).map(|account| Named(Some(account))));
        assert!(account_or_none("nobody").is_err());
    }
}
