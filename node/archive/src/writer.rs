//! Builds a segment in a local file, row group after row group, and refuses what no anchor commits to.

use std::{fs::File, io::Write};

use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::{Anchor, Unit};
use parquet::{errors::ParquetError, file::writer::SerializedFileWriter};

use crate::{
    leaves::Leaves,
    manifest::Entry,
    objects::Hasher,
    rows::Rows,
    schema::{columns, properties, Footer},
    ArchiveError,
};

/// Rows of a row group, which is what readers hold in memory at a time.
pub(crate) const GROUP_ROWS: usize = 65_536;

/// Bytes of a row group before compression.
const GROUP_BYTES: usize = 16 << 20;

/// When a segment is full. An anchor is never divided, so one may exceed this.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Units in a segment.
    pub units: u64,
    /// Anchors in a segment; they stand in its footer.
    pub anchors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { units: 1 << 19, anchors: 3_600 }
    }
}

/// A file whose hash is known when it is written.
struct Hashed {
    file: File,
    hasher: Hasher,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A segment under construction. After an error it is of no use: begin it anew.
pub struct SegmentWriter {
    genesis: Hash,
    limits: Limits,
    file: SerializedFileWriter<Hashed>,
    rows: Rows,
    anchors: Vec<Anchor>,
    /// The anchor whose units come in.
    open: Option<Anchor>,
    leaves: Leaves,
    /// Number and parent of the anchor that must come next; `None` where any may begin the archive.
    next: Option<(AnchorNumber, Hash)>,
    units: u64,
    readings: u64,
}

/// A finished segment that is not in the archive yet.
pub(crate) struct Built {
    pub file: File,
    pub entry: Entry,
}

fn failed(error: ParquetError) -> ArchiveError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(error) => ArchiveError::Scratch(*error),
            Err(other) => ArchiveError::Scratch(std::io::Error::other(other)),
        },
        other => ArchiveError::Scratch(std::io::Error::other(other)),
    }
}

impl SegmentWriter {
    pub(crate) fn new(genesis: Hash, limits: Limits, next: Option<(AnchorNumber, Hash)>) -> Result<Self, ArchiveError> {
        let file = Hashed { file: tempfile::tempfile()?, hasher: Hasher::default(), bytes: 0 };
        let columns = columns().map_err(failed)?;
        let file = SerializedFileWriter::new(file, columns, properties().map_err(failed)?).map_err(failed)?;
        let (rows, leaves) = (Rows::default(), Leaves::default());
        let (anchors, open) = (Vec::new(), None);
        Ok(Self { genesis, limits, file, rows, anchors, open, leaves, next, units: 0, readings: 0 })
    }

    /// Begins the next anchor; its units follow, then [`SegmentWriter::end_anchor`].
    pub fn begin_anchor(&mut self, anchor: &Anchor) -> Result<(), ArchiveError> {
        if self.open.is_some() {
            return Err(ArchiveError::Unfinished);
        }
        if let Some((want, parent)) = self.next {
            if (want, parent) != (anchor.number, anchor.parent) {
                return Err(ArchiveError::NotNext { want, parent, got: anchor.number });
            }
        }
        self.open = Some(anchor.clone());
        Ok(())
    }

    /// Takes a unit of the anchor that was begun; units come in order of slot.
    pub fn unit(&mut self, unit: &Unit) -> Result<(), ArchiveError> {
        let Some(anchor) = &self.open else { return Err(ArchiveError::Unfinished) };
        let (number, index) = (anchor.number, self.leaves.len());
        let id = unit.content.payload(&self.genesis).hash();
        let taken = self.leaves.push(unit.content.slot, id, unit);
        taken.map_err(|_| ArchiveError::NotUnderRoot(number))?;
        let index = u32::try_from(index).map_err(|_| ArchiveError::NotUnderRoot(number))?;
        self.rows.push(number, index, id, unit);
        if self.rows.len() >= GROUP_ROWS || self.rows.bytes() >= GROUP_BYTES {
            self.write_rows()?;
        }
        Ok(())
    }

    /// Ends the anchor, if its units are those under its root.
    pub fn end_anchor(&mut self) -> Result<(), ArchiveError> {
        let Some(anchor) = &self.open else { return Err(ArchiveError::Unfinished) };
        let readings = self.leaves.readings();
        self.leaves.close(anchor).map_err(|_| ArchiveError::NotUnderRoot(anchor.number))?;
        self.units += u64::from(anchor.units);
        self.readings += readings;
        self.next = Some((anchor.number.next(), anchor.hash()));
        self.anchors.extend(self.open.take());
        Ok(())
    }

    /// An anchor with all its units in order of slot.
    pub fn anchor<'a>(
        &mut self,
        anchor: &Anchor,
        units: impl IntoIterator<Item = &'a Unit>,
    ) -> Result<(), ArchiveError> {
        self.begin_anchor(anchor)?;
        units.into_iter().try_for_each(|unit| self.unit(unit))?;
        self.end_anchor()
    }

    /// Whether it is time to commit the segment.
    pub fn is_full(&self) -> bool {
        self.units >= self.limits.units || self.anchors.len() >= self.limits.anchors
    }

    /// Number and parent of the anchor that comes next, as far as it is fixed.
    pub fn next(&self) -> Option<(AnchorNumber, Hash)> {
        self.next
    }

    /// Whether no anchor is in it.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    fn write_rows(&mut self) -> Result<(), ArchiveError> {
        let group = self.file.next_row_group().map_err(failed)?;
        self.rows.write(group).map_err(failed)
    }

    /// The finished file. Its name says which anchors it holds and what is in it, so that nothing else
    /// ever has that name.
    pub(crate) fn finish(mut self, folder: &str) -> Result<Built, ArchiveError> {
        if self.open.is_some() {
            return Err(ArchiveError::Unfinished);
        }
        if self.rows.len() > 0 {
            self.write_rows()?;
        }
        let (first, last) = self.anchors.first().zip(self.anchors.last()).ok_or(ArchiveError::Unfinished)?;
        let (first, parent, last, last_hash) = (first.number, first.parent, last.number, last.hash());
        let footer = Footer { genesis: self.genesis, anchors: self.anchors };
        footer.pairs().into_iter().for_each(|pair| self.file.append_key_value_metadata(pair));
        let Hashed { file, hasher, bytes } = self.file.into_inner().map_err(failed)?;
        let hash = hasher.finish();
        let object = format!("{folder}/{:010}-{:010}-{}.parquet", first.0, last.0, hex::encode(&hash.as_bytes()[..8]));
        let (units, readings) = (self.units, self.readings);
        Ok(Built { file, entry: Entry { object, bytes, hash, first, last, parent, last_hash, units, readings } })
    }
}
