//! Chain specs: the demo's and the development one, and those built from a network description.

mod checks;
mod description;
mod export;

pub use export::ExportCmd;

use description::Description;
use loadstone_runtime::{constants::SS58_PREFIX, genesis, WASM_BINARY};
use sc_service::{ChainType, GenericChainSpec, Properties};
use std::path::Path;

/// How the demo's chain is named on the command line.
const DEMO: &str = "demo";

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
    let network = description.network().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(GenericChainSpec::builder(wasm()?, None)
        .with_name(&description.name)
        .with_id(&description.id)
        .with_protocol_id(PROTOCOL_ID)
        .with_chain_type(ChainType::Live)
        .with_boot_nodes(description.boot_nodes()?)
        .with_properties(properties())
        .with_genesis_config_patch(network.patch())
        .build())
}

fn is_description(chain: &str) -> bool {
    chain.ends_with(".toml")
}

/// A spec from a file. Its id becomes a folder, so it is checked before anything is made there.
fn from_file(path: &str) -> Result<GenericChainSpec, String> {
    if !Path::new(path).exists() {
        return Err(format!(
            "there is no chain spec {path:?}: --chain takes `demo`, `dev`, a network description (*.toml) or a spec file"
        ));
    }
    let spec: GenericChainSpec = GenericChainSpec::from_json_file(path.into())?;
    checks::id(sc_service::ChainSpec::id(&spec)).map_err(|error| format!("{path}: `id`: {error}"))?;
    Ok(spec)
}

/// The spec named by `chain`: `dev`, `demo`, a network description (`*.toml`) or a spec file.
pub fn load(chain: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
    Ok(Box::new(match chain {
        "" | DEMO => preset("Loadstone Demo", DEMO_ID, ChainType::Local, genesis::DEMO_PRESET)?,
        "dev" => preset(
            "Loadstone Development",
            DEVELOPMENT_ID,
            ChainType::Development,
            sp_genesis_builder::DEV_RUNTIME_PRESET,
        )?,
        path if is_description(path) => described(Path::new(path))?,
        path => from_file(path)?,
    }))
}

/// Id of the chain named by `chain`, as [`load`] takes it. Of a network description only the `id` is
/// needed: keys are made before the description can be complete.
pub fn id_of(chain: &str) -> Result<String, String> {
    if is_description(chain) {
        return description::id_in(Path::new(chain));
    }
    Ok(load(chain)?.id().to_owned())
}

/// An id given by hand.
pub fn parse_id(text: &str) -> Result<String, String> {
    checks::id(text).map(|()| text.to_owned())
}

#[cfg(test)]
mod tests;
