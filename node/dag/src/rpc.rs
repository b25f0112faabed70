//! JSON-RPC of the DAG service: its state, anchored units with their proofs, readings.

use codec::Encode;
use jsonrpsee::{
    core::{async_trait, RpcResult},
    proc_macros::rpc,
    types::{error::INTERNAL_ERROR_CODE, ErrorObjectOwned},
};
use loadstone_core::{AnchorNumber, AreaId, DeviceId, Direction, Incarnation, MmrProof, Sequence};
use loadstone_dag::{AnchorUnits, GatewayMessage, Slot};
use loadstone_evidence::readings;
use serde::Serialize;

use crate::{
    status::{DagHandle, Status},
    store::{Place, StoreError},
};

/// Nothing of that name is here.
const NOT_FOUND: i32 = 4_004;

/// Greatest number of readings in one answer.
const MAX_READINGS: usize = 10_000;

/// A reading as explorers want it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingRow {
    /// When, in Unix milliseconds by the device's clock.
    pub at: u64,
    /// Power in watts; consumption is positive.
    pub watts: i64,
    /// Whether the device marked it good.
    pub valid: bool,
    /// The unit's incarnation.
    pub incarnation: u16,
    /// The unit's sequence.
    pub sequence: u64,
    /// The anchor that holds it.
    pub anchor: u32,
}

/// The methods.
#[rpc(server, namespace = "dag")]
pub trait DagApi {
    /// Level, counts, refusals by reason, peers, newest complete anchor.
    #[method(name = "status")]
    async fn status(&self) -> RpcResult<Status>;

    /// Hex of the SCALE-encoded `AnchorUnits` of a finalised anchor: all its units by rising slot.
    #[method(name = "anchorUnits", blocking)]
    fn anchor_units(&self, number: u32) -> RpcResult<String>;

    /// Hex of the SCALE-encoded `(Anchor, MmrProof)` of a finalised anchor, which may hold no units. The
    /// proof is for the range of the first `leaves` anchors, by default of all that are complete here.
    #[method(name = "anchor", blocking)]
    fn anchor(&self, number: u32, leaves: Option<u32>) -> RpcResult<String>;

    /// Hex of the SCALE-encoded `(Anchor, MerkleProof, Unit, MmrProof)` of an anchored unit. The last
    /// one is for the range of the first `leaves` anchors, by default of all that are complete here.
    #[method(name = "proof", blocking)]
    fn proof(&self, device: u32, incarnation: u16, sequence: u64, leaves: Option<u32>) -> RpcResult<String>;

    /// Hex of the newest order capsule of an area and direction (`down` or `up`), while the order runs: the
    /// bytes of an `OrderCapsule`, good for any channel.
    #[method(name = "orderCapsule")]
    async fn order_capsule(&self, area: u16, direction: Direction) -> RpcResult<String>;

    /// Anchored readings of a device with `from <= time < to` in Unix milliseconds, oldest unit
    /// first; the newest 10,000 when there are more.
    #[method(name = "readings", blocking)]
    fn readings(&self, device: u32, from: u64, to: u64) -> RpcResult<Vec<ReadingRow>>;
}

/// The methods over the running service.
pub struct DagRpc {
    dag: DagHandle,
}

impl DagRpc {
    /// Over `dag`.
    pub fn new(dag: DagHandle) -> Self {
        Self { dag }
    }

    fn range(&self, number: AnchorNumber, leaves: Option<u32>) -> RpcResult<MmrProof> {
        let newest = self.dag.store.last_anchor().map_err(failed)?.map_or(0, |stored| stored.anchor.number.0);
        let range = self.dag.proofs.range(number, leaves.unwrap_or(newest)).map_err(failed)?;
        range.ok_or_else(|| missing("the range of anchors"))
    }
}

fn failed(error: StoreError) -> ErrorObjectOwned {
    log::error!(target: super::LOG, "an RPC request failed: {error}");
    ErrorObjectOwned::owned(INTERNAL_ERROR_CODE, error.to_string(), None::<()>)
}

fn missing(what: &str) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(NOT_FOUND, format!("{what} is not here"), None::<()>)
}

fn hexed(value: &impl Encode) -> String {
    format!("0x{}", hex::encode(value.encode()))
}

#[async_trait]
impl DagApiServer for DagRpc {
    async fn status(&self) -> RpcResult<Status> {
        self.dag.status().map_err(failed)
    }

    fn anchor_units(&self, number: u32) -> RpcResult<String> {
        let number = AnchorNumber(number);
        let mut units = Vec::new();
        let take = |unit| {
            units.push(unit);
            true
        };
        let is_here = self.dag.store.each_unit(number, 0, take).map_err(failed)?;
        is_here.then(|| hexed(&AnchorUnits { number, units })).ok_or_else(|| missing("the anchor"))
    }

    fn anchor(&self, number: u32, leaves: Option<u32>) -> RpcResult<String> {
        let number = AnchorNumber(number);
        let stored = self.dag.store.anchor(number).map_err(failed)?.ok_or_else(|| missing("the anchor"))?;
        Ok(hexed(&(stored.anchor, self.range(number, leaves)?)))
    }

    fn proof(&self, device: u32, incarnation: u16, sequence: u64, leaves: Option<u32>) -> RpcResult<String> {
        let slot =
            Slot { device: DeviceId(device), incarnation: Incarnation(incarnation), sequence: Sequence(sequence) };
        let anchored = self.dag.proofs.anchored(&slot).map_err(failed)?;
        let Some(GatewayMessage::Anchored { anchor, proof, .. }) = anchored else {
            return Err(missing("an anchored unit in this slot"));
        };
        let (_, unit) = self.dag.store.anchored(&slot).map_err(failed)?.ok_or_else(|| missing("the unit"))?;
        let range = self.range(anchor.number, leaves)?;
        Ok(hexed(&(anchor, proof, unit, range)))
    }

    async fn order_capsule(&self, area: u16, direction: Direction) -> RpcResult<String> {
        let capsule = self.dag.capsules.get((AreaId(area), direction));
        let capsule = capsule.ok_or_else(|| missing("a capsule of an order that runs"))?;
        Ok(format!("0x{}", hex::encode(capsule)))
    }

    fn readings(&self, device: u32, from: u64, to: u64) -> RpcResult<Vec<ReadingRow>> {
        let mut newest_first = Vec::new();
        let row = |slot: Slot, place: Place, reading: loadstone_market::baseline::Reading| ReadingRow {
            at: reading.at.0,
            watts: reading.load.0,
            valid: reading.valid,
            incarnation: slot.incarnation.0,
            sequence: slot.sequence.0,
            anchor: place.anchor.0,
        };
        self.dag
            .store
            .anchored_backwards(DeviceId(device), |slot, place, unit| {
                let wanted = readings(&unit).into_iter().rev().filter(|reading| (from..to).contains(&reading.at.0));
                newest_first.extend(wanted.map(|reading| row(slot, place, reading)));
                newest_first.len() < MAX_READINGS
            })
            .map_err(failed)?;
        newest_first.truncate(MAX_READINGS);
        newest_first.reverse();
        Ok(newest_first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_has_its_prefix() {
        assert_eq!(hexed(&(1u8, 255u8)), "0x01ff");
    }
}
