//! Proves that the archive is complete: every anchor, every unit under its root, each exactly once.
//!
//! Anchors form a hash chain, so one hash that is known from the chain binds all anchors before it; an
//! anchor's root binds its units in order of slot; and a device's units form a chain of their own, so no
//! slot can stand under two anchors. Signatures are in no root: whoever knows the devices' keys checks
//! them through [`Observer::unit`].

use std::collections::BTreeMap;

use loadstone_core::{AnchorNumber, DeviceId, Hash};
use loadstone_dag::Anchor;

use crate::{
    archive::Archive,
    findings::{Fault, Finding, Report},
    manifest::Entry,
    reader::{fetch, read, Part, SegmentReader, Wanted},
    restore::Progress,
    rows::ArchivedUnit,
    segment_check::SegmentCheck,
    ArchiveError,
};

/// What is known from elsewhere.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The anchor that the archive must begin with: 1 for one that is complete.
    pub first: AnchorNumber,
    /// The anchor up to which the archive must reach, if that is known.
    pub last: Option<AnchorNumber>,
    /// Hashes of anchors in the chain's finalised state. The newest one proves all before it.
    pub hashes: BTreeMap<AnchorNumber, Hash>,
}

impl Default for Trust {
    fn default() -> Self {
        Self { first: AnchorNumber(1), last: None, hashes: BTreeMap::new() }
    }
}

/// Watches a check.
pub trait Observer {
    /// A unit whose id is right. Returns whether its signature is, too.
    fn unit(&mut self, _: &ArchivedUnit) -> bool {
        true
    }

    /// After each segment.
    fn progress(&mut self, _: &Progress) {}
}

/// Watches nothing.
impl Observer for () {}

/// What a check carries from segment to segment.
pub(crate) struct Check<'a> {
    pub genesis: Hash,
    pub trust: &'a Trust,
    pub observer: &'a mut dyn Observer,
    pub report: Report,
    /// Number and parent of the anchor that comes next.
    pub next: Option<(AnchorNumber, Hash)>,
    /// Newest unit of each device's lives.
    pub heads: BTreeMap<(DeviceId, loadstone_core::Incarnation), (loadstone_core::Sequence, Hash)>,
    /// Whether a device that is not among the heads can only begin at sequence 0.
    pub from_start: bool,
    pub progress: Progress,
}

/// Reads the whole archive and compares it with the chain. An error means that the check itself could
/// not be done; what is wrong with the archive stands in the report.
pub async fn verify(archive: &Archive, trust: &Trust, observer: &mut dyn Observer) -> Result<Report, ArchiveError> {
    let manifest = archive.manifest();
    let mut check = Check {
        genesis: archive.genesis,
        trust,
        observer,
        report: Report::default(),
        next: None,
        heads: BTreeMap::new(),
        from_start: true,
        progress: Progress::default(),
    };
    check.ends(manifest.oldest(), manifest.newest());
    for page in &manifest.pages {
        match archive.page(page).await {
            Ok(segments) => {
                for entry in &segments {
                    check.segment(archive, entry).await?;
                }
            }
            Err(error) => check.lost(page, fault_of(error)?),
        }
    }
    for entry in &manifest.segments {
        check.segment(archive, entry).await?;
    }
    Ok(check.report)
}

/// The fault that an error tells of; errors that tell nothing about the archive stay errors.
fn fault_of(error: ArchiveError) -> Result<Fault, ArchiveError> {
    match error {
        ArchiveError::Missing(_) => Ok(Fault::Missing),
        ArchiveError::Damaged { why, .. } => Ok(Fault::Unreadable(why)),
        ArchiveError::OtherChain { .. } | ArchiveError::Format(_) => Ok(Fault::Unreadable(error.to_string())),
        other => Err(other),
    }
}

impl Check<'_> {
    pub fn find(&mut self, object: Option<&str>, anchor: Option<AnchorNumber>, fault: Fault) {
        self.report.add(Finding { object: object.map(Into::into), anchor, unit: None, fault });
    }

    /// Compares where the archive begins and ends with what is expected.
    fn ends(&mut self, oldest: Option<&Entry>, newest: Option<&Entry>) {
        self.report.first = oldest.map(|entry| entry.first);
        self.report.last = newest.map(|entry| entry.last);
        let first = self.trust.first;
        match (oldest, self.trust.last) {
            (Some(oldest), _) if oldest.first > first => {
                let to = AnchorNumber(oldest.first.0 - 1);
                self.find(None, None, Fault::AnchorsMissing { from: first, to });
            }
            (None, Some(to)) if to >= first => self.find(None, None, Fault::AnchorsMissing { from: first, to }),
            _ => {}
        }
        if let Some((newest, to)) = newest.zip(self.trust.last).filter(|(newest, to)| newest.last < *to) {
            self.find(None, None, Fault::AnchorsMissing { from: newest.last.next(), to });
        }
        self.from_start = oldest.is_some_and(|entry| entry.first.0 == 1);
        // The first anchor of a chain has no parent; another first anchor's is believed.
        self.next = oldest.map(|entry| (entry.first, if self.from_start { Hash::zero() } else { entry.parent }));
    }

    /// Goes on after something that can't be read.
    fn lost(&mut self, entry: &Entry, fault: Fault) {
        self.find(Some(&entry.object), None, fault);
        self.skip_to(entry);
    }

    /// What was not seen says nothing about the devices' next units.
    fn skip_to(&mut self, entry: &Entry) {
        self.go_on_after(entry);
        self.heads.clear();
        self.from_start = false;
    }

    /// Believes the manifest as to which anchor comes next.
    pub fn go_on_after(&mut self, entry: &Entry) {
        self.next = Some((entry.last.next(), entry.last_hash));
    }

    async fn segment(&mut self, archive: &Archive, entry: &Entry) -> Result<(), ArchiveError> {
        let (file, whole) = match fetch(archive.store.as_ref(), entry).await {
            Ok(found) => found,
            Err(ArchiveError::Damaged { .. }) => {
                self.lost(entry, Fault::Changed);
                return Ok(());
            }
            Err(error) => {
                self.lost(entry, fault_of(error)?);
                return Ok(());
            }
        };
        if !whole {
            // Reading on may tell which anchor and unit it is.
            self.find(Some(&entry.object), None, Fault::Changed);
        }
        let all = Wanted { from: AnchorNumber(0), to: AnchorNumber(u32::MAX), device: None };
        let parts = read(file, &entry.object, self.genesis, all);
        if self.parts(entry, parts).await? {
            self.report.segments += 1;
        } else {
            self.skip_to(entry);
        }
        self.progress.segments += 1;
        self.observer.progress(&self.progress);
        Ok(())
    }

    /// Whether the segment was read to its end.
    async fn parts(&mut self, entry: &Entry, mut parts: SegmentReader) -> Result<bool, ArchiveError> {
        let mut segment = SegmentCheck::new(entry);
        while let Some(part) = parts.next().await {
            match part {
                Ok(Part::Anchors(anchors)) => segment.anchors(self, anchors),
                Ok(Part::Units(rows)) => rows.iter().for_each(|row| match row {
                    Ok(unit) => segment.unit(self, unit),
                    Err(bad) => segment.bad_row(self, bad),
                }),
                Ok(Part::End) => segment.end(self),
                Err(error) => {
                    let fault = fault_of(error)?;
                    self.find(Some(&entry.object), segment.at(), fault);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Takes the next anchor of the chain of anchors.
    pub fn link(&mut self, object: &str, anchor: &Anchor) {
        let hash = anchor.hash();
        if self.next.is_some_and(|next| next != (anchor.number, anchor.parent)) {
            self.find(Some(object), Some(anchor.number), Fault::Unlinked);
        }
        match self.trust.hashes.get(&anchor.number) {
            Some(known) if *known == hash => self.report.proven = Some(anchor.number),
            Some(_) => self.find(Some(object), Some(anchor.number), Fault::NotOnChain),
            None => {}
        }
        self.report.range.push(hash);
        self.next = Some((anchor.number.next(), hash));
    }
}
