//! The archive in its store: opened at the newest manifest, extended one segment at a time.
//!
//! A segment is stored before the manifest that names it, so a manifest's segments are always there. A
//! crash in between leaves a segment that no manifest names; [`Archive::prepare`] removes it.

use std::{collections::BTreeMap, sync::Arc};

use loadstone_core::{AnchorNumber, Hash};
use object_store::{path::Path, ObjectStore};

use crate::{
    manifest::{span, Entry, Manifest, Page, FORMAT, MANIFESTS, PAGE},
    objects::{create, hash_of, list, list_after, put, read_small, remove, sizes, upload},
    writer::{Limits, SegmentWriter},
    ArchiveError,
};

/// Folder of segments.
const SEGMENTS: &str = "segments";

/// Folder of sealed pages.
const PAGES: &str = "pages";

/// Times that the newest manifest is looked for while another program replaces it.
const TRIES: usize = 8;

/// Manifests that stay: the newest, and the one that a reader may just have found.
const KEPT_MANIFESTS: u64 = 2;

/// An open archive. One program writes to an archive at a time; any number may read.
pub struct Archive {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) genesis: Hash,
    manifest: Manifest,
    limits: Limits,
}

impl Archive {
    /// Opens the archive of the chain with this genesis hash; an empty store is an empty archive.
    pub async fn open(store: Arc<dyn ObjectStore>, genesis: Hash) -> Result<Self, ArchiveError> {
        let manifest = newest_manifest(store.as_ref(), &genesis).await?;
        Ok(Self { store, genesis, manifest, limits: Limits::default() })
    }

    /// The same with other limits for new segments.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What the archive consists of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The newest anchor in it: up to here units may be pruned elsewhere.
    pub fn last(&self) -> Option<AnchorNumber> {
        self.manifest.newest().map(|entry| entry.last)
    }

    /// Begins a segment that goes on where the archive ends. An empty archive takes any first anchor,
    /// which is number 1 unless older ones are lost.
    pub fn segment(&self) -> Result<SegmentWriter, ArchiveError> {
        let next = self.manifest.newest().map(|entry| (entry.last.next(), entry.last_hash));
        SegmentWriter::new(self.genesis, self.limits, next)
    }

    /// Stores a segment that [`Archive::segment`] began. When this returns its anchors are in the
    /// archive for good; after an error they are not, and the segment is to be built again.
    pub async fn commit(&mut self, segment: SegmentWriter) -> Result<Entry, ArchiveError> {
        let entry = self.store_segment(segment).await?;
        let next = self.manifest_with(entry.clone()).await?;
        let bytes = to_json(&next)?;
        if !create(self.store.as_ref(), &next.object(), bytes).await? {
            return Err(ArchiveError::Taken(next.version));
        }
        self.manifest = next;
        self.forget_manifests().await?;
        Ok(entry)
    }

    pub(crate) async fn store_segment(&self, segment: SegmentWriter) -> Result<Entry, ArchiveError> {
        let built = segment.finish(SEGMENTS)?;
        let follows = self.manifest.newest().map(|newest| (newest.last.next(), newest.last_hash));
        if let Some((want, parent)) = follows.filter(|follows| *follows != (built.entry.first, built.entry.parent)) {
            return Err(ArchiveError::NotNext { want, parent, got: built.entry.first });
        }
        upload(self.store.as_ref(), &built.entry.object, built.file).await?;
        Ok(built.entry)
    }

    /// The next manifest; a full list of segments is sealed as a page first.
    async fn manifest_with(&self, entry: Entry) -> Result<Manifest, ArchiveError> {
        let (mut pages, mut segments) = (self.manifest.pages.clone(), self.manifest.segments.clone());
        if segments.len() >= PAGE {
            let page = Page { format: FORMAT, genesis: self.genesis, segments: std::mem::take(&mut segments) };
            let bytes = to_json(&page)?;
            let (size, hash) = (bytes.len() as u64, hash_of(&bytes));
            let first = page.segments.first().map_or(0, |segment| segment.first.0);
            let object = format!("{PAGES}/{first:010}-{}.json", hex::encode(&hash.as_bytes()[..8]));
            put(self.store.as_ref(), &object, bytes).await?;
            pages.extend(span(&page.segments, object, size, hash));
        }
        segments.push(entry);
        Ok(self.manifest.next(pages, segments))
    }

    async fn forget_manifests(&self) -> Result<(), ArchiveError> {
        for name in list(self.store.as_ref(), MANIFESTS).await? {
            if version_of(&name).is_some_and(|version| version + KEPT_MANIFESTS <= self.manifest.version) {
                remove(self.store.as_ref(), &name).await?;
            }
        }
        Ok(())
    }

    /// Makes the archive ready to be written to. For the program that writes, before it goes on: removes what a
    /// crash left behind and returns how many objects that were.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] and [`ArchiveError::Damaged`] when what the manifest names is not there or has
    /// another size, [`ArchiveError::Unvouched`] when there are segments and no manifest: it may be what is lost.
    pub async fn prepare(&self) -> Result<usize, ArchiveError> {
        let held = sizes(self.store.as_ref(), SEGMENTS).await?;
        let Some(newest) = self.manifest.segments.last() else {
            // A crash of the first commit leaves one, which is written again.
            return held.keys().nth(1).map_or(Ok(0), |name| Err(ArchiveError::Unvouched(name.clone())));
        };
        for page in &self.manifest.pages {
            check_sizes(&held, &self.page(page).await?)?;
        }
        check_sizes(&held, &self.manifest.segments)?;
        // Names rise with the anchors in them.
        let segments = held.keys().filter(|name| **name > newest.object).map(|name| Path::from(name.as_str()));
        let mut left: Vec<Path> = segments.collect();
        left.extend(match self.manifest.pages.last() {
            Some(page) => list_after(self.store.as_ref(), PAGES, &page.object).await?,
            None => list(self.store.as_ref(), PAGES).await?,
        });
        for name in &left {
            remove(self.store.as_ref(), name).await?;
        }
        Ok(left.len())
    }

    /// Segments of a page, oldest first.
    pub(crate) async fn page(&self, page: &Entry) -> Result<Vec<Entry>, ArchiveError> {
        let bytes = read_small(self.store.as_ref(), &page.object).await?;
        let bytes = bytes.ok_or_else(|| ArchiveError::Missing(page.object.clone()))?;
        if (bytes.len() as u64, hash_of(&bytes)) != (page.bytes, page.hash) {
            return Err(ArchiveError::damaged(&page.object, "it is not the page that the manifest names"));
        }
        Ok(Page::read(page, &bytes, &self.genesis)?.segments)
    }
}

fn to_json(value: &impl serde::Serialize) -> Result<Vec<u8>, ArchiveError> {
    let bytes = serde_json::to_vec_pretty(value);
    bytes.map_err(|error| ArchiveError::Scratch(std::io::Error::other(error)))
}

fn version_of(name: &Path) -> Option<u64> {
    name.filename()?.strip_suffix(".json")?.parse().ok()
}

async fn newest_manifest(store: &dyn ObjectStore, genesis: &Hash) -> Result<Manifest, ArchiveError> {
    for _ in 0..TRIES {
        let found = list(store, MANIFESTS).await?;
        let newest = found.iter().filter_map(|name| Some((version_of(name)?, name))).max();
        let Some((version, name)) = newest else { return Ok(Manifest::empty(*genesis)) };
        // It may have been replaced and removed meanwhile.
        let Some(bytes) = read_small(store, name.as_ref()).await? else { continue };
        let manifest = Manifest::read(name.as_ref(), &bytes, genesis)?;
        if manifest.version != version {
            return Err(ArchiveError::damaged(name.as_ref(), "it is a copy of another version"));
        }
        return Ok(manifest);
    }
    Err(ArchiveError::Missing(MANIFESTS.into()))
}

/// Whether these segments are there, with their sizes.
fn check_sizes(held: &BTreeMap<String, u64>, segments: &[Entry]) -> Result<(), ArchiveError> {
    for segment in segments {
        let bytes = held.get(&segment.object).ok_or_else(|| ArchiveError::Missing(segment.object.clone()))?;
        if *bytes != segment.bytes {
            let why = format!("it has {bytes} bytes, not {}", segment.bytes);
            return Err(ArchiveError::damaged(&segment.object, why));
        }
    }
    Ok(())
}
