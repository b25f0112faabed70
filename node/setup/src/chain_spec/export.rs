//! Writes a chain spec.

use crate::failure;
use clap::Parser;
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

/// Writes a chain spec, plain or raw. Light clients, and all nodes of a network in earnest, take the raw one.
#[derive(Debug, Clone, Parser)]
pub struct ExportCmd {
    /// Chain to describe: `demo`, `dev`, a network description (`*.toml`) or a spec file.
    #[arg(long, value_name = "CHAIN", default_value = super::DEMO)]
    pub chain: String,

    /// File to write; without it the spec goes to standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write the genesis state itself instead of what it is built from.
    #[arg(long)]
    pub raw: bool,
}

impl ExportCmd {
    /// Writes the spec.
    pub fn run(&self) -> sc_cli::Result<()> {
        let spec = super::load(&self.chain)?;
        let json = sc_service::chain_ops::build_spec(spec.as_ref(), self.raw)?;
        let Some(path) = &self.output else {
            return Ok(io::stdout().write_all(json.as_bytes())?);
        };
        fs::write(path, json).map_err(|error| failure::about("can't write", path, error))?;
        println!("Exported chain spec to {}", path.display());
        Ok(())
    }
}
