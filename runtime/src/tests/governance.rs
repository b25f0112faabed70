//! The council appoints, pauses and repairs; nobody else does.

use super::*;
use crate::{
    configs::CouncilInstance, Council, Mandate, Registry, Runtime, RuntimeOrigin, SafeMode, Session, SessionKeys,
    TxPause,
};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::Hooks};
use pallet_collective::RawOrigin;
use sp_runtime::{
    traits::{BadOrigin, Hash},
    DispatchError,
};

fn council(yes: u32) -> RuntimeOrigin {
    RawOrigin::<AccountId, CouncilInstance>::Members(yes, 2).into()
}

#[test]
fn a_motion_of_both_grid_companies_acts_as_root() {
    demo().execute_with(|| {
        // GIVEN a call that only root may make
        let key = b"repaired".to_vec();
        let repair = frame_system::Call::set_storage { items: vec![(key.clone(), vec![1])] };
        let motion = RuntimeCall::Mandate(crate::mandate::Call::act_as_root { call: Box::new(repair.into()) });
        let length = motion.encode().len() as u32;
        let weight = motion.get_dispatch_info().call_weight;
        let hash = <Runtime as frame_system::Config>::Hashing::hash_of(&motion);
        // WHEN both members of the council vote for it
        let one = || RuntimeOrigin::signed(account("//ProvincialGrid"));
        let other = || RuntimeOrigin::signed(account("//CityGrid"));
        assert_ok!(Council::propose(one(), 2, Box::new(motion), length));
        assert_ok!(Council::vote(one(), hash, 0, true));
        assert_ok!(Council::vote(other(), hash, 0, true));
        assert_ok!(Council::close(other(), hash, 0, weight, length));
        // THEN it is carried out
        assert_eq!(sp_io::storage::get(&key).map(|value| value.to_vec()), Some(vec![1]));
    });
}

#[test]
fn one_of_two_members_acts_for_nobody() {
    demo().execute_with(|| {
        // GIVEN half of the council
        // WHEN it tries to act as root, to pause or to enter safe mode
        // THEN it is refused
        assert_noop!(Mandate::act_as_root(council(1), Box::new(remark())), BadOrigin);
        let name =
            (b"Balances".to_vec().try_into().expect("short"), b"transfer_all".to_vec().try_into().expect("short"));
        assert_noop!(TxPause::pause(council(1), name), BadOrigin);
        assert_noop!(SafeMode::force_enter(council(1)), BadOrigin);
    });
}

#[test]
fn safe_mode_stops_trade_but_not_repairs() {
    demo().execute_with(|| {
        // GIVEN safe mode
        assert_ok!(SafeMode::force_enter(council(2)));
        let transfer = pallet_balances::Call::transfer_keep_alive { dest: account("//CityGrid").into(), value: 5_000 };
        // WHEN a participant transfers money
        let outcome = Executive::apply_extrinsic(signed("//AggregatorNorth", 0, transfer.into()));
        // THEN the call is filtered
        assert_eq!(outcome, Ok(Err(frame_system::Error::<Runtime>::CallFiltered.into())));
        // WHEN the regulator freezes a participant
        let freeze = pallet_registry::Call::set_frozen { who: account("//AggregatorNorth"), frozen: true };
        // THEN it works
        assert_eq!(Executive::apply_extrinsic(signed("//Regulator", 0, freeze.into())), Ok(Ok(())));
    });
}

#[test]
fn what_repairs_the_chain_cannot_be_paused() {
    demo().execute_with(|| {
        // GIVEN the council
        let name = |pallet: &[u8], call: &[u8]| {
            (pallet.to_vec().try_into().expect("short"), call.to_vec().try_into().expect("short"))
        };
        // WHEN it pauses bids THEN they are paused; WHEN it pauses itself THEN it is refused
        assert_ok!(TxPause::pause(council(2), name(b"Bids", b"commit")));
        let refused = TxPause::pause(council(2), name(b"Council", b"vote"));
        assert_eq!(refused, Err(pallet_tx_pause::Error::<Runtime>::Unpausable.into()));
    });
}

#[test]
fn appointed_validators_take_over_within_two_blocks() {
    demo().execute_with(|| {
        // GIVEN a fifth validator with keys
        let newcomer = account("//Auditor");
        let keys = SessionKeys {
            aura: sr25519::Public::from_raw([1; 32]).into(),
            grandpa: sp_core::ed25519::Public::from_raw([2; 32]).into(),
            dag: sr25519::Public::from_raw([3; 32]).into(),
        };
        pallet_session::NextKeys::<Runtime>::insert(&newcomer, keys);
        let mut set = pallet_registry::ValidatorSet::<Runtime>::get();
        set.try_push(newcomer.clone()).expect("room for a fifth");
        // WHEN the council appoints it and two blocks pass
        assert_ok!(Registry::set_validators(council(2), set));
        for block in 2..4 {
            System::set_block_number(block);
            Session::on_initialize(block);
        }
        // THEN it validates, and the session is at rest again
        assert!(Session::validators().contains(&newcomer));
        let index = Session::current_index();
        Session::on_initialize(4);
        assert_eq!(Session::current_index(), index);
    });
}

#[test]
fn a_validator_without_session_keys_is_not_appointed() {
    demo().execute_with(|| {
        // GIVEN a participant without session keys
        let mut set = pallet_registry::ValidatorSet::<Runtime>::get();
        set.try_push(account("//Auditor")).expect("room for a fifth");
        // WHEN the council appoints it THEN it is refused
        let refused: DispatchError = pallet_registry::Error::<Runtime>::NoSessionKeys.into();
        assert_noop!(Registry::set_validators(council(2), set), refused);
    });
}
