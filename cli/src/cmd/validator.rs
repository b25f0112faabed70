//! `loadstone validator`: keys of a validator, where it is found, and who validates.

use super::{
    motion::{majority, propose, Ground},
    report,
};
use crate::{
    call::{Call, Sender},
    client::{decode, unhex, Chain, State},
    context::Context,
    fault::Fault,
    output::{hexed, Table},
    parse,
};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use codec::Encode;
use loadstone_core::{AccountId, BoundedVec, ConstU32, ValidatorInfo};
use loadstone_evidence::keys;
use serde::Deserialize;
use serde_json::json;
use subxt::rpcs::rpc_params;

/// The validators as the registry keeps them.
type Set = BoundedVec<AccountId, ConstU32<64>>;

/// What the chain keeps of a validator that voted twice: rounds counted, set and number of the last one.
type VoteFault = (u32, u64, u64);

/// A validator's session keys: aura, grandpa and dag.
type SessionKeys = [u8; 96];

/// Gives a validator its keys, tells where it is found, and replaces validators.
///
/// A newcomer is a participant: its account registers keys (`keys`), the council appoints it (`propose`, then
/// `motion vote` and `motion close`), and it tells where it is found (`announce`).
#[derive(Args, Debug)]
pub struct Validator {
    #[command(flatten)]
    ground: Ground,
    #[command(subcommand)]
    step: Step,
}

/// What to do.
#[derive(Subcommand, Debug)]
enum Step {
    /// Has the node make new session keys and registers them for the calling account. Ask the validator's own node,
    /// on its machine: only there may keys be made.
    Keys,
    /// Tells the calling validator's network identity and the address of its gateway. Ask its own node.
    Announce {
        /// WebSocket address of its gateway for devices.
        #[arg(long, default_value = "")]
        gateway: String,
    },
    /// Moves that the council appoints other validators, or the same once more, which begins a new session. Other
    /// members vote with `motion vote`.
    Propose {
        /// An account that validates as well from then on; several may be given.
        #[arg(long, value_parser = parse::account)]
        add: Vec<AccountId>,
        /// An account that validates no longer; several may be given.
        #[arg(long, value_parser = parse::account)]
        remove: Vec<AccountId>,
    },
    /// Shows who is appointed, who validates now, and who was convicted of voting twice in how many rounds.
    List,
}

/// Answer of `author_rotateKeysWithOwner`.
#[derive(Deserialize)]
struct Generated {
    keys: String,
    proof: Option<String>,
}

impl Validator {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let state = self.ground.state(&chain).await?;
        let sender = || self.ground.sender(context, &chain);
        match self.step {
            Step::Keys => register_keys(context, &chain, &sender()?).await,
            Step::Announce { gateway } => announce(context, &chain, &sender()?, gateway).await,
            Step::Propose { add, remove } => {
                let set: Set = state.get(keys::validator_set()).await?.unwrap_or_default();
                let call = Call::new("Registry", "set_validators", changed(set.into_inner(), &add, &remove)?);
                propose(context, &sender()?, &state, &call, majority, "moved to appoint").await
            }
            Step::List => list(context, &state).await,
        }
    }
}

/// The set with some added and some removed.
fn changed(mut set: Vec<AccountId>, add: &[AccountId], remove: &[AccountId]) -> Result<Set> {
    for who in remove {
        if !set.contains(who) {
            return Err(Fault::Usage(format!("{who} is not appointed")).into());
        }
    }
    set.retain(|who| !remove.contains(who));
    set.extend_from_slice(add);
    Ok(Set::try_from(set).map_err(|_| Fault::Usage("more than 64 validators".into()))?)
}

async fn register_keys(context: &Context, chain: &Chain, sender: &Sender<'_>) -> Result<()> {
    let owner = hexed(&sender.account().encode());
    let made: Generated = chain
        .request("author_rotateKeysWithOwner", rpc_params![owner])
        .await
        .context("the node makes no keys: ask the validator's own node on its own machine")?;
    let keys: SessionKeys =
        unhex(&made.keys)?.try_into().map_err(|_| Fault::Lost("the node made other keys".into()))?;
    let proof = unhex(&made.proof.context("the node gives no proof that the keys are its own")?)?;
    let receipt = sender.submit(&Call::new("Session", "set_keys", (keys, proof))).await?;
    let account = sender.account().to_string();
    report(context, &receipt, "keys registered", json!({ "account": account, "keys": made.keys }))
}

async fn announce(context: &Context, chain: &Chain, sender: &Sender<'_>, gateway: String) -> Result<()> {
    let peer: String = chain.request("system_localPeerId", rpc_params![]).await?;
    let bytes = bs58::decode(&peer).into_vec().context("the node's peer id is none")?;
    let bytes = BoundedVec::<u8, ConstU32<64>>::try_from(bytes)
        .map_err(|_| Fault::Usage("the node's peer id is longer than 64 bytes".into()))?;
    let address = BoundedVec::<u8, ConstU32<128>>::try_from(gateway.clone().into_bytes())
        .map_err(|_| Fault::Usage("the gateway's address is longer than 128 bytes".into()))?;
    let call = Call::new("Registry", "set_validator_info", (sender.account(), bytes, address));
    let receipt = sender.submit(&call).await?;
    report(context, &receipt, "announced", json!({ "peer": peer, "gateway": gateway }))
}

/// Who was ever convicted of voting twice.
async fn convicted(state: &State<'_>) -> Result<Vec<AccountId>> {
    let found = state.keys(&keys::vote_faults()).await?;
    found.iter().map(|key| decode(keys::last_part(key, 32).unwrap_or_default())).collect()
}

async fn list(context: &Context, state: &State<'_>) -> Result<()> {
    let appointed: Set = state.get(keys::validator_set()).await?.unwrap_or_default();
    let in_force: Set = state.get(keys::session_validators()).await?.unwrap_or_default();
    let mut all: Vec<AccountId> = appointed.iter().chain(in_force.iter()).cloned().collect();
    all.extend(convicted(state).await?);
    all.sort_unstable();
    all.dedup();
    let mut table = Table::new(&["account", "organisation", "appointed", "validates", "faults", "gateway"]);
    let mut rows = Vec::new();
    for who in all {
        let info: Option<ValidatorInfo> = state.get(keys::validator(&who)).await?;
        let organisation = info.as_ref().map(|info| info.organisation.0);
        let gateway = info.map(|info| String::from_utf8_lossy(&info.gateway).into_owned()).unwrap_or_default();
        let faults = state.get::<VoteFault>(keys::vote_fault(&who)).await?.map_or(0, |(count, ..)| count);
        let (is_appointed, validates) = (appointed.contains(&who), in_force.contains(&who));
        rows.push(json!({
            "account": who.to_string(), "organisation": organisation, "appointed": is_appointed,
            "validates": validates, "faults": faults, "gateway": gateway,
        }));
        let organisation = organisation.map(|id| id.to_string()).unwrap_or_default();
        let (is_appointed, validates) = (is_appointed.to_string(), validates.to_string());
        table.row([who.to_string(), organisation, is_appointed, validates, faults.to_string(), gateway]);
    }
    context.output().print(&json!(rows), || table.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(mark: u8) -> AccountId {
        AccountId::new([mark; 32])
    }

    #[test]
    fn a_set_changes_by_what_is_added_and_removed() {
        // GIVEN four validators
        let set: Vec<_> = (1..5).map(who).collect();
        // WHEN one takes another's place THEN the others stay
        let next = changed(set.clone(), &[who(9)], &[who(2)]).expect("a set");
        assert_eq!(next.into_inner(), vec![who(1), who(3), who(4), who(9)]);
        // WHEN someone is removed who is not there THEN that is told
        assert!(changed(set, &[], &[who(9)]).is_err());
    }
}
