//! Whether finality goes on, by what one node says, and whose votes it has.

use crate::client::{decode, State};
use anyhow::Result;
use loadstone_core::{AccountId, BoundedVec, ConstU32, OrganisationId, Participant, PublicKey, ValidatorInfo};
use loadstone_evidence::keys;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

/// Type of the keys that vote for finality, as the session pallet names it.
const GRANDPA: [u8; 4] = *b"gran";

/// A chain at rest makes a block every twenty seconds; three of these without one are silence. In milliseconds.
pub const SILENCE_MS: i64 = 60_000;

/// How it stands with finality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Blocks become final, or none waits.
    GoesOn,
    /// Blocks wait, and none becomes final.
    StandsStill,
    /// No block comes, so there is nothing to finalise.
    NoBlocks,
    /// The node fetches old blocks and knows nothing of the newest.
    Fetching,
}

/// What a look at a node for a while has shown.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    /// Whether in all looks a block waited to become final, and none did.
    pub waited: bool,
    /// Whether the node fetches old blocks.
    pub is_fetching: bool,
    /// Age of the newest block by this machine's clock, in milliseconds; negative where that is behind.
    pub best_age_ms: i64,
}

impl Looks {
    /// What follows from it.
    pub fn verdict(self) -> Verdict {
        match self {
            Self { is_fetching: true, .. } => Verdict::Fetching,
            Self { waited: true, .. } => Verdict::StandsStill,
            Self { best_age_ms, .. } if best_age_ms > SILENCE_MS => Verdict::NoBlocks,
            _ => Verdict::GoesOn,
        }
    }
}

/// Answer of `grandpa_roundState`, as far as it is read.
#[derive(Debug, Deserialize)]
pub struct RoundStates {
    best: RoundState,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoundState {
    round: u32,
    threshold_weight: u32,
    prevotes: Votes,
    precommits: Votes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Votes {
    current_weight: u32,
    missing: BTreeSet<String>,
}

/// The round that a node is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Its number within the set of voters.
    pub number: u32,
    /// Votes that each of its two steps takes.
    pub needed: u32,
    /// Prevotes that the node has.
    pub prevotes: u32,
    /// Precommits that the node has.
    pub precommits: u32,
    #[serde(skip)]
    without_prevote: BTreeSet<PublicKey>,
    #[serde(skip)]
    without_precommit: BTreeSet<PublicKey>,
}

impl From<RoundStates> for Round {
    fn from(RoundStates { best }: RoundStates) -> Self {
        Self {
            number: best.round,
            needed: best.threshold_weight,
            prevotes: best.prevotes.current_weight,
            precommits: best.precommits.current_weight,
            without_prevote: public_keys(&best.prevotes.missing),
            without_precommit: public_keys(&best.precommits.missing),
        }
    }
}

impl Round {
    /// Whether the node has this voter's prevote and precommit.
    pub fn has(&self, key: &PublicKey) -> (bool, bool) {
        (!self.without_prevote.contains(key), !self.without_precommit.contains(key))
    }
}

/// The node writes keys as addresses. What is none can't be a voter's.
fn public_keys(addresses: &BTreeSet<String>) -> BTreeSet<PublicKey> {
    addresses.iter().filter_map(|text| AccountId::from_str(text).ok()).map(Into::into).collect()
}

/// One voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Its key.
    pub key: PublicKey,
    /// The validator's account, if the key is still registered.
    pub account: Option<AccountId>,
    /// The legal person behind it, and its name among the participants.
    pub organisation: Option<(OrganisationId, String)>,
}

/// The voters at `state`, in their order on chain.
pub async fn voters(state: &State<'_>) -> Result<Vec<Voter>> {
    let voters: BoundedVec<(PublicKey, u64), ConstU32<1_024>> =
        state.require(keys::grandpa_authorities(), "the list of voters").await?;
    let owners: Vec<_> = voters.iter().map(|(key, _)| keys::key_owner(GRANDPA, key)).collect();
    let accounts = state.get_all::<AccountId>(&owners).await?;
    let names = organisations(state).await?;
    let mut found = Vec::with_capacity(voters.len());
    for ((key, _), account) in voters.iter().zip(accounts) {
        let info: Option<ValidatorInfo> = match &account {
            Some(account) => state.get(keys::validator(account)).await?,
            None => None,
        };
        let organisation = info.map(|info| info.organisation);
        let organisation = organisation.map(|id| (id, names.get(&id).cloned().unwrap_or_default()));
        found.push(Voter { key: *key, account, organisation });
    }
    Ok(found)
}

/// Names of the organisations: that of an account which is no validator's, since those are all called alike.
async fn organisations(state: &State<'_>) -> Result<BTreeMap<OrganisationId, String>> {
    let accounts = |found: &[Vec<u8>]| found.iter().map(|key| last_account(key)).collect::<Result<Vec<_>>>();
    let found = state.keys(&keys::item("Registry", "Participants")).await?;
    let validators = accounts(&state.keys(&keys::item("Registry", "Validators")).await?)?;
    let records = state.get_all::<Participant>(&found).await?;
    let mut names = BTreeMap::new();
    for (account, record) in accounts(&found)?.iter().zip(records) {
        if let Some(record) = record.filter(|_| !validators.contains(account)) {
            names.insert(record.organisation, String::from_utf8_lossy(&record.name).into_owned());
        }
    }
    Ok(names)
}

fn last_account(key: &[u8]) -> Result<AccountId> {
    decode(keys::last_part(key, 32).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: Looks = Looks { waited: false, is_fetching: false, best_age_ms: 900 };

    #[test]
    fn finality_stands_still_only_where_a_block_waits() {
        // GIVEN a chain whose blocks become final THEN it goes on, however old the newest may be within silence
        assert_eq!(LOOKS.verdict(), Verdict::GoesOn);
        assert_eq!(Looks { best_age_ms: SILENCE_MS, ..LOOKS }.verdict(), Verdict::GoesOn);
        // GIVEN a block that waits THEN finality stands still
        assert_eq!(Looks { waited: true, ..LOOKS }.verdict(), Verdict::StandsStill);
        // GIVEN no block for a minute THEN that is told; GIVEN a node that fetches THEN nothing follows from it
        assert_eq!(Looks { best_age_ms: SILENCE_MS + 1, ..LOOKS }.verdict(), Verdict::NoBlocks);
        assert_eq!(Looks { waited: true, is_fetching: true, ..LOOKS }.verdict(), Verdict::Fetching);
    }

    #[test]
    fn missing_votes_are_read_from_the_nodes_answer() {
        // GIVEN what a node says of a round in which one prevote and two precommits are missing
        let (alice, bob) =
            ("5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu", "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E");
        let answer = serde_json::json!({
            "setId": 0,
            "best": {
                "round": 7, "totalWeight": 4, "thresholdWeight": 3,
                "prevotes": { "currentWeight": 3, "missing": [bob] },
                "precommits": { "currentWeight": 2, "missing": [alice, bob] },
            },
            "background": [],
        });
        // WHEN it is read
        let states: RoundStates = serde_json::from_value(answer).expect("an answer");
        let round = Round::from(states);
        // THEN each voter's votes are known
        let key = |text| AccountId::from_str(text).map(PublicKey::from).expect("an address");
        assert_eq!((round.number, round.needed, round.prevotes, round.precommits), (7, 3, 3, 2));
        assert_eq!(round.has(&key(alice)), (true, false));
        assert_eq!(round.has(&key(bob)), (false, false));
        assert_eq!(round.has(&[9; 32]), (true, true));
    }
}
