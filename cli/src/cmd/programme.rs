//! `loadstone programme`: the versioned rules of events.

use super::report;
use crate::{call::Call, context::Context, fault::Fault};
use anyhow::{Context as _, Result};
use clap::Subcommand;
use loadstone_core::{ProgrammeId, ProgrammeVersion};
use loadstone_evidence::keys;
use loadstone_market::Programme as Rules;
use serde_json::{json, Value};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Publishes and shows programmes.
#[derive(Subcommand, Debug)]
pub enum Programme {
    /// Publishes the next version of a programme from a TOML or JSON file. By a grid company.
    Publish {
        /// The programme's number.
        id: u32,
        /// The rules.
        file: PathBuf,
    },
    /// Shows a version of a programme, by default the newest.
    Show {
        /// The programme's number.
        id: u32,
        /// Its version.
        #[arg(long = "of-version")]
        of_version: Option<u32>,
    },
}

impl Programme {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Publish { id, file } => {
                let rules = read(&file)?;
                if !rules.is_sound() {
                    return Err(Fault::Usage(format!("the rules in {} make no sense together", file.display())).into());
                }
                let chain = context.connect().await?;
                let call = Call::new("Bids", "publish_programme", (ProgrammeId(id), rules));
                let receipt = context.sender(&chain)?.submit(&call).await?;
                let state = chain.at(receipt.block);
                let version: ProgrammeVersion =
                    state.require(keys::latest_version(ProgrammeId(id)), "the programme").await?;
                report(context, &receipt, "published", json!({ "programme": id, "version": version.0 }));
                Ok(())
            }
            Self::Show { id, of_version } => show(context, ProgrammeId(id), of_version).await,
        }
    }
}

async fn show(context: &Context, id: ProgrammeId, version: Option<u32>) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let version = match version {
        Some(version) => ProgrammeVersion(version),
        None => state.require(keys::latest_version(id), &format!("programme {id}")).await?,
    };
    let rules: Rules = state.require(keys::programme(id, version), &format!("version {version} of it")).await?;
    let name = String::from_utf8_lossy(&rules.name).into_owned();
    let mut value = json!(rules);
    value["name"] = json!(name);
    let text = toml::to_string_pretty(&value).context("the programme can't be shown")?;
    let value = json!({ "programme": id, "version": version, "rules": value });
    context.output().print(&value, || format!("programme {id}, version {version}\n\n{text}"));
    Ok(())
}

/// Rules from a file; the name is text there and bytes on chain.
fn read(path: &Path) -> Result<Rules> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    parse(&text, path.extension().is_some_and(|extension| extension == "json"))
        .with_context(|| format!("{} is no programme", path.display()))
}

fn parse(text: &str, is_json: bool) -> Result<Rules> {
    let mut value: Value = if is_json { serde_json::from_str(text)? } else { toml::from_str(text)? };
    if let Some(name) = value.get("name").and_then(Value::as_str).map(str::to_owned) {
        value["name"] = json!(name.as_bytes());
    }
    Ok(serde_json::from_value(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::Price;
    use loadstone_market::{BaselineMethod, Pricing};

    const RULES: &str = r#"
        name = "Peak cut"
        price_floor = 0
        price_cap = 4_000_000
        price_tick = 10_000
        bid_min = 1_000
        pricing = "uniform"
        settlement_interval_ms = 10_000
        reveal_ms = 2_000
        grace_ms = 3_000
        dispute_ms = 5_000

        [baseline.meter_before]
        readings = 10

        [score]
        own_weight = 7_000
        response_standard_ms = 10_000
        rate_standard = 1_000
        precision_standard = 2_000
        credit_weight = 2_000

        [deviation]
        full_until = 11_000
        over_share = 5_000
        penalty_below = 9_000
        penalty_factor = 11_000
    "#;

    #[test]
    fn rules_are_read_from_toml_and_json() {
        // GIVEN the rules as TOML
        let rules = parse(RULES, false).expect("sound TOML");
        assert!(rules.is_sound());
        assert_eq!(&rules.name[..], b"Peak cut");
        assert_eq!((rules.price_cap, &rules.pricing), (Price(4_000_000), &Pricing::Uniform));
        assert_eq!(rules.baseline, BaselineMethod::MeterBefore { readings: 10 });
        // THEN the same as JSON gives the same rules
        let json = serde_json::to_string(&rules).expect("encodes");
        assert_eq!(parse(&json, true).expect("sound JSON"), rules);
        // AND a file with a word missing is refused
        assert!(parse(&RULES.replace("grace_ms = 3_000", ""), false).is_err());
    }
}
