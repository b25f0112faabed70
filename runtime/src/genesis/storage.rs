//! State of the first block, for programs that run the runtime without a node.

use crate::RuntimeGenesisConfig;
use serde_json::Value;
use sp_genesis_builder::PresetId;
use sp_runtime::BuildStorage;
use sp_storage::Storage;

/// Lays `patch` over `base`, as chain specs do.
fn merge(base: &mut Value, patch: Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

/// State of the first block of a preset.
///
/// # Errors
/// A sentence where there is no such preset, or it does not fit the runtime.
pub fn storage(preset: &str) -> Result<Storage, String> {
    let patch = super::preset(&PresetId::from(preset)).ok_or_else(|| format!("no preset is called {preset}"))?;
    let patch = serde_json::from_slice(&patch).map_err(|error| error.to_string())?;
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).map_err(|error| error.to_string())?;
    merge(&mut config, patch);
    let config: RuntimeGenesisConfig = serde_json::from_value(config).map_err(|error| error.to_string())?;
    config.build_storage()
}
