//! `loadstone key`: sr25519 keys of accounts and devices.

use crate::{
    context::Context,
    key::keypair,
    output::{hexed, pairs},
};
use anyhow::{Context as _, Result};
use clap::Subcommand;
use loadstone_core::AccountId;
use rand::{rngs::OsRng, RngCore};
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use subxt_signer::sr25519::Keypair;

/// Makes and shows keys.
#[derive(Subcommand, Debug)]
pub enum Key {
    /// Draws a new key.
    Generate {
        /// Write the seed into this new file, readable by its owner only, instead of printing it.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Shows the public half of the key given with --suri or --key-file.
    Inspect,
}

impl Key {
    /// Carries the command out.
    pub fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Generate { out } => {
                let mut seed = [0u8; 32];
                OsRng.fill_bytes(&mut seed);
                let seed = hexed(&seed);
                let key = keypair(&seed)?;
                if let Some(path) = &out {
                    write_secret(path, &seed)?;
                }
                show(context, &key, out.is_none().then_some(seed))
            }
            Self::Inspect => show(context, &context.key()?, None),
        }
    }
}

fn write_secret(path: &Path, seed: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{seed}"));
    written.with_context(|| format!("can't write the key into {}", path.display()))
}

fn show(context: &Context, key: &Keypair, seed: Option<String>) -> Result<()> {
    let public = key.public_key().0;
    let address = AccountId::new(public).to_string();
    let value = json!({ "public": hexed(&public), "address": address, "seed": seed });
    context.output().print(&value, || {
        let shown = pairs([("public key", hexed(&public)), ("address", address.clone())]);
        seed.map_or(shown.clone(), |seed| format!("{shown}\nseed        {seed}"))
    })
}
