//! The physical limit of ingestion: every member checks every unit's signature.

use std::{hint::black_box, thread, time::Instant};

use anyhow::{Context, Result};
use loadstone_evidence::sign::{BATCH, CONTEXT};
use schnorrkel::{signing_context, verify_batch, PublicKey, Signature};

use crate::series::Devices;

/// Distinct units whose signatures are checked again and again, each of another device.
const DISTINCT: u32 = 4_096;

/// Units of `readings` readings a second that `members` members on all cores of this machine could confirm if
/// checking signatures, in batches as the service makes them and with keys that are unpacked already, were all
/// there is to do.
pub fn units_per_s(signatures: usize, members: u8, readings: u32) -> Result<f64> {
    let mut devices = Devices::new(DISTINCT, readings);
    let units: Vec<_> = (0..DISTINCT).map(|_| devices.next_unit()).collect();
    let parts = units.iter().map(|unit| {
        let key = PublicKey::from_bytes(&unit.key).ok()?;
        Some((key, Signature::from_bytes(&unit.unit.signature).ok()?))
    });
    let (keys, made): (Vec<_>, Vec<_>) =
        parts.collect::<Option<Vec<_>>>().context("a signature of ours")?.into_iter().unzip();
    let context = signing_context(CONTEXT);
    let check = || {
        for ((units, keys), made) in units.chunks(BATCH).zip(keys.chunks(BATCH)).zip(made.chunks(BATCH)) {
            let transcripts = units.iter().map(|unit| context.bytes(unit.payload.as_bytes()));
            assert!(
                verify_batch(transcripts, black_box(made), black_box(keys), false).is_ok(),
                "signatures of ours hold"
            );
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let rounds = (signatures / cores / units.len()).max(1);
    let start = Instant::now();
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(|| (0..rounds).for_each(|_| check())))));
    let rate = (rounds * units.len() * cores) as f64 / start.elapsed().as_secs_f64();
    Ok(rate / f64::from(members))
}
