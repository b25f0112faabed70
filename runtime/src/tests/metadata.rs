//! What clients that were not written for this chain rely on.

use super::demo;
use crate::{constants::SS58_PREFIX, Runtime, VERSION};
use frame_support::traits::Get;

#[test]
fn metadata_is_served_in_the_versions_that_clients_read() {
    // GIVEN the runtime WHEN clients ask which metadata it serves THEN it has the usual three
    let versions = Runtime::metadata_versions();
    // One constant, the slot's length, stands in state.
    demo().execute_with(|| {
        for version in [14, 15, 16] {
            assert!(versions.contains(&version));
            assert!(Runtime::metadata_at_version(version).is_some());
        }
    });
}

#[test]
fn addresses_have_the_prefix_of_the_chain_spec() {
    // GIVEN the prefix in the chain spec's properties THEN it is the runtime's
    let prefix: u16 = <Runtime as frame_system::Config>::SS58Prefix::get();
    assert_eq!(prefix, u16::from(SS58_PREFIX));
}

#[test]
fn light_clients_can_read_the_state() {
    // GIVEN the runtime's version THEN its state has the layout that smoldot verifies
    assert_eq!(VERSION.system_version, 1);
}
