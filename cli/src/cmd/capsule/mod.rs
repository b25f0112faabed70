//! `loadstone order`: the newest order as a capsule that proves itself, fetched from a node and checked offline.

mod fetch;
mod verify;

use crate::context::Context;
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::Direction;

/// Orders as capsules, which prove themselves over any channel.
#[derive(Subcommand, Debug)]
pub enum Order {
    /// Takes the newest order's capsule from a node and writes it into a file.
    Capsule(fetch::Fetch),
    /// Verifies an order's capsule offline.
    VerifyCapsule(verify::Verify),
}

impl Order {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Capsule(command) => command.run(context).await,
            Self::VerifyCapsule(command) => command.run(context),
        }
    }
}

fn name_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Down => "down",
        Direction::Up => "up",
    }
}
