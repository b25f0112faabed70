//! The node's keystore, with the keys that it signs with unpacked once.
//!
//! Substrate's keystore holds secrets as phrases and derives the key anew for every signature: 2,048 rounds
//! of hashing, about a millisecond. A validator signs blocks, votes and witnesses a hundred times a second.
//! So session keys stay in memory from their first signature on. A key that is taken out of the keystore
//! signs until the node stops.

mod unpacked;

use std::sync::Arc;

use pallet_dag_anchor::crypto::AuthorityPair as DagPair;
use sc_keystore::LocalKeystore;
use sp_application_crypto::AppCrypto;
use sp_consensus_aura::sr25519::AuthorityPair as AuraPair;
use sp_consensus_grandpa::AuthorityPair as GrandpaPair;
use sp_core::{
    crypto::KeyTypeId,
    ecdsa, ed25519,
    sr25519::{
        self,
        vrf::{VrfInput, VrfPreOutput, VrfSignData, VrfSignature},
    },
};
use sp_keystore::{Error, Keystore};

use unpacked::Unpacked;

/// Type of the keys that sign blocks.
pub const AURA: KeyTypeId = AuraPair::ID;

/// Type of the keys that vote for finality.
pub const GRANDPA: KeyTypeId = GrandpaPair::ID;

/// Type of the keys that sign witnesses, anchors and records.
pub const DAG: KeyTypeId = DagPair::ID;

/// Substrate's keystore, faster where session keys sign.
pub struct SessionKeystore {
    local: Arc<LocalKeystore>,
    aura: Unpacked<AuraPair>,
    dag: Unpacked<DagPair>,
    grandpa: Unpacked<GrandpaPair>,
}

impl SessionKeystore {
    /// Over the keystore that holds the keys.
    pub fn new(local: Arc<LocalKeystore>) -> Self {
        Self { local, aura: Unpacked::default(), dag: Unpacked::default(), grandpa: Unpacked::default() }
    }

    /// With keys in memory only.
    pub fn in_memory() -> Self {
        Self::new(Arc::new(LocalKeystore::in_memory()))
    }
}

/// Methods that the keystore beneath carries out as they are.
macro_rules! pass_on {
    ($(fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $answer:ty;)*) => {
        $(fn $name(&self $(, $argument: $type)*) -> $answer {
            self.local.$name($($argument),*)
        })*
    };
}

#[rustfmt::skip] // One method a line.
impl Keystore for SessionKeystore {
    pass_on! {
        fn keys(&self, key_type: KeyTypeId) -> Result<Vec<Vec<u8>>, Error>;
        fn has_keys(&self, keys: &[(Vec<u8>, KeyTypeId)]) -> bool;
        fn insert(&self, key_type: KeyTypeId, suri: &str, public: &[u8]) -> Result<(), ()>;
        fn sr25519_public_keys(&self, key_type: KeyTypeId) -> Vec<sr25519::Public>;
        fn sr25519_generate_new(&self, key_type: KeyTypeId, seed: Option<&str>) -> Result<sr25519::Public, Error>;
        fn sr25519_vrf_sign(&self, key_type: KeyTypeId, key: &sr25519::Public, data: &VrfSignData) -> Result<Option<VrfSignature>, Error>;
        fn sr25519_vrf_pre_output(&self, key_type: KeyTypeId, key: &sr25519::Public, input: &VrfInput) -> Result<Option<VrfPreOutput>, Error>;
        fn ed25519_public_keys(&self, key_type: KeyTypeId) -> Vec<ed25519::Public>;
        fn ed25519_generate_new(&self, key_type: KeyTypeId, seed: Option<&str>) -> Result<ed25519::Public, Error>;
        fn ecdsa_public_keys(&self, key_type: KeyTypeId) -> Vec<ecdsa::Public>;
        fn ecdsa_generate_new(&self, key_type: KeyTypeId, seed: Option<&str>) -> Result<ecdsa::Public, Error>;
        fn ecdsa_sign(&self, key_type: KeyTypeId, key: &ecdsa::Public, message: &[u8]) -> Result<Option<ecdsa::Signature>, Error>;
        fn ecdsa_sign_prehashed(&self, key_type: KeyTypeId, key: &ecdsa::Public, message: &[u8; 32]) -> Result<Option<ecdsa::Signature>, Error>;
    }

    fn sr25519_sign(&self, key_type: KeyTypeId, key: &sr25519::Public, message: &[u8]) -> Result<Option<sr25519::Signature>, Error> {
        match key_type {
            AURA => self.aura.sign(&self.local, key, message),
            DAG => self.dag.sign(&self.local, key, message),
            _ => self.local.sr25519_sign(key_type, key, message),
        }
    }

    fn ed25519_sign(&self, key_type: KeyTypeId, key: &ed25519::Public, message: &[u8]) -> Result<Option<ed25519::Signature>, Error> {
        match key_type {
            GRANDPA => self.grandpa.sign(&self.local, key, message),
            _ => self.local.ed25519_sign(key_type, key, message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::Pair;

    #[test]
    fn session_keys_sign_as_the_keystore_beneath_does() {
        // GIVEN a keystore with keys of each type, and one of another type
        let keystore = SessionKeystore::in_memory();
        let other = KeyTypeId(*b"test");
        for key_type in [AURA, DAG, other] {
            let public = keystore.sr25519_generate_new(key_type, None).expect("it takes keys");
            // WHEN it signs twice THEN both signatures are the key's
            for message in [&b"one"[..], b"two"] {
                let signature = keystore.sr25519_sign(key_type, &public, message).expect("it signs");
                assert!(sr25519::Pair::verify(&signature.expect("the key is there"), message, &public));
            }
        }
        let public = keystore.ed25519_generate_new(GRANDPA, Some("//seeded")).expect("it takes keys");
        for message in [&b"one"[..], b"two"] {
            let signature = keystore.ed25519_sign(GRANDPA, &public, message).expect("it signs");
            assert!(ed25519::Pair::verify(&signature.expect("the key is there"), message, &public));
        }
    }

    #[test]
    fn a_key_that_is_not_there_signs_nothing_until_it_is_inserted() {
        // GIVEN a key that the keystore does not hold
        let keystore = SessionKeystore::in_memory();
        let public = sr25519::Pair::from_string("//late", None).expect("a valid path").public();
        // THEN it does not sign
        assert_eq!(keystore.sr25519_sign(DAG, &public, b"one").expect("no fault").map(drop), None);
        // WHEN it is inserted THEN it does, for its own type alone
        let inserted = keystore.sr25519_generate_new(DAG, Some("//late")).expect("it takes keys");
        assert_eq!(inserted, public);
        assert!(keystore.sr25519_sign(DAG, &public, b"one").expect("no fault").is_some());
        assert!(keystore.sr25519_sign(AURA, &public, b"one").expect("no fault").is_none());
    }
}
