//! Reads units back: all of a range of anchors, or one device's.

use loadstone_core::{AnchorNumber, DeviceId, Hash};
use loadstone_dag::Anchor;

use crate::{
    archive::Archive,
    leaves::Leaves,
    manifest::Entry,
    reader::{fetch, read, Part, Wanted},
    rows::{ArchivedUnit, BadRow},
    ArchiveError,
};

/// How far an operation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last anchor that was dealt with.
    pub anchor: AnchorNumber,
    /// Segments read.
    pub segments: u64,
    /// Anchors dealt with.
    pub anchors: u64,
    /// Units dealt with.
    pub units: u64,
}

/// What is to be restored; both ends are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// First anchor.
    pub from: AnchorNumber,
    /// Last anchor.
    pub to: AnchorNumber,
    /// Only this device's units.
    pub device: Option<DeviceId>,
}

/// Takes what is restored.
pub trait Sink {
    /// An anchor of the selection, before its units. Returns whether to go on.
    fn anchor(&mut self, anchor: &Anchor) -> bool;

    /// A unit of the selection, in order of anchor and slot. Returns whether to go on.
    fn unit(&mut self, unit: &ArchivedUnit) -> bool;

    /// After each segment.
    fn progress(&mut self, _: &Progress) {}
}

/// Hands the selected anchors and units to `sink`. Bytes are compared with the manifest, ids with the
/// content, and without a device in the selection also units with their anchor's root; that the anchors
/// are the chain's is for [`crate::verify()`].
pub async fn restore(archive: &Archive, selection: &Selection, sink: &mut dyn Sink) -> Result<Progress, ArchiveError> {
    let mut restoring = Restoring {
        genesis: archive.genesis,
        selection: *selection,
        sink,
        progress: Progress::default(),
        stopped: false,
    };
    let overlaps = |entry: &&Entry| entry.first <= selection.to && selection.from <= entry.last;
    let manifest = archive.manifest();
    for page in manifest.pages.iter().filter(overlaps) {
        for entry in archive.page(page).await?.iter().filter(overlaps) {
            restoring.segment(archive, entry).await?;
        }
    }
    for entry in manifest.segments.iter().filter(overlaps) {
        restoring.segment(archive, entry).await?;
    }
    Ok(restoring.progress)
}

struct Restoring<'a> {
    genesis: Hash,
    selection: Selection,
    sink: &'a mut dyn Sink,
    progress: Progress,
    /// Whether the sink has had enough.
    stopped: bool,
}

/// Anchors of a segment that were not handed on yet, and what was seen of the first of them.
struct Open<'e> {
    entry: &'e Entry,
    anchors: std::iter::Peekable<std::vec::IntoIter<Anchor>>,
    leaves: Leaves,
    /// Whether the sink knows the first of them.
    told: bool,
}

impl Restoring<'_> {
    async fn segment(&mut self, archive: &Archive, entry: &Entry) -> Result<(), ArchiveError> {
        if self.stopped {
            return Ok(());
        }
        let (file, whole) = fetch(archive.store.as_ref(), entry).await?;
        if !whole {
            return Err(ArchiveError::damaged(&entry.object, "its bytes are not those that the manifest names"));
        }
        let Selection { from, to, device } = self.selection;
        let mut parts = read(file, &entry.object, self.genesis, Wanted { from, to, device });
        let mut open =
            Open { entry, anchors: Vec::new().into_iter().peekable(), leaves: Leaves::default(), told: false };
        while let Some(part) = parts.next().await {
            match part? {
                Part::Anchors(anchors) => {
                    let wanted = anchors.into_iter().filter(|anchor| (from..=to).contains(&anchor.number));
                    open.anchors = wanted.collect::<Vec<_>>().into_iter().peekable();
                }
                Part::Units(rows) => rows.iter().try_for_each(|row| match row {
                    Ok(unit) => self.unit(&mut open, unit),
                    Err(bad) => self.bad_row(entry, bad),
                })?,
                Part::End => while self.close(&mut open)? {},
            }
            if self.stopped {
                break;
            }
        }
        self.progress.segments += 1;
        self.sink.progress(&self.progress);
        Ok(())
    }

    /// Nothing is restored past a wanted row that holds no unit.
    fn bad_row(&self, entry: &Entry, row: &BadRow) -> Result<(), ArchiveError> {
        match row.slot {
            Some(slot) if self.stopped || !self.wants(row.anchor, slot.device) => Ok(()),
            _ => Err(ArchiveError::damaged(&entry.object, row)),
        }
    }

    fn wants(&self, anchor: AnchorNumber, of: DeviceId) -> bool {
        let Selection { from, to, device } = self.selection;
        (from..=to).contains(&anchor) && device.is_none_or(|device| device == of)
    }

    fn unit(&mut self, open: &mut Open<'_>, unit: &ArchivedUnit) -> Result<(), ArchiveError> {
        let slot = unit.unit.content.slot;
        if self.stopped || !self.wants(unit.anchor, slot.device) {
            return Ok(());
        }
        while open.anchors.peek().is_some_and(|anchor| anchor.number < unit.anchor) {
            self.close(open)?;
        }
        let damaged = |why: &str| ArchiveError::damaged(&open.entry.object, format!("anchor {}: {why}", unit.anchor));
        if open.anchors.peek().is_none_or(|anchor| anchor.number != unit.anchor) {
            return Err(damaged("its units stand in no order"));
        }
        if unit.unit.content.payload(&self.genesis).hash() != unit.id {
            return Err(damaged(&format!("unit {} has another id", unit.index)));
        }
        if self.selection.device.is_none() && open.leaves.push(slot, unit.id, &unit.unit).is_err() {
            return Err(damaged("its units stand in no order"));
        }
        self.tell(open);
        self.progress.units += 1;
        self.stopped = self.stopped || !self.sink.unit(unit);
        Ok(())
    }

    /// Hands on the first open anchor once.
    fn tell(&mut self, open: &mut Open<'_>) {
        if let Some(anchor) = open.anchors.peek().filter(|_| !open.told) {
            self.stopped = self.stopped || !self.sink.anchor(anchor);
            open.told = true;
        }
    }

    /// Ends the first open anchor. Whether there was one.
    fn close(&mut self, open: &mut Open<'_>) -> Result<bool, ArchiveError> {
        if self.stopped {
            return Ok(false);
        }
        // A device's anchors are those that hold a unit of it.
        if self.selection.device.is_none() {
            self.tell(open);
        }
        let Some(anchor) = open.anchors.next() else { return Ok(false) };
        if self.selection.device.is_none() && open.leaves.close(&anchor).is_err() {
            let why = format!("anchor {}: its units are not those under its root", anchor.number);
            return Err(ArchiveError::damaged(&open.entry.object, why));
        }
        open.told = false;
        self.progress.anchor = anchor.number;
        self.progress.anchors += 1;
        Ok(true)
    }
}
