//! Series of readings for tests of how many bytes they take.

use loadstone_core::{Domain, Hash, SigningPayload, Watts};

/// Half-hourly means of a British household on a winter day, in watts.
const DAY_W: [i64; 6] = [1_866, 1_710, 864, 830, 912, 1_404];

/// Factor by which the demo makes a household a load.
const SCALE: i64 = 60;

/// Greatest noise of the demo's meters in basis points.
const NOISE_BP: i64 = 60;

/// Seconds between two rows of the day.
const ROW_S: u64 = 1_800;

/// A reading of the demo's kind: between two half hours in a straight line, with noise that follows from the chain,
/// the device and the second.
pub fn demo_w(genesis: &Hash, device: u32, second: u64) -> Watts {
    let row = (second / ROW_S) as usize % (DAY_W.len() - 1);
    let (here, next) = (DAY_W[row] * SCALE, DAY_W[row + 1] * SCALE);
    let natural = here + (next - here) * (second % ROW_S) as i64 / ROW_S as i64;
    let noise = SigningPayload::new(Domain::Unit, genesis, &(device, second)).hash();
    let noise = i64::from(noise.as_bytes()[0]) * 256 + i64::from(noise.as_bytes()[1]);
    Watts(natural + natural * NOISE_BP / 10_000 * (noise - 32_768) / 32_768)
}
