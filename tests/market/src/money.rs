//! Every account's money, and what moved between two moments.

use crate::chain::account;
use loadstone_core::AccountId;
use loadstone_runtime::{Balances, Runtime};
use std::collections::BTreeMap;

/// What each account has, free or held, in micro-yuan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books(BTreeMap<AccountId, i128>);

impl Books {
    /// Inside the chain's externalities: as they stand, and as many micro-yuan as were issued.
    pub fn now() -> Self {
        let all = frame_system::Account::<Runtime>::iter();
        let books = Self(all.map(|(who, info)| (who, (info.data.free + info.data.reserved) as i128)).collect());
        assert_eq!(books.sum(), Balances::total_issuance() as i128, "what all have is what was issued");
        books
    }

    /// All money.
    pub fn sum(&self) -> i128 {
        self.0.values().sum()
    }

    /// What an account won since `before`; what nobody of `named` won must be nothing.
    pub fn gains(&self, before: &Self, named: &[&str]) -> Vec<i128> {
        assert_eq!(self.sum(), before.sum(), "no micro-yuan is made or lost");
        let of = |books: &Self, who: &AccountId| books.0.get(who).copied().unwrap_or_default();
        let named: Vec<AccountId> = named.iter().map(|path| account(path)).collect();
        for who in self.0.keys().filter(|who| !named.contains(who)) {
            assert_eq!(of(self, who), of(before, who), "{who} took no part");
        }
        named.iter().map(|who| of(self, who) - of(before, who)).collect()
    }
}
