//! What each field of a network description must be. Each refusal is a sentence; the caller names the place.

use loadstone_core::PublicKey;
use loadstone_runtime::constants::MAX_VALIDATORS;
use std::collections::BTreeMap;

/// Longest address of a gateway.
const MAX_GATEWAY_BYTES: usize = 128;

/// Longest name of an organisation.
const MAX_NAME_BYTES: usize = 64;

/// Longest id of a chain.
const MAX_ID_BYTES: usize = 64;

/// Fewest validators of which no organisation holds a third.
const MIN_VALIDATORS: usize = 4;

/// Most members that the runtime's council takes.
const MAX_COUNCIL: usize = 32;

/// Values that must differ, and where each was first seen.
#[derive(Default)]
pub struct Unique(BTreeMap<Vec<u8>, String>);

impl Unique {
    /// Takes a value in, unless it is there already.
    pub fn add(&mut self, value: &[u8], what: &str, place: &str) -> Result<(), String> {
        match self.0.insert(value.to_vec(), place.to_owned()) {
            None => Ok(()),
            Some(first) => Err(format!("{place} holds the same {what} as {first}: each needs its own")),
        }
    }
}

/// The chain's id is a folder in every node's data path.
pub fn id(text: &str) -> Result<(), String> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || text.len() > MAX_ID_BYTES || !text.chars().all(sound) {
        return Err(format!("{text:?} must be 1 to {MAX_ID_BYTES} letters, digits, `-` and `_`"));
    }
    Ok(())
}

/// A name for people.
pub fn name(text: &str) -> Result<&[u8], String> {
    if text.trim().is_empty() || text.len() > MAX_NAME_BYTES {
        return Err(format!("{text:?} must be 1 to {MAX_NAME_BYTES} bytes"));
    }
    Ok(text.as_bytes())
}

/// A public key in hex.
pub fn public_key(text: &str) -> Result<PublicKey, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let bytes = hex::decode(digits).map_err(|error| format!("{text:?} is no key in hex: {error}"))?;
    let key = PublicKey::try_from(bytes).map_err(|_| format!("{text:?} is no key of 32 bytes (64 hex digits)"))?;
    if key.iter().all(|byte| *byte == 0) {
        return Err("a key of zeros is nobody's".into());
    }
    Ok(key)
}

/// Where devices reach a gateway; empty for none.
pub fn gateway(text: &str) -> Result<(), String> {
    if text.len() > MAX_GATEWAY_BYTES {
        return Err(format!("{text:?} is longer than {MAX_GATEWAY_BYTES} bytes"));
    }
    let Some(rest) = text.strip_prefix("ws://").or_else(|| text.strip_prefix("wss://")) else {
        return if text.is_empty() { Ok(()) } else { Err(format!("{text:?} must begin with ws:// or wss://")) };
    };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if host.is_empty() || rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("{text:?} must name a host, as in ws://host:9800"));
    }
    Ok(())
}

/// Without a council nobody could ever change anything.
pub fn council(members: usize) -> Result<(), String> {
    match members {
        0 => {
            Err("at least one organisation must have `council = true`, or nobody could ever change the network".into())
        }
        1..=MAX_COUNCIL => Ok(()),
        _ => Err(format!("`council = true` stands {members} times; the council takes at most {MAX_COUNCIL}")),
    }
}

/// That the chain outlives one organisation: none holds a third of the validators.
pub fn validators<'a>(mut counts: impl Iterator<Item = (&'a str, usize)> + Clone) -> Result<(), String> {
    let total: usize = counts.clone().map(|(_, count)| count).sum();
    if total < MIN_VALIDATORS || total > MAX_VALIDATORS as usize {
        return Err(format!(
            "`[[organisation.validator]]` stands {total} times; a network needs {MIN_VALIDATORS} to {MAX_VALIDATORS}"
        ));
    }
    match counts.find(|(_, count)| count * 3 >= total) {
        None => Ok(()),
        Some((name, count)) => {
            Err(format!("organisation {name:?} holds {count} of {total} validators; each must hold less than a third"))
        }
    }
}
