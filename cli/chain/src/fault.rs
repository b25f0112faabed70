//! Outcomes that are no success, and the exit codes that tell them apart.

use loadstone_core::with_causes;
use serde_json::{json, Value};
use std::process::ExitCode;

/// Exit code where the chain or a node refused, or something failed on the way.
const FAILED: u8 = 1;

/// Exit code where the arguments or an input file make no sense; clap uses it too.
const USAGE: u8 = 2;

/// Exit code where an audit or a verification found that something does not hold.
const MISMATCH: u8 = 3;

/// Failures that scripts tell apart. Everything else is a plain failure.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The runtime refused the call in its block, or is sure to.
    #[error("refused: {name}: {text}")]
    Refused {
        /// `Pallet.Error`.
        name: String,
        /// What that means: the error's description in the runtime's metadata, or more.
        text: String,
    },
    /// A node's transaction pool did not take the transaction.
    #[error("refused before a block: {0}")]
    Invalid(String),
    /// The transaction went out, and its fate is not known.
    #[error("the transaction was sent, but {0}; it may still get into a block")]
    Lost(String),
    /// Arguments that contradict each other or the chain, or an input file that can't be understood.
    #[error("{0}")]
    Usage(String),
    /// The chain stands still, as the command has printed.
    #[error("{0}")]
    Standstill(&'static str),
    /// A verification found that something does not hold.
    #[error("{0}")]
    Mismatch(String),
    /// An audit found differences, which it has printed.
    #[error("{0} differences")]
    Differences(usize),
}

impl Fault {
    /// A refusal by the error `name` of pallet Bids, known before anything is sent.
    pub fn bids(name: &str, text: impl Into<String>) -> Self {
        Self::Refused { name: format!("Bids.{name}"), text: text.into() }
    }
}

/// Whether the call of this error is certain to have changed nothing.
pub fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Fault::Refused { .. } | Fault::Invalid(_)))
}

/// The number of the exit code for an error.
pub fn code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Fault>() {
        Some(Fault::Mismatch(_) | Fault::Differences(_)) => MISMATCH,
        Some(Fault::Usage(_)) => USAGE,
        Some(Fault::Refused { .. } | Fault::Invalid(_) | Fault::Lost(_) | Fault::Standstill(_)) | None => FAILED,
    }
}

/// The exit code for an error.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(code(error))
}

/// The error with its causes, each told once.
pub fn told(error: &anyhow::Error) -> String {
    with_causes(error.as_ref())
}

/// The error for programs; `None` when all of it is printed already.
pub fn as_json(error: &anyhow::Error) -> Option<Value> {
    Some(match error.downcast_ref::<Fault>() {
        Some(Fault::Differences(_) | Fault::Standstill(_)) => return None,
        Some(Fault::Refused { name, text }) => json!({ "error": name, "text": text }),
        Some(Fault::Invalid(text)) => json!({ "error": "invalid_transaction", "text": text }),
        Some(Fault::Lost(_)) => json!({ "error": "outcome_unknown", "text": told(error) }),
        Some(Fault::Usage(text)) => json!({ "error": "usage", "text": text }),
        Some(Fault::Mismatch(text)) => json!({ "error": "mismatch", "text": text }),
        None => json!({ "error": "failed", "text": told(error) }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_tell_failures_apart() {
        // GIVEN one error of each kind, some with words around them
        let error = |fault: Fault| anyhow::Error::new(fault).context("while something was done");
        // THEN refusals and failures give 1, wrong usage 2, what does not hold 3
        assert_eq!(code(&error(Fault::bids("GateClosed", "too late"))), 1);
        assert_eq!(code(&error(Fault::Invalid("no".into()))), 1);
        assert_eq!(code(&error(Fault::Lost("no answer came".into()))), 1);
        assert_eq!(code(&error(Fault::Standstill("finality stands still"))), 1);
        assert_eq!(code(&anyhow::anyhow!("no node")), 1);
        assert_eq!(code(&error(Fault::Usage("no".into()))), 2);
        assert_eq!(code(&error(Fault::Mismatch("bent".into()))), 3);
        assert_eq!(code(&error(Fault::Differences(2))), 3);
        // AND only refusals are certain
        assert!(is_refusal(&error(Fault::Invalid("no".into()))));
        assert!(!is_refusal(&error(Fault::Lost("no answer came".into()))));
    }

    #[test]
    fn each_cause_is_told_once() {
        // GIVEN an error that tells its cause itself, with words around it, and one that does not
        #[derive(Debug, thiserror::Error)]
        #[error("the node says {0}")]
        struct Said(#[source] std::io::Error);
        let cause = || std::io::Error::other("no such order");
        // THEN the cause is told once
        let error = anyhow::Error::new(Said(cause())).context("the request failed");
        assert_eq!(told(&error), "the request failed: the node says no such order");
        assert_eq!(told(&anyhow::Error::new(cause()).context("failed")), "failed: no such order");
    }

    #[test]
    fn a_lost_transaction_keeps_the_words_around_it() {
        // GIVEN a transaction without an answer, and advice
        let error = anyhow::Error::new(Fault::Lost("no answer came".into())).context("the sheet stays in x.json");
        // THEN programs are told both
        let value = as_json(&error).expect("to be printed");
        assert_eq!(value["error"], "outcome_unknown");
        let text = value["text"].as_str().unwrap_or_default();
        assert!(text.contains("x.json") && text.contains("no answer came"), "{text}");
    }
}
