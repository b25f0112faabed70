//! Why an archive can't be written or read, and what to do about it.

use loadstone_core::{with_causes, AnchorNumber, Hash};

/// Why the archive failed. Every text tells all causes, each once, and ends with the remedy; so no error here has a
/// source, which whoever prints chains of errors would repeat.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The object store's own error.
    #[error("the archive's store failed: {}; see that it can be reached and written, then try again", with_causes(.0))]
    Store(object_store::Error),
    /// The local file in which a segment is built or checked.
    #[error(
        "a temporary file failed: {}; free space where temporary files are, or name another folder in TMPDIR",
        with_causes(.0)
    )]
    Scratch(std::io::Error),
    /// No store of this name can be opened.
    #[error("`{0}` is no place for an archive: give a folder, or a file:// URL with an absolute path")]
    Place(String),
    /// The folder can't be made or reached.
    #[error("the folder `{place}` of the archive can't be used: {error}; see that this user may write there")]
    Folder {
        /// The place as given.
        place: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// Segments without a manifest.
    #[error(
        "`{0}` and others stand there, but no manifest names them: put back the newest manifest, or give an empty place"
    )]
    Unvouched(String),
    /// The archive is another chain's.
    #[error("the archive is of the chain {theirs:?}, not of {ours:?}: give another place")]
    OtherChain {
        /// The chain that was asked for.
        ours: Hash,
        /// The chain that the archive names.
        theirs: Hash,
    },
    /// The archive was written by a later version.
    #[error(
        "the archive has format {0}, which this version can't read: use the version that wrote it, or a later one"
    )]
    Format(u32),
    /// An object is not there.
    #[error("`{0}` is missing from the archive: put back a copy of it")]
    Missing(String),
    /// An object is not what the manifest says, or contradicts itself.
    #[error("`{object}` is damaged: {why}; put back a copy of it")]
    Damaged {
        /// Its name in the store.
        object: String,
        /// What is wrong.
        why: String,
    },
    /// Anchors go into the archive one after another.
    #[error("anchor {got} with this parent does not follow: hand over anchor {want}, child of {parent:?}")]
    NotNext {
        /// The number that comes next.
        want: AnchorNumber,
        /// Hash of the archive's last anchor.
        parent: Hash,
        /// What was handed over.
        got: AnchorNumber,
    },
    /// What was handed over does not hash to the anchor's root.
    #[error("the units handed over for anchor {0} are not those under its root: read them again, in order of slot")]
    NotUnderRoot(AnchorNumber),
    /// A segment ends within an anchor, or holds none.
    #[error(
        "the segment does not end with a whole anchor: hand over all units of each anchor, and at least one anchor"
    )]
    Unfinished,
    /// Somebody else wrote to the archive.
    #[error(
        "another program wrote manifest {0} of this archive: let one program write, or give each a place of its own"
    )]
    Taken(u64),
}

impl ArchiveError {
    pub(crate) fn damaged(object: &str, why: impl ToString) -> Self {
        Self::Damaged { object: object.into(), why: why.to_string() }
    }
}

impl From<object_store::Error> for ArchiveError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<std::io::Error> for ArchiveError {
    fn from(error: std::io::Error) -> Self {
        Self::Scratch(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[derive(Debug, thiserror::Error)]
    #[error("the root can't be found")]
    struct Silent(#[source] std::io::Error);

    #[test]
    fn each_cause_is_told_once() {
        // GIVEN errors of a store: one tells its cause itself, the other leaves that to whoever prints it
        let cause = || std::io::Error::other("the disk is gone");
        let generic = |source| ArchiveError::from(object_store::Error::Generic { store: "Local", source });
        for error in [generic(Box::new(cause())), generic(Box::new(Silent(cause()))), cause().into()] {
            // THEN the text tells the cause once, and the chain of errors ends there
            let text = error.to_string();
            assert_eq!(text.matches("the disk is gone").count(), 1, "{text}");
            assert!(error.source().is_none(), "{text}");
        }
    }
}
