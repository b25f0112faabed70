//! Looking at each event once, when it is first seen: whether it fits, and if so, sealing what is on offer.

use super::{
    choice::{choose, known, Choice},
    journal::Answer,
    runner::Runner,
};
use crate::{admissible::Terms, client::State, sheet};
use anyhow::Result;
use codec::Decode;
use loadstone_core::{EventId, Millis};
use loadstone_evidence::keys;
use loadstone_market::{Event, Phase, Programme};
use serde_json::json;

/// Events that are read at once.
const PAGE: u32 = 200;

/// Resources left out that are named; a log of more helps nobody.
const NAMED: usize = 5;

/// What a bidder has in an event: `Bids::Bidders`.
#[derive(Clone, Copy, Debug, Default, Decode)]
struct Bidder {
    batches: u16,
    _revealed_bond: u128,
}

/// Why nothing is sealed in an event.
type Passed = String;

impl Runner<'_> {
    /// Looks at all events that were opened since the last look.
    pub(super) async fn look(&mut self, state: &State<'_>, now: Millis) -> Result<()> {
        let end: EventId = state.get(keys::next_event()).await?.unwrap_or_default();
        while self.folder.journal.next < end {
            let first = self.folder.journal.next.0;
            let last = first.saturating_add(PAGE).min(end.0);
            let wanted: Vec<_> = (first..last).map(|id| keys::event(EventId(id))).collect();
            for (id, event) in (first..last).zip(state.get_all::<Event>(&wanted).await?) {
                // The gates of others are closed already.
                let open = event.filter(|event| event.phase == Phase::Open && now < event.gate_closure);
                if let Some(event) = open {
                    self.decide(state, EventId(id), &event, now).await?;
                }
            }
            self.folder.advance(EventId(last.saturating_sub(1)))?;
        }
        Ok(())
    }

    async fn decide(&mut self, state: &State<'_>, id: EventId, event: &Event, now: Millis) -> Result<()> {
        if self.folder.bids().iter().any(|bid| bid.kept.event == id) {
            return self.folder.adopt(id, event.start);
        }
        let rules = keys::programme(event.programme, event.version);
        let programme: Programme = state.require(rules, "the event's programme").await?;
        let terms = Terms { id, event, programme: &programme, now };
        match self.choose(state, &terms).await? {
            Ok(choice) => self.seal(&terms, choice),
            Err(passed) => {
                self.steps.event("passed", id, &format!("passed over: {passed}"), json!({ "reason": passed }));
                self.folder.advance(id)?;
                self.folder.unmark(id);
                Ok(())
            }
        }
    }

    /// What is on offer in an event, or why nothing is.
    async fn choose(&self, state: &State<'_>, terms: &Terms<'_>) -> Result<Result<Choice, Passed>> {
        let (id, event, offers) = (terms.id, terms.event, &self.file.offers);
        if self.folder.is_given_up(id) {
            return Ok(Err("it was given up with `standing withdraw`".into()));
        }
        if let Err(misfit) = offers.fits(event, terms.programme.pricing, &self.folder.taken()) {
            return Ok(Err(misfit.to_string()));
        }
        let account = self.account();
        let own: Bidder = state.get(keys::bidder(id, &account)).await?.unwrap_or_default();
        if own.batches > 0 {
            return Ok(Err("this account has bid in it by other means, which are left alone".into()));
        }
        let bids = offers.bids(event.start, event.end());
        let known = known(state, terms, &bids).await?;
        let choice = choose(terms, &account, bids, &known);
        Ok(match (choice.bids.is_empty(), choice.left_out.first()) {
            (false, _) => Ok(choice),
            (true, None) => Err(format!("nothing is on offer in area {} for its window", event.area)),
            (true, Some(first)) => Err(format!("no resource on offer may bid in it; {first}")),
        })
    }

    fn seal(&mut self, terms: &Terms<'_>, choice: Choice) -> Result<()> {
        let (id, event) = (terms.id, terms.event);
        for reason in choice.left_out.iter().take(NAMED) {
            self.steps.event("left_out", id, &format!("left out: {reason}"), json!({ "reason": reason }));
        }
        if let Some(more @ 1..) = choice.left_out.len().checked_sub(NAMED) {
            self.steps.event("left_out", id, &format!("{more} more resources left out"), json!({ "more": more }));
        }
        let resources = choice.bids.len() as u32;
        let sheets = sheet::batches(choice.bids, 0)?;
        let count = sheets.len() as u16;
        self.folder.seal(Answer::new(id, event.start, count, resources), sheets)?;
        let (area, gate) = (event.area, event.gate_closure);
        let text = format!(
            "it fits: {resources} resources of area {area} are sealed in {count} batches; its gate closes at {gate}"
        );
        let fields =
            json!({ "resources": resources, "batches": count, "start_ms": event.start, "gate_closure_ms": gate });
        self.steps.event("sealed", id, &text, fields);
        Ok(())
    }
}
