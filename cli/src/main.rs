//! `loadstone`: commands for dispatchers, aggregators and auditors.

mod call;
mod check;
mod client;
mod cmd;
mod compare;
mod context;
mod events;
mod fault;
mod history;
mod output;
mod parse;
mod reads;

use clap::Parser;
use std::process::ExitCode;

/// Commands for the Loadstone chain. Exit codes: 0 done, 1 refused or failed, 2 wrong usage,
/// 3 an audit or a verification found a difference.
#[derive(Parser, Debug)]
#[command(name = "loadstone", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    context: context::Context,
    #[command(subcommand)]
    command: cmd::Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { context, command } = Arguments::parse();
    match command.run(&context).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match fault::as_json(&error) {
                Some(value) if context.json => println!("{value}"),
                None if context.json => {}
                _ => eprintln!("{error:#}"),
            }
            fault::exit_code(&error)
        }
    }
}
