//! The physical limit of ingestion: every member checks every unit's signature.

use std::{hint::black_box, thread, time::Instant};

use loadstone_evidence::sign::{verify_batch, Signed};

use crate::series::Devices;

/// Distinct units whose signatures are checked again and again.
const DISTINCT: usize = 4_096;

/// Units a second that `members` members on all cores of this machine could confirm if checking
/// signatures, in the batches that the service uses, were all there is to do.
pub fn units_per_s(signatures: usize, members: u8) -> f64 {
    let mut devices = Devices::new(64, 1);
    let units: Vec<_> = (0..DISTINCT).map(|_| devices.next_unit()).collect();
    let signed: Vec<_> = units.iter().map(|unit| (unit.key, unit.payload.as_bytes(), unit.unit.signature)).collect();
    let items: Vec<Signed<'_>> =
        signed.iter().map(|(key, message, signature)| Signed { key, message, signature }).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let rounds = (signatures / cores / DISTINCT).max(1);
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| (0..rounds).for_each(|_| assert!(black_box(verify_batch(black_box(&items))).is_ok())));
        }
    });
    let rate = (rounds * DISTINCT * cores) as f64 / start.elapsed().as_secs_f64();
    rate / f64::from(members)
}
