//! Slots last what genesis says.

use super::*;
use crate::{genesis::Network, Pace, Runtime};
use frame_support::traits::Get;

#[test]
fn a_network_settles_the_length_of_its_slots() {
    // GIVEN a network that names none, and one that does WHEN their geneses are built
    for (slot_ms, expected) in [(None, 200), (Some(600), 600)] {
        let patch = Network { slot_ms, ..Network::default() }.patch();
        // THEN the slots last so
        assert_eq!(patch["pace"]["slotMs"], expected);
    }
    demo().execute_with(|| {
        assert_eq!(<Pace as Get<u64>>::get(), 200);
        assert_eq!(pallet_aura::Pallet::<Runtime>::slot_duration(), 200);
    });
}
