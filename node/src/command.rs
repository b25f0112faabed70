//! Carries out what the command line asks for.

use crate::{
    cli::{Cli, Command},
    service,
};
use loadstone_node_setup::{chain_spec, failure, ports};
use loadstone_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker};
use sc_service::PartialComponents;
use std::{path::PathBuf, sync::Arc};

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Loadstone Node".into()
    }

    fn impl_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        "the operator of your network".into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        chain_spec::load(id)
    }
}

/// How long a pool refuses to look again at a transaction that failed. Substrate's half an hour is
/// far longer than an anchor or a quota needs to become valid again.
const TX_BAN_SECONDS: u64 = 10;

/// Mebibytes of database cache where none are asked for. RocksDB's log grows to six times this: with Substrate's
/// 1,024 it would fill a small disk. Below 120 the columns beside the state get no share of it.
const DB_CACHE_MIB: usize = 128;

/// Parses the command line and runs what it says.
pub fn run() -> sc_cli::Result<()> {
    let mut cli = Cli::from_args();
    cli.run.pool_config.tx_ban_seconds.get_or_insert(TX_BAN_SECONDS);
    cli.run.import_params.database_params.database_cache_size.get_or_insert(DB_CACHE_MIB);
    match &cli.subcommand {
        None => run_node(&cli),
        Some(Command::Key(cmd)) => cmd.run(&cli),
        Some(Command::ValidatorKeys(cmd)) => cmd.run(),
        Some(Command::Sign(cmd)) => cmd.run(),
        Some(Command::Verify(cmd)) => cmd.run(),
        Some(Command::ExportChainSpec(cmd)) => cmd.run(),
        Some(Command::BuildSpec(cmd)) => {
            cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.chain_spec, config.network))
        }
        Some(Command::PurgeChain(cmd)) => cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database)),
        Some(Command::ChainInfo(cmd)) => cli.create_runner(cmd)?.sync_run(|config| cmd.run::<Block>(&config)),
        Some(database) => run_on_database(&cli, database),
    }
}

/// Commands that open the database and work on it.
fn run_on_database(cli: &Cli, command: &Command) -> sc_cli::Result<()> {
    let tuning = &cli.tuning;
    match command {
        Command::CheckBlock(cmd) => cli.create_runner(cmd)?.async_run(|config| {
            let PartialComponents { client, task_manager, import_queue, .. } = service::new_partial(&config, tuning)?;
            Ok((cmd.run(client, import_queue), task_manager))
        }),
        Command::ExportBlocks(cmd) => cli.create_runner(cmd)?.async_run(|config| {
            let PartialComponents { client, task_manager, .. } = service::new_partial(&config, tuning)?;
            Ok((cmd.run(client, config.database), task_manager))
        }),
        Command::ExportState(cmd) => cli.create_runner(cmd)?.async_run(|config| {
            let PartialComponents { client, task_manager, .. } = service::new_partial(&config, tuning)?;
            Ok((cmd.run(client, config.chain_spec), task_manager))
        }),
        Command::ImportBlocks(cmd) => cli.create_runner(cmd)?.async_run(|config| {
            let PartialComponents { client, task_manager, import_queue, .. } = service::new_partial(&config, tuning)?;
            Ok((cmd.run(client, import_queue), task_manager))
        }),
        Command::Revert(cmd) => cli.create_runner(cmd)?.async_run(|config| {
            let PartialComponents { client, task_manager, backend, .. } = service::new_partial(&config, tuning)?;
            let revert_finality = Box::new(|client: Arc<service::FullClient>, _, blocks| {
                sc_consensus_grandpa::revert(client, blocks)?;
                Ok(())
            });
            Ok((cmd.run(client, backend, Some(revert_finality)), task_manager))
        }),
        _ => Err("this command needs no database".into()),
    }
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
    let (tuning, ledger) = (cli.tuning.clone(), cli.ledger.clone());
    let storage_monitor = cli.storage_monitor.clone();
    let named = cli.run.shared_params.base_path().ok().flatten().map(|base| base.path().to_owned());
    let about = |path: Option<PathBuf>, error: sc_cli::Error| match path {
        Some(path) => failure::about("the data folder", &path, error),
        None => error,
    };
    let mut runner = cli.create_runner(&cli.run).map_err(|error| about(named, error))?;
    ports::claim(runner.config_mut(), ledger.gateway.config().map(|config| config.listen))?;
    let folder = runner.config().data_path.clone();
    let run = runner.run_node_until_exit(|config| async move {
        let database = config.database.path().map(ToOwned::to_owned);
        let task_manager = match config.network.network_backend {
            NetworkBackendType::Libp2p => service::new_full::<NetworkWorker<_, _>>(config, tuning, ledger)?,
            NetworkBackendType::Litep2p => service::new_full::<Litep2pNetworkBackend>(config, tuning, ledger)?,
        };
        if let Some(path) = database {
            sc_storage_monitor::StorageMonitorService::try_spawn(
                storage_monitor,
                path,
                &task_manager.spawn_essential_handle(),
            )
            .map_err(|error| sc_cli::Error::Application(error.into()))?;
        }
        Ok::<_, sc_cli::Error>(task_manager)
    });
    run.map_err(|error| about(Some(folder), error))
}
