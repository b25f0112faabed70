//! The node's program; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    match loadstone_node::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", loadstone_node::explain(&error));
            ExitCode::FAILURE
        }
    }
}
