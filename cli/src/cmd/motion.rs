//! `loadstone motion`: the council's motions, by which the consortium governs itself.

use super::report;
use crate::{
    call::{Call, Sender},
    client::{Chain, State},
    context::Context,
    fault::Fault,
    parse,
};
use anyhow::Result;
use clap::{Args, Subcommand};
use codec::{Compact, Encode};
use loadstone_core::{AccountId, Hash};
use loadstone_evidence::keys;
use serde_json::json;

/// Computing time that a motion's call may take when it is closed, in picoseconds: 20 ms, a third of a
/// block and far above any call that is moved here.
const CLOSE_TIME: u64 = 20_000_000_000;

/// Proof size that a motion's call may take; the chain does not limit it.
const CLOSE_PROOF: u64 = 1_000_000;

/// What a command builds on: the finalised chain, or the newest block.
#[derive(Args, Clone, Copy, Debug)]
pub struct Ground {
    /// Build on the newest block, and be content with a block that is not final: for repairs while finality stands
    /// still.
    #[arg(long, global = true)]
    in_block: bool,
}

impl Ground {
    /// The state to read.
    pub async fn state(self, chain: &Chain) -> Result<State<'_>> {
        chain.newest(self.in_block).await
    }

    /// Signs and submits for the key's account.
    pub fn sender<'a>(self, context: &Context, chain: &'a Chain) -> Result<Sender<'a>> {
        Ok(context.sender(chain)?.in_block(self.in_block))
    }
}

/// Votes on motions of the council.
#[derive(Args, Debug)]
pub struct Motion {
    #[command(flatten)]
    ground: Ground,
    #[command(subcommand)]
    step: Step,
}

/// What to do.
#[derive(Subcommand, Debug)]
enum Step {
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
    /// Moves that the council, as Root, repairs what the validators that are left can't. Takes two thirds of it.
    #[command(subcommand)]
    Repair(Repair),
}

/// Repairs where more than a third of the validators is gone for good. docs/runbook-finality.md says in which order.
#[derive(Subcommand, Debug)]
enum Repair {
    /// The validators of the next session take over finality without the votes of those before. Light clients can't
    /// follow this and need a new checkpoint.
    Finality {
        /// The highest block that any validator has finalised.
        #[arg(long = "final")]
        finalised: u32,
        /// Blocks until they take over: so many that no other chain can take the place of this one.
        #[arg(long, default_value_t = 100)]
        delay: u32,
    },
    /// The next committee begins the ledger's next epoch without the one before. What was not anchored comes in again
    /// from the devices.
    Ledger,
}

impl Repair {
    fn call(&self) -> Call {
        match self {
            Self::Finality { finalised, delay } => Call::new("Grandpa", "note_stalled", (*delay, *finalised)),
            Self::Ledger => Call::new("DagAnchor", "force_epoch", ()),
        }
    }
}

impl Motion {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let sender = self.ground.sender(context, &chain)?;
        let state = self.ground.state(&chain).await?;
        match self.step {
            Step::Vote { proposal, index, nay } => {
                let receipt = sender.submit(&Call::new("Council", "vote", (proposal, Compact(index), !nay))).await?;
                report(context, &receipt, "voted", json!({}))?;
            }
            Step::Close { proposal, index } => {
                let bytes = proposal_bytes(&state, proposal).await?;
                let weight = (Compact(CLOSE_TIME), Compact(CLOSE_PROOF));
                let arguments = (proposal, Compact(index), weight, Compact(bytes));
                let receipt = sender.submit(&Call::new("Council", "close", arguments)).await?;
                report(context, &receipt, "closed", json!({}))?;
            }
            Step::Repair(repair) => {
                let call = Call::from_bytes("Mandate", "act_as_root", sender.encode(&repair.call()).await?);
                propose(context, &sender, &state, &call, supermajority, "moved to repair").await?;
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

/// More than half of the council.
pub fn majority(members: usize) -> usize {
    members / 2 + 1
}

/// At least two thirds of the council.
pub fn supermajority(members: usize) -> usize {
    members.saturating_mul(2).div_ceil(3)
}

/// Moves that the council makes `call`, by as many of its members as are `needed`.
pub async fn propose(
    context: &Context,
    sender: &Sender<'_>,
    state: &State<'_>,
    call: &Call,
    needed: fn(usize) -> usize,
    what: &str,
) -> Result<()> {
    let members: Vec<AccountId> = state.get(keys::item("Council", "Members")).await?.unwrap_or_default();
    let threshold = u32::try_from(needed(members.len())).unwrap_or(u32::MAX);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motions_take_as_many_votes_as_the_runtime_asks_for() {
        // GIVEN councils of two to six THEN more than half, or at least two thirds, are needed
        assert_eq!((2..7).map(majority).collect::<Vec<_>>(), [2, 2, 3, 3, 4]);
        assert_eq!((2..7).map(supermajority).collect::<Vec<_>>(), [2, 2, 3, 4, 4]);
    }
}
