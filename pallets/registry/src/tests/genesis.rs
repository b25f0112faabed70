//! The registry's first content.

use crate::{mock::*, pallet::*, GenesisResource};
use loadstone_core::{PublicKey, ResourceId, Watts};

fn resource(owner: loadstone_core::AccountId, device_key: PublicKey) -> GenesisResource {
    let (capacity_down, capacity_up) = (Watts(6_000), Watts(0));
    let (load_min, load_max) = (Watts(0), Watts(9_000));
    GenesisResource { owner, area: AREA, device_key, capacity_down, capacity_up, load_min, load_max }
}

#[test]
fn genesis_registers_all_that_it_lists() {
    // GIVEN a genesis with resources
    let resources = vec![resource(NORTH, [1; 32]), resource(SOUTH, [2; 32])];
    storage(GenesisConfig { resources, ..genesis() }).execute_with(|| {
        // THEN they are numbered in order, and every check holds
        let owner = |id| Registry::resource_of(ResourceId(id)).map(|(resource, _)| resource.owner);
        assert_eq!((owner(0), owner(1), owner(2)), (Some(NORTH), Some(SOUTH), None));
        assert_eq!(Registry::validators().len(), 4);
        Registry::do_try_state().expect("state holds");
    });
}

#[test]
#[should_panic(expected = "OrganisationHoldsThird")]
fn a_network_whose_validators_are_unsound_does_not_start() {
    // GIVEN two of five validators of one organisation
    let mut unsound = genesis();
    unsound.participants.push((STRANGER, participant(loadstone_core::Role::Auditor, 1)));
    unsound.validators.push((STRANGER, validator_info(1)));
    // THEN the chain-spec is refused
    storage(unsound);
}

#[test]
#[should_panic(expected = "RoleNotHeld")]
fn a_network_whose_load_belongs_to_no_aggregator_does_not_start() {
    storage(GenesisConfig { resources: vec![resource(GRID, [1; 32])], ..genesis() });
}
