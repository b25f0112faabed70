//! Keeps the database small: finalised anchors go into the archive, and what is old and archived is pruned.

use std::sync::Arc;

use loadstone_archive::{Archive, ArchiveError, SegmentWriter};
use loadstone_core::AnchorNumber;

use super::{Store, StoreError};

/// Why nothing is archived or pruned. The member goes on; only its disk grows.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The archive goes on with an anchor whose units are not here.
    #[error(
        "the units of anchor {0}, which the archive lacks, are not here: let another node that has them write to the \
         archive, or give an empty place for a new one"
    )]
    Gap(AnchorNumber),
    /// The work died.
    #[error("archiving died: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// What stays in the database, and when the archive grows.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Newest anchors that stay: as many as disputes and baselines may look back.
    pub anchors: u32,
    /// Anchors that make a segment, unless their units fill one before.
    pub segment: u32,
}

/// Archives and prunes.
pub struct Keeper {
    store: Arc<Store>,
    archive: Option<Archive>,
    retention: Retention,
    /// Whether the archive may hold what a crash or a failure left behind.
    unclean: bool,
}

impl Keeper {
    /// Over a database, and an archive if one is kept.
    pub fn new(store: Arc<Store>, archive: Option<Archive>, retention: Retention) -> Self {
        Self { store, archive, retention, unclean: true }
    }

    /// The archive's newest anchor, if one is kept.
    pub fn archived(&self) -> Option<AnchorNumber> {
        self.archive.as_ref().map(|archive| archive.last().unwrap_or_default())
    }

    /// Does what there is to do; to be called now and then. Returns the first anchor that is still in the
    /// database.
    pub async fn keep(&mut self) -> Result<AnchorNumber, KeepError> {
        let newest = self.store.last_anchor()?.map_or(AnchorNumber(0), |stored| stored.anchor.number);
        if let Some(archive) = &mut self.archive {
            if std::mem::replace(&mut self.unclean, true) {
                archive.prepare().await?;
            }
            while let Some(segment) = next_segment(&self.store, archive, newest, self.retention.segment).await? {
                archive.commit(segment).await?;
            }
            self.unclean = false;
        }
        let below = AnchorNumber(newest.0.saturating_sub(self.retention.anchors).saturating_add(1));
        let (store, archived) = (self.store.clone(), self.archived());
        Ok(tokio::task::spawn_blocking(move || store.prune(below, archived)).await??)
    }
}

/// The archive's next segment; `None` while too few anchors wait.
async fn next_segment(
    store: &Arc<Store>,
    archive: &Archive,
    newest: AnchorNumber,
    least: u32,
) -> Result<Option<SegmentWriter>, KeepError> {
    let first = archive.last().map_or(store.pruned()?, AnchorNumber::next);
    let waiting = newest.next().0.saturating_sub(first.0);
    if waiting < least.max(1) {
        return Ok(None);
    }
    let (store, segment) = (store.clone(), archive.segment()?);
    let fill = move || fill(&store, segment, first, waiting.min(least.max(1)));
    Ok(Some(tokio::task::spawn_blocking(fill).await??))
}

/// Puts so many anchors into the segment, or fewer when it is full before.
fn fill(
    store: &Store,
    mut segment: SegmentWriter,
    first: AnchorNumber,
    anchors: u32,
) -> Result<SegmentWriter, KeepError> {
    for number in (first.0..first.0.saturating_add(anchors)).map(AnchorNumber) {
        let stored = store.anchor(number)?.ok_or(KeepError::Gap(number))?;
        segment.begin_anchor(&stored.anchor)?;
        let mut taken = Ok(());
        let is_here = store.each_unit(number, 0, |unit| {
            taken = segment.unit(&unit);
            taken.is_ok()
        })?;
        taken?;
        if !is_here {
            return Err(KeepError::Gap(number));
        }
        segment.end_anchor()?;
        if segment.is_full() {
            break;
        }
    }
    Ok(segment)
}
