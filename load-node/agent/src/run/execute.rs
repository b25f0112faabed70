//! Executes the state machine's outputs, in order, and tells of them.

use super::Agent;
use crate::clock::unix_ms;
use anyhow::bail;
use loadstone_core::Direction;
use loadstone_dag::{AcknowledgementKind, Refusal};
use loadstone_load_core::{Ledger, Level, Note, Output, Source};
use serde_json::json;
use std::time::{Duration, Instant};

/// Time between two warnings of one kind from one gateway.
const TELL_AGAIN: Duration = Duration::from_secs(30);

impl Agent {
    /// Executes until nothing is left to do.
    pub(super) fn execute(&mut self) -> anyhow::Result<()> {
        loop {
            let outputs = self.node.outputs();
            if outputs.is_empty() {
                return Ok(());
            }
            for output in outputs {
                self.execute_one(output)?;
            }
        }
    }

    fn execute_one(&mut self, output: Output) -> anyhow::Result<()> {
        match output {
            Output::Persist(changes, durable) => self.ledger.apply(&changes, durable)?,
            Output::Read(query) => self.ask(query),
            Output::ReadLedger(anchor, reach) => {
                let readings = self.ledger.anchored_readings(anchor, reach)?;
                let now = self.now();
                self.node.ledger(now, anchor, &readings);
            }
            Output::LoadUnits(after, limit) => {
                let units = self.ledger.unanchored(after, limit)?;
                let now = self.now();
                self.node.loaded(now, units, limit);
            }
            Output::Hold(level) => self.hold(level),
            Output::Release => self.release(),
            Output::UseGateway(gateway) => self.gateways.connect(gateway),
            Output::Send(gateway, message) => self.gateways.send(gateway, message),
            Output::Note(Note::Disowned { slot }) => bail!(
                "the ledger holds another unit of this device at sequence {}: this store is not the one that the \
                 device wrote last. Remedy: put that store back, or let the owner renew the device (`loadstone \
                 resource renew`); readings that wait here are kept and go out in the new life",
                slot.sequence
            ),
            Output::Note(note) => self.tell(note),
        }
        Ok(())
    }

    fn hold(&mut self, level: Level) {
        let now = self.now();
        if self.site.hold(now.unix, level) {
            let at_ms = unix_ms();
            tracing::info!(target: "order", sequence = level.sequence, watts = level.watts.0, "setpoint");
            self.reports.event(
                "setpoint",
                json!({ "sequence": level.sequence, "direction": level.direction, "watts": level.watts, "at_ms": at_ms }),
            );
        }
    }

    fn release(&mut self) {
        let now = self.now();
        if let Some(level) = self.site.release(now.unix) {
            tracing::info!(target: "order", sequence = level.sequence, "released");
            let at_ms = unix_ms();
            self.reports
                .event("released", json!({ "sequence": level.sequence, "direction": level.direction, "at_ms": at_ms }));
        }
    }

    fn tell(&mut self, note: Note) {
        match note {
            Note::OrderVerified { area, direction, sequence, block, by } => {
                self.tell_order(area.0, direction, sequence, block, by);
            }
            Note::NotCalled { direction, sequence } => {
                self.reports.event("not_called", json!({ "direction": direction, "sequence": sequence }));
            }
            Note::Unit { slot, readings } => self.reports.event(
                "unit",
                json!({ "incarnation": slot.incarnation, "sequence": slot.sequence, "readings": readings,
                    "submitted_at_ms": unix_ms() }),
            ),
            Note::Confirmed { slot, after_ms } => self.reports.event(
                "confirmed",
                json!({ "incarnation": slot.incarnation, "sequence": slot.sequence, "at_ms": unix_ms(), "ms": after_ms }),
            ),
            Note::Anchored { slot, anchor } => self.reports.event(
                "anchored",
                json!({ "incarnation": slot.incarnation, "sequence": slot.sequence, "anchor": anchor,
                    "at_ms": unix_ms() }),
            ),
            Note::Acknowledged { direction, sequence, kind, setpoint } => {
                let name = match kind {
                    AcknowledgementKind::Received => "ack",
                    AcknowledgementKind::Completed => "completed",
                };
                let fields = json!({ "direction": direction, "sequence": sequence, "setpoint": setpoint,
                    "at_ms": unix_ms() });
                self.reports.event(name, fields);
            }
            Note::UnitRefused { slot, gateway, refusal } => {
                if self.is_worth_telling(gateway, refusal) {
                    tracing::warn!(target: "gateway", gateway, sequence = slot.sequence.0, ?refusal, "unit refused");
                }
                let reason = format!("unit {} refused by gateway {gateway}: {refusal:?}", slot.sequence);
                self.reports.event("refused", json!({ "reason": reason, "refusal": refusal }));
            }
            Note::CapsuleRefused { gateway, fault, count } => {
                tracing::warn!(target: "gateway", gateway, %fault, count, "order capsule refused");
                let reason = format!("order capsule refused, of gateway {gateway}: {fault}");
                self.reports.event("refused", json!({ "reason": reason, "capsules": count }));
            }
            // Ends the run, and is told as its error.
            Note::Disowned { .. } => {}
            Note::Refused(reason) => {
                tracing::warn!(target: "node", %reason, "refused");
                self.reports.event("refused", json!({ "reason": reason }));
            }
            Note::Silence(silent_ms) => {
                tracing::warn!(target: "chain", silent_ms, "no verified head: trying another gateway");
                self.reports.event("silence", json!({ "silent_ms": silent_ms }));
            }
            Note::Clock { source, off_ms } => {
                tracing::warn!(target: "node", ?source, off_ms, "the time of readings comes from another source");
                self.reports.event("clock", json!({ "source": source, "off_ms": off_ms }));
            }
            Note::LetGo { direction, sequence, silent_ms } => {
                tracing::warn!(target: "order", sequence, silent_ms, "no contact for too long: the load is let go");
                let fields = json!({ "direction": direction, "sequence": sequence, "silent_ms": silent_ms });
                self.reports.event("let_go", fields);
            }
            Note::Overridden(word) => {
                tracing::warn!(target: "order", ?word, "the operator's override");
                self.reports.event("override", json!({ "override": word, "at_ms": unix_ms() }));
            }
        }
    }

    /// A gateway that refuses one unit refuses many: the log names each reason now and then.
    fn is_worth_telling(&mut self, gateway: usize, refusal: Refusal) -> bool {
        let kind = (gateway, std::mem::discriminant(&refusal));
        let now = Instant::now();
        if self.told.iter().any(|(told, at)| *told == kind && now.saturating_duration_since(*at) < TELL_AGAIN) {
            return false;
        }
        self.told.retain(|(told, _)| *told != kind);
        self.told.push((kind, now));
        true
    }

    fn tell_order(&mut self, area: u16, direction: Direction, sequence: u64, block: u32, by: Source) {
        let (finalised_at_ms, verified_at_ms) = (self.finalised_ms(direction, by), unix_ms());
        tracing::info!(target: "order", area, ?direction, sequence, block, ?by, "order verified");
        self.reports.event(
            "order_verified",
            json!({ "area": area, "direction": direction, "sequence": sequence, "block": block, "by": by,
                "finalised_at_ms": finalised_at_ms, "verified_at_ms": verified_at_ms }),
        );
    }
}
