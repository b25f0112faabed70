//! Devices that replay the demo's measured days, with signed units.

use loadstone_core::{Hash, Millis, PublicKey, SigningPayload, Watts};
use loadstone_dag::Unit;
use loadstone_dag_node::testing::{key, unit_of, GENESIS};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Half-hourly loads of twelve days, as the demo ships them.
const DAYS: &str = include_str!("../../../scripts/data/uk-winter-days.csv");

/// As in the demo: the meters are scaled up to plants, and read with 0.6 % of noise.
const SCALE: f64 = 60.0;
const NOISE: f64 = 0.006;

/// Seconds between two values of a day.
const STEP_S: usize = 1_800;

/// A signed unit with what its signature covers.
pub struct Signed {
    /// The unit.
    pub unit: Unit,
    /// Who signed it.
    pub key: PublicKey,
    /// What was signed.
    pub payload: SigningPayload,
}

struct Device {
    sequence: u64,
    last: Hash,
}

/// Devices that write in turn.
pub struct Devices {
    days: Vec<Vec<f64>>,
    devices: Vec<Device>,
    turn: usize,
    readings: usize,
    noise: ChaCha8Rng,
}

impl Devices {
    /// `count` devices, numbered from 1, that put `readings` readings into a unit.
    pub fn new(count: u32, readings: u32) -> Self {
        let devices = (0..count).map(|_| Device { sequence: 0, last: Hash::zero() }).collect();
        Self { days: days(), devices, turn: 0, readings: readings as usize, noise: ChaCha8Rng::seed_from_u64(7) }
    }

    /// The next unit of the device whose turn it is.
    pub fn next_unit(&mut self) -> Signed {
        let place = self.turn;
        self.turn = (place + 1) % self.devices.len();
        let number = place as u32 + 1;
        let sequence = self.devices[place].sequence;
        let first = sequence as usize * self.readings;
        let readings: Vec<_> = (first..first + self.readings).map(|second| (self.load(place, second), true)).collect();
        let start = Millis(1_700_000_000_000 + 1_000 * first as u64);
        let signer = key(number);
        let unit = unit_of(&signer, number, sequence, self.devices[place].last, start, &readings);
        let payload = unit.content.payload(&GENESIS);
        self.devices[place] = Device { sequence: sequence + 1, last: payload.hash() };
        Signed { unit, key: signer.public(), payload }
    }

    fn load(&mut self, device: usize, second: usize) -> Watts {
        let day = &self.days[device % self.days.len()];
        // Devices start at different hours.
        let second = second + device * 977;
        let (step, within) = (second / STEP_S % day.len(), (second % STEP_S) as f64 / STEP_S as f64);
        let mean = day[step] * (1.0 - within) + day[(step + 1) % day.len()] * within;
        let noise = self.noise.gen_range(-NOISE..=NOISE);
        Watts((mean * SCALE * (1.0 + noise)).round() as i64)
    }
}

/// One series a column.
fn days() -> Vec<Vec<f64>> {
    let mut days: Vec<Vec<f64>> = Vec::new();
    for line in DAYS.lines().skip(1) {
        let values = line.split(',').skip(1).filter_map(|value| value.parse().ok());
        for (column, value) in values.enumerate() {
            if days.len() <= column {
                days.push(Vec::new());
            }
            days[column].push(value);
        }
    }
    days
}
