//! What every command is given: the node, the key, the form of output.

use crate::{call::Sender, client::Chain, fault::Fault, files, key::keypair, output::Output};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use subxt_signer::sr25519::Keypair;

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub struct Context {
    /// WebSocket address of a node.
    #[arg(long, global = true, env = "LOADSTONE_URL", default_value = "ws://127.0.0.1:9944")]
    pub url: String,
    /// Print JSON, one value a line.
    #[arg(long, global = true)]
    pub json: bool,
    /// Secret key: a phrase, a seed in hex or a derivation path such as //ProvincialGrid.
    #[arg(long, global = true, env = "LOADSTONE_SURI", hide_env_values = true, conflicts_with = "key_file")]
    pub suri: Option<String>,
    /// File that holds the secret key in one of these forms.
    #[arg(long, global = true, env = "LOADSTONE_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

impl Context {
    /// How results are printed.
    pub fn output(&self) -> Output {
        Output { json: self.json }
    }

    /// Connects to the node.
    pub async fn connect(&self) -> Result<Chain> {
        Chain::connect(&self.url).await
    }

    /// The secret key.
    pub fn key(&self) -> Result<Keypair> {
        let text = match (&self.suri, &self.key_file) {
            (Some(suri), _) => suri.clone(),
            (None, Some(path)) => files::read_text(path)?,
            (None, None) => return Err(Fault::Usage("say whose call it is with --suri or --key-file".into()).into()),
        };
        keypair(text.trim())
    }

    /// Signs and submits for the key's account.
    pub fn sender<'a>(&self, chain: &'a Chain) -> Result<Sender<'a>> {
        Ok(Sender::new(chain, self.key()?))
    }
}
