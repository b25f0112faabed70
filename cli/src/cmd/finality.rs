//! `loadstone finality`: whether blocks become final, and whose votes are missing.

use crate::{
    call::now_ms,
    client::{Chain, State},
    context::Context,
    fault::Fault,
    output::{hexed, pairs, Table},
    votes::{voters, Looks, Round, RoundStates, Verdict, Voter},
};
use anyhow::Result;
use clap::Args;
use loadstone_core::{AccountId, BlockNumber, Hash};
use loadstone_evidence::Header;
use serde_json::{json, Value};
use std::time::{Duration, Instant};
use subxt::rpcs::rpc_params;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// Shows whether blocks become final, and which validators' votes are missing.
///
/// Exit code 1 where finality stands still, where no block came for a minute, or where no node answers.
#[derive(Args, Debug)]
#[command(after_long_help = REMEDY)]
pub struct Finality {
    /// Seconds for which a block may wait to become final.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    patience: u64,
}

const REMEDY: &str = "\
Where finality stands still, more than two thirds of the validators must be up, connected and on time:
  1. Ask two nodes of different organisations. The validators that both miss are down or cut off; where each misses
     the other, the network between them is cut.
  2. A validator that is down: start it again with the same data. One that is cut off: mend its links. Nothing else is
     needed: voters begin anew by themselves every two seconds, and waiting blocks become final at once.
  3. A clock that is off by a slot or more makes a validator refuse the others' blocks, or be refused: see `clock` in
     the output, and set it by NTP.
  4. A validator that is gone for good while more than two thirds vote: the council replaces it, with
     `loadstone validator propose`.
  5. More than a third gone for good: docs/runbook-finality.md, part 4.
Orders that were given meanwhile stay in blocks or in the pool and become final afterwards; load nodes keep to the last
final one until it ends, and then to their own rules.";

/// A block at a moment.
struct Point {
    number: BlockNumber,
    hash: Hash,
    time_ms: u64,
}

impl Point {
    async fn at(state: &State<'_>) -> Result<Self> {
        let header = state.chain().header(state.hash).await?;
        Ok(Self { number: header.number, hash: state.hash, time_ms: state.now().await? })
    }

    fn age_ms(&self, now_ms: u64) -> i64 {
        age_ms(self.time_ms, now_ms)
    }

    fn json(&self, now_ms: u64) -> Value {
        json!({
            "number": self.number, "hash": self.hash, "time_ms": self.time_ms, "age_ms": self.age_ms(now_ms),
        })
    }

    fn people(&self, now_ms: u64) -> String {
        format!("{}, {} s old", self.number, seconds(self.age_ms(now_ms)))
    }
}

/// Age of a moment of the chain by this machine's clock, in milliseconds; negative where that is behind.
fn age_ms(time_ms: u64, now_ms: u64) -> i64 {
    let signed = |moment: u64| i64::try_from(moment).unwrap_or(i64::MAX);
    signed(now_ms).saturating_sub(signed(time_ms))
}

/// Milliseconds as seconds with one decimal.
fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    format!("{sign}{}.{}", ms.unsigned_abs() / 1_000, ms.unsigned_abs() % 1_000 / 100)
}

/// What one node says.
struct View {
    verdict: Verdict,
    best: Point,
    finalised: Point,
    /// Since when the oldest block that is not final waits, in Unix milliseconds of the chain; `None` without one.
    waits_since_ms: Option<u64>,
    peers: Value,
    clock: Value,
    round: Option<Round>,
    voters: Vec<Voter>,
}

impl Finality {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let view = look(&chain, Duration::from_secs(self.patience)).await?;
        let now = now_ms();
        context.output().print(&view.json(now), || view.people(now))?;
        match view.verdict {
            Verdict::GoesOn | Verdict::Fetching => Ok(()),
            Verdict::StandsStill => Err(Fault::Standstill("finality stands still").into()),
            Verdict::NoBlocks => Err(Fault::Standstill("no block came for a minute").into()),
        }
    }
}

async fn look(chain: &Chain, patience: Duration) -> Result<View> {
    let waited = stands_still(chain, patience).await?;
    // These three are no reason to fail: what is asked for above all is known.
    let health: Value = chain.request("system_health", rpc_params![]).await.unwrap_or_default();
    let clock: Value = chain.request("clock_status", rpc_params![]).await.unwrap_or_default();
    let states: Option<RoundStates> = chain.request("grandpa_roundState", rpc_params![]).await.ok();
    let state = chain.finalised().await?;
    let (finalised, best) = (Point::at(&state).await?, Point::at(&chain.best().await?).await?);
    let waits_since_ms = match best.number > finalised.number {
        true => Some(chain.at(chain.block_hash(finalised.number.saturating_add(1)).await?).now().await?),
        false => None,
    };
    let is_fetching = health["isSyncing"].as_bool().unwrap_or_default();
    Ok(View {
        verdict: Looks { waited, is_fetching, best_age_ms: best.age_ms(now_ms()) }.verdict(),
        waits_since_ms,
        peers: health["peers"].clone(),
        clock,
        round: states.map(Round::from),
        voters: voters(&state).await?,
        best,
        finalised,
    })
}

/// Whether a block waits to become final for so long, and none does.
async fn stands_still(chain: &Chain, patience: Duration) -> Result<bool> {
    let began = Instant::now();
    let first = chain.header(chain.finalised().await?.hash).await?.number;
    loop {
        let best: Header = chain.request("chain_getHeader", rpc_params![]).await?;
        let finalised = chain.header(chain.finalised().await?.hash).await?.number;
        if finalised > first || best.number <= finalised {
            return Ok(false);
        }
        if began.elapsed() >= patience {
            return Ok(true);
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl View {
    fn json(&self, now_ms: u64) -> Value {
        let voter = |voter: &Voter| {
            let votes = self.round.as_ref().map(|round| round.has(&voter.key));
            json!({
                "organisation": voter.organisation.as_ref().map(|(id, _)| id),
                "name": voter.organisation.as_ref().map(|(_, name)| name),
                "account": voter.account.as_ref().map(AccountId::to_string),
                "key": hexed(&voter.key),
                "prevoted": votes.map(|votes| votes.0),
                "precommitted": votes.map(|votes| votes.1),
            })
        };
        json!({
            "finality": self.verdict,
            "best": self.best.json(now_ms),
            "finalised": self.finalised.json(now_ms),
            "waits_since_ms": self.waits_since_ms,
            "peers": self.peers,
            "clock": self.clock,
            "round": self.round,
            "voters": self.voters.iter().map(voter).collect::<Vec<_>>(),
        })
    }

    fn people(&self, now_ms: u64) -> String {
        let waits = self.waits_since_ms.map(|since| seconds(age_ms(since, now_ms))).unwrap_or_default();
        let finality = match self.verdict {
            Verdict::GoesOn => "goes on".into(),
            Verdict::StandsStill => format!("stands still: a block waits for {waits} s"),
            Verdict::NoBlocks => "no blocks come".into(),
            Verdict::Fetching => "unknown: this node fetches old blocks, ask another one".into(),
        };
        let round = self.round.as_ref().map_or("this node does not vote".into(), |round| {
            let Round { number, needed, prevotes, precommits, .. } = round;
            format!("{number}: {prevotes} prevotes and {precommits} precommits, {needed} of each needed")
        });
        let head = pairs([
            ("finality", finality),
            ("best block", self.best.people(now_ms)),
            ("final block", self.finalised.people(now_ms)),
            ("peers", self.peers.to_string()),
            ("clock", clock(&self.clock)),
            ("round", round),
        ]);
        let note = match self.verdict {
            Verdict::StandsStill | Verdict::NoBlocks => "\n\n`loadstone finality --help` says what to do.",
            Verdict::GoesOn | Verdict::Fetching => "",
        };
        format!("{head}\n\n{}{note}", self.table())
    }

    fn table(&self) -> String {
        let mut table = Table::new(&["validator", "organisation", "name", "prevote", "precommit"]);
        let said = |voted: bool| if voted { "yes" } else { "missing" }.to_owned();
        for voter in &self.voters {
            let who = voter.account.as_ref().map_or_else(|| hexed(&voter.key), AccountId::to_string);
            let (id, name) =
                voter.organisation.clone().map_or_else(Default::default, |(id, name)| (id.0.to_string(), name));
            let (prevote, precommit) = self.round.as_ref().map_or_else(Default::default, |round| {
                let (prevoted, precommitted) = round.has(&voter.key);
                (said(prevoted), said(precommitted))
            });
            table.row([who, id, name, prevote, precommit]);
        }
        table.render()
    }
}

/// The node's clock against the other validators'.
fn clock(status: &Value) -> String {
    match status["deviation_ms"].as_i64() {
        Some(deviation) => format!("{deviation} ms behind the other validators' (give or take {})", status["error_ms"]),
        None => "not compared with other validators'".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_shown_in_seconds_even_where_a_clock_is_behind() {
        // GIVEN moments before and after now THEN their ages have one decimal and a sign
        assert_eq!(seconds(age_ms(10_000, 12_340)), "2.3");
        assert_eq!(seconds(age_ms(10_450, 10_000)), "-0.4");
        assert_eq!(seconds(0), "0.0");
    }

    #[test]
    fn a_clock_that_nobody_compares_is_no_figure() {
        // GIVEN a validator's answer and that of a node that compares nothing
        assert_eq!(
            clock(&json!({ "deviation_ms": -60, "error_ms": 1 })),
            "-60 ms behind the other validators' (give or take 1)"
        );
        assert_eq!(clock(&json!({ "deviation_ms": null })), "not compared with other validators'");
        assert_eq!(clock(&Value::Null), "not compared with other validators'");
    }
}
