//! `loadstone participant`: who takes part.

use super::{
    motion::{majority, propose},
    report,
};
use crate::{
    call::Call,
    context::Context,
    output::Table,
    parse::{self, RoleName},
};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{AccountId, Name, OrganisationId};
use loadstone_evidence::keys;
use serde_json::json;

/// Registers, freezes and shows participants.
#[derive(Subcommand, Debug)]
pub enum Participant {
    /// Moves that the council registers an account. Other members vote with `motion vote`.
    Register {
        /// The account.
        #[arg(value_parser = parse::account)]
        account: AccountId,
        /// What it may do.
        #[arg(long)]
        role: RoleName,
        /// Number of the legal person behind it.
        #[arg(long)]
        organisation: u16,
        /// Shown to people; at most 64 bytes.
        #[arg(long)]
        name: String,
    },
    /// Freezes an account. By the regulator.
    Freeze {
        /// The account.
        #[arg(value_parser = parse::account)]
        account: AccountId,
    },
    /// Lifts a freeze. By the regulator.
    Unfreeze {
        /// The account.
        #[arg(value_parser = parse::account)]
        account: AccountId,
    },
    /// Shows all participants.
    List,
}

impl Participant {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Register { account, role, organisation, name } => {
                let chain = context.connect().await?;
                let name = Name::try_from(name.into_bytes())
                    .map_err(|_| crate::fault::Fault::Usage("the name is longer than 64 bytes".into()))?;
                let organisation = OrganisationId(organisation);
                let record = loadstone_core::Participant { role: role.into(), organisation, name, frozen: false };
                let call = Call::new("Registry", "register_participant", (account, record));
                let state = chain.finalised().await?;
                propose(context, &context.sender(&chain)?, &state, &call, majority, "moved to register").await
            }
            Self::Freeze { account } => set_frozen(context, account, true).await,
            Self::Unfreeze { account } => set_frozen(context, account, false).await,
            Self::List => list(context).await,
        }
    }
}

async fn set_frozen(context: &Context, account: AccountId, frozen: bool) -> Result<()> {
    let chain = context.connect().await?;
    let receipt = context.sender(&chain)?.submit(&Call::new("Registry", "set_frozen", (account, frozen))).await?;
    report(context, &receipt, if frozen { "frozen" } else { "freeze lifted" }, json!({}))
}

async fn list(context: &Context) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let found = state.keys(&keys::item("Registry", "Participants")).await?;
    let records = state.get_all::<loadstone_core::Participant>(&found).await?;
    let mut table = Table::new(&["account", "role", "organisation", "name", "frozen"]);
    let mut rows = Vec::new();
    for (key, record) in found.iter().zip(records.into_iter().flatten()) {
        let account: AccountId = crate::client::decode(keys::last_part(key, 32).unwrap_or_default())?;
        let name = String::from_utf8_lossy(&record.name).into_owned();
        let organisation = record.organisation.0;
        let role = json!(record.role);
        let row = json!({
            "account": account.to_string(), "role": role, "organisation": organisation, "name": name,
            "frozen": record.frozen,
        });
        let role = role.as_str().unwrap_or_default().to_owned();
        table.row([account.to_string(), role, organisation.to_string(), name, record.frozen.to_string()]);
        rows.push(row);
    }
    context.output().print(&json!(rows), || table.render())
}
