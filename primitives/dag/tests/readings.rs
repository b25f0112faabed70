//! Readings: whatever is encoded decodes to the same, in few bytes, and nothing else decodes.

use loadstone_core::{Millis, Watts};
use loadstone_dag::{Readings, ReadingsFault, MAX_READINGS};
use proptest::prelude::*;

fn encode(readings: &[(Watts, bool)]) -> Result<Readings, ReadingsFault> {
    Readings::new(Millis(1_000), 1_000, None, readings)
}

proptest! {
    #[test]
    fn all_sequences_come_back(values in prop::collection::vec((any::<i64>(), any::<bool>()), 1..=MAX_READINGS)) {
        let readings: Vec<_> = values.iter().map(|(watts, valid)| (Watts(*watts), *valid)).collect();
        let encoded = encode(&readings).expect("within limits");
        let decoded = encoded.watts().expect("just encoded");
        prop_assert_eq!(encoded.count(), readings.len());
        for (position, (moment, watts, valid)) in decoded.into_iter().enumerate() {
            prop_assert_eq!(moment, Millis(1_000 + 1_000 * position as u64));
            prop_assert_eq!((watts, valid), readings[position]);
        }
    }

    #[test]
    fn whatever_decodes_is_the_only_encoding(
        deltas in prop::collection::vec(any::<u8>(), 0..80),
        doubtful in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let readings = Readings { start: Millis(1_000), interval_ms: 1_000, event: None, doubtful, deltas };
        if let Ok(decoded) = readings.watts() {
            let values: Vec<_> = decoded.into_iter().map(|(_, watts, valid)| (watts, valid)).collect();
            prop_assert_eq!(encode(&values), Ok(readings));
        }
    }
}

#[test]
fn an_ordinary_load_takes_two_bytes_a_reading() {
    // GIVEN a load of some kilowatts that moves by some tens of watts a second
    let readings: Vec<_> = (0..60i64).map(|second| (Watts(7_000 + second * second % 61), true)).collect();
    // THEN sixty readings take less than 120 bytes
    assert!(encode(&readings).expect("within limits").deltas.len() <= 120);
}

#[test]
fn limits_hold() {
    assert_eq!(encode(&[]), Err(ReadingsFault::Count));
    assert_eq!(encode(&[(Watts(1), true); MAX_READINGS + 1]), Err(ReadingsFault::Count));
    let one = [(Watts(1), true)];
    assert_eq!(Readings::new(Millis(0), 0, None, &one), Err(ReadingsFault::Time));
    assert_eq!(Readings::new(Millis(u64::MAX), 1, None, &one), Err(ReadingsFault::Time));
    let marked = |doubtful: Vec<u8>| Readings { doubtful, ..encode(&one).expect("within limits") }.watts();
    assert_eq!(marked(vec![0]), Err(ReadingsFault::Marks));
    assert_eq!(marked(vec![2]), Err(ReadingsFault::Marks));
    assert_eq!(marked(vec![1, 0]), Err(ReadingsFault::Marks));
    assert!(marked(vec![1]).is_ok());
}
