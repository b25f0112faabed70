//! What reaches the node: readings, heads, answers of the chain, and what gateways do.

use super::{Agent, WAIT_TIME};
use crate::{chain, clock::unix_ms, gateway::GatewayEvent, health::Health};
use loadstone_core::{ChangeNotice, Direction, Millis};
use loadstone_dag::GatewayMessage;
use loadstone_evidence::keys;
use loadstone_light::{Head, LightError, StorageAnswer};
use loadstone_load_core::{Query, Source, VerifiedHead};
use serde_json::json;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::UnixStream, time::timeout};

/// Greatest time for one read from the chain.
const READ_TIME: Duration = Duration::from_secs(15);

/// Heads between two of the event log.
const HEADS_PER_EVENT: u32 = 50;

impl Agent {
    /// Reads what is due. A reading is told of once the ledger has it.
    pub(super) fn read_meter(&mut self) -> anyhow::Result<()> {
        let due = self.now().unix.0;
        for (at, sample) in self.site.read(due) {
            let now = self.now();
            self.node.reading(now, at, sample.watts, sample.good);
            self.execute()?;
            let setpoint = self.site.setpoint();
            self.reports.point(at.0, sample.watts, setpoint);
            if self.log_readings {
                self.reports.event("reading", json!({ "at_ms": at.0, "watts": sample.watts, "good": sample.good }));
            }
        }
        Ok(())
    }

    pub(super) async fn on_head(&mut self, head: Head) {
        for notice in &head.notices {
            if let ChangeNotice::Order(area, direction) = notice {
                if *area == self.scope.area {
                    self.noticed[*direction as usize] = Some(head.seen.unix_ms);
                }
            }
        }
        if self.heads.is_multiple_of(HEADS_PER_EVENT) {
            self.reports
                .event("head", json!({ "number": head.number, "hash": head.hash, "seen_ms": head.seen.unix_ms }));
        }
        let first = self.slot_ms.is_none();
        let Some((time, slot_ms)) = self.chain_time(&head).await else { return };
        self.heads = self.heads.wrapping_add(1);
        // Proving the slot length takes a moment, in which heads were not looked at.
        let head_now = if first { self.now() } else { self.at(head.seen.instant) };
        let after_gap = head.after_gap || first;
        let Head { number, notices, set_changed, .. } = head;
        self.node.head(head_now, VerifiedHead { number, time, notices, after_gap, set_changed, slot_ms });
    }

    /// Chain time of a head, its slot times the length of a slot, and that length in milliseconds. The length follows from one proven
    /// read of the chain's clock: as the clock lies within its slot and slots are many, clock / slot
    /// rounded down is the length.
    async fn chain_time(&mut self, head: &Head) -> Option<(Millis, u64)> {
        let slot = head.slot?;
        if self.slot_ms.is_none() {
            let answer = timeout(WAIT_TIME, self.light.read(vec![keys::timestamp_now()])).await.ok()?.ok()?;
            let bytes = <[u8; 8]>::try_from(answer.values.first()?.as_deref()?).ok()?;
            self.slot_ms = u64::from_le_bytes(bytes).checked_div(answer.head.slot?);
        }
        let slot_ms = self.slot_ms?;
        Some((Millis(slot.saturating_mul(slot_ms)), slot_ms))
    }

    pub(super) fn ask(&self, query: Query) {
        let (light, answers, keys) = (self.light.clone(), self.answers.clone(), self.scope.keys(query));
        tokio::spawn(async move {
            let result = timeout(READ_TIME, light.read(keys)).await.unwrap_or(Err(LightError::Inaccessible));
            // Nobody waits for it once the node stops.
            let _ = answers.send((query, result)).await;
        });
    }

    pub(super) fn on_answer(&mut self, query: Query, result: Result<StorageAnswer, LightError>) -> anyhow::Result<()> {
        match result {
            Ok(answer) => {
                let decoded = chain::answer(query, &answer.values)?;
                self.answer_seen_ms = answer.head.seen.unix_ms;
                let now = self.now();
                self.node.answered(now, answer.head.number, decoded);
            }
            Err(error) => {
                tracing::debug!(target: "chain", ?query, %error, "read again at the next head");
                self.node.unanswered(query);
            }
        }
        Ok(())
    }

    pub(super) fn on_gateway(&mut self, gateway: usize, event: GatewayEvent) {
        let now = self.now();
        let url = self.urls.get(gateway).map(String::as_str).unwrap_or_default();
        match event {
            GatewayEvent::Up => {
                tracing::info!(target: "gateway", url, "connected");
                self.reports.event("gateway_up", json!({ "gateway": gateway, "url": url }));
                self.node.connected(now, gateway);
            }
            GatewayEvent::Down(reason) => {
                tracing::warn!(target: "gateway", url, %reason, "not connected");
                self.reports.event("gateway_down", json!({ "gateway": gateway, "url": url, "reason": reason }));
                self.node.lost(now, gateway);
            }
            GatewayEvent::Said(message) => {
                if matches!(*message, GatewayMessage::Capsule(_)) {
                    self.capsule_seen_ms = unix_ms();
                }
                self.node.message(now, gateway, *message);
            }
        }
    }

    /// When the order of `direction` was verified final: when its capsule came, at the head that gave
    /// notice of it, or else at the head that it was read at.
    pub(super) fn finalised_ms(&mut self, direction: Direction, by: Source) -> u64 {
        let noticed = self.noticed[direction as usize].take();
        match by {
            Source::Capsule => self.capsule_seen_ms,
            Source::Proof => noticed.unwrap_or(self.answer_seen_ms),
        }
    }

    /// Answers a health check.
    pub(super) fn tell_health(&mut self, mut stream: UnixStream) {
        let now = self.now();
        let state = self.node.state(now);
        let setpoint_w = self.site.setpoint();
        let program = std::env::current_exe().ok();
        let health = Health { name: self.name.clone(), program, ready: state.is_ready(), setpoint_w, state };
        let Ok(answer) = serde_json::to_vec(&health) else { return };
        // A reader that is gone or asleep holds up nothing.
        tokio::spawn(async move { timeout(WAIT_TIME, stream.write_all(&answer)).await });
    }
}
