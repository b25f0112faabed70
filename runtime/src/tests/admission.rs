//! Who may send transactions, how many, and which come first.

use super::*;
use crate::{
    configs::{CallQuota, Caller},
    extensions::{priority, CheckAdmission, CheckNonce, Refusal, MAX_PENDING, ORDER_PRIORITY, OTHER_PRIORITY},
    Balances, Registry, Runtime, RuntimeOrigin, Settlement,
};
use codec::Decode;
use frame_support::{
    assert_ok,
    dispatch::DispatchClass,
    traits::fungible::{Inspect, Mutate},
};
use loadstone_core::{AreaId, Direction, OrganisationId, Participant, Role, YUAN};
use pallet_origin_restriction::{Usage, Usages};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

fn refused(refusal: Refusal) -> TransactionValidityError {
    InvalidTransaction::Custom(refusal as u8).into()
}

#[test]
fn a_participant_is_admitted_without_a_fee() {
    demo().execute_with(|| {
        // GIVEN a registered aggregator
        let before = System::account(account("//AggregatorNorth")).data;
        // WHEN it sends a call
        let outcome = Executive::apply_extrinsic(signed("//AggregatorNorth", 0, remark()));
        // THEN the call is made and costs no money
        assert_eq!(outcome, Ok(Ok(())));
        assert_eq!(System::account(account("//AggregatorNorth")).data, before);
        assert_eq!(System::account_nonce(account("//AggregatorNorth")), 1);
    });
}

#[test]
fn a_stranger_is_refused_even_with_money() {
    demo().execute_with(|| {
        // GIVEN an account with money that is not registered
        let transfer = pallet_balances::Call::transfer_keep_alive { dest: account("//Stranger").into(), value: 5_000 };
        assert_ok!(Executive::apply_extrinsic(signed("//ProvincialGrid", 0, RuntimeCall::Balances(transfer))));
        // WHEN it sends a call, and so does one without any money
        let validity = validate("//Stranger", 0, remark());
        let pauper = validate("//Pauper", 0, remark());
        // THEN both are told that they are not registered
        assert_eq!(validity, Err(refused(Refusal::NotRegistered)));
        assert_eq!(pauper, Err(refused(Refusal::NotRegistered)));
    });
}

#[test]
fn a_frozen_participant_is_refused() {
    demo().execute_with(|| {
        // GIVEN a participant that the regulator froze
        let regulator = RuntimeOrigin::signed(account("//Regulator"));
        assert_ok!(Registry::set_frozen(regulator, account("//AggregatorNorth"), true));
        // WHEN it sends a call
        let validity = validate("//AggregatorNorth", 0, remark());
        // THEN it is refused
        assert_eq!(validity, Err(refused(Refusal::Frozen)));
    });
}

#[test]
fn only_so_many_transactions_of_one_account_may_wait() {
    demo().execute_with(|| {
        // GIVEN a participant's transactions with nonces far ahead
        // WHEN a pool asks for them
        // THEN the last that may wait is admitted and the next is not
        assert_ok!(validate("//CityGrid", MAX_PENDING, remark()));
        assert_eq!(validate("//CityGrid", MAX_PENDING + 1, remark()), Err(refused(Refusal::TooManyPending)));
    });
}

#[test]
fn a_used_up_quota_recovers_with_the_blocks() {
    demo().execute_with(|| {
        // GIVEN a participant that has used up its quota in the block that is being made
        let quota = CallQuota::of(Role::Aggregator);
        let who = Caller(account("//AggregatorNorth"));
        Usages::<Runtime>::insert(&who, Usage { used: quota.burst, at_block: 2 });
        // WHEN it sends another call at once
        // THEN it is refused
        assert_eq!(validate("//AggregatorNorth", 0, remark()), Err(refused(Refusal::QuotaUsedUp)));
        // WHEN some blocks have passed
        System::set_block_number(3);
        // THEN it is admitted again
        assert_ok!(validate("//AggregatorNorth", 0, remark()));
    });
}

#[test]
fn a_call_uses_up_quota_when_it_is_made() {
    demo().execute_with(|| {
        // GIVEN a participant that has not called yet
        let who = Caller(account("//AggregatorNorth"));
        assert!(!Usages::<Runtime>::contains_key(&who));
        // WHEN its call is made
        assert_ok!(Executive::apply_extrinsic(signed("//AggregatorNorth", 0, remark())));
        // THEN its quota is charged
        let used = Usages::<Runtime>::get(&who).map(|usage| usage.used).unwrap_or_default();
        assert!(used > 0 && used < CallQuota::of(Role::Aggregator).burst);
    });
}

#[test]
fn a_customer_without_money_fetches_what_waits_for_it() {
    demo().execute_with(|| {
        // GIVEN a payment that an account without money could not take
        let (mill, claim) = (account("//Mill"), RuntimeCall::Settlement(pallet_settlement::Call::claim {}));
        Balances::set_balance(&Settlement::account(), 2 * YUAN);
        pallet_settlement::Claimables::<Runtime>::insert(&mill, YUAN);
        // THEN while it is not registered it can't fetch it
        assert_eq!(validate("//Mill", 0, claim.clone()), Err(refused(Refusal::NotRegistered)));
        // WHEN it is registered, as a customer must be THEN it can, and has the money
        let (role, organisation) = (Role::Customer, OrganisationId(99));
        let customer = Participant { role, organisation, name: Default::default(), frozen: false };
        assert_ok!(Registry::register_participant(RuntimeOrigin::root(), mill.clone(), customer));
        assert_eq!(Executive::apply_extrinsic(signed("//Mill", 0, claim)), Ok(Ok(())));
        assert_eq!(Balances::balance(&mill), YUAN);
        // AND it gives no orders
        assert_eq!(validate("//Mill", 1, order()), Err(refused(Refusal::NoDispatcher)));
    });
}

fn order() -> RuntimeCall {
    let (area, direction) = (AreaId(1), Direction::Down);
    RuntimeCall::Dispatch(pallet_dispatch::Call::release { area, direction, reason: Default::default() })
}

fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
    RuntimeCall::Utility(pallet_utility::Call::batch { calls })
}

#[test]
fn orders_come_before_other_calls() {
    // GIVEN an order and another call
    // WHEN they are ranked THEN the order comes first
    assert_eq!((priority(&order()), priority(&remark())), (ORDER_PRIORITY, OTHER_PRIORITY));
}

#[test]
fn only_a_grid_company_takes_of_the_room_that_is_kept_for_orders() {
    demo().execute_with(|| {
        for call in [order(), batch(vec![order()]), batch(vec![batch(vec![order()])])] {
            // GIVEN an order, alone or in a batch
            // WHEN an aggregator sends it THEN it is refused at the door, before it costs the block anything
            assert_eq!(validate("//AggregatorNorth", 0, call.clone()), Err(refused(Refusal::NoDispatcher)));
            // WHEN a grid company sends it THEN it is admitted
            assert_ok!(validate("//CityGrid", 0, call));
        }
        // AND a batch of other calls is everybody's
        assert_ok!(validate("//AggregatorNorth", 0, batch(vec![remark(), order()])));
    });
}

#[test]
fn an_order_finds_room_in_a_block_that_is_full_of_other_calls() {
    demo().execute_with(|| {
        // GIVEN a block whose share for ordinary calls is used up
        let most = <Runtime as frame_system::Config>::BlockWeights::get()
            .get(DispatchClass::Normal)
            .max_total
            .expect("the class is bounded");
        System::register_extra_weight_unchecked(most, DispatchClass::Normal);
        // WHEN an ordinary call comes THEN there is no room for it
        let exhausted = TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);
        assert_eq!(Executive::apply_extrinsic(signed("//CityGrid", 0, remark())), Err(exhausted));
        // WHEN an order comes THEN it is carried out: that there is nothing to release is for the pallet to say
        let outcome = Executive::apply_extrinsic(signed("//ProvincialGrid", 0, order()));
        assert!(matches!(outcome, Ok(Err(_))), "{outcome:?}");
    });
}

#[test]
fn clients_that_do_not_know_the_extensions_can_sign() {
    // GIVEN the pipeline's own extensions
    // THEN admission takes no bytes, and the nonce those of the check that clients know
    assert!(CheckAdmission.encode().is_empty());
    assert_eq!(CheckNonce::from(300).encode(), frame_system::CheckNonce::<Runtime>::from(300).encode());
}

#[test]
fn a_signed_transaction_survives_its_encoding() {
    // GIVEN a signed transaction
    let transaction = demo().execute_with(|| signed("//CityGrid", 7, remark()));
    // WHEN it is encoded and decoded
    let decoded = UncheckedExtrinsic::decode(&mut &transaction.encode()[..]);
    // THEN it is the same
    assert_eq!(decoded.map(|decoded| decoded.encode()), Ok(transaction.encode()));
}
