//! `order-bench`: what `scripts/bench finality` asks of a running network, over connections that stay open.

mod enrol;
mod gap;
mod load;
mod market;
mod orders;
mod pen;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Drives a running network for a benchmark; `scripts/bench finality` starts it.
///
/// Each command prints JSON lines. Accounts are given as secret keys on the command line: only for networks
/// whose keys everyone may know.
#[derive(Parser, Debug)]
#[command(name = "order-bench", version, max_term_width = 100)]
struct Arguments {
    /// WebSocket address of a node; `load` takes several and spreads its accounts over them.
    #[arg(long, global = true, default_value = "ws://127.0.0.1:9944")]
    url: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Enrol(enrol::Enrol),
    Orders(orders::Orders),
    Load(load::Load),
    Market(market::Market),
    SelectionGap(gap::SelectionGap),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { url, command } = Arguments::parse();
    let done = match command {
        Command::Enrol(enrol) => enrol.run(&url).await,
        Command::Orders(orders) => orders.run(&url).await,
        Command::Load(load) => load.run(&url).await,
        Command::Market(market) => market.run(&url).await,
        Command::SelectionGap(gap) => gap.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            loadstone_client::output::complain(&format!("error: {}", loadstone_client::fault::told(&error)));
            ExitCode::FAILURE
        }
    }
}
