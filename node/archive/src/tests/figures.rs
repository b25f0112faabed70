//! Bytes that a reading takes in the archive, for series like the demo's.

use super::*;
use crate::testing::demo_w;

/// Bytes a reading of an archive with `units` units of each of a hundred devices.
async fn bytes_per_reading(readings: u64, units: u64) -> f64 {
    let (store, mut ledger) = (memory(), Ledger::default());
    for round in 0..units {
        let unit = |device: u32| {
            let start = round * readings + u64::from(device) % readings;
            let series: Vec<_> =
                (start..start + readings).map(|second| (demo_w(&GENESIS, device, second), true)).collect();
            Readings::new(Millis(1_760_000_000_000 + 1_000 * start), 1_000, None, &series).expect("sound")
        };
        let units = (1..=100).map(|device| ledger.unit(device, 0, unit(device))).collect();
        ledger.anchor(units);
    }
    let archive = write(&store, &ledger, 10_000).await;
    let bytes: u64 = archive.manifest().segments.iter().map(|segment| segment.bytes).sum();
    let held: u64 = archive.manifest().segments.iter().map(|segment| segment.readings).sum();
    assert_eq!(held, 100 * readings * units);
    bytes as f64 / held as f64
}

#[tokio::test]
async fn a_reading_takes_few_bytes() {
    for (readings, units, most) in [(60, 200, 3.5), (1, 600, 125.0)] {
        let bytes = bytes_per_reading(readings, units).await;
        println!("{readings} readings a unit: {bytes:.2} bytes a reading in the archive");
        assert!(bytes <= most, "{bytes} bytes a reading at {readings} readings a unit");
    }
}
