//! `loadstone verify`: an evidence bundle checked offline.

use crate::{
    context::Context,
    fault::Fault,
    files,
    output::{hexed, pairs},
    parse,
};
use anyhow::Result;
use clap::Args;
use codec::{Decode, DecodeAll, Encode};
use loadstone_core::Hash;
use loadstone_dag::Body;
use loadstone_evidence::{readings, verify, Bundle, Checkpoint, Verdict, MAX_BUNDLE_BYTES};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// First bytes of every bundle: its version, the parent of block 0, that block's number.
const BEGINNING: [u8; 34] = {
    let mut bytes = [0; 34];
    bytes[0] = 1;
    bytes
};

/// Verifies an evidence bundle offline.
#[derive(Args, Debug)]
pub struct Verify {
    /// The bundle.
    bundle: PathBuf,
    /// Hash of the chain's block 0. Without it the bundle's own is taken and printed: compare it.
    #[arg(long, value_parser = parse::hash)]
    genesis: Option<Hash>,
    /// A published checkpoint that the bundle must agree with.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// Write the finalised block of the bundle as a checkpoint for later verifications.
    #[arg(long)]
    write_checkpoint: Option<PathBuf>,
}

/// A checkpoint from a file: hex of its SCALE encoding.
pub fn read_checkpoint(path: &Path) -> Result<Checkpoint> {
    let text = files::read_text(path)?;
    let bytes = hex::decode(text.trim().trim_start_matches("0x"));
    let checkpoint = bytes.ok().and_then(|bytes| Checkpoint::decode_all(&mut &bytes[..]).ok());
    Ok(checkpoint.ok_or_else(|| Fault::Usage(format!("{} is no checkpoint", path.display())))?)
}

impl Verify {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Fault::Mismatch`] names the link that broke; [`Fault::Usage`] when the file is not there or never was a bundle.
    pub fn run(self, context: &Context) -> Result<()> {
        let bytes = files::read_up_to(&self.bundle, MAX_BUNDLE_BYTES as u64 + 1)?;
        if !resembles_bundle(&bytes) {
            return Err(Fault::Usage(format!("{} is no evidence bundle", self.bundle.display())).into());
        }
        let checkpoint = self.checkpoint.as_deref().map(read_checkpoint).transpose()?;
        let genesis = match self.genesis {
            Some(genesis) => genesis,
            None => own_genesis(&bytes)?,
        };
        let verdict = verify(&bytes, &genesis, checkpoint.as_ref())
            .map_err(|link| Fault::Mismatch(format!("broken link: {link}")))?;
        if let Some(path) = &self.write_checkpoint {
            files::write(path, hexed(&verdict.head.encode()).as_bytes())?;
        }
        let given = self.genesis.is_some();
        context.output().print(&shown(&verdict, given), || people(&verdict, given))
    }
}

/// Whether `bytes` were a bundle once. It begins with its version and the header of block 0, whose parent is
/// zero: a bundle that was tampered with still has most of that, a file of another kind never has.
fn resembles_bundle(bytes: &[u8]) -> bool {
    let beginning = bytes.iter().zip(&BEGINNING).filter(|(byte, expected)| byte == expected);
    beginning.count() * 4 >= BEGINNING.len() * 3
}

fn own_genesis(bytes: &[u8]) -> Result<Hash> {
    let Bundle::V1(bundle) = Bundle::decode(&mut &bytes[..])
        .map_err(|_| Fault::Mismatch("broken link: encoding: the bytes are no canonical bundle".into()))?;
    Ok(bundle.genesis.hash())
}

fn shown(verdict: &Verdict, given: bool) -> Value {
    let rows = readings(&verdict.unit);
    let rows: Vec<_> = rows
        .iter()
        .map(|reading| json!({ "at_ms": reading.at, "watts": reading.load, "valid": reading.valid }))
        .collect();
    json!({
        "valid": true,
        "genesis": verdict.genesis,
        "genesis_given": given,
        "block": { "number": verdict.head.number, "hash": verdict.head.hash },
        "set_id": verdict.head.set.id,
        "authorities": verdict.head.set.authorities.len(),
        "set_changes": verdict.changes,
        "checkpoint": verdict.checkpoint,
        "anchor": verdict.anchor.number,
        "unit": parse::slot_name(&verdict.unit.content.slot),
        "unit_hash": verdict.unit_hash,
        "resource": verdict.device.resource,
        "device_key": hexed(&verdict.device.key),
        "device_revoked": verdict.device.revoked,
        "readings": rows,
    })
}

fn people(verdict: &Verdict, given: bool) -> String {
    let trust = if given { "given" } else { "taken from the bundle: compare it with the published one" };
    let checkpoint = verdict.checkpoint.map_or("none".into(), |hash| format!("{hash:?}"));
    let set = &verdict.head.set;
    let mut text = pairs([
        ("genesis", format!("{:?} ({trust})", verdict.genesis)),
        ("authorities", format!("set {} of {}, after {} changes", set.id, set.authorities.len(), verdict.changes)),
        ("checkpoint", checkpoint),
        ("final block", format!("{} ({:?})", verdict.head.number, verdict.head.hash)),
        ("anchor", format!("{} with {} units", verdict.anchor.number, verdict.anchor.units)),
        ("unit", format!("{} ({:?})", parse::slot_name(&verdict.unit.content.slot), verdict.unit_hash)),
        ("resource", verdict.device.resource.to_string()),
        ("device key", hexed(&verdict.device.key)),
    ]);
    for reading in readings(&verdict.unit) {
        let mark = if reading.valid { "" } else { "  (doubtful)" };
        text.push_str(&format!("\nreading      {}  {}{mark}", reading.at, reading.load));
    }
    if let Body::Acknowledgement(acknowledgement) = &verdict.unit.content.body {
        text.push_str(&format!("\nacknowledged {:?} of order {}", acknowledgement.kind, acknowledgement.sequence));
    }
    text
}

#[cfg(test)]
#[path = "../tests/verify.rs"]
mod tests;
