//! Network descriptions: who founds a chain, with which public keys, as a TOML file.

use super::checks::{self, Unique};
use crate::preset::Preset;
use loadstone_core::{AccountId, Balance, Name, OrganisationId, Participant, PublicKey, Role, YUAN};
use loadstone_runtime::genesis::{Founder, Network, Validator};
use sc_network::{config::MultiaddrWithPeerId, PeerId};
use serde::{de::DeserializeOwned, Deserialize};
use std::{fs, path::Path};

/// Largest file that is read as a description.
const MAX_BYTES: u64 = 1024 * 1024;

/// A chain and its founding organisations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Shown to people.
    pub name: String,
    /// Distinguishes the chain from others; part of the data path.
    pub id: String,
    /// Which network its validators share: settles the length of a slot.
    #[serde(default = "lan")]
    preset: Preset,
    /// Organisations, whose ids are their positions from 1.
    #[serde(rename = "organisation")]
    organisations: Vec<Organisation>,
}

fn lan() -> Preset {
    Preset::Lan
}

/// What is settled before anyone has made keys.
#[derive(Debug, Deserialize)]
struct Draft {
    id: String,
}

/// A legal person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    /// Shown to people.
    name: String,
    /// What it may do.
    role: Role,
    /// The account that it acts with (SS58).
    account: AccountId,
    /// Opening balance in whole yuan.
    yuan: u64,
    /// Whether its account sits in the council.
    #[serde(default)]
    council: bool,
    /// Its validators.
    #[serde(default, rename = "validator")]
    validators: Vec<DescribedValidator>,
}

/// A validator's public keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedValidator {
    account: AccountId,
    aura: String,
    grandpa: String,
    dag: String,
    peer: String,
    gateway: String,
    #[serde(default)]
    boot_node: Option<String>,
}

/// What must not occur twice in a description.
#[derive(Default)]
struct Seen {
    names: Unique,
    accounts: Unique,
    keys: Unique,
    peers: Unique,
}

/// Reads a TOML file; errors name it.
fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if fs::metadata(path).map_err(|error| failed(&error))?.len() > MAX_BYTES {
        return Err(failed(&"larger than a description can be"));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    toml::from_str(&text).map_err(|error| failed(&error))
}

/// The chain's id in a description whose organisations may still be missing.
pub fn id_in(path: &Path) -> Result<String, String> {
    let id = read::<Draft>(path)?.id;
    checks::id(&id).map_err(|error| format!("{}: `id`: {error}", path.display()))?;
    Ok(id)
}

impl DescribedValidator {
    fn validator(&self, organisation: OrganisationId, place: &str, seen: &mut Seen) -> Result<Validator, String> {
        let at = |field: &str| format!("{place}: `{field}`");
        let mut key = |field: &str, text: &str| -> Result<PublicKey, String> {
            let key = checks::public_key(text).map_err(|error| format!("{}: {error}", at(field)))?;
            seen.keys.add(&key, "key", &at(field))?;
            Ok(key)
        };
        let (aura, grandpa, dag) = (key("aura", &self.aura)?, key("grandpa", &self.grandpa)?, key("dag", &self.dag)?);
        let peer: PeerId = self.peer.parse().map_err(|error| format!("{}: {:?}: {error}", at("peer"), self.peer))?;
        seen.accounts.add(self.account.as_ref(), "account", &at("account"))?;
        seen.peers.add(self.peer.as_bytes(), "peer id", &at("peer"))?;
        checks::gateway(&self.gateway).map_err(|error| format!("{}: {error}", at("gateway")))?;
        self.boot_address(&peer).map_err(|error| format!("{}: {error}", at("boot_node")))?;
        Ok(Validator {
            account: self.account.clone(),
            organisation,
            aura,
            grandpa,
            dag,
            peer: peer.to_bytes(),
            gateway: self.gateway.clone().into_bytes(),
        })
    }

    /// Where new nodes reach it, if it lets them.
    fn boot_address(&self, peer: &PeerId) -> Result<Option<MultiaddrWithPeerId>, String> {
        let Some(text) = &self.boot_node else { return Ok(None) };
        let address: MultiaddrWithPeerId = text.parse().map_err(|error| format!("{text:?}: {error}"))?;
        if address.peer_id != *peer {
            return Err(format!("{text:?} ends in another peer id than `peer`, {peer}"));
        }
        Ok(Some(address))
    }
}

impl Organisation {
    fn founder(&self, organisation: OrganisationId, place: &str, seen: &mut Seen) -> Result<Founder, String> {
        let name = checks::name(&self.name).map_err(|error| format!("{place}: `name`: {error}"))?;
        seen.names.add(self.name.trim().to_lowercase().as_bytes(), "name", &format!("{place}: `name`"))?;
        seen.accounts.add(self.account.as_ref(), "account", &format!("{place}: `account`"))?;
        let name = Name::truncate_from(name.into());
        let participant = Participant { role: self.role, organisation, name, frozen: false };
        Ok(Founder { account: self.account.clone(), participant, balance: Balance::from(self.yuan) * YUAN })
    }
}

impl Description {
    /// Reads a description from a file.
    pub fn read(path: &Path) -> Result<Self, String> {
        read(path)
    }

    /// Where new nodes first connect.
    pub fn boot_nodes(&self) -> Result<Vec<MultiaddrWithPeerId>, String> {
        let addresses = self.organisations.iter().flat_map(|o| &o.validators).filter_map(|v| v.boot_node.as_ref());
        addresses.map(|address| address.parse().map_err(|error| format!("{address}: {error}"))).collect()
    }

    /// The network as genesis takes it. Errors name the field; the runtime checks much of this again
    /// when it builds the genesis, but could only say so as a trap of its wasm.
    pub fn network(&self) -> Result<Network, String> {
        checks::id(&self.id).map_err(|error| format!("`id`: {error}"))?;
        checks::name(&self.name).map_err(|error| format!("`name`: {error}"))?;
        let (mut network, mut seen) = (Network::default(), Seen::default());
        network.slot_ms = Some(self.preset.slot_ms());
        for (number, organisation) in (1..).zip(&self.organisations) {
            let place = format!("organisation {number} ({:?})", organisation.name);
            let id = OrganisationId(number);
            network.founders.push(organisation.founder(id, &place, &mut seen)?);
            if organisation.council {
                network.council.push(organisation.account.clone());
            }
            for (count, validator) in (1..).zip(&organisation.validators) {
                let place = format!("{place}, validator {count}");
                network.validators.push(validator.validator(id, &place, &mut seen)?);
            }
        }
        checks::council(network.council.len())?;
        let counts = self.organisations.iter().map(|each| (each.name.as_str(), each.validators.len()));
        checks::validators(counts)?;
        Ok(network)
    }
}
