//! Steps of a case.

use super::told;
use crate::{call::Call, context::Context};
use anyhow::Result;
use clap::Args;
use loadstone_core::CaseId;
use loadstone_market::supervision::Reason;
use serde_json::json;

/// A step of a case and why it is taken.
#[derive(Args, Debug)]
pub struct Step {
    /// The case's number, as `supervision cases` shows it.
    case: u32,
    /// Why; stands on chain for good. At most 256 bytes.
    #[arg(long, value_parser = reason)]
    reason: Reason,
}

fn reason(text: &str) -> Result<Reason, String> {
    if text.trim().is_empty() {
        return Err("a step needs a reason".into());
    }
    Reason::try_from(text.as_bytes().to_vec()).map_err(|_| format!("{} bytes; at most 256 are kept", text.len()))
}

impl Step {
    /// Takes the step that the pallet calls `name`.
    pub async fn run(self, context: &Context, name: &'static str, done: &str) -> Result<()> {
        let chain = context.connect().await?;
        let call = Call::new("Supervision", name, (CaseId(self.case), self.reason));
        let receipt = context.sender(&chain)?.submit(&call).await?;
        told(context, &receipt, done, json!({ "case": self.case }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_asked_for_and_bounded() {
        assert!(reason("the meter was changed").is_ok());
        assert!(reason(" ").is_err());
        assert!(reason(&"x".repeat(257)).is_err_and(|text| text.contains("257 bytes")));
    }
}
