//! Network descriptions: who founds a chain, with which public keys, as a TOML file.

use loadstone_core::{AccountId, Balance, Name, OrganisationId, Participant, PublicKey, Role, YUAN};
use loadstone_runtime::genesis::{Founder, Network, Validator};
use sc_network::{config::MultiaddrWithPeerId, PeerId};
use serde::Deserialize;
use std::{fs, path::Path};

/// Largest file that is read as a description.
const MAX_BYTES: u64 = 1024 * 1024;

/// Longest address of a gateway.
const MAX_GATEWAY_BYTES: usize = 128;

/// Fewest validators of which no organisation holds a third.
const MIN_VALIDATORS: usize = 4;

/// A chain and its founding organisations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Shown to people.
    pub name: String,
    /// Distinguishes the chain from others; part of the data path.
    pub id: String,
    /// Organisations, whose ids are their positions from 1.
    #[serde(rename = "organisation")]
    organisations: Vec<Organisation>,
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

fn public_key(text: &str) -> Result<PublicKey, String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|error| format!("{text}: {error}"))?;
    bytes.try_into().map_err(|_| format!("{text} is no key of 32 bytes"))
}

fn short_name(text: &str) -> Result<Name, String> {
    Name::try_from(text.as_bytes().to_vec()).map_err(|_| format!("the name {text:?} is longer than 64 bytes"))
}

impl DescribedValidator {
    fn validator(&self, organisation: OrganisationId) -> Result<Validator, String> {
        let peer: PeerId = self.peer.parse().map_err(|error| format!("{}: {error}", self.peer))?;
        if self.gateway.len() > MAX_GATEWAY_BYTES {
            return Err(format!("the address {} is longer than {MAX_GATEWAY_BYTES} bytes", self.gateway));
        }
        Ok(Validator {
            account: self.account.clone(),
            organisation,
            aura: public_key(&self.aura)?,
            grandpa: public_key(&self.grandpa)?,
            dag: public_key(&self.dag)?,
            peer: peer.to_bytes(),
            gateway: self.gateway.clone().into_bytes(),
        })
    }
}

impl Organisation {
    fn founder(&self, organisation: OrganisationId) -> Result<Founder, String> {
        let participant = Participant { role: self.role, organisation, name: short_name(&self.name)?, frozen: false };
        Ok(Founder { account: self.account.clone(), participant, balance: Balance::from(self.yuan) * YUAN })
    }
}

impl Description {
    /// Reads a description from a file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        if fs::metadata(path).map_err(|error| failed(&error))?.len() > MAX_BYTES {
            return Err(failed(&"larger than a description can be"));
        }
        let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
        toml::from_str(&text).map_err(|error| failed(&error))
    }

    /// Where new nodes first connect.
    pub fn boot_nodes(&self) -> Result<Vec<MultiaddrWithPeerId>, String> {
        let addresses = self.organisations.iter().flat_map(|o| &o.validators).filter_map(|v| v.boot_node.as_ref());
        addresses.map(|address| address.parse().map_err(|error| format!("{address}: {error}"))).collect()
    }

    /// The network as genesis takes it. That no organisation holds a third is checked by the runtime
    /// when it builds the genesis.
    pub fn network(&self) -> Result<Network, String> {
        let mut network = Network::default();
        for (number, organisation) in (1..).map(OrganisationId).zip(&self.organisations) {
            network.founders.push(organisation.founder(number)?);
            if organisation.council {
                network.council.push(organisation.account.clone());
            }
            for validator in &organisation.validators {
                network.validators.push(validator.validator(number)?);
            }
        }
        if network.validators.len() < MIN_VALIDATORS {
            return Err(format!("a network needs at least {MIN_VALIDATORS} validators"));
        }
        Ok(network)
    }
}
