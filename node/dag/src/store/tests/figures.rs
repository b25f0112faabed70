//! Bytes that a reading takes on disk, indexes included, for series like the demo's.

use super::*;
use loadstone_archive::testing::demo_w;

/// Bytes a reading while the epoch runs and after it, for so many units of each of 200 devices.
fn bytes_per_reading(readings: u64, units: u64) -> (f64, f64) {
    const DEVICES: u32 = 200;
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    store.begin_epoch(0, &EpochStart::default()).expect("it begins");
    for round in 0..units {
        let mut unit = |device: u32| {
            let start = round * readings + u64::from(device) % readings;
            let watts = (start..start + readings).map(|second| demo_w(&GENESIS, device, second).0);
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
