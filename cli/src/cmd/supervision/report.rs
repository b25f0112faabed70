//! What anybody may point at.

use super::told;
use crate::{call::Call, context::Context};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{EventId, ResourceId};
use loadstone_market::supervision::Report as Evidence;
use serde_json::json;

/// Where something is wrong.
#[derive(Subcommand, Debug)]
pub enum Report {
    /// A record that no such load gives: out of its registered range, of far too few readings, or never varying.
    ///
    /// The chain looks at every record itself, but opens so many cases an event only (`cases_max`).
    Readings {
        /// In which event.
        event: u32,
        /// Whose record.
        resource: u32,
    },
    /// Two resources of one owner whose baseline and delivery are the same to the watt in every interval.
    Identical {
        /// In which event.
        event: u32,
        /// The resource that the case is about.
        first: u32,
        /// The other one.
        second: u32,
    },
    /// A feeder's meter that disagrees with the meters of the nodes named behind it by more than `feeder_loss`.
    ///
    /// A feeder of a whole area needs no report: the walk over each event compares it.
    Feeder {
        /// In which event.
        event: u32,
        /// The feeder.
        feeder: u32,
    },
}

impl Report {
    fn evidence(&self) -> Evidence {
        match *self {
            Self::Readings { event, resource } => {
                Evidence::Readings { event: EventId(event), resource: ResourceId(resource) }
            }
            Self::Identical { event, first, second } => {
                Evidence::Identical { event: EventId(event), first: ResourceId(first), second: ResourceId(second) }
            }
            Self::Feeder { event, feeder } => Evidence::Feeder { event: EventId(event), feeder: ResourceId(feeder) },
        }
    }

    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let call = Call::new("Supervision", "report", self.evidence());
        let receipt = context.sender(&chain)?.submit(&call).await?;
        told(context, &receipt, "flagged", json!({ "case": receipt.number_in("Supervision", "case") }))
    }
}
