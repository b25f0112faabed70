//! What was decided about events, kept through restarts.

use super::course::End;
use crate::{fault::Fault, files};
use anyhow::Result;
use loadstone_core::{AccountId, EventId, Hash, Millis};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Events that are remembered after they are over.
const REMEMBERED: usize = 1_000;

/// What was decided about events. Each is looked at once, with the offers in force when it is first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// Hash of the network's block 0.
    pub genesis: Hash,
    /// Whose offers they are.
    pub account: AccountId,
    /// The first event that was not looked at.
    pub next: EventId,
    /// Events that were bid in, oldest first.
    pub answers: Vec<Answer>,
}

/// An event that was bid in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Which.
    pub event: EventId,
    /// Start of its window.
    pub start: Millis,
    /// Batches sealed; they are numbered from zero.
    pub batches: u16,
    /// Resources in them.
    pub resources: u32,
    /// Batches revealed.
    pub revealed: u16,
    /// Batches that were not, so that their bonds are forfeited.
    pub forfeited: u16,
    /// Batches taken back.
    pub withdrawn: u16,
    /// Batches that never came on chain, or went with the event.
    pub dropped: u16,
}

impl Journal {
    /// Nothing decided yet.
    pub fn new(genesis: Hash, account: AccountId) -> Self {
        Self { genesis, account, next: EventId(0), answers: Vec::new() }
    }

    /// What stands in a file.
    ///
    /// # Errors
    /// [`Fault::Usage`] when the file is no journal.
    pub fn read(path: &Path) -> Result<Self> {
        let bad = |error| Fault::Usage(format!("{} is no journal of standing offers: {error}", path.display()));
        Ok(serde_json::from_slice(&files::read(path)?).map_err(bad)?)
    }

    /// Writes it into a file.
    pub fn write(&self, path: &Path) -> Result<()> {
        files::write_private(path, serde_json::to_string_pretty(self)?.as_bytes())
    }

    /// Events that count for a day: those under way, and those that were bid in to the end.
    pub fn taken(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|answer| answer.counts())
    }

    /// The event's entry, if it was bid in.
    pub fn answer(&mut self, event: EventId) -> Option<&mut Answer> {
        self.answers.iter_mut().find(|answer| answer.event == event)
    }

    /// Remembers that an event is bid in; the oldest that are over are forgotten.
    pub fn add(&mut self, answer: Answer) {
        self.answers.push(answer);
        let mut spare = self.answers.iter().filter(|answer| answer.is_over()).count().saturating_sub(REMEMBERED);
        self.answers.retain(|answer| {
            let forgotten = spare > 0 && answer.is_over();
            spare -= usize::from(forgotten);
            !forgotten
        });
    }
}

impl Answer {
    /// Just sealed.
    pub fn new(event: EventId, start: Millis, batches: u16, resources: u32) -> Self {
        Self { event, start, batches, resources, revealed: 0, forfeited: 0, withdrawn: 0, dropped: 0 }
    }

    /// Counts how one of its batches ended.
    pub fn count(&mut self, end: End) {
        let count = match end {
            End::Revealed => &mut self.revealed,
            End::Forfeited => &mut self.forfeited,
            End::Withdrawn => &mut self.withdrawn,
            End::TooLate | End::Refused | End::Displaced | End::Cancelled => &mut self.dropped,
        };
        *count = count.saturating_add(1);
    }

    /// Whether all its batches have ended.
    pub fn is_over(&self) -> bool {
        let ended = [self.revealed, self.forfeited, self.withdrawn, self.dropped];
        ended.iter().map(|count| u32::from(*count)).sum::<u32>() >= u32::from(self.batches)
    }

    fn counts(&self) -> bool {
        !self.is_over() || self.revealed > 0 || self.forfeited > 0
    }
}

#[cfg(test)]
#[path = "tests/journal.rs"]
mod tests;
