//! Builds the runtime to wasm beside the native library.

fn main() {
    #[cfg(feature = "std")]
    {
        // With a target folder outside the repository the builder would not find Cargo.lock, and
        // would build the runtime with other versions than the rest.
        const HINT: &str = "WASM_BUILD_WORKSPACE_HINT";
        if std::env::var_os(HINT).is_none() {
            // Read when the script runs: a script that was built for another clone would name that one's folder.
            let crate_dir = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
            std::env::set_var(HINT, format!("{crate_dir}/.."));
        }
        substrate_wasm_builder::WasmBuilder::build_using_defaults();
    }
}
