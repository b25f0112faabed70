//! Chain specs: the demo's and the development one, and those built from a network description.

mod description;

use description::Description;
use loadstone_runtime::{constants::SS58_PREFIX, genesis, WASM_BINARY};
use sc_service::{ChainType, GenericChainSpec, Properties};
use std::path::Path;

/// Id of a chain in earnest, unless its description gives another.
pub const PRODUCTION_ID: &str = "loadstone";

/// Id of the demo's chain.
const DEMO_ID: &str = "loadstone_demo";

/// Id of the development chain.
const DEVELOPMENT_ID: &str = "loadstone_dev";

/// Prefix of the protocols on the network.
const PROTOCOL_ID: &str = "loadstone";

fn properties() -> Properties {
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), "CNY".into());
    properties.insert("tokenDecimals".into(), 6.into());
    properties.insert("ss58Format".into(), SS58_PREFIX.into());
    properties
}

fn wasm() -> Result<&'static [u8], String> {
    WASM_BINARY.ok_or_else(|| "this binary was built without the wasm runtime (SKIP_WASM_BUILD)".into())
}

fn preset(name: &str, id: &str, chain_type: ChainType, preset: &str) -> Result<GenericChainSpec, String> {
    Ok(GenericChainSpec::builder(wasm()?, None)
        .with_name(name)
        .with_id(id)
        .with_protocol_id(PROTOCOL_ID)
        .with_chain_type(chain_type)
        .with_properties(properties())
        .with_genesis_config_preset_name(preset)
        .build())
}

fn described(path: &Path) -> Result<GenericChainSpec, String> {
    let description = Description::read(path)?;
    Ok(GenericChainSpec::builder(wasm()?, None)
        .with_name(&description.name)
        .with_id(&description.id)
        .with_protocol_id(PROTOCOL_ID)
        .with_chain_type(ChainType::Live)
        .with_boot_nodes(description.boot_nodes()?)
        .with_properties(properties())
        .with_genesis_config_patch(description.network()?.patch())
        .build())
}

/// The spec named by `id`: `dev`, `demo`, a network description (`*.toml`) or a spec file.
pub fn load(id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
    Ok(Box::new(match id {
        "" | "demo" => preset("Loadstone Demo", DEMO_ID, ChainType::Local, genesis::DEMO_PRESET)?,
        "dev" => preset(
            "Loadstone Development",
            DEVELOPMENT_ID,
            ChainType::Development,
            sp_genesis_builder::DEV_RUNTIME_PRESET,
        )?,
        path if path.ends_with(".toml") => described(Path::new(path))?,
        path => GenericChainSpec::from_json_file(path.into())?,
    }))
}

#[cfg(test)]
mod tests;
