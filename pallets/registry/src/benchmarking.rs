//! Benchmarks of every call, at its worst case.

use crate::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::traits::EnsureOrigin;
use frame_system::RawOrigin;
use loadstone_core::{AreaId, DeviceId, OrganisationId, Participant, Role, Watts};

/// An account that no genesis knows, in the role given.
fn registered<T: Config>(role: Role, seed: u32) -> AccountId {
    let who: AccountId = account("participant", seed, 0);
    let name = BoundedVec::truncate_from([b'x'; 64].to_vec());
    let organisation = OrganisationId(10_000u16.saturating_add(seed as u16));
    let participant = Participant { role, organisation, name, frozen: false };
    assert!(Pallet::<T>::do_register_participant(who.clone(), participant).is_ok());
    who
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// A device of an aggregator's.
fn device<T: Config>() -> (AccountId, DeviceId) {
    let owner = registered::<T>(Role::Aggregator, 1);
    let device = DeviceId(NextResource::<T>::get().0);
    let resource = GenesisResource {
        owner: owner.clone(),
        area: AreaId(1),
        device_key: [201; 32],
        capacity_down: Watts(1),
        capacity_up: Watts(1),
        load_min: Watts(0),
        load_max: Watts(1),
    };
    assert!(Pallet::<T>::do_register_resource(resource).is_ok());
    (owner, device)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_participant() -> Result<(), BenchmarkError> {
        let who: AccountId = account("participant", 1, 0);
        let name = BoundedVec::truncate_from([b'x'; 64].to_vec());
        let participant = Participant { role: Role::Auditor, organisation: OrganisationId(1), name, frozen: false };
        let origin = governance::<T>()?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone(), participant);
        assert!(Participants::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn set_frozen() {
        let regulator = registered::<T>(Role::Regulator, 1);
        let who = registered::<T>(Role::Aggregator, 2);
        #[extrinsic_call]
        _(RawOrigin::Signed(regulator), who.clone(), true);
        assert!(Participants::<T>::get(who).is_some_and(|participant| participant.frozen));
    }

    #[benchmark]
    fn register_resource() {
        let owner = registered::<T>(Role::Aggregator, 1);
        let range = (Watts(0), Watts(9));
        #[extrinsic_call]
        _(RawOrigin::Signed(owner.clone()), AreaId(1), [202; 32], Watts(1), Watts(1), range.0, range.1);
        assert_eq!(ResourceCount::<T>::get(owner), 1);
    }

    #[benchmark]
    fn rotate_device_key() {
        let (owner, device) = device::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), device, [203; 32]);
        assert!(Devices::<T>::get(device).is_some_and(|device| device.key == [203; 32]));
    }

    #[benchmark]
    fn revoke_device() {
        let (owner, device) = device::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), device);
        assert!(Devices::<T>::get(device).is_some_and(|device| device.revoked));
    }

    #[benchmark]
    fn renew_device() {
        let (owner, device) = device::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), device, [203; 32]);
        assert!(Devices::<T>::get(device).is_some_and(|device| device.incarnation.0 == 1));
    }

    #[benchmark]
    fn set_validators(v: Linear<4, MAX_VALIDATORS>) -> Result<(), BenchmarkError> {
        let validators: Vec<_> = (0..v).map(|seed| registered::<T>(Role::Aggregator, seed)).collect();
        validators.iter().for_each(T::BenchmarkHelper::set_session_keys);
        let origin = governance::<T>()?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, BoundedVec::truncate_from(validators));
        assert_eq!(ValidatorSet::<T>::get().len(), v as usize);
        Ok(())
    }

    #[benchmark]
    fn set_validator_info() {
        let validator = registered::<T>(Role::Aggregator, 1);
        let (peer, gateway) = (BoundedVec::new(), BoundedVec::new());
        let info = loadstone_core::ValidatorInfo { organisation: OrganisationId(10_001), peer, gateway };
        Validators::<T>::insert(&validator, info);
        let peer = BoundedVec::truncate_from([1; 64].to_vec());
        let gateway = BoundedVec::truncate_from([b'w'; 128].to_vec());
        #[extrinsic_call]
        _(RawOrigin::Signed(validator.clone()), validator.clone(), peer.clone(), gateway);
        assert!(Validators::<T>::get(validator).is_some_and(|info| info.peer == peer));
    }

    #[benchmark]
    fn remove_participant() -> Result<(), BenchmarkError> {
        let who = registered::<T>(Role::Auditor, 1);
        let origin = governance::<T>()?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone());
        assert!(!Participants::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn set_customer() {
        let (owner, device) = device::<T>();
        let resource = loadstone_core::ResourceId(device.0);
        let (former, customer) = (registered::<T>(Role::Customer, 2), registered::<T>(Role::Customer, 3));
        assert!(Pallet::<T>::do_set_customer(owner.clone(), resource, Some(former)).is_ok());
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), resource, Some(customer.clone()));
        assert_eq!(CustomerCount::<T>::get(customer), Some(1));
    }

    impl_benchmark_test_suite!(Pallet, mock::new_test_ext(), mock::Test);
}
