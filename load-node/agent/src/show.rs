//! `status` and `export`: looking into a ledger, also while its node runs.

use anyhow::Context;
use codec::Encode;
use loadstone_dag::{Body, Slot};
use loadstone_load_core::{Entry, Ledger, UnitState};
use loadstone_load_store::{Lock, RocksLedger};
use serde_json::{json, Value};
use std::{io::Write, path::Path};

/// Entries read from the ledger at once.
const PAGE: usize = 256;

/// What the ledger in `store` holds, as one JSON object.
pub fn status(store: &Path, lock: Option<&Lock>) -> anyhow::Result<Value> {
    let (ledger, genesis) = RocksLedger::inspect(store, lock)?;
    let (saved, summary) = (ledger.saved()?, ledger.summary()?);
    let orders: Vec<Value> = saved
        .guards
        .iter()
        .map(|guard| {
            json!({ "direction": guard.direction, "sequence": guard.sequence, "order": guard.order,
                "received": guard.received, "completed": guard.completed })
        })
        .collect();
    Ok(json!({
        "genesis": genesis,
        "device": ledger.device(),
        "incarnation": saved.tip.incarnation,
        "next_sequence": saved.tip.next,
        "last_anchored": saved.last_anchored.map(|(slot, unit)| json!({ "sequence": slot.sequence, "unit": unit })),
        "head": { "number": saved.head.number, "time_ms": saved.head.time },
        "waiting_readings": saved.pending.len(),
        "orders": orders,
        "totals": summary,
    }))
}

/// Writes own units in the order of their places, one JSON object a line: content for people, and the
/// SCALE-encoded unit, anchor and Merkle path (hexadecimal) for programs.
pub fn export(store: &Path, lock: Option<&Lock>, from: u64, out: &mut impl Write) -> anyhow::Result<()> {
    let (ledger, _) = RocksLedger::inspect(store, lock)?;
    let incarnation = Default::default();
    let mut next = Some(Slot { device: ledger.device(), incarnation, sequence: from.into() });
    while let Some(start) = next {
        let page = ledger.entries(Some(start), PAGE)?;
        next = page.last().filter(|_| page.len() == PAGE).map(|entry| {
            let slot = entry.unit.content.slot;
            Slot { sequence: slot.sequence.next(), ..slot }
        });
        for entry in &page {
            writeln!(out, "{}", line(entry)).context("cannot write the export")?;
        }
    }
    Ok(())
}

fn line(entry: &Entry) -> Value {
    let content = &entry.unit.content;
    let body = match &content.body {
        Body::Readings(readings) => {
            let decoded = readings.watts().unwrap_or_default();
            let list: Vec<Value> =
                decoded.iter().map(|(at, watts, good)| json!({ "at_ms": at, "watts": watts, "good": good })).collect();
            json!({ "event": readings.event, "readings": list })
        }
        Body::Acknowledgement(ack) => json!({
            "acknowledgement": format!("{:?}", ack.kind).to_lowercase(), "area": ack.area, "direction": ack.direction,
            "order": ack.sequence, "at_ms": ack.at, "setpoint": ack.setpoint,
        }),
    };
    let (state, anchor) = match entry.state {
        UnitState::Signed => ("signed", None),
        UnitState::Confirmed => ("confirmed", None),
        UnitState::Anchored(number) => ("anchored", Some(number)),
        UnitState::Void => ("void", None),
    };
    json!({
        "incarnation": content.slot.incarnation, "sequence": content.slot.sequence, "id": entry.hash,
        "state": state, "anchor": anchor, "body": body, "unit": format!("0x{}", hex::encode(entry.unit.encode())),
        "proof": entry.anchored.as_ref().map(|anchored| format!("0x{}", hex::encode(anchored.encode()))),
    })
}
