//! `loadstone-load-node`: meter, actuator, own ledger and light client of one adjustable load.

mod chain;
mod clock;
mod config;
mod drivers;
mod events;
mod fleet;
mod gateway;
mod health;
mod key;
mod operator;
mod run;
mod show;

use anyhow::Context;
use clap::{Parser, Subcommand};
use loadstone_core::Millis;
use loadstone_load_store::{Lock, RocksLedger};
use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};
use tracing_subscriber::EnvFilter;

const EXAMPLE: &str = r#"Example of a configuration (relative paths start at the file's own folder):

  name = "factory-03"
  device = 3                     # numbers that the registry gave
  resource = 3
  area = 1
  chain_spec = "spec-raw.json"   # the raw specification that the validators run
  key_file = "device.key"        # loadstone-load-node key generate --out device.key
  store = "store"
  gateways = ["ws://10.0.0.1:9945", "ws://10.0.1.1:9945"]   # of different owners
  readings_per_unit = 60         # while no order runs; also max_unit_age_ms = 5000
  # lock = { passphrase_file = "words" }   # seals a new ledger; or key_file = "F", or command = ["PROGRAM", "ARG"]
  # bootnodes = ["/ip4/10.0.0.1/tcp/30333/p2p/12D3Koo..."]  # instead of the specification's
  # interval_ms = 1000, heartbeat_ms = 2000, rest_ms = 20000, refresh_ms = 10000, resend_after_ms = 2000
  # dead_man_ms = 300000         # without contact for so long, an order is held no longer; 0: to its end

  [meter]
  driver = "replay"
  file = "loads.csv"             # first column seconds, header names the columns
  column = "load_03_w"
  scale_w = 1.0                  # watts of a value of one
  speed = 60.0                   # profile seconds per second
  noise_bp = 50
  seed = 3
  start_offset_s = 0             # second of the profile at Unix time origin_ms (default 0)

  [actuator]
  driver = "ramp"
  ramp_w_per_s = 800             # 0: at once
  response_delay_ms = 400
  floor_w = 200
  tracking_bp = 150              # part of the ordered change that is missed

The log's detail follows RUST_LOG, for example RUST_LOG=debug."#;

/// Runs one adjustable load: reads its meter every second into signed units, verifies orders with its
/// own light client, holds the level that follows, and keeps each unit until it is proven anchored.
#[derive(Parser)]
#[command(name = "loadstone-load-node", version, after_help = EXAMPLE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the node until SIGTERM or SIGINT; then print a summary of its ledger as JSON.
    #[command(after_help = EXAMPLE)]
    Run {
        /// Configuration file (TOML).
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Append events to this file, one JSON object a line.
        #[arg(long, value_name = "FILE")]
        events: Option<PathBuf>,
        /// Append each reading to this CSV file: t_ms,load_w,setpoint_w.
        #[arg(long, value_name = "FILE")]
        series: Option<PathBuf>,
        /// Make each reading an event too.
        #[arg(long)]
        log_readings: bool,
        /// On a graceful stop, wait this long for every unit to be proven anchored. A second signal stops
        /// at once.
        #[arg(long, value_name = "N", default_value_t = 0)]
        drain_seconds: u64,
        /// Clocks of a fault test, described in a JSON file.
        #[arg(long, value_name = "FILE", hide = true)]
        test_clock: Option<PathBuf>,
    },
    /// Run many nodes in this process with one light client, for load tests, until SIGTERM or SIGINT; then print their
    /// totals as JSON.
    Fleet {
        /// Folder of the nodes' configuration files (*.toml), all of one chain.
        #[arg(long, value_name = "DIR")]
        nodes: PathBuf,
        /// On a graceful stop, wait this long for every unit to be proven anchored.
        #[arg(long, value_name = "N", default_value_t = 0)]
        drain_seconds: u64,
    },
    /// Take the load out of regulation on the spot, above every order, or put it back.
    #[command(subcommand)]
    Override(OverrideCommand),
    /// Ask the running node how it stands, and print that as JSON; exit code 0 when it answers.
    Health {
        /// The node's configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Exit code 0 only when it can follow orders and hand in readings now.
        #[arg(long)]
        ready: bool,
    },
    /// Make or show the device's key.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Show what a ledger holds, also while its node runs.
    Status {
        /// The node's store folder, where that is not sealed.
        #[arg(long, value_name = "DIR", required_unless_present = "config")]
        store: Option<PathBuf>,
        /// The node's configuration file, which names store and lock.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Write own units with their proofs to standard output, one JSON object a line.
    Export {
        /// The node's store folder, where that is not sealed.
        #[arg(long, value_name = "DIR", required_unless_present = "config")]
        store: Option<PathBuf>,
        /// The node's configuration file, which names store and lock.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// First sequence of the first incarnation to write.
        #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
        from: u64,
    },
    /// Put another lock on a sealed ledger, while its node is stopped.
    Rekey {
        /// The node's configuration file, with the lock that stands.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The same file with the lock that shall stand; only its lock is used.
        #[arg(long, value_name = "FILE")]
        new: PathBuf,
    },
}

#[derive(Subcommand)]
enum OverrideCommand {
    /// Let the load return to normal, whatever orders say; the running node follows within a second.
    Set {
        /// The node's configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Why, for those who read the log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// End it by itself after so many minutes.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=525_600))]
        minutes: Option<u32>,
    },
    /// Follow orders again.
    Clear {
        /// The node's configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Show what stands, as JSON.
    Show {
        /// The node's configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Make a new key, write it to a file that only its owner reads, and print the public key.
    Generate {
        /// The new file; an existing one is never overwritten.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the public key of a key file, as hexadecimal and SS58.
    Show {
        /// The key file.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,smoldot=warn,sync-service=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match execute(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match command {
        Command::Run { config, events, series, log_readings, drain_seconds, test_clock } => {
            let config = config::Config::read(&config)?;
            let drain = Duration::from_secs(drain_seconds);
            let options = run::Options { events, series, log_readings, drain, test_clock };
            let summary = runtime()?.block_on(run::run(config, options))?;
            writeln!(out, "{}", serde_json::to_string(&summary)?)?;
        }
        Command::Fleet { nodes, drain_seconds } => {
            let totals = runtime()?.block_on(fleet::run(&nodes, Duration::from_secs(drain_seconds)))?;
            writeln!(out, "{}", serde_json::to_string(&totals)?)?;
        }
        Command::Health { config, ready } => {
            let health = health::ask(&config::Config::read(&config)?.store)?;
            writeln!(out, "{health}")?;
            anyhow::ensure!(!ready || health["ready"] == true, "the node runs, but is not ready");
        }
        Command::Override(command) => override_(&mut out, command)?,
        Command::Key(KeyCommand::Generate { out: path, json }) => {
            show_key(&mut out, &key::DeviceKey::generate(&path)?, json)?
        }
        Command::Key(KeyCommand::Show { file, json }) => show_key(&mut out, &key::DeviceKey::read(&file)?, json)?,
        Command::Status { store, config } => {
            let (store, lock) = ledger_of(store, config.as_deref())?;
            let status = show::status(&store, lock.as_ref())?;
            writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?;
        }
        Command::Export { store, config, from } => {
            let (store, lock) = ledger_of(store, config.as_deref())?;
            show::export(&store, lock.as_ref(), from, &mut out)?
        }
        Command::Rekey { config, new } => {
            let (config, new) = (config::Config::read(&config)?, config::Config::read(&new)?);
            let old = config.lock.context("the configuration has no `lock`. Remedy: name the one that stands")?;
            let new = new.lock.context("the new configuration has no `lock`. Remedy: name the one that shall stand")?;
            let store = config.store;
            RocksLedger::rekey(&store, &old, &new)?;
            writeln!(out, "{}", serde_json::json!({ "rekeyed": store }))?;
        }
    }
    Ok(())
}

/// Which ledger is meant, and what unlocks it.
fn ledger_of(store: Option<PathBuf>, config: Option<&Path>) -> anyhow::Result<(PathBuf, Option<Lock>)> {
    let config = config.map(config::Config::read).transpose()?;
    let (named, lock) = config.map(|config| (config.store, config.lock)).unzip();
    let store = store.or(named).context("name a ledger with --store or --config")?;
    Ok((store, lock.flatten()))
}

/// One thread, with the light client on it: switches between threads cost more than the work.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}

fn override_(out: &mut impl Write, command: OverrideCommand) -> anyhow::Result<()> {
    match command {
        OverrideCommand::Set { config, reason, minutes } => {
            let config = config::Config::read(&config)?;
            let until = minutes.map(|minutes| Millis(clock::unix_ms()).after(u64::from(minutes) * 60_000));
            let word = operator::set(&config, &reason, until)?;
            writeln!(out, "{}", serde_json::to_string(&word)?)?;
        }
        OverrideCommand::Clear { config } => {
            let stood = operator::clear(&config::Config::read(&config)?)?;
            writeln!(out, "{}", serde_json::json!({ "cleared": stood }))?;
        }
        OverrideCommand::Show { config } => {
            let word = operator::read(&operator::file_of(&config::Config::read(&config)?.store))?;
            writeln!(out, "{}", serde_json::json!({ "override": word }))?;
        }
    }
    Ok(())
}

fn show_key(out: &mut impl Write, key: &key::DeviceKey, json: bool) -> anyhow::Result<()> {
    let (hex, ss58) = key.names();
    if json {
        writeln!(out, "{}", serde_json::json!({ "public": hex, "ss58": ss58 }))?;
    } else {
        writeln!(out, "public key  {hex}\nss58        {ss58}")?;
    }
    Ok(())
}
