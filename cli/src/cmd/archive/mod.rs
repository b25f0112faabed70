//! `loadstone archive`: anchored units kept for good, and checked.

mod store;
mod verify;

use crate::context::Context;
use anyhow::Result;
use clap::Subcommand;

/// What to do with an archive.
#[derive(Subcommand, Debug)]
pub enum Archive {
    /// Takes anchors and units from the node and appends them to an archive.
    Store(store::Store),
    /// Proves that nothing in an archive is missing, added or changed.
    Verify(verify::Verify),
}

impl Archive {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Store(command) => command.run(context).await,
            Self::Verify(command) => command.run(context).await,
        }
    }
}
