//! Why a transaction came to nothing, in words.

use crate::{fault::Fault, hint::hint};
use loadstone_core::AccountId;
use subxt::{
    error::{BackendError, DispatchError, ExtrinsicError, RpcError, TransactionEventsError},
    rpcs,
};

/// The node holds the same transaction already: no refusal.
const ALREADY_IMPORTED: i32 = 1_013;

/// The pool is full, and nothing in it is less urgent.
const POOL_IS_FULL: i32 = 1_016;

/// Why the node did not take the transaction of `account`, or that it is not known whether it did.
pub fn by_pool(error: &ExtrinsicError, account: &AccountId) -> Fault {
    let ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(rpcs::Error::User(user)))) =
        error
    else {
        return Fault::Lost(format!("no answer came: {error}"));
    };
    let data = user.data.as_deref().map(|data| data.get().trim_matches('"').to_owned());
    match user.code {
        ALREADY_IMPORTED => Fault::Lost("the node holds it already".into()),
        code => Fault::Invalid(reason(code, &user.message, data.as_deref(), account)),
    }
}

/// The pool's answer in words. The runtime numbers its own reasons, and the node hands on the number alone.
fn reason(code: i32, message: &str, data: Option<&str>, account: &AccountId) -> String {
    let own = data.and_then(|data| data.strip_prefix("Custom error: ")).and_then(|number| number.parse::<u8>().ok());
    match own {
        Some(1) => format!("the account {account} is not registered; the council registers participants"),
        Some(2) => format!("the regulator has frozen the account {account}"),
        Some(3) => format!("too many transactions of the account {account} wait already; try again in some blocks"),
        Some(4) => format!("the quota of the account {account} is used up; it recovers with the blocks"),
        Some(5) => format!("RoleNotHeld: only a grid company gives orders, which the account {account} is not"),
        _ if code == POOL_IS_FULL => "too many transactions wait at the node already; try again in some blocks".into(),
        _ => match data {
            Some(data) => format!("{message}: {data} ({code})"),
            None => format!("{message} ({code})"),
        },
    }
}

/// Why the runtime refused the call in its block.
pub fn by_runtime(error: TransactionEventsError) -> anyhow::Error {
    let TransactionEventsError::ExtrinsicFailed(error) = error else { return error.into() };
    let DispatchError::Module(module) = &error else {
        return refused(format!("{error:?}"), error.to_string());
    };
    match module.details() {
        Ok(details) => refused(
            format!("{}.{}", details.pallet.name(), details.variant.name),
            details.variant.docs.join(" ").trim().to_owned(),
        ),
        Err(_) => Fault::Refused { name: error.to_string(), text: String::new() }.into(),
    }
}

/// A refusal with its remedy, where there is one.
fn refused(name: String, said: String) -> anyhow::Error {
    let text = match hint(&name) {
        Some(remedy) => format!("{said} Remedy: {remedy}"),
        None => said,
    };
    Fault::Refused { name, text }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i32, data: Option<&str>) -> ExtrinsicError {
        let data = data.and_then(|data| serde_json::value::to_raw_value(data).ok());
        let user = rpcs::UserError { code, message: "Invalid Transaction".into(), data };
        ExtrinsicError::ErrorSubmittingTransaction(rpcs::Error::User(user).into())
    }

    #[test]
    fn the_runtimes_own_reasons_are_named() {
        // GIVEN a node that refuses by the runtime's numbers
        let account = AccountId::new([7; 32]);
        let said = |data: Option<&str>| by_pool(&answer(1_010, data), &account).to_string();
        // THEN each is a sentence that names the account
        for (number, words) in
            [(1, "is not registered"), (2, "frozen"), (3, "wait already"), (4, "used up"), (5, "RoleNotHeld")]
        {
            let text = said(Some(&format!("Custom error: {number}")));
            assert!(text.contains(words) && text.contains(&account.to_string()), "{text}");
        }
        // AND other reasons come with all that the node said
        let text = said(Some("Transaction is outdated"));
        assert!(text.contains("Invalid Transaction: Transaction is outdated (1010)"), "{text}");
        assert!(said(None).contains("Invalid Transaction (1010)"));
    }

    #[test]
    fn an_answer_that_never_came_is_no_refusal() {
        // GIVEN a broken connection, and a node that knows the transaction
        let account = AccountId::new([7; 32]);
        let broken = rpcs::Error::Client("connection closed".into());
        let broken = ExtrinsicError::ErrorSubmittingTransaction(broken.into());
        // THEN the transaction may still get into a block
        assert!(matches!(by_pool(&broken, &account), Fault::Lost(_)));
        assert!(matches!(by_pool(&answer(ALREADY_IMPORTED, None), &account), Fault::Lost(_)));
    }
}
