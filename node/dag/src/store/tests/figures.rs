//! Bytes that a reading takes on disk, indexes included, for series like the demo's.

use super::*;

/// Half-hourly means of a British household on a winter day, in watts.
const DAY_W: [i64; 6] = [1_866, 1_710, 864, 830, 912, 1_404];

/// Factor by which the demo makes a household a load.
const SCALE: i64 = 60;

/// Greatest noise of the demo's meters in basis points.
const NOISE_BP: i64 = 60;

/// Seconds between two rows of the day.
const ROW_S: u64 = 1_800;

/// A reading of the demo's kind: between two half hours in a straight line, with noise.
fn demo_w(device: u32, second: u64) -> i64 {
    let row = (second / ROW_S) as usize % (DAY_W.len() - 1);
    let (here, next) = (DAY_W[row] * SCALE, DAY_W[row + 1] * SCALE);
    let natural = here + (next - here) * (second % ROW_S) as i64 / ROW_S as i64;
    let noise = loadstone_core::SigningPayload::new(loadstone_core::Domain::Unit, &GENESIS, &(device, second)).hash();
    let noise = i64::from(noise.as_bytes()[0]) * 256 + i64::from(noise.as_bytes()[1]);
    natural + natural * NOISE_BP / 10_000 * (noise - 32_768) / 32_768
}

/// Bytes a reading while the epoch runs and after it, for so many units of each of 200 devices.
fn bytes_per_reading(readings: u64, units: u64) -> (f64, f64) {
    const DEVICES: u32 = 200;
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    store.begin_epoch(0, &EpochStart::default()).expect("it begins");
    for round in 0..units {
        let mut unit = |device: u32| {
            let start = round * readings + u64::from(device) % readings;
            let watts = (start..start + readings).map(|second| demo_w(device, second));
            ledger.unit(device, series(start, watts))
        };
        let units: Vec<_> = (1..=DEVICES).map(&mut unit).collect();
        ledger.write(&store, &units);
    }
    let held = (u64::from(DEVICES) * readings * units) as f64;
    store.compact().expect("it is written");
    let during = store.bytes().expect("it can be read") as f64 / held;
    let start = ledger.close(&store);
    store.begin_epoch(1, &start).expect("it begins");
    store.compact().expect("it is written");
    (during, store.bytes().expect("it can be read") as f64 / held)
}

#[test]
fn a_reading_takes_few_bytes() {
    for (readings, units, most) in [(60, 100, 4.0), (1, 400, 130.0)] {
        let (during, after) = bytes_per_reading(readings, units);
        println!(
            "{readings} readings a unit: {during:.2} bytes a reading on disk, {after:.2} once the epoch has ended"
        );
        assert!(during <= most && after <= during, "{during} and {after} bytes at {readings} readings a unit");
    }
}
