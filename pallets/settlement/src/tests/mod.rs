//! One file for each behaviour.

mod claims;
mod conservation;
mod disputes;
mod escrow;
mod payment;
mod splits;
mod steps;
mod why;

use crate::{mock::*, HoldReason};
use frame_support::traits::fungible::{Inspect, InspectHold};
use loadstone_core::{AccountId, Balance};

/// What `who` may spend.
fn free(who: &AccountId) -> Balance {
    Balances::balance(who)
}

/// What is held from `who`.
fn held(reason: HoldReason, who: &AccountId) -> Balance {
    Balances::balance_on_hold(&reason.into(), who)
}

fn spec(owner: AccountId, watts: i64, price: u64, percent: i64) -> Spec {
    Spec { owner, customer: None, watts, price, percent }
}
