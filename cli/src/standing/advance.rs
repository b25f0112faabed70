//! Moving sealed batches on: committing, revealing and taking back, and saying how they ended.

use super::{
    course::{next, End, Next},
    journal::Answer,
    outcome::Outcome,
    runner::{Pass, Runner},
};
use crate::{
    call::{Call, Receipt, Sender},
    client::State,
    fault::{told, Fault},
};
use anyhow::Result;
use loadstone_core::{EventId, Hash, Millis};
use loadstone_evidence::keys;
use loadstone_market::{Batch, Commitment, Event};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Transactions that are sent at once; the chain lets 256 of one account wait.
const AT_ONCE: usize = 32;

/// Time before a reveal or a withdrawal that the chain refused is sent again.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);

/// What is left to do with a batch.
struct Task {
    next: Next,
    gate: Millis,
    event: EventId,
    batch: Batch,
    seal: Hash,
    is_on_chain: bool,
}

impl Runner<'_> {
    /// Does what is most urgent with the sealed batches.
    pub(super) async fn advance(&mut self, sender: &Sender<'_>, state: &State<'_>, now: Millis) -> Result<Pass> {
        let mut tasks = self.tasks(state, now).await?;
        for task in &tasks {
            match task.next {
                Next::Over(end) => self.over(state, task, end).await?,
                _ if task.is_on_chain => self.folder.keep(&task.seal),
                _ => {}
            }
        }
        // What costs a bond first, and of that what is due first; what was refused waits, and holds up nothing else.
        tasks.retain(|task| self.refused.get(&task.seal).is_none_or(|at| at.elapsed() >= REFUSED_PAUSE));
        tasks.sort_by_key(|task| (urgency(task.next), task.gate, task.event, task.batch));
        let first = tasks.first().map(|task| task.next);
        tasks.retain(|task| Some(task.next) == first);
        tasks.truncate(AT_ONCE);
        let calls = tasks.iter().filter_map(|task| self.call(task).transpose()).collect::<Result<Vec<_>, _>>()?;
        let mut pass = if calls.is_empty() { Pass::Idle } else { Pass::Moved };
        for (task, outcome) in tasks.iter().zip(sender.submit_all(&calls).await) {
            let done = match outcome {
                Ok(receipt) => self.done(task, &receipt),
                // What follows one that failed mostly fails for the same reason.
                Err(error) if pass == Pass::Failed && !is_refused(&error) => false,
                Err(error) => self.failed(state, task, error).await?,
            };
            if !done {
                pass = Pass::Failed;
            }
        }
        Ok(pass)
    }

    async fn tasks(&self, state: &State<'_>, now: Millis) -> Result<Vec<Task>> {
        let account = self.account();
        let ids: BTreeSet<EventId> = self.folder.bids().iter().map(|bid| bid.kept.event).collect();
        let wanted: Vec<_> = ids.iter().map(|id| keys::event(*id)).collect();
        let events = ids.iter().zip(state.get_all::<Event>(&wanted).await?);
        let events: BTreeMap<EventId, (Event, bool)> =
            events.filter_map(|(id, event)| Some((*id, (event?, self.folder.is_given_up(*id))))).collect();
        let place = |event, batch| keys::commitment(event, &(account.clone(), batch));
        let wanted: Vec<_> = self.folder.bids().iter().map(|bid| place(bid.kept.event, bid.kept.batch)).collect();
        let commitments = state.get_all::<Commitment>(&wanted).await?;
        let mut tasks = Vec::new();
        for (bid, commitment) in self.folder.bids().iter().zip(commitments) {
            let (id, batch) = (bid.kept.event, bid.kept.batch);
            // A node that is behind does not know the event yet.
            let Some((event, given_up)) = events.get(&id) else { continue };
            let held = bid.held(*given_up);
            let next = next(held, event, commitment.as_ref(), now);
            let (gate, seal, is_on_chain) = (event.gate_closure, held.seal, commitment.is_some());
            tasks.push(Task { next, gate, event: id, batch, seal, is_on_chain });
        }
        Ok(tasks)
    }

    /// What a task sends.
    fn call(&self, task: &Task) -> Result<Option<Call>, Fault> {
        let bid = self.folder.bid(&task.seal);
        match (task.next, bid) {
            (Next::Commit, Some(bid)) => bid.kept.commit().map(Some),
            (Next::Reveal, Some(bid)) => bid.kept.reveal().map(Some),
            (Next::Withdraw, _) => Ok(Some(withdrawal(task.event, task.batch))),
            _ => Ok(None),
        }
    }

    fn done(&mut self, task: &Task, receipt: &Receipt) -> bool {
        let (step, text) = match task.next {
            Next::Commit => ("committed", "committed"),
            Next::Reveal => ("revealed", "revealed"),
            _ => ("withdrawn", "withdrawn"),
        };
        if task.next == Next::Commit {
            self.folder.keep(&task.seal);
        }
        let Task { event, batch, seal, .. } = task;
        let text = format!("batch {batch} {text} in block {}", receipt.number);
        let fields = json!({ "batch": batch, "seal": seal, "block": receipt.block, "number": receipt.number });
        self.steps.event(step, *event, &text, fields);
        true
    }

    /// Whether nothing is left to be tried again.
    async fn failed(&mut self, state: &State<'_>, task: &Task, error: anyhow::Error) -> Result<bool> {
        let Task { event, batch, seal, .. } = task;
        let is_refused = is_refused(&error);
        if task.next != Next::Commit || !is_refused {
            let what = match task.next {
                Next::Commit => "can't be committed",
                Next::Reveal => "can't be revealed",
                _ => "can't be withdrawn",
            };
            self.steps.trouble(&format!("batch {batch} of event {event} {what}"), &error);
            if is_refused {
                self.refused.insert(*seal, Instant::now());
            }
            return Ok(is_refused);
        }
        // An earlier attempt, of which no word came, may have reached the chain.
        let newest = state.chain().finalised().await?;
        let found: Option<Commitment> = newest.get(keys::commitment(*event, &(self.account(), *batch))).await?;
        if found.is_some_and(|found| found.seal == *seal) {
            self.folder.keep(seal);
            return Ok(true);
        }
        self.steps.warn(&format!("batch {batch} of event {event} stays out of it: {}", told(&error)));
        self.over(&newest, task, End::Refused).await?;
        Ok(true)
    }

    async fn over(&mut self, state: &State<'_>, task: &Task, end: End) -> Result<()> {
        let Task { event, batch, .. } = task;
        let warning = match end {
            End::Forfeited => Some("was not revealed before the event was cleared: its bond is forfeited"),
            End::Displaced => Some("is displaced by another bid of this account under its number"),
            End::TooLate => Some("was not on chain when the gate closed, and stays out of the event"),
            End::Revealed | End::Withdrawn | End::Refused | End::Cancelled => None,
        };
        if let Some(warning) = warning {
            self.steps.warn(&format!("batch {batch} of event {event} {warning}"));
        }
        self.refused.remove(&task.seal);
        match self.folder.end(&task.seal, end)? {
            Some(answer) => self.conclude(state, &answer, end).await,
            None => Ok(()),
        }
    }

    /// Says how an event ended for this account.
    async fn conclude(&self, state: &State<'_>, answer: &Answer, last: End) -> Result<()> {
        let Answer { event, batches, revealed, .. } = answer;
        let outcome = Outcome::read(state, *event, &self.account(), *batches).await?;
        let text = match (last, outcome.awarded) {
            (End::Cancelled, _) => "cancelled: all bonds are free".to_owned(),
            (_, Some(awarded)) if *revealed > 0 => {
                let (offered, more) = (outcome.offered, outcome.resources);
                format!("cleared: {awarded} awarded of {offered} offered by {more} resources")
            }
            _ => "no bid of this account is left in it".to_owned(),
        };
        self.steps.event("over", *event, &text, json!({ "answer": answer, "outcome": outcome }));
        Ok(())
    }
}

/// Whether the chain refused the call in a block.
fn is_refused(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Fault::Refused { .. }))
}

/// The call that takes a batch back.
pub fn withdrawal(event: EventId, batch: Batch) -> Call {
    Call::new("Bids", "withdraw", (event, batch))
}

/// What costs a bond comes first, then what nobody waits for to no purpose.
fn urgency(next: Next) -> u8 {
    match next {
        Next::Reveal => 0,
        Next::Withdraw => 1,
        Next::Commit => 2,
        Next::Wait | Next::Over(_) => 3,
    }
}
