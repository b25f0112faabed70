//! Makes a validator's keys: the node's network identity and the session keys, in one go.

use crate::{chain_spec, failure};
use clap::{builder::PossibleValuesParser, Parser};
use loadstone_keystore::{AURA, DAG, GRANDPA};
use loadstone_runtime::genesis::DEMO_ORGANISATIONS;
use sc_keystore::LocalKeystore;
use sp_core::{crypto::KeyTypeId, ed25519, sr25519, Pair};
use sp_keystore::{Keystore, KeystorePtr};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Makes a validator's node key and session keys in its base path and prints the public halves in
/// the form that a network description takes. Existing keys are never replaced.
#[derive(Debug, Parser)]
pub struct ValidatorKeysCmd {
    /// Base path of the node.
    #[arg(long, value_name = "DIR")]
    pub base_path: PathBuf,

    /// Chain, as the node is started with it. Of a network description (`*.toml`) only the `id` is
    /// needed yet, since the keys made here go into it.
    #[arg(long, value_name = "CHAIN", required_unless_present = "id")]
    pub chain: Option<String>,

    /// Id of the chain, where neither spec nor description is at hand.
    #[arg(long, value_name = "ID", conflicts_with = "chain", value_parser = chain_spec::parse_id)]
    pub id: Option<String>,

    /// Derive the development keys of this organisation of the demo instead of drawing secret ones.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(DEMO_ORGANISATIONS.map(|each| each.path)))]
    pub demo: Option<String>,
}

/// Public halves of a validator's keys.
#[derive(Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// Signs blocks.
    pub aura: sr25519::Public,
    /// Votes for finality.
    pub grandpa: ed25519::Public,
    /// Signs witnesses, anchors and records.
    pub dag: sr25519::Public,
}

impl ValidatorKeysCmd {
    /// Makes the keys and prints the public ones.
    pub fn run(&self) -> sc_cli::Result<()> {
        let chain = self.base_path.join("chains").join(self.chain_id()?);
        let directory = chain.join("keystore");
        let failed = |error: std::io::Error| failure::about("can't keep keys in", &directory, error);
        fs::create_dir_all(&directory).map_err(failed)?;
        if self.demo.is_none() && fs::read_dir(&directory).map_err(failed)?.next().is_some() {
            return Err(format!("{} holds keys already, and keys are never replaced", directory.display()).into());
        }
        let peer = node_key(&chain.join("network").join("secret_ed25519"), self.demo.as_deref())?;
        let keystore: KeystorePtr = LocalKeystore::open(directory.clone(), None)
            .map_err(|error| format!("{}: {error}", directory.display()))?
            .into();
        let keys = session_keys(&*keystore, self.demo.as_deref())?;
        println!("aura = \"0x{}\"", hex::encode(keys.aura));
        println!("grandpa = \"0x{}\"", hex::encode(keys.grandpa));
        println!("dag = \"0x{}\"", hex::encode(keys.dag));
        println!("peer = \"{peer}\"");
        Ok(())
    }

    /// Id of the chain: the folder in which the started node looks for its keys.
    fn chain_id(&self) -> sc_cli::Result<String> {
        match (&self.id, &self.chain) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(chain)) => Ok(chain_spec::id_of(chain)?),
            (None, None) => Err("name the chain with --chain or --id".into()),
        }
    }
}

/// Puts session keys into the keystore: random ones, or those of an organisation of the demo.
pub fn session_keys(keystore: &dyn Keystore, demo: Option<&str>) -> sc_cli::Result<PublicKeys> {
    let failed = |error: sp_keystore::Error| sc_cli::Error::Input(error.to_string());
    let Some(name) = demo else {
        return Ok(PublicKeys {
            aura: keystore.sr25519_generate_new(AURA, None).map_err(failed)?,
            grandpa: keystore.ed25519_generate_new(GRANDPA, None).map_err(failed)?,
            dag: keystore.sr25519_generate_new(DAG, None).map_err(failed)?,
        });
    };
    Ok(PublicKeys {
        aura: derived::<sr25519::Pair>(keystore, AURA, &format!("//{name}//aura"))?,
        grandpa: derived::<ed25519::Pair>(keystore, GRANDPA, &format!("//{name}//grandpa"))?,
        dag: derived::<sr25519::Pair>(keystore, DAG, &format!("//{name}//dag"))?,
    })
}

/// Puts the development key at `path` into the keystore. Generating it from a seed would keep it in
/// memory only.
fn derived<P: Pair>(keystore: &dyn Keystore, key_type: KeyTypeId, path: &str) -> sc_cli::Result<P::Public> {
    let pair = P::from_string(path, None).map_err(|error| sc_cli::Error::Input(format!("{path}: {error:?}")))?;
    let public = pair.public();
    keystore
        .insert(key_type, path, public.as_ref())
        .map_err(|()| sc_cli::Error::Input(format!("the keystore takes no key at {path}")))?;
    Ok(public)
}

/// Reads or makes the node key at `path`; answers with its peer id.
fn node_key(path: &Path, demo: Option<&str>) -> sc_cli::Result<sc_network::PeerId> {
    let failed = |error: std::io::Error| failure::about("the network key", path, error);
    if !path.exists() {
        let pair = match demo {
            Some(name) => ed25519::Pair::from_string(&format!("//{name}//node"), None)
                .map_err(|error| sc_cli::Error::Input(format!("no such derivation: {error:?}")))?,
            None => ed25519::Pair::generate().0,
        };
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(failed)?;
        }
        write_secret(path, &hex::encode(pair.seed())).map_err(failed)?;
    }
    let secret = hex::decode(fs::read_to_string(path).map_err(failed)?.trim())
        .map_err(|error| sc_cli::Error::Input(format!("{} holds no hex key: {error}", path.display())))?;
    let pair = ed25519::Pair::from_seed_slice(&secret)
        .map_err(|error| sc_cli::Error::Input(format!("{} holds no key: {error:?}", path.display())))?;
    let id = loadstone_runtime::genesis::peer_id(pair.public().0);
    sc_network::PeerId::from_bytes(&id).map_err(|error| sc_cli::Error::Input(error.to_string()))
}

/// Writes a secret that only its owner may read.
fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_preset_holds_the_keys_that_its_names_derive() {
        for organisation in DEMO_ORGANISATIONS {
            // GIVEN an organisation of the demo
            let path = organisation.path;
            let sr = |suffix: &str| {
                sr25519::Pair::from_string(&format!("//{path}{suffix}"), None).expect("a valid path").public().0
            };
            // WHEN its keys are derived from its name
            let keystore = sp_keystore::testing::MemoryKeystore::new();
            let keys = session_keys(&keystore, Some(path)).expect("a keystore in memory takes keys");
            let node = ed25519::Pair::from_string(&format!("//{path}//node"), None).expect("a valid path");
            // THEN they are those of the preset
            assert_eq!(organisation.account, sr(""));
            assert_eq!(organisation.validator, sr("//validator"));
            assert_eq!(
                (organisation.aura, organisation.grandpa, organisation.dag),
                (keys.aura.0, keys.grandpa.0, keys.dag.0)
            );
            assert_eq!(organisation.node, node.public().0);
        }
    }

    #[test]
    fn a_second_run_keeps_the_node_key_and_refuses_to_draw_new_session_keys() {
        // GIVEN a base path with a validator's keys
        let directory = tempfile::tempdir().expect("a temporary directory");
        let arguments = ["validator-keys", "--id", "test", "--base-path"].map(Into::into);
        let cmd =
            ValidatorKeysCmd::try_parse_from(arguments.into_iter().chain([directory.path().as_os_str().to_owned()]));
        let cmd = cmd.expect("these arguments are sound");
        cmd.run().expect("an empty base path takes keys");
        let node_key = directory.path().join("chains/test/network/secret_ed25519");
        let first = fs::read_to_string(&node_key).expect("the node key was written");
        // WHEN keys are made again
        let again = cmd.run();
        // THEN nothing is replaced
        assert!(again.is_err());
        assert_eq!(first, fs::read_to_string(&node_key).expect("the node key is still there"));
    }

    #[test]
    fn keys_lie_where_a_node_started_with_the_same_chain_looks_for_them() {
        // GIVEN a description of which nothing but name and id is settled
        let directory = tempfile::tempdir().expect("a temporary directory");
        let draft = directory.path().join("network.toml");
        fs::write(&draft, "name = \"My grid\"\nid = \"mygrid\"\n").expect("the directory takes a file");
        let base_path = directory.path().join("node");
        let cmd = |chain: &str| ValidatorKeysCmd {
            base_path: base_path.clone(),
            chain: Some(chain.to_owned()),
            id: None,
            demo: None,
        };
        // WHEN keys are made for it
        cmd(&draft.display().to_string()).run().expect("the draft has an id");
        // THEN they lie under its id
        assert!(base_path.join("chains/mygrid/network/secret_ed25519").exists());
        // WHEN they are made for a chain that is known
        // THEN they are to lie under that one's
        assert_eq!(cmd("demo").chain_id().expect("the demo is known"), "loadstone_demo");
    }

    #[test]
    fn keys_of_nobody_in_the_demo_are_refused() {
        // GIVEN a name that no organisation of the demo has
        let arguments = ["validator-keys", "--chain", "demo", "--base-path", "/nowhere", "--demo", "Nobody"];
        // WHEN its keys are asked for
        let error = ValidatorKeysCmd::try_parse_from(arguments).expect_err("nobody has this name");
        // THEN the refusal says who is in the demo
        assert!(error.to_string().contains("ProvincialGrid"), "{error}");
        // WHEN an id is given that would lead out of the data folder
        let arguments = ["validator-keys", "--id", "../evil", "--base-path", "/nowhere"];
        // THEN it is refused too
        assert!(ValidatorKeysCmd::try_parse_from(arguments).is_err());
    }
}
