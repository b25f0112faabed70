//! The manifest: which segments make up the archive, each bound by its hash and by the anchors' chain.
//!
//! Every change writes the next version as a new object, which the store makes whole or not at all and
//! never over another: that is the switch. The newest segments stand in the manifest itself; older ones
//! in sealed pages of [`PAGE`] entries that never change, so that the manifest stays small.

use loadstone_core::{AnchorNumber, Hash};
use serde::{Deserialize, Serialize};

use crate::ArchiveError;

/// Format of the manifest and of segments.
pub const FORMAT: u32 = 1;

/// Entries in a sealed page.
pub const PAGE: usize = 256;

/// Folder of the manifest's versions.
pub(crate) const MANIFESTS: &str = "manifest";

/// An object with anchors in it: a segment, or a page of segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Name of the object in the store.
    pub object: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE2b-256 of its bytes.
    pub hash: Hash,
    /// Its first anchor.
    pub first: AnchorNumber,
    /// Its last anchor.
    pub last: AnchorNumber,
    /// Parent of the first anchor.
    pub parent: Hash,
    /// Hash of the last anchor.
    pub last_hash: Hash,
    /// Units in its anchors.
    pub units: u64,
    /// Meter readings in these units.
    pub readings: u64,
}

/// A sealed page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Page {
    pub format: u32,
    pub genesis: Hash,
    pub segments: Vec<Entry>,
}

/// What the archive consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The chain's genesis hash.
    pub genesis: Hash,
    /// Counts changes; 0 while nothing is written.
    pub version: u64,
    /// Pages of older segments, oldest first.
    pub pages: Vec<Entry>,
    /// The newest segments, oldest first.
    pub segments: Vec<Entry>,
}

impl Manifest {
    pub(crate) fn empty(genesis: Hash) -> Self {
        Self { format: FORMAT, genesis, version: 0, pages: Vec::new(), segments: Vec::new() }
    }

    /// The entry with the newest anchor; a page only right after sealing.
    pub fn newest(&self) -> Option<&Entry> {
        self.segments.last().or(self.pages.last())
    }

    /// The oldest entry.
    pub fn oldest(&self) -> Option<&Entry> {
        self.pages.first().or(self.segments.first())
    }

    /// Reads the bytes of the object `name`, and checks what can be checked without other objects.
    pub(crate) fn read(name: &str, bytes: &[u8], genesis: &Hash) -> Result<Self, ArchiveError> {
        let manifest: Self = parse(name, bytes)?;
        check_origin(manifest.format, genesis, &manifest.genesis)?;
        check_chain(name, manifest.pages.iter().chain(&manifest.segments))?;
        Ok(manifest)
    }

    /// The manifest after a change.
    pub(crate) fn next(&self, pages: Vec<Entry>, segments: Vec<Entry>) -> Self {
        Self { format: FORMAT, genesis: self.genesis, version: self.version + 1, pages, segments }
    }

    pub(crate) fn object(&self) -> String {
        format!("{MANIFESTS}/{:010}.json", self.version)
    }
}

impl Page {
    /// Reads a page that `entry` names.
    pub(crate) fn read(entry: &Entry, bytes: &[u8], genesis: &Hash) -> Result<Self, ArchiveError> {
        let page: Self = parse(&entry.object, bytes)?;
        check_origin(page.format, genesis, &page.genesis)?;
        check_chain(&entry.object, page.segments.iter())?;
        let ends = page.segments.first().zip(page.segments.last());
        match ends {
            Some((first, last))
                if (first.first, first.parent) == (entry.first, entry.parent)
                    && (last.last, last.last_hash) == (entry.last, entry.last_hash) =>
            {
                Ok(page)
            }
            _ => Err(ArchiveError::damaged(&entry.object, "it holds other segments than the manifest says")),
        }
    }
}

/// One entry that stands for all of `entries`; nothing for none.
pub(crate) fn span(entries: &[Entry], object: String, bytes: u64, hash: Hash) -> Option<Entry> {
    let (first, last) = entries.first().zip(entries.last())?;
    Some(Entry {
        object,
        bytes,
        hash,
        first: first.first,
        last: last.last,
        parent: first.parent,
        last_hash: last.last_hash,
        units: entries.iter().map(|entry| entry.units).sum(),
        readings: entries.iter().map(|entry| entry.readings).sum(),
    })
}

fn parse<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T, ArchiveError> {
    /// The field that tells whether the rest can be read at all.
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| ArchiveError::damaged(name, error))?;
    if head.format != FORMAT {
        return Err(ArchiveError::Format(head.format));
    }
    serde_json::from_slice(bytes).map_err(|error| ArchiveError::damaged(name, error))
}

fn check_origin(format: u32, ours: &Hash, theirs: &Hash) -> Result<(), ArchiveError> {
    if format != FORMAT {
        return Err(ArchiveError::Format(format));
    }
    if ours != theirs {
        return Err(ArchiveError::OtherChain { ours: *ours, theirs: *theirs });
    }
    Ok(())
}

/// Every entry goes on where the one before ended.
fn check_chain<'a>(name: &str, entries: impl Iterator<Item = &'a Entry>) -> Result<(), ArchiveError> {
    let mut before: Option<&Entry> = None;
    for entry in entries {
        if entry.first > entry.last || entry.first.0 == 0 {
            return Err(ArchiveError::damaged(name, format!("`{}` holds no anchors", entry.object)));
        }
        let follows = before.is_none_or(|b| (b.last.next(), b.last_hash) == (entry.first, entry.parent));
        if !follows {
            return Err(ArchiveError::damaged(name, format!("`{}` does not follow the one before", entry.object)));
        }
        before = Some(entry);
    }
    Ok(())
}
