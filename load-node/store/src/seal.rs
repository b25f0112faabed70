//! Sealed values: AES-256-GCM under the data key, bound to the place where they lie.
//!
//! Each nonce is 12 random bytes: no counter, so a crash, a copy or a restored backup can't repeat one. Two of 2^32
//! values have the same with a chance of 2^-33; a reading a second makes so many in forty years.

use aes_gcm::{
    aead::{Aead, AeadCore, KeyInit, OsRng, Payload},
    Aes256Gcm, Nonce,
};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes of a nonce, which stands before the sealed text.
const NONCE_BYTES: usize = 12;

/// Seals and opens values with one key.
pub(crate) struct Seal(Aes256Gcm);

impl Seal {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Seals what lies under `key` of `column`; `None` if it is longer than the cipher takes (64 GiB).
    pub(crate) fn seal(&self, column: &str, key: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let nonce = Aes256Gcm::generate_nonce(&mut OsRng);
        let sealed = self.0.encrypt(&nonce, Payload { msg: plain, aad: &place(column, key) }).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for this place with this key.
    pub(crate) fn open(&self, column: &str, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES)?;
        self.0.decrypt(Nonce::from_slice(nonce), Payload { msg: text, aad: &place(column, key) }).ok()
    }
}

/// Column and key; no column's name holds a zero byte.
fn place(column: &str, key: &[u8]) -> Vec<u8> {
    [column.as_bytes(), &[0], key].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_whole_in_its_place_and_with_its_key() {
        // GIVEN a sealed value
        let seal = Seal::new(&[1; KEY_BYTES]);
        let sealed = seal.seal("units", b"key", b"value").unwrap();
        // THEN it opens where it lies, and nowhere else
        assert_eq!(seal.open("units", b"key", &sealed).as_deref(), Some(&b"value"[..]));
        assert_eq!(seal.open("proofs", b"key", &sealed), None);
        assert_eq!(seal.open("units", b"kez", &sealed), None);
        assert_eq!(Seal::new(&[2; KEY_BYTES]).open("units", b"key", &sealed), None);
        // AND no cut and no changed bit of it opens
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open("units", b"key", &changed), None);
            assert_eq!(seal.open("units", b"key", &sealed[..at]), None);
        }
        // AND the same value is never sealed alike
        assert_ne!(seal.seal("units", b"key", b"value").unwrap(), sealed);
    }
}
