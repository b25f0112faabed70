//! The archive of anchored units: Parquet segments on an object store, under a manifest that proves that
//! nothing is missing, added or changed.
//!
//! ```text
//! manifest/0000000042.json      the newest version is the archive; each lists pages and newest segments
//! pages/FIRST-HASH.json         256 older segments; never changes
//! segments/FIRST-LAST-HASH.parquet   whole consecutive anchors with all their units
//! ```
//!
//! Writing: [`Archive::open`], [`Archive::prepare`], then again and again [`Archive::segment`], anchor after
//! anchor with its units until [`SegmentWriter::is_full`], and [`Archive::commit`]. Only then may the
//! units be pruned where they came from. Reading: [`verify()`] against anchors of the chain, [`restore()`]
//! of a range of anchors or of one device.

mod archive;
mod error;
mod findings;
mod leaves;
mod manifest;
mod objects;
mod reader;
mod restore;
mod rows;
mod schema;
mod segment_check;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use archive::Archive;
pub use error::ArchiveError;
pub use findings::{Fault, Finding, Report, MAX_FINDINGS};
pub use manifest::{Entry, Manifest, FORMAT};
pub use object_store::ObjectStore;
pub use objects::{folder_of, open_store};
pub use restore::{restore, Progress, Selection, Sink};
pub use rows::ArchivedUnit;
pub use verify::{verify, Observer, Trust};
pub use writer::{Limits, SegmentWriter};
