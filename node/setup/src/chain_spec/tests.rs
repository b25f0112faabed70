//! Specs that this binary makes.

use super::*;
use std::fs;

/// The example that ships with the repository.
// Tests run in their package's folder, in whichever clone they were compiled.
const EXAMPLE: &str = "../../chain-specs/four-organisations.toml";

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

/// What is said of the example after a mistake was put into it.
fn refusal(wrong: &str) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("wrong.toml");
    fs::write(&path, wrong).expect("the directory takes a file");
    let Err(text) = load(path.to_str().expect("a path of this test")) else { panic!("a mistake is refused") };
    assert!(text.contains("wrong.toml"), "{text}");
    text
}

fn example() -> String {
    fs::read_to_string(EXAMPLE).expect("the example reads")
}

/// The first value of a field in the example.
fn first(field: &str) -> String {
    let example = example();
    let line = example.lines().find(|line| line.starts_with(&format!("{field} = "))).expect("the example has it");
    line.split('"').nth(1).expect("a quoted value").to_owned()
}

/// The example, with every later validator's value of a field replaced by the first one's.
fn with_one_value_everywhere(field: &str) -> String {
    let value = first(field);
    let replace = |line: &str| match line.starts_with(&format!("{field} = ")) {
        true => format!("{field} = \"{value}\"\n"),
        false => format!("{line}\n"),
    };
    example().lines().map(replace).collect()
}

#[test]
fn a_mistake_in_a_description_is_refused_with_its_file_and_field() {
    // GIVEN mistakes, and the field that each is in
    let text = example();
    let one_validator: String = text.split("[[organisation]]").take(2).collect::<Vec<_>>().join("[[organisation]]");
    let mistakes = [
        (text.replace("aura = \"0x", "aura = \"0x00"), "`aura`"),
        (text.replace("grandpa = \"0x", "grandpa = \"0xzz"), "`grandpa`"),
        (text.replace("yuan = ", "euro = 1\nyuan = "), "euro"),
        (text.replace("ws://validator", &format!("ws://{}", "v".repeat(128))), "`gateway`"),
        (text.replace("ws://validator", "http://validator"), "`gateway`"),
        (text.replace("ws://validator.city-grid.example", "ws://"), "`gateway`"),
        (text.replace("id = \"loadstone\"", "id = \"../../evil\""), "`id`"),
        (text.replace("council = true", "council = false"), "`council = true`"),
        (text.replace("City grid company", "Provincial grid company"), "`name`"),
        (text.replace("name = \"Auditor\"", "name = \"\""), "`name`"),
        (text.replace("boot_node = \"/dns", "boot_node = \"dns"), "`boot_node`"),
        (
            text.replacen(
                &format!("/p2p/{}", first("peer")),
                "/p2p/12D3KooWD6CVxz3dPHXHP1Qk4QdvmvBJeQN7KwVBBfDfKBDa7ska",
                1,
            ),
            "`boot_node`",
        ),
        (one_validator, "`council = true`, or `[[organisation.validator]]`"),
    ];
    for (wrong, field) in mistakes {
        // WHEN the description is loaded
        let said = refusal(&wrong);
        // THEN the refusal names file and field
        assert!(field.split(", or ").any(|field| said.contains(field)), "{field}: {said}");
    }
}

#[test]
fn what_belongs_to_one_validator_alone_is_refused_for_a_second() {
    for field in ["aura", "grandpa", "dag", "peer", "account"] {
        // GIVEN the example, in which all validators share a value
        let wrong = with_one_value_everywhere(field);
        // WHEN it is loaded
        let said = refusal(&wrong);
        // THEN the refusal names the field and where the value stood first
        assert!(said.contains(&format!("`{field}`")) && said.contains("the same"), "{said}");
    }
}

#[test]
fn a_spec_whose_id_leads_out_of_the_data_folder_is_refused() {
    // GIVEN a spec file with such an id
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("spec.json");
    let spec = load(DEMO).and_then(|spec| spec.as_json(false)).expect("the demo's spec can be written");
    fs::write(&path, spec.replace("\"id\": \"loadstone_demo\"", "\"id\": \"../evil\"")).expect("it takes a file");
    // WHEN it is loaded
    let Err(said) = load(path.to_str().expect("a path of this test")) else { panic!("the id is unsound") };
    // THEN the refusal names file and field
    assert!(said.contains("spec.json") && said.contains("`id`"), "{said}");
}

#[test]
fn a_network_in_which_one_organisation_holds_a_third_is_refused_by_name() {
    // GIVEN the example, with the second organisation's validator moved to the first
    let text = example();
    let mut parts: Vec<_> = text.split("[[organisation").map(str::to_owned).collect();
    parts.swap(3, 4);
    // WHEN it is loaded
    let said = refusal(&parts.join("[[organisation"));
    // THEN the refusal names the organisation and the rule
    assert!(said.contains("less than a third") && said.contains("Provincial grid company"), "{said}");
}

#[test]
fn the_runtime_refuses_a_third_on_its_own() {
    // GIVEN the example's network, with the second validator handed to the first organisation
    let mut network = Description::read(Path::new(EXAMPLE)).and_then(|d| d.network()).expect("the example reads");
    let first = network.validators[0].organisation;
    network.validators[1].organisation = first;
    // WHEN a genesis is built of it, whoever wrote the spec
    let spec: GenericChainSpec = GenericChainSpec::builder(wasm().expect("built with the runtime"), None)
        .with_name("unsound")
        .with_id("unsound")
        .with_genesis_config_patch(network.patch())
        .build();
    let storage = sc_service::ChainSpec::as_storage_builder(&spec).build_storage();
    // THEN there is none
    assert!(storage.is_err());
}
