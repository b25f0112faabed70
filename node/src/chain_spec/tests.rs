//! Specs that this binary makes.

use super::*;
use std::fs;

/// The example that ships with the repository.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../chain-specs/four-organisations.toml");

#[test]
fn every_spec_names_the_currency_and_the_address_prefix_of_the_runtime() {
    for id in ["dev", "demo", EXAMPLE] {
        // GIVEN a spec
        let spec = load(id).expect("the spec loads");
        // WHEN a client reads its properties
        let properties = spec.properties();
        // THEN they are those of the runtime
        assert_eq!(properties["tokenSymbol"], "CNY");
        assert_eq!(properties["tokenDecimals"], 6);
        assert_eq!(properties["ss58Format"], SS58_PREFIX);
    }
}

#[test]
fn every_genesis_builds() {
    for id in ["dev", "demo", EXAMPLE] {
        // GIVEN a spec
        let spec = load(id).expect("the spec loads");
        // WHEN its genesis state is built by the wasm runtime
        let storage = spec.as_storage_builder().build_storage();
        // THEN it is sound
        assert!(storage.is_ok(), "{id}: {:?}", storage.err());
    }
}

#[test]
fn the_example_has_four_validators_of_four_organisations_with_keys_of_their_own() {
    // GIVEN the example description
    let network = Description::read(Path::new(EXAMPLE)).and_then(|d| d.network()).expect("the example reads");
    // WHEN its validators' keys and organisations are collected
    let mut keys: Vec<_> = network.validators.iter().flat_map(|v| [v.aura, v.grandpa, v.dag]).collect();
    let mut organisations: Vec<_> = network.validators.iter().map(|v| v.organisation).collect();
    keys.sort();
    keys.dedup();
    organisations.sort();
    organisations.dedup();
    // THEN none is shared
    assert_eq!((network.validators.len(), keys.len(), organisations.len()), (4, 12, 4));
}

#[test]
fn a_description_with_a_mistake_in_it_is_refused() {
    // GIVEN the example with a mistake in it
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("wrong.toml");
    let text = fs::read_to_string(EXAMPLE).expect("the example reads");
    let long_key = text.replace("aura = \"0x", "aura = \"0x00");
    let unknown_field = text.replace("yuan = ", "euro = 1\nyuan = ");
    let long_address = text.replace("ws://validator", &format!("ws://{}", "v".repeat(128)));
    let one_validator: String = text.split("[[organisation]]").take(2).collect::<Vec<_>>().join("[[organisation]]");
    for wrong in [long_key, unknown_field, long_address, one_validator] {
        fs::write(&path, wrong).expect("the directory takes a file");
        // WHEN it is loaded
        let network = Description::read(&path).and_then(|d| d.network());
        // THEN it is refused
        assert!(network.is_err());
    }
}

#[test]
fn a_network_in_which_one_organisation_holds_a_third_has_no_genesis() {
    // GIVEN the example, with the second organisation's validator moved to the first
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("unsound.toml");
    let text = fs::read_to_string(EXAMPLE).expect("the example reads");
    let mut parts: Vec<_> = text.split("[[organisation").map(str::to_owned).collect();
    parts.swap(3, 4);
    fs::write(&path, parts.join("[[organisation")).expect("the directory takes a file");
    // WHEN its genesis is built
    let spec = load(path.to_str().expect("a path of this test")).expect("each part is well formed");
    let storage = spec.as_storage_builder().build_storage();
    // THEN the runtime refuses it
    assert!(storage.is_err());
}
