//! `loadstone motion`: the council's motions, by which the consortium governs itself.

use super::report;
use crate::{
    call::{Call, Sender},
    client::State,
    context::Context,
    fault::Fault,
    parse,
};
use anyhow::Result;
use clap::Subcommand;
use codec::{Compact, Encode};
use loadstone_core::{AccountId, Hash};
use loadstone_evidence::keys;
use serde_json::json;

/// Computing time that a motion's call may take when it is closed, in picoseconds: 20 ms, a third of a
/// block and far above any call that is moved here.
const CLOSE_TIME: u64 = 20_000_000_000;

/// Proof size that a motion's call may take; the chain does not limit it.
const CLOSE_PROOF: u64 = 1_000_000;

/// Votes on motions of the council.
#[derive(Subcommand, Debug)]
pub enum Motion {
    /// Votes on a motion.
    Vote {
        /// Hash of the motion's call.
        #[arg(value_parser = parse::hash)]
        proposal: Hash,
        /// Number of the motion.
        index: u32,
        /// Vote against it.
        #[arg(long)]
        nay: bool,
    },
    /// Carries out a motion that has enough votes.
    Close {
        /// Hash of the motion's call.
        #[arg(value_parser = parse::hash)]
        proposal: Hash,
        /// Number of the motion.
        index: u32,
    },
}

impl Motion {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let sender = context.sender(&chain)?;
        match self {
            Self::Vote { proposal, index, nay } => {
                let receipt = sender.submit(&Call::new("Council", "vote", (proposal, Compact(index), !nay))).await?;
                report(context, &receipt, "voted", json!({}))?;
            }
            Self::Close { proposal, index } => {
                let bytes = proposal_bytes(&chain.finalised().await?, proposal).await?;
                let weight = (Compact(CLOSE_TIME), Compact(CLOSE_PROOF));
                let arguments = (proposal, Compact(index), weight, Compact(bytes));
                let receipt = sender.submit(&Call::new("Council", "close", arguments)).await?;
                report(context, &receipt, "closed", json!({}))?;
            }
        }
        Ok(())
    }
}

/// Encoded length of the call that a motion proposes.
async fn proposal_bytes(state: &State<'_>, proposal: Hash) -> Result<u32> {
    let mut key = keys::item("Council", "ProposalOf");
    // The collective hashes by Identity: the key is the hash itself.
    key.extend_from_slice(proposal.as_bytes());
    let call = state.raw(&key).await?;
    let length = call.map(|bytes| bytes.len()).ok_or_else(|| Fault::Usage("there is no such motion".into()))?;
    Ok(u32::try_from(length).unwrap_or(u32::MAX))
}

/// Moves that the council makes `call`, by more than half of its members.
pub async fn propose(context: &Context, sender: &Sender<'_>, state: &State<'_>, call: &Call, what: &str) -> Result<()> {
    let members: Vec<AccountId> = state.get(keys::item("Council", "Members")).await?.unwrap_or_default();
    let threshold = u32::try_from(members.len() / 2 + 1).unwrap_or(u32::MAX);
    let bytes = sender.encode(call).await?;
    let proposal = Hash(sp_crypto_hashing::blake2_256(&bytes));
    let length = Compact(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let mut arguments = Compact(threshold).encode();
    arguments.extend_from_slice(&bytes);
    length.encode_to(&mut arguments);
    let receipt = sender.submit(&Call::from_bytes("Council", "propose", arguments)).await?;
    let index = receipt.number_in("Council", "proposal_index");
    report(context, &receipt, what, json!({ "proposal": proposal, "index": index, "votes_needed": threshold }))
}
