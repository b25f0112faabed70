//! The Loadstone node: validator of the chain, member of the DAG committee, gateway for devices.

mod chain_spec;
mod cli;
mod command;
mod dag;
mod failure;
mod keys;
mod rpc;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", failure::explain(&error));
            ExitCode::FAILURE
        }
    }
}
