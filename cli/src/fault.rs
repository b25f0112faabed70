//! Outcomes that are no success, and the exit codes that tell them apart.

use serde_json::{json, Value};
use std::process::ExitCode;

/// Exit code where the chain or a node refused, or something failed on the way.
const FAILED: u8 = 1;

/// Exit code where the arguments make no sense; clap uses it too.
const USAGE: u8 = 2;

/// Exit code where an audit or a verification found that something does not hold.
const MISMATCH: u8 = 3;

/// Failures that scripts tell apart. Everything else is a plain failure.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The runtime refused the call in its block.
    #[error("refused: {name}: {text}")]
    Refused {
        /// `Pallet.Error`.
        name: String,
        /// The error's description in the runtime's metadata.
        text: String,
    },
    /// A node's transaction pool refused the transaction.
    #[error("refused before a block: {0}")]
    Invalid(String),
    /// Arguments that contradict each other or the chain.
    #[error("{0}")]
    Usage(String),
    /// A verification found that something does not hold.
    #[error("{0}")]
    Mismatch(String),
    /// An audit found differences, which it has printed.
    #[error("{0} differences")]
    Differences(usize),
}

/// The exit code for an error.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(match error.downcast_ref::<Fault>() {
        Some(Fault::Mismatch(_) | Fault::Differences(_)) => MISMATCH,
        Some(Fault::Usage(_)) => USAGE,
        Some(Fault::Refused { .. } | Fault::Invalid(_)) | None => FAILED,
    })
}

/// The error for programs; `None` when all of it is printed already.
pub fn as_json(error: &anyhow::Error) -> Option<Value> {
    Some(match error.downcast_ref::<Fault>() {
        Some(Fault::Differences(_)) => return None,
        Some(Fault::Refused { name, text }) => json!({ "error": name, "text": text }),
        Some(Fault::Invalid(text)) => json!({ "error": "invalid_transaction", "text": text }),
        Some(Fault::Usage(text)) => json!({ "error": "usage", "text": text }),
        Some(Fault::Mismatch(text)) => json!({ "error": "mismatch", "text": text }),
        None => json!({ "error": "failed", "text": format!("{error:#}") }),
    })
}
