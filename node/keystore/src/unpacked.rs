//! Keys of one type, each unpacked at its first signature.

use std::collections::BTreeMap;

use parking_lot::RwLock;
use sc_keystore::LocalKeystore;
use sp_application_crypto::{AppCrypto, AppPair};
use sp_core::{crypto::ByteArray, Pair};
use sp_keystore::Error;

/// Keys that have signed, by their public halves.
pub struct Unpacked<P: AppPair>(RwLock<BTreeMap<Vec<u8>, P::Generic>>);

impl<P: AppPair> Default for Unpacked<P> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<P: AppPair> Unpacked<P> {
    /// Signs with a key of `keystore`; `None` when it is not there.
    pub fn sign(
        &self,
        keystore: &LocalKeystore,
        public: &<P::Generic as Pair>::Public,
        message: &[u8],
    ) -> Result<Option<<P::Generic as Pair>::Signature>, Error> {
        let held = self.0.read().get(public.as_slice()).map(|pair| pair.sign(message));
        if held.is_some() {
            return Ok(held);
        }
        let wanted: <P as AppCrypto>::Public = public.clone().into();
        let Some(found) = keystore.key_pair::<P>(&wanted)? else { return Ok(None) };
        let pair: P::Generic = found.into();
        let signature = pair.sign(message);
        self.0.write().insert(public.to_raw_vec(), pair);
        Ok(Some(signature))
    }
}
