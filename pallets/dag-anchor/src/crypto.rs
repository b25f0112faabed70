//! The DAG session key: sr25519 of its own key type, so that it serves nothing else.

mod app {
    use sp_application_crypto::{app_crypto, sr25519, KeyTypeId};

    app_crypto!(sr25519, KeyTypeId(*b"ldag"));
}

/// Key type of DAG session keys in a keystore.
pub const KEY_TYPE: sp_application_crypto::KeyTypeId = sp_application_crypto::KeyTypeId(*b"ldag");

/// Public half of a member's DAG session key.
pub type AuthorityId = app::Public;

/// Signature by a DAG session key.
pub type AuthoritySignature = app::Signature;

/// A member's DAG session key pair.
#[cfg(feature = "std")]
pub type AuthorityPair = app::Pair;
