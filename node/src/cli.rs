//! The node's command line.

use crate::service::TuningParams;
use clap::{Args, Parser, Subcommand};
use loadstone_dag_node::{GatewayArgs, KeepingArgs};
use loadstone_node_setup::{chain_spec::ExportCmd, keys::ValidatorKeysCmd};
use sc_cli::{
    BuildSpecCmd, ChainInfoCmd, CheckBlockCmd, ExportBlocksCmd, ExportStateCmd, ImportBlocksCmd, KeySubcommand,
    PurgeChainCmd, RevertCmd, RunCmd, SignCmd, VerifyCmd,
};
use sc_storage_monitor::StorageMonitorParams;

/// Options and commands.
#[derive(Debug, Parser)]
pub struct Cli {
    /// What to do instead of running the node.
    #[command(subcommand)]
    pub subcommand: Option<Command>,

    /// How to run the node.
    #[clap(flatten)]
    pub run: RunCmd,

    /// Finality.
    #[clap(flatten)]
    pub tuning: TuningParams,

    /// The DAG ledger.
    #[clap(flatten)]
    pub ledger: LedgerArgs,

    /// When to stop before the disk is full.
    #[clap(flatten)]
    pub storage_monitor: StorageMonitorParams,
}

/// Options of the DAG ledger.
#[derive(Clone, Debug, Args)]
pub struct LedgerArgs {
    /// How devices are served.
    #[clap(flatten)]
    pub gateway: GatewayArgs,

    /// What is kept.
    #[clap(flatten)]
    pub keeping: KeepingArgs,
}

/// What the node can do besides running.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, inspect and insert keys.
    #[command(subcommand)]
    Key(KeySubcommand),

    /// Make all keys of a validator at once and print the public ones.
    ValidatorKeys(ValidatorKeysCmd),

    /// Sign a message with a secret key.
    Sign(SignCmd),

    /// Check a signature.
    Verify(VerifyCmd),

    /// Write a chain spec, plain or raw.
    ExportChainSpec(ExportCmd),

    /// Write a chain spec; kept for tools that know this older command.
    BuildSpec(BuildSpecCmd),

    /// Execute a block again.
    CheckBlock(CheckBlockCmd),

    /// Write blocks to a file.
    ExportBlocks(ExportBlocksCmd),

    /// Write the state of a block as a chain spec.
    ExportState(ExportStateCmd),

    /// Read blocks from a file.
    ImportBlocks(ImportBlocksCmd),

    /// Delete the chain's database.
    PurgeChain(PurgeChainCmd),

    /// Undo unfinalised blocks.
    Revert(RevertCmd),

    /// Print what the database knows of the chain.
    ChainInfo(ChainInfoCmd),
}
