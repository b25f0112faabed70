//! Reads a segment from a local file, one row group at a time, on a thread of its own.
//!
//! What is read may come from anywhere: the schema is compared before any value is read, row groups are
//! bounded, and a decoder that breaks off is reported as damage.

use std::fs::File;

use loadstone_core::{AnchorNumber, DeviceId, Hash};
use loadstone_dag::Anchor;
use object_store::ObjectStore;
use parquet::{
    errors::ParquetError,
    file::{
        metadata::RowGroupMetaData,
        reader::{FileReader, SerializedFileReader},
        statistics::Statistics,
    },
};
use tokio::sync::mpsc;

use crate::{
    manifest::Entry,
    objects::download,
    rows::{ArchivedUnit, BadRow, Rows},
    schema::{columns, Footer},
    writer::GROUP_ROWS,
    ArchiveError,
};

/// Row groups that may wait for whoever reads them.
const AHEAD: usize = 1;

/// How many times longer than written a segment may have become, and bytes on top of that. Whoever changes
/// a row rewrites all of it, perhaps less densely; the check reads on to tell which row it was.
const REWRITTEN: u64 = 4;
const SMALL: u64 = 1 << 20;

/// Which rows are wanted; others may come with them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub from: AnchorNumber,
    pub to: AnchorNumber,
    pub device: Option<DeviceId>,
}

/// Parts of a segment in their order.
pub(crate) enum Part {
    /// All anchors of the segment, from its footer; comes first.
    Anchors(Vec<Anchor>),
    /// The rows of one row group.
    Units(Vec<Result<ArchivedUnit, BadRow>>),
    /// The segment was read to its end.
    End,
}

type Parts = mpsc::Receiver<Result<Part, ArchiveError>>;

/// A segment that is being read.
pub(crate) struct SegmentReader {
    object: String,
    parts: Parts,
    ended: bool,
}

impl SegmentReader {
    /// The next part; `None` after the end.
    pub async fn next(&mut self) -> Option<Result<Part, ArchiveError>> {
        if self.ended {
            return None;
        }
        let part = self.parts.recv().await;
        // Without an end the thread broke off: the decoder does not trust its input either.
        let part = part.unwrap_or_else(|| Err(ArchiveError::damaged(&self.object, "it can't be decoded")));
        self.ended = matches!(part, Ok(Part::End) | Err(_));
        Some(part)
    }
}

/// Fetches a segment. Says also whether size and hash are those of the manifest.
pub(crate) async fn fetch(store: &dyn ObjectStore, entry: &Entry) -> Result<(File, bool), ArchiveError> {
    let longest = entry.bytes.saturating_mul(REWRITTEN).saturating_add(SMALL);
    let (file, bytes, hash) = download(store, &entry.object, longest).await?;
    Ok((file, (bytes, hash) == (entry.bytes, entry.hash)))
}

/// Starts to read a fetched segment.
pub(crate) fn read(file: File, object: &str, genesis: Hash, wanted: Wanted) -> SegmentReader {
    let (sender, parts) = mpsc::channel(AHEAD);
    let name = object.to_owned();
    tokio::task::spawn_blocking(move || {
        let last = match send_parts(&file, &name, &genesis, &wanted, &sender) {
            Ok(()) => Ok(Part::End),
            Err(error) => Err(error),
        };
        // Nobody may be listening any more.
        let _ = sender.blocking_send(last);
    });
    SegmentReader { object: object.to_owned(), parts, ended: false }
}

fn send_parts(
    file: &File,
    name: &str,
    genesis: &Hash,
    wanted: &Wanted,
    parts: &mpsc::Sender<Result<Part, ArchiveError>>,
) -> Result<(), ArchiveError> {
    let failed = |error: ParquetError| ArchiveError::damaged(name, error);
    let reader = SerializedFileReader::new(file.try_clone()?).map_err(failed)?;
    let about = reader.metadata().file_metadata();
    // The schema's own name means nothing, and other writers give another.
    if about.schema_descr().root_schema().get_fields() != columns().map_err(failed)?.get_fields() {
        return Err(ArchiveError::damaged(name, "its columns are others"));
    }
    let pairs = about.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
    let footer = Footer::read(pairs).map_err(|why| ArchiveError::damaged(name, why))?;
    if footer.genesis != *genesis {
        return Err(ArchiveError::OtherChain { ours: *genesis, theirs: footer.genesis });
    }
    if parts.blocking_send(Ok(Part::Anchors(footer.anchors))).is_err() {
        return Ok(());
    }
    for number in 0..reader.num_row_groups() {
        let about = reader.metadata().row_group(number);
        let count = usize::try_from(about.num_rows()).ok().filter(|count| *count <= GROUP_ROWS);
        let count =
            count.ok_or_else(|| ArchiveError::damaged(name, "a row group is larger than any that is written"))?;
        if !may_hold(about, wanted) {
            continue;
        }
        let group = reader.get_row_group(number).map_err(failed)?;
        if let Some(device) = wanted.device {
            if !Rows::mentions(group.as_ref(), count, device).map_err(failed)? {
                continue;
            }
        }
        let units = Rows::read(group.as_ref(), count).map_err(failed)?.into_units();
        if parts.blocking_send(Ok(Part::Units(units))).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the ranges in the footer leave room for a wanted row.
fn may_hold(group: &RowGroupMetaData, wanted: &Wanted) -> bool {
    let within = |column: usize, from: u32, to: u32| match group.column(column).statistics() {
        Some(Statistics::Int32(range)) => match (range.min_opt(), range.max_opt()) {
            (Some(min), Some(max)) => *min as u32 <= to && from <= *max as u32,
            _ => true,
        },
        _ => true,
    };
    within(0, wanted.from.0, wanted.to.0) && wanted.device.is_none_or(|device| within(2, device.0, device.0))
}
