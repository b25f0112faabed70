//! `loadstone`: commands for dispatchers, aggregators and auditors.

mod admissible;
mod archived;
mod areas;
mod check;
mod cmd;
mod compare;
mod context;
mod files;
mod history;
mod parse;
mod reads;
mod sheet;
mod showing;
mod spec;
mod standing;
mod steps;
mod votes;

use clap::Parser;
use loadstone_client::{call, client, fault, key, output};
use std::process::ExitCode;

/// Commands for the Loadstone chain.
///
/// Exit codes: 0 done; 1 refused or failed; 2 wrong usage, or an input file that is missing or can't be understood;
/// 3 an audit or a verification found a difference or a tampered file.
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
                // Failing as it is: that its text can't be written either changes nothing.
                Some(value) if context.json => drop(output::write_line(&mut std::io::stdout(), &value.to_string())),
                None if context.json => {}
                _ => output::complain(&fault::told(&error)),
            }
            fault::exit_code(&error)
        }
    }
}
