//! The node's program; everything it does is in the library.

fn main() -> sc_cli::Result<()> {
    loadstone_node::run()
}
