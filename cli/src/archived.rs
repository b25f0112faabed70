//! Archives: opened at a place, read back, and checked.

use crate::{
    check::{signer, Mismatch, Signer},
    client::State,
    fault::Fault,
    history::Anchored,
    output::Output,
    parse::slot_name,
};
use anyhow::{Context, Error, Result};
use codec::DecodeAll;
use loadstone_archive::{
    open_store, restore, verify, Archive, ArchiveError, ArchivedUnit, Finding, Observer, Progress, Report, Selection,
    Sink, Trust,
};
use loadstone_core::{AnchorNumber, Device, DeviceId, Hash};
use loadstone_dag::Anchor;
use loadstone_evidence::{keys, sign::is_signed};
use serde_json::{json, Value};
use std::{collections::BTreeMap, path::Path};

/// Opens the archive at `place`, or begins one.
pub async fn create(place: &str, genesis: Hash) -> Result<Archive> {
    let opened = Archive::open(open_store(place).map_err(failed)?, genesis).await;
    opened.map_err(failed).with_context(|| format!("can't use the archive at {place}"))
}

/// Opens the archive at `place`, of this chain or of the chain that it names.
///
/// # Errors
/// [`Fault::Usage`] when nothing is there or it is another chain's, [`Fault::Mismatch`] when it is damaged.
pub async fn open(place: &str, genesis: Option<Hash>) -> Result<Archive> {
    look_for(place)?;
    let store = open_store(place).map_err(failed)?;
    let opened = match (Archive::open(store.clone(), genesis.unwrap_or_default()).await, genesis) {
        // Asked for no chain in particular, it says which one it is of.
        (Err(ArchiveError::OtherChain { theirs, .. }), None) => Archive::open(store, theirs).await,
        (opened, _) => opened,
    };
    let archive = opened.map_err(failed).with_context(|| format!("can't use the archive at {place}"))?;
    if archive.manifest().version == 0 {
        let text =
            format!("{place} holds no manifest, so nothing vouches for what else is in it: put back the newest one");
        return Err(Fault::Mismatch(text).into());
    }
    Ok(archive)
}

/// Looks whether something is at `place`, before a node is asked: opening a store would make the folder.
///
/// # Errors
/// [`Fault::Usage`] when `place` is a folder that does not exist.
pub fn look_for(place: &str) -> Result<()> {
    let folder = place.strip_prefix("file://").unwrap_or(place);
    if !folder.contains("://") && !Path::new(folder).is_dir() {
        return Err(Fault::Usage(format!("there is no archive at {place}")).into());
    }
    Ok(())
}

/// The archive's error with the exit code that it deserves.
pub fn failed(error: ArchiveError) -> Error {
    let text = error.to_string();
    match error {
        ArchiveError::Place(_) | ArchiveError::OtherChain { .. } | ArchiveError::Format(_) => Fault::Usage(text).into(),
        ArchiveError::Missing(_)
        | ArchiveError::Damaged { .. }
        | ArchiveError::Unvouched(_)
        | ArchiveError::NotNext { .. }
        | ArchiveError::NotUnderRoot(_) => Fault::Mismatch(text).into(),
        other => other.into(),
    }
}

/// Keeps what is restored.
#[derive(Default)]
struct Kept(Vec<Anchored>);

impl Sink for Kept {
    fn anchor(&mut self, anchor: &Anchor) -> bool {
        self.0.push(Anchored { anchor: anchor.clone(), units: Vec::new() });
        true
    }

    fn unit(&mut self, unit: &ArchivedUnit) -> bool {
        if let Some(open) = self.0.last_mut() {
            open.units.push(unit.unit.clone());
        }
        true
    }
}

/// Anchors `from` to `to` with their units.
pub async fn read(archive: &Archive, from: AnchorNumber, to: AnchorNumber) -> Result<Vec<Anchored>, ArchiveError> {
    let mut kept = Kept::default();
    restore(archive, &Selection { from, to, device: None }, &mut kept).await?;
    Ok(kept.0)
}

/// Checks signatures while an archive is verified, and says how far that is.
pub struct Signatures<'a> {
    genesis: Hash,
    /// Devices as they stand on chain; `None` where no chain is asked.
    devices: Option<&'a BTreeMap<DeviceId, Device>>,
    output: Output,
    /// Signatures by keys that are not known.
    unchecked: u64,
}

impl Observer for Signatures<'_> {
    fn unit(&mut self, unit: &ArchivedUnit) -> bool {
        let content = &unit.unit.content;
        match self.devices.map_or(Signer::Earlier, |devices| signer(devices, &content.slot)) {
            Signer::Known(key) => is_signed(key, &content.payload(&self.genesis), &unit.unit.signature),
            Signer::Earlier => {
                self.unchecked += 1;
                true
            }
            Signer::Nobody => false,
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let Progress { anchor, units, .. } = progress;
        self.output.note(&format!("checked up to anchor {anchor}: {units} units"));
    }
}

/// Verifies the archive against what is trusted and against the devices' keys. Says also how many signatures
/// could not be checked.
pub async fn verified(
    archive: &Archive,
    genesis: Hash,
    trust: &Trust,
    devices: Option<&BTreeMap<DeviceId, Device>>,
    output: Output,
) -> Result<(Report, u64)> {
    let mut signatures = Signatures { genesis, devices, output, unchecked: 0 };
    let report = verify(archive, trust, &mut signatures).await.map_err(failed)?;
    Ok((report, signatures.unchecked))
}

/// All devices that are registered.
pub async fn devices(state: &State<'_>) -> Result<BTreeMap<DeviceId, Device>> {
    let found = state.keys(&keys::item("Registry", "Devices")).await?;
    let devices = state.get_all::<Device>(&found).await?;
    let id = |key: &[u8]| keys::last_part(key, 4).and_then(|mut bytes| DeviceId::decode_all(&mut bytes).ok());
    Ok(found.iter().zip(devices).filter_map(|(key, device)| Some((id(key)?, device?))).collect())
}

/// What was found, for programs.
pub fn as_json(finding: &Finding) -> Value {
    json!({
        "segment": finding.object,
        "anchor": finding.anchor,
        "unit": finding.unit.as_ref().map(slot_name),
        "text": finding.fault.to_string(),
    })
}

/// What was found, as an audit lists it: under the smallest thing that is known.
pub fn as_mismatch(finding: &Finding) -> Mismatch {
    let item = match (&finding.unit, finding.anchor, &finding.object) {
        (Some(slot), ..) => format!("unit {}", slot_name(slot)),
        (None, Some(anchor), _) => format!("anchor {anchor}"),
        (None, None, Some(object)) => object.clone(),
        (None, None, None) => "archive".into(),
    };
    Mismatch::new(item, finding.to_string())
}

#[cfg(test)]
#[path = "tests/archived.rs"]
mod tests;
