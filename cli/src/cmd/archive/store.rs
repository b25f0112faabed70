//! `loadstone archive store`: anchors and their units go from the node into an archive.

use crate::{
    archived::{create, failed},
    client::{Chain, State},
    context::Context,
    fault::Fault,
    history::{from_node, kept, Trusted, FIRST},
    output::Output,
    reads::EventView,
};
use anyhow::{anyhow, Context as _, Result};
use clap::Args;
use futures::StreamExt;
use loadstone_archive::{Archive, SegmentWriter};
use loadstone_core::{AnchorNumber, EventId};
use loadstone_dag::Anchor;
use loadstone_evidence::keys;
use serde::Deserialize;
use serde_json::json;
use std::pin::pin;
use subxt::rpcs::rpc_params;

/// Anchors that are fetched at one state: a node forgets old states soon.
const STRETCH: u32 = 500;

/// Takes anchors and units from the node and appends them to an archive. Goes on where the archive ends; no other
/// program may write to it meanwhile.
#[derive(Args, Debug)]
pub struct Store {
    /// Folder or file:// URL of the archive; made where it is missing.
    place: String,
    /// Up to this anchor; by default the newest.
    #[arg(long, conflicts_with = "event")]
    to: Option<u32>,
    /// Up to this event's cut-off.
    #[arg(long)]
    event: Option<u32>,
}

/// What is needed of `dag_status`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DagStatus {
    latest_anchor: Option<Newest>,
}

#[derive(Deserialize)]
struct Newest {
    number: u32,
}

impl Store {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Fault::Usage`] when the archive is another chain's, [`Fault::Mismatch`] when its end or what the node
    /// serves is not on the chain.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let state = chain.finalised().await?;
        let last = self.last(&chain, &state).await?;
        let archive = create(&self.place, chain.genesis).await?;
        let before = archive.last();
        if let Some(end) = before.filter(|end| *end > last) {
            context.output().note(&format!("the archive reaches anchor {end} already"));
        }
        archive.prepare().await.map_err(failed)?;
        let mut storing = Storing::new(&chain, archive, context.output())?;
        storing.check_end().await?;
        storing.append(last).await?;
        let Storing { archive, anchors, units, .. } = storing;
        let reaches = archive.last().unwrap_or_default();
        let value = json!({ "place": self.place, "anchors": anchors, "units": units, "last": reaches });
        let text = || format!("{units} units of {anchors} anchors stored in {}, which reaches {reaches}", self.place);
        context.output().print(&value, text)
    }

    /// The anchor up to which is stored.
    async fn last(&self, chain: &Chain, state: &State<'_>) -> Result<AnchorNumber> {
        let latest: Anchor = state.require(keys::latest_anchor(), "an anchor").await?;
        let wanted = match (self.to, self.event) {
            (Some(to), _) => AnchorNumber(to),
            (None, Some(event)) => {
                let view = EventView::read(state, EventId(event)).await?;
                view.cutoff.ok_or_else(|| Fault::Usage("the event has no cut-off yet".into()))?
            }
            (None, None) => {
                let status: DagStatus = chain.request("dag_status", rpc_params![]).await?;
                let complete = status.latest_anchor.ok_or_else(|| anyhow!("the node holds no anchor's units"))?;
                latest.number.min(AnchorNumber(complete.number))
            }
        };
        if wanted > latest.number {
            return Err(Fault::Usage(format!("the newest anchor is {}", latest.number)).into());
        }
        Ok(wanted)
    }
}

/// An archive that grows.
struct Storing<'a> {
    chain: &'a Chain,
    archive: Archive,
    segment: SegmentWriter,
    output: Output,
    /// Anchors that were stored.
    anchors: u64,
    /// Units that were stored.
    units: u64,
}

impl<'a> Storing<'a> {
    fn new(chain: &'a Chain, archive: Archive, output: Output) -> Result<Self> {
        let segment = archive.segment().map_err(failed)?;
        Ok(Self { chain, archive, segment, output, anchors: 0, units: 0 })
    }

    /// Takes everything from the archive's end to `last`.
    async fn append(&mut self, last: AnchorNumber) -> Result<()> {
        let mut first = self.archive.last().map_or(FIRST, AnchorNumber::next);
        while first <= last {
            let end = AnchorNumber(first.0.saturating_add(STRETCH - 1)).min(last);
            self.stretch(first, end).await?;
            self.output.note(&format!("stored up to anchor {end} of {last}: {} units", self.units));
            first = end.next();
        }
        if self.segment.is_empty() {
            return Ok(());
        }
        self.commit().await
    }

    async fn stretch(&mut self, first: AnchorNumber, last: AnchorNumber) -> Result<()> {
        let state = self.chain.finalised().await?;
        let kept = kept(&state, first, last).await?;
        let mut anchors = pin!(from_node(self.chain, &kept, first, last));
        while let Some(next) = anchors.next().await {
            let next = next?;
            let taken = self.segment.anchor(&next.anchor, &next.units).map_err(failed);
            taken.with_context(|| format!("the node's anchor {} does not fit", next.anchor.number))?;
            self.anchors += 1;
            self.units += next.units.len() as u64;
            if self.segment.is_full() {
                self.commit().await?;
            }
        }
        Ok(())
    }

    /// Puts the segment into the archive once its last anchor is proved to be the chain's, which proves those
    /// before it.
    async fn commit(&mut self) -> Result<()> {
        self.check_end().await?;
        // The next one can begin only when this one has ended; an empty one holds its place.
        let full = std::mem::replace(&mut self.segment, self.archive.segment().map_err(failed)?);
        self.archive.commit(full).await.map_err(failed)?;
        self.segment = self.archive.segment().map_err(failed)?;
        Ok(())
    }

    /// Whether what was taken so far ends with an anchor of the chain.
    async fn check_end(&self) -> Result<()> {
        let Some((next, hash)) = self.segment.next() else { return Ok(()) };
        let last = AnchorNumber(next.0.saturating_sub(1));
        let state = self.chain.finalised().await?;
        let latest: Anchor = state.require(keys::latest_anchor(), "an anchor").await?;
        if last > latest.number {
            let text = format!("the archive reaches anchor {last}, and this node anchor {}", latest.number);
            return Err(anyhow!("{text}: ask a node that is further, or see whether it is another chain's"));
        }
        if Trusted::read(&state, last, last).await?.last.1 != hash {
            let text = format!("anchor {last} of the archive is not the chain's: give another place, or verify it");
            return Err(Fault::Mismatch(text).into());
        }
        Ok(())
    }
}
