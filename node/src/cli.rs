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

/// Bytes of state that are kept in memory where nothing else is asked for, as clap wants them: in words. Substrate's
/// gibibyte is filled with nodes of old tries within an hour of work, on a machine that has other uses for it.
const TRIE_CACHE_BYTES: &str = "67108864";

/// The pool where no other is asked for. The one that follows forks validates all that waits again for every block.
const POOL_TYPE: &str = "single-state";

/// Transactions that wait at most where no other number is asked for: more than ten blocks full. Every twenty blocks the pool validates all that waits again, and Substrate's 8192 would keep six
/// processors busy with it.
const POOL_LIMIT: &str = "512";

/// Options and commands.
#[derive(Debug, Parser)]
#[command(mut_arg("trie_cache_size", |size| size.default_value(TRIE_CACHE_BYTES)))]
#[command(mut_arg("pool_type", |kind| kind.default_value(POOL_TYPE)))]
#[command(mut_arg("pool_limit", |count| count.default_value(POOL_LIMIT)))]
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

#[cfg(test)]
mod tests {
    use super::*;
    use sc_cli::TransactionPoolType;

    #[test]
    fn the_cache_of_state_is_small_unless_a_larger_one_is_asked_for() {
        // GIVEN command lines without and with a size
        let size = |words: &[&str]| Cli::parse_from(words).run.import_params.trie_cache_size;
        // THEN only the one that is asked for differs
        assert_eq!(size(&["node"]), 64 << 20);
        assert_eq!(size(&["node", "--trie-cache-size", "1073741824"]), 1 << 30);
    }

    #[test]
    fn the_pool_has_a_single_state_unless_another_is_asked_for() {
        // GIVEN command lines without and with a kind of pool
        let follows_forks =
            |words: &[&str]| matches!(Cli::parse_from(words).run.pool_config.pool_type, TransactionPoolType::ForkAware);
        // THEN only the one that is asked for follows forks
        assert!(!follows_forks(&["node"]));
        assert!(follows_forks(&["node", "--pool-type", "fork-aware"]));
    }
}
