//! Secret keys as people write them.

use crate::fault::Fault;
use anyhow::Result;
use std::str::FromStr;
use subxt_signer::{sr25519::Keypair, SecretUri};

/// The key of a secret URI: a phrase, a seed in hex or a derivation path such as //ProvincialGrid.
///
/// # Errors
/// [`Fault::Usage`] when the text is none.
pub fn keypair(suri: &str) -> Result<Keypair> {
    let bad = |error: String| Fault::Usage(format!("the secret key can't be read: {error}"));
    let uri = SecretUri::from_str(suri).map_err(|error| bad(error.to_string()))?;
    Ok(Keypair::from_uri(&uri).map_err(|error| bad(error.to_string()))?)
}
