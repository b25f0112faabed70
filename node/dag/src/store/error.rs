//! Why the database failed, and what to do about it.

use rocksdb::ErrorKind;

/// What systems say when a disk is full.
const FULL: [&str; 2] = ["No space left on device", "Disk quota exceeded"];

/// What systems say when a file is gone.
const LOST: &str = "No such file";

/// Why the database failed. Every text ends with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room is left; nothing of the write is there.
    #[error("the disk of the DAG database is full: free space, then start the node again ({0})")]
    Full(String),
    /// A value does not decode or fails its checksum, or a column is missing.
    #[error("the DAG database is damaged in `{0}`: move it away, so that the node catches up from other members")]
    Damaged(&'static str),
    /// The database has another layout or belongs to another chain.
    #[error("the DAG database is of another version or chain: move it away to start afresh")]
    Mismatch,
    /// An epoch begins after the one before.
    #[error("epoch {given} can't begin after epoch {held}: move the DAG database away, it is another node's")]
    Epoch {
        /// The epoch in force.
        held: u32,
        /// The epoch that was to begin.
        given: u32,
    },
    /// A write failed before, and what was to follow it must not be written.
    #[error("the DAG database takes no more writes since one failed: start the node again")]
    Stopped,
    /// RocksDB's own error.
    #[error("the DAG database failed: {0}; see that its disk is sound, then start the node again")]
    Database(String),
}

impl From<rocksdb::Error> for StoreError {
    fn from(error: rocksdb::Error) -> Self {
        let text = error.to_string();
        if FULL.iter().any(|full| text.contains(full)) {
            Self::Full(text)
        } else {
            Self::Database(text)
        }
    }
}

/// The error of a read in this column.
pub(super) fn of_read(column: &'static str, error: rocksdb::Error) -> StoreError {
    let lost = error.to_string().contains(LOST);
    if lost || error.kind() == ErrorKind::Corruption {
        log::error!(target: crate::LOG, "column {column}: {error}");
        return StoreError::Damaged(column);
    }
    error.into()
}

/// The error of opening: which column it is in can't be told.
pub(super) fn of_open(error: rocksdb::Error) -> StoreError {
    if error.kind() == ErrorKind::Corruption {
        log::error!(target: crate::LOG, "the database can't be opened: {error}");
        return StoreError::Damaged("its files");
    }
    error.into()
}
