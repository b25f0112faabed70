//! `loadstone archive verify`: nothing in an archive is missing, added or changed.

use crate::{
    archived::{as_json, devices, look_for, open, verified},
    context::Context,
    fault::Fault,
    history::{Trusted, FIRST},
    output::pairs,
    parse,
};
use anyhow::{anyhow, Result};
use clap::Args;
use loadstone_archive::{Archive, Report, Trust};
use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::Anchor;
use loadstone_evidence::keys;
use serde_json::{json, Value};

/// Proves that nothing in an archive is missing, added or changed.
#[derive(Args, Debug)]
pub struct Verify {
    /// Folder or file:// URL of the archive.
    place: String,
    /// Ask no node: the archive is compared with itself alone, and no signature is checked.
    #[arg(long)]
    offline: bool,
    /// Hash of the chain's block 0, with --offline. Without it the archive's own is taken and printed: compare it.
    #[arg(long, value_parser = parse::hash, requires = "offline")]
    genesis: Option<Hash>,
}

/// What came out.
struct Outcome {
    genesis: Hash,
    report: Report,
    /// Signatures that could not be checked.
    unchecked: u64,
    offline: bool,
}

impl Verify {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Fault::Differences`] when anything is wrong with the archive, [`Fault::Usage`] when there is none.
    pub async fn run(self, context: &Context) -> Result<()> {
        look_for(&self.place)?;
        let outcome = if self.offline { self.offline(context).await? } else { self.online(context).await? };
        context.output().print(&outcome.value(&self.place), || outcome.people())?;
        match outcome.differences() {
            0 => Ok(()),
            differences => Err(Fault::Differences(differences).into()),
        }
    }

    async fn offline(&self, context: &Context) -> Result<Outcome> {
        let archive = open(&self.place, self.genesis).await?;
        let genesis = archive.manifest().genesis;
        let (report, unchecked) = verified(&archive, genesis, &Trust::default(), None, context.output()).await?;
        Ok(Outcome { genesis, report, unchecked, offline: true })
    }

    /// The archive is opened first, so that the chain is at least as far.
    async fn online(&self, context: &Context) -> Result<Outcome> {
        let chain = context.connect().await?;
        let archive = open(&self.place, Some(chain.genesis)).await?;
        let state = chain.finalised().await?;
        let (first, last) = ends(&archive);
        let latest = state.get::<Anchor>(keys::latest_anchor()).await?.unwrap_or_default().number;
        if last > latest {
            let text = format!("the archive reaches anchor {last}, and this node anchor {latest}");
            return Err(anyhow!("{text}: ask a node that is further"));
        }
        let trusted = Trusted::read(&state, first, last).await?;
        let trust = Trust { hashes: trusted.hashes(), ..Trust::default() };
        let devices = devices(&state).await?;
        let (report, unchecked) = verified(&archive, chain.genesis, &trust, Some(&devices), context.output()).await?;
        Ok(Outcome { genesis: chain.genesis, report, unchecked, offline: false })
    }
}

fn ends(archive: &Archive) -> (AnchorNumber, AnchorNumber) {
    let manifest = archive.manifest();
    let first = manifest.oldest().map_or(FIRST, |entry| entry.first);
    (first, archive.last().unwrap_or_default())
}

impl Outcome {
    fn differences(&self) -> usize {
        self.report.findings.len().saturating_add(usize::try_from(self.report.further).unwrap_or(usize::MAX))
    }

    /// Whether nothing is wrong from the first anchor to the last, and the chain says so where it was asked.
    fn is_complete(&self) -> bool {
        self.report.is_sound() && (self.offline || self.report.proven == self.report.last)
    }

    fn value(&self, place: &str) -> Value {
        let report = &self.report;
        json!({
            "place": place,
            "genesis": self.genesis,
            "offline": self.offline,
            "complete": self.is_complete(),
            "first": report.first,
            "last": report.last,
            "proven": report.proven,
            "segments": report.segments,
            "anchors": report.anchors,
            "units": report.units,
            "readings": report.readings,
            "unchecked_signatures": self.unchecked,
            "findings": report.findings.iter().map(as_json).collect::<Vec<_>>(),
            "further": report.further,
        })
    }

    fn people(&self) -> String {
        let report = &self.report;
        let number = |anchor: Option<AnchorNumber>| anchor.map_or("none".into(), |number| number.to_string());
        let proven = match report.proven {
            _ if self.offline => "the chain was not asked".into(),
            proven => format!("up to anchor {}", number(proven)),
        };
        let mut text = pairs([
            ("genesis", format!("{:?}", self.genesis)),
            (
                "anchors",
                format!("{} to {}, {} as they should be", number(report.first), number(report.last), report.anchors),
            ),
            ("on chain", proven),
            ("units", format!("{} with {} readings", report.units, report.readings)),
            ("signatures", format!("{} not checked", self.unchecked)),
            ("complete", if self.is_complete() { "yes" } else { "no" }.into()),
        ]);
        for finding in &report.findings {
            text.push_str(&format!("\n{finding}"));
        }
        if report.further > 0 {
            text.push_str(&format!("\nand {} more", report.further));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault;

    #[tokio::test]
    async fn an_archive_that_is_not_there_is_wrong_usage_with_and_without_a_node() {
        // GIVEN no archive, and no node either
        let context = Context { url: "ws://127.0.0.1:1".into(), json: true, suri: None, key_file: None };
        for offline in [true, false] {
            // WHEN it is verified THEN that is wrong usage
            let verify = Verify { place: "no/such/archive".into(), offline, genesis: None };
            assert_eq!(fault::code(&verify.run(&context).await.expect_err("nothing is there")), 2);
        }
    }
}
