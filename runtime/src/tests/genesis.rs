//! The presets build, and what they set up fits together.

use super::*;
use crate::{Balances, Grandpa, Registry, Runtime, Session};
use loadstone_core::traits::Directory;
use loadstone_core::Role;

#[test]
fn every_preset_builds() {
    for name in presets::names() {
        // GIVEN a preset WHEN its genesis is built THEN it has as many authorities as validators
        preset(name.as_ref()).execute_with(|| {
            let validators = Session::validators().len();
            assert!(validators > 0);
            assert_eq!(pallet_aura::Authorities::<Runtime>::get().len(), validators);
            assert_eq!(Grandpa::grandpa_authorities().len(), validators);
            assert_eq!(pallet_dag_anchor::Committee::<Runtime>::get().len(), validators);
        });
    }
}

#[test]
fn no_organisation_of_the_demo_holds_a_third() {
    demo().execute_with(|| {
        // GIVEN the demo's committee
        let committee = pallet_dag_anchor::Committee::<Runtime>::get();
        // WHEN each organisation's weight is summed
        let total: u32 = committee.iter().map(|member| member.weight).sum();
        for member in &committee {
            let held: u32 = committee.iter().filter(|m| m.organisation == member.organisation).map(|m| m.weight).sum();
            // THEN it is known and below a third
            assert!(member.organisation.0 > 0 && 3 * held < total);
        }
    });
}

#[test]
fn the_demo_registers_everyone_in_their_role() {
    demo().execute_with(|| {
        // GIVEN the demo's accounts
        let roles = [
            ("//ProvincialGrid", Role::GridCompany),
            ("//CityGrid", Role::GridCompany),
            ("//AggregatorNorth", Role::Aggregator),
            ("//AggregatorSouth", Role::Aggregator),
            ("//Regulator", Role::Regulator),
            ("//Auditor", Role::Auditor),
            ("//CityGrid//validator", Role::Auditor),
        ];
        for (path, role) in roles {
            // WHEN the registry is asked THEN it knows the role, and the account can pay its existence
            assert_eq!(Registry::participant(&account(path)).map(|participant| participant.role), Some(role));
            assert!(Balances::free_balance(account(path)) >= crate::constants::EXISTENTIAL_DEPOSIT);
        }
    });
}

#[test]
fn the_validators_are_found_where_the_demo_starts_them() {
    demo().execute_with(|| {
        // GIVEN the first validator of the demo
        let info = pallet_registry::Validators::<Runtime>::get(account("//ProvincialGrid//validator"));
        // WHEN its addresses are read
        let (peer, gateway) = info.map(|info| (info.peer.to_vec(), info.gateway.to_vec())).unwrap_or_default();
        // THEN they are those of its derived node key and of the first gateway port
        assert_eq!(peer, presets::peer_id(presets::DEMO_ORGANISATIONS[0].node));
        assert_eq!(gateway, b"ws://127.0.0.1:9800");
    });
}
