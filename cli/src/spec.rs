//! Chain specs: block 0 and the first voters, from the raw spec that every node of a chain is started with.

use crate::{client::unhex, fault::Fault, files};
use anyhow::Result;
use loadstone_evidence::{genesis_checkpoint, Checkpoint};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// Greatest spec in bytes that is looked at. One holds the runtime in hex, about 1.3 MB.
const MAX_SPEC_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct Spec {
    genesis: Genesis,
}

#[derive(Deserialize)]
struct Genesis {
    raw: Raw,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    top: BTreeMap<String, String>,
    #[serde(default)]
    children_default: BTreeMap<String, serde_json::Value>,
}

/// Block 0 and the first voters of the chain that the raw spec in `path` describes.
///
/// # Errors
/// [`Fault::Usage`] when the file is not there, is no raw spec, or names no voters.
pub fn read_genesis(path: &Path) -> Result<Checkpoint> {
    let bytes = files::read_up_to(path, MAX_SPEC_BYTES)?;
    let found = serde_json::from_slice(&bytes).ok().and_then(genesis);
    let text =
        || format!("{} is no raw chain spec with voters: `loadstone-node export-chain-spec --raw`", path.display());
    Ok(found.ok_or_else(|| Fault::Usage(text()))?)
}

/// No chain of ours begins with child tries, so a spec that has some is another's.
fn genesis(Spec { genesis: Genesis { raw } }: Spec) -> Option<Checkpoint> {
    let state = raw.top.iter().map(|(key, value)| Ok((unhex(key)?, unhex(value)?))).collect::<Result<_>>();
    state.ok().filter(|_| raw.children_default.is_empty()).and_then(|state| genesis_checkpoint(&state))
}
