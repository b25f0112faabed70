//! Keys of simulated members and devices, in one of two signature schemes.

use std::rc::Rc;

use codec::Encode;
use loadstone_core::{Hash, PublicKey, Signature};
use loadstone_dag::Crypto;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use schnorrkel::{context::attach_rng, signing_context, ExpansionMode, Keypair, MiniSecretKey};
use sp_crypto_hashing::{blake2_256, blake2_512};

/// The chain that signatures are bound to.
pub const GENESIS: Hash = Hash::repeat_byte(7);

/// Context in which members and devices sign.
const CONTEXT: &[u8] = b"substrate";

/// How signatures are made and verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A hash over key and message. Binds both, costs a microsecond, and anybody could forge it; the
    /// strategies don't.
    Tag,
    /// sr25519, as outside.
    Sr25519,
}

impl Scheme {
    /// Whether the signature under `message` is `key`'s.
    pub fn verify(self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        match self {
            Self::Tag => tag(key, message) == *signature,
            Self::Sr25519 => verify_sr25519(key, message, signature).is_some(),
        }
    }
}

fn tag(key: &PublicKey, message: &[u8]) -> Signature {
    blake2_512(&(key, message).encode())
}

fn verify_sr25519(key: &PublicKey, message: &[u8], signature: &Signature) -> Option<()> {
    let key = schnorrkel::PublicKey::from_bytes(key).ok()?;
    let signature = schnorrkel::Signature::from_bytes(signature).ok()?;
    key.verify_simple(CONTEXT, message, &signature).ok()
}

/// A key that signs.
#[derive(Clone)]
pub enum Signer {
    /// Of [`Scheme::Tag`].
    Tag(PublicKey),
    /// Of [`Scheme::Sr25519`].
    Sr25519(Rc<Keypair>),
}

impl Signer {
    /// The key of seat or device `number`, always the same.
    pub fn new(scheme: Scheme, role: &str, number: u32) -> Self {
        let seed = blake2_256(&(role, number).encode());
        match scheme {
            Scheme::Tag => Self::Tag(seed),
            Scheme::Sr25519 => {
                let secret =
                    MiniSecretKey::from_bytes(&seed).map(|mini| mini.expand_to_keypair(ExpansionMode::Ed25519));
                secret.map_or(Self::Tag(seed), |keypair| Self::Sr25519(Rc::new(keypair)))
            }
        }
    }

    /// What others know it by.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Tag(key) => *key,
            Self::Sr25519(keypair) => keypair.public.to_bytes(),
        }
    }

    /// The signature under `message`, always the same.
    pub fn sign(&self, message: &[u8]) -> Signature {
        match self {
            Self::Tag(key) => tag(key, message),
            Self::Sr25519(keypair) => {
                let rng = ChaCha8Rng::from_seed(blake2_256(message));
                keypair.sign(attach_rng(signing_context(CONTEXT).bytes(message), rng)).to_bytes()
            }
        }
    }
}

/// What a member's state machine is lent.
pub struct SeatCrypto {
    /// The member's key.
    pub signer: Signer,
    /// Of everybody.
    pub scheme: Scheme,
}

impl Crypto for SeatCrypto {
    fn sign(&self, message: &[u8]) -> Option<Signature> {
        Some(self.signer.sign(message))
    }

    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        self.scheme.verify(key, message, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_bind_key_and_message() {
        for scheme in [Scheme::Tag, Scheme::Sr25519] {
            // GIVEN two keys and a signature by one of them
            let (one, other) = (Signer::new(scheme, "member", 1), Signer::new(scheme, "device", 1));
            let signature = one.sign(b"text");
            // THEN it verifies under that key and message alone, and is made the same again
            assert!(scheme.verify(&one.public(), b"text", &signature));
            assert!(!scheme.verify(&other.public(), b"text", &signature));
            assert!(!scheme.verify(&one.public(), b"other", &signature));
            assert_eq!(one.sign(b"text"), signature);
        }
    }
}
