//! Bytes that a reading takes in the archive, for series like the demo's.

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
fn demo_w(device: u32, second: u64) -> Watts {
    let row = (second / ROW_S) as usize % (DAY_W.len() - 1);
    let (here, next) = (DAY_W[row] * SCALE, DAY_W[row + 1] * SCALE);
    let natural = here + (next - here) * (second % ROW_S) as i64 / ROW_S as i64;
    let noise = SigningPayload::new(loadstone_core::Domain::Unit, &GENESIS, &(device, second)).hash();
    let noise = i64::from(noise.as_bytes()[0]) * 256 + i64::from(noise.as_bytes()[1]);
    Watts(natural + natural * NOISE_BP / 10_000 * (noise - 32_768) / 32_768)
}

/// Bytes a reading of an archive with `units` units of each of a hundred devices.
async fn bytes_per_reading(readings: u64, units: u64) -> f64 {
    let (store, mut ledger) = (memory(), Ledger::default());
    for round in 0..units {
        let unit = |device: u32| {
            let start = round * readings + u64::from(device) % readings;
            let series: Vec<_> = (start..start + readings).map(|second| (demo_w(device, second), true)).collect();
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
