//! `loadstone programme`: the versioned rules of events.

use super::report;
use crate::{
    call::Call,
    client::decode,
    context::Context,
    fault::Fault,
    files,
    output::{yuan, Table},
};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{Balance, ProgrammeId, ProgrammeVersion};
use loadstone_evidence::keys;
use loadstone_market::Programme as Rules;
use loadstone_rules as rules;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Publishes and shows programmes.
#[derive(Subcommand, Debug)]
pub enum Programme {
    /// Publishes the next version of a programme from a TOML or JSON file. By a grid company.
    #[command(after_long_help = explained())]
    Publish {
        /// The programme's number.
        id: u32,
        /// The rules: TOML, or JSON where the name ends in .json. `programme template` prints one to begin with.
        file: PathBuf,
    },
    /// Prints a file of rules to begin with, which says what each rule means.
    Template,
    /// Shows all programmes: the newest version of each.
    List,
    /// Shows a version of a programme, by default the newest, as a file that `publish` takes, and what is left of its pot.
    Show {
        /// The programme's number.
        id: u32,
        /// Its version.
        #[arg(long = "of-version")]
        of_version: Option<u32>,
    },
}

fn explained() -> String {
    let words = "A file of rules, with the meaning, unit and range of each. All of them must be there.";
    format!("{words}\n\n{}", rules::template())
}

impl Programme {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Publish { id, file } => {
                let rules = read(&file)?;
                let chain = context.connect().await?;
                let call = Call::new("Bids", "publish_programme", (ProgrammeId(id), rules));
                let receipt = context.sender(&chain)?.submit(&call).await?;
                let state = chain.at(receipt.block);
                let version: ProgrammeVersion =
                    state.require(keys::latest_version(ProgrammeId(id)), "the programme").await?;
                report(context, &receipt, "published", json!({ "programme": id, "version": version.0 }))
            }
            Self::Template => {
                let text = rules::template();
                context.output().print(&json!({ "template": text }), || text.clone())
            }
            Self::List => list(context).await,
            Self::Show { id, of_version } => show(context, ProgrammeId(id), of_version).await,
        }
    }
}

async fn list(context: &Context) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let mut newest = Vec::new();
    for key in state.keys(&keys::item("Bids", "LatestVersion")).await? {
        let id: ProgrammeId = decode(keys::last_part(&key, 4).unwrap_or_default())?;
        let version: ProgrammeVersion = state.require(key, &format!("programme {id}")).await?;
        let rules: Rules = state.require(keys::programme(id, version), &format!("programme {id}")).await?;
        newest.push((id, version, rules));
    }
    newest.sort_by_key(|(id, ..)| *id);
    let mut table = Table::new(&["programme", "version", "name", "product", "pricing", "cap CNY/kWh"]);
    for (id, version, rules) in &newest {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let name = String::from_utf8_lossy(&rules.name).into_owned();
        let (product, pricing) = (word(json!(rules.product)), word(json!(rules.pricing)));
        table.row([id.to_string(), version.to_string(), name, product, pricing, yuan(rules.price_cap.0.into())]);
    }
    let values = newest.iter().map(|(id, version, rules)| {
        json!({ "programme": id, "version": version, "name": String::from_utf8_lossy(&rules.name),
            "product": rules.product, "pricing": rules.pricing, "price_cap": rules.price_cap })
    });
    context.output().print(&json!(values.collect::<Vec<_>>()), || table.render())
}

async fn show(context: &Context, id: ProgrammeId, version: Option<u32>) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let version = match version {
        Some(version) => ProgrammeVersion(version),
        None => state.require(keys::latest_version(id), &format!("programme {id}")).await?,
    };
    let rules: Rules =
        state.require(keys::programme(id, version), &format!("version {version} of programme {id}")).await?;
    let mut value = json!(rules);
    value["name"] = json!(String::from_utf8_lossy(&rules.name));
    let spent: Balance = state.get(keys::pot_spent(id, version)).await?.unwrap_or_default();
    let left = rules.pot_left(spent);
    let value = json!({ "programme": id, "version": version, "rules": value, "pot_left": left });
    let pot =
        left.map(|left| format!("# Left of its pot: {} of {} CNY\n", yuan(left), yuan(rules.pot))).unwrap_or_default();
    let head = format!("# Programme {id}, version {version}\n{pot}");
    context.output().print(&value, || format!("{head}\n{}", rules::to_toml(&rules)))
}

/// Rules from a file.
///
/// # Errors
/// [`Fault::Usage`] that names the rule which makes no sense.
fn read(path: &Path) -> Result<Rules> {
    let text = files::read_text(path)?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let bad = |error: String| Fault::Usage(format!("{}: {error}", path.display()));
    Ok(rules::parse(&text, is_json).map_err(bad)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault;
    use std::fs;

    #[test]
    fn an_unsound_file_names_rule_and_file() {
        // GIVEN the template, and a copy with a rule out of range
        let folder = tempfile::tempdir().expect("a folder");
        let (sound, unsound) = (folder.path().join("rules.toml"), folder.path().join("bent.toml"));
        fs::write(&sound, rules::template()).expect("written");
        fs::write(&unsound, rules::template().replace("own_weight = 7000", "own_weight = 10001")).expect("written");
        // THEN the one is read, and the other is wrong usage that names both
        assert!(read(&sound).is_ok());
        let error = read(&unsound).expect_err("out of range");
        assert_eq!(fault::code(&error), 2);
        let text = error.to_string();
        assert!(text.contains("bent.toml: score.own_weight = 10001") && text.contains("0 to 10000"), "{text}");
        // AND a file that is no TOML is wrong usage too, as is a missing one
        fs::write(&unsound, "rules = ").expect("written");
        assert_eq!(fault::code(&read(&unsound).expect_err("no TOML")), 2);
        assert_eq!(fault::code(&read(&folder.path().join("missing")).expect_err("missing")), 2);
    }
}
