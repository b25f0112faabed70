//! Now and then: what is final goes into the archive, and what is old leaves the database.

use std::{sync::Arc, time::Duration};

use loadstone_archive::{open_store, Archive, ArchiveError};
use loadstone_core::Hash;
use parking_lot::RwLock;

use crate::{
    status::View,
    store::{KeepError, Keeper, Retention, Store},
};

/// Time between two looks at what there is to do.
const PERIOD: Duration = Duration::from_secs(60);

/// Anchors in a segment of the archive: ten minutes' worth.
const SEGMENT: u32 = 600;

/// Where old units go, and when they leave the database.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// A folder or `file://` URL; without one nothing is archived.
    pub archive: Option<String>,
    /// Newest anchors that stay in the database; without a number all do.
    pub anchors: Option<u32>,
}

impl Keeping {
    /// Whether there is nothing to do, ever.
    pub fn is_idle(&self) -> bool {
        self.archive.is_none() && self.anchors.is_none()
    }

    /// Archives and prunes for as long as the node runs. A failure stops nothing: it is shown, and tried again.
    pub async fn run(self, genesis: Hash, store: Arc<Store>, view: Arc<RwLock<View>>) {
        let mut keeper = None;
        loop {
            let done = self.turn(&mut keeper, genesis, &store).await;
            let said = done.err().map(|error| error.to_string());
            if let Some(said) = &said {
                log::error!(target: crate::LOG, "nothing is archived or pruned: {said}");
            }
            view.write().keeping = said;
            tokio::time::sleep(PERIOD).await;
        }
    }

    async fn turn(&self, keeper: &mut Option<Keeper>, genesis: Hash, store: &Arc<Store>) -> Result<(), KeepError> {
        if keeper.is_none() {
            *keeper = Some(self.open(genesis, store).await?);
        }
        if let Some(keeper) = keeper {
            keeper.keep().await?;
        }
        Ok(())
    }

    async fn open(&self, genesis: Hash, store: &Arc<Store>) -> Result<Keeper, ArchiveError> {
        let archive = match &self.archive {
            Some(place) => Some(Archive::open(open_store(place)?, genesis).await?),
            None => None,
        };
        let retention = Retention { anchors: self.anchors.unwrap_or(u32::MAX), segment: SEGMENT };
        Ok(Keeper::new(store.clone(), archive, retention))
    }
}
