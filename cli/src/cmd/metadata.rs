//! `loadstone metadata`: what runtime the chain runs.

use crate::{
    context::Context,
    files,
    output::{hexed, pairs},
};
use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use subxt::rpcs::rpc_params;

/// Shows the runtime's version and stores its metadata.
#[derive(Args, Debug)]
pub struct Metadata {
    /// Write the SCALE-encoded metadata into this file.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    spec_name: String,
    spec_version: u32,
    transaction_version: u32,
}

impl Metadata {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let version: Version = chain.request("state_getRuntimeVersion", rpc_params![]).await?;
        let bytes = chain.metadata().await?;
        if let Some(path) = &self.out {
            files::write(path, &bytes)?;
        }
        let genesis = hexed(chain.genesis.as_bytes());
        let value = json!({
            "genesis": genesis, "spec_name": version.spec_name, "spec_version": version.spec_version,
            "transaction_version": version.transaction_version, "metadata_bytes": bytes.len(),
        });
        context.output().print(&value, || {
            pairs([
                ("genesis", genesis.clone()),
                ("runtime", format!("{} {}", version.spec_name, version.spec_version)),
                ("transactions", format!("version {}", version.transaction_version)),
                ("metadata", format!("{} bytes", bytes.len())),
            ])
        })
    }
}
