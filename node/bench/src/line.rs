//! A connection of many devices that keep what they sent until it is confirmed, as load nodes do.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::{bail, Result};
use loadstone_dag::{GatewayMessage, Refusal, Slot, Unit};
use loadstone_dag_node::testing::Client;

/// Units that were put off are sent again after this time.
const PAUSE: Duration = Duration::from_millis(50);

/// After this time without a confirmation everything is sent again: its confirmation may have been dropped.
const SILENCE: Duration = Duration::from_secs(2);

/// A line that moves nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection.
pub struct Line {
    client: Client,
    /// Sent and not confirmed, with the moment at which it was due.
    waiting: BTreeMap<Slot, (Instant, Unit)>,
    put_off: BTreeSet<Slot>,
    sent_at: Instant,
    moved_at: Instant,
}

impl Line {
    /// Nothing is on its way.
    pub fn new(client: Client) -> Self {
        let now = Instant::now();
        Self { client, waiting: BTreeMap::new(), put_off: BTreeSet::new(), sent_at: now, moved_at: now }
    }

    /// Units on their way.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends units with the moments at which they were due.
    pub async fn send(&mut self, units: Vec<(Instant, Unit)>) -> Result<()> {
        if self.waiting.is_empty() {
            self.moved_at = Instant::now();
        }
        let bodies = units.iter().map(|(_, unit)| unit.clone()).collect();
        self.waiting.extend(units.into_iter().map(|unit| (unit.1.content.slot, unit)));
        self.submit(bodies).await
    }

    /// Waits for answers for a moment; the moments at which units were due that are confirmed now.
    pub async fn confirmed(&mut self) -> Result<Vec<Instant>> {
        self.send_again().await?;
        // From here on nothing waits twice: whoever gives up waiting loses no answer.
        let mut confirmed = Vec::new();
        match tokio::time::timeout(PAUSE, self.client.messages.recv()).await {
            Ok(None) => bail!("a member stopped"),
            Ok(Some(first)) => {
                let mut next = Some(first);
                while let Some(message) = next {
                    confirmed.extend(self.take(message)?);
                    next = self.client.messages.try_recv().ok();
                }
            }
            Err(_) => {}
        }
        if !confirmed.is_empty() {
            self.moved_at = Instant::now();
        }
        Ok(confirmed)
    }

    fn take(&mut self, message: GatewayMessage) -> Result<Option<Instant>> {
        match message {
            GatewayMessage::Confirmed(slot, _) | GatewayMessage::Anchored { slot, .. } => {
                self.put_off.remove(&slot);
                return Ok(self.waiting.remove(&slot).map(|(due, _)| due));
            }
            // Behind a unit that was put off there is a gap.
            GatewayMessage::Refused(slot, Refusal::Busy | Refusal::Gap(_)) => {
                self.put_off.insert(slot);
            }
            GatewayMessage::Refused(slot, refusal) => bail!("{slot:?} was refused: {refusal:?}"),
            GatewayMessage::Hello { .. }
            | GatewayMessage::Accepted(..)
            | GatewayMessage::Frontier(_)
            | GatewayMessage::Capsule(_) => {}
        }
        Ok(None)
    }

    async fn send_again(&mut self) -> Result<()> {
        if self.moved_at.elapsed() > PATIENCE && !self.waiting.is_empty() {
            bail!("nothing of {} units was confirmed within {PATIENCE:?}", self.waiting.len());
        }
        let silence = self.moved_at.max(self.sent_at).elapsed();
        if silence < PAUSE || (self.put_off.is_empty() && silence < SILENCE) {
            return Ok(());
        }
        let all = silence >= SILENCE;
        let again = self.waiting.iter().filter(|(slot, _)| all || self.put_off.contains(*slot));
        let units: Vec<Unit> = again.map(|(_, (_, unit))| unit.clone()).collect();
        self.put_off.clear();
        self.submit(units).await
    }

    async fn submit(&mut self, units: Vec<Unit>) -> Result<()> {
        self.sent_at = Instant::now();
        if !units.is_empty() && !self.client.submit(units).await {
            bail!("a member stopped");
        }
        Ok(())
    }
}
