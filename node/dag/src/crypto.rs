//! Signatures: this member's own from the node's keystore, and others' checked in batches.

use loadstone_core::{PublicKey, Signature};
use loadstone_dag::SignedMessage;
use loadstone_evidence::sign;
use sp_core::{crypto::KeyTypeId, sr25519};
use sp_keystore::KeystorePtr;

/// Key type of the committee's session keys.
pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"ldag");

/// Signs with one key of the keystore.
#[derive(Clone)]
pub struct Signer {
    keystore: KeystorePtr,
    key: PublicKey,
}

impl Signer {
    /// The signer for the first of `keys` that the keystore holds, and its position.
    pub fn find(keystore: &KeystorePtr, keys: impl IntoIterator<Item = PublicKey>) -> Option<(usize, Self)> {
        let held = keystore.sr25519_public_keys(KEY_TYPE);
        keys.into_iter()
            .enumerate()
            .find(|(_, key)| held.iter().any(|held| held.0 == *key))
            .map(|(index, key)| (index, Self { keystore: keystore.clone(), key }))
    }

    /// The key that signs.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Signs, or `None` when the keystore no longer can.
    pub fn sign(&self, message: &[u8]) -> Option<Signature> {
        let public = sr25519::Public::from_raw(self.key);
        self.keystore.sr25519_sign(KEY_TYPE, &public, message).ok().flatten().map(|signature| signature.0)
    }
}

/// What the state machine borrows: the key, unless this node must not sign, and the scheme.
#[derive(Clone)]
pub struct MemberCrypto(pub Option<Signer>);

impl loadstone_dag::Crypto for MemberCrypto {
    fn sign(&self, message: &[u8]) -> Option<Signature> {
        self.0.as_ref()?.sign(message)
    }

    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        sign::Signed { key, message, signature }.is_valid()
    }
}

/// Something signed, to be checked: key, message and signature.
pub type Signed = SignedMessage;

/// Which of `items` hold, in their order. Takes its time: not for an async thread.
pub fn verify_now(items: &[Signed]) -> Vec<bool> {
    let borrowed: Vec<sign::Signed> =
        items.iter().map(|(key, message, signature)| sign::Signed { key, message, signature }).collect();
    let mut hold = vec![true; items.len()];
    for culprit in sign::verify_batch(&borrowed).err().unwrap_or_default() {
        hold[culprit] = false;
    }
    hold
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{Domain, Hash, SigningPayload};
    use sp_core::Pair;

    fn signed(seed: u8, content: u32) -> Signed {
        let pair = sr25519::Pair::from_seed(&[seed; 32]);
        let payload = SigningPayload::new(Domain::Unit, &Hash::zero(), &content);
        let signature = pair.sign(payload.as_bytes()).0;
        (pair.public().0, payload.as_bytes().to_vec(), signature)
    }

    #[test]
    fn bad_signatures_are_found_and_good_ones_beside_them_hold() {
        // GIVEN signatures by Substrate's own code, three of them wrong in different ways
        let mut items: Vec<_> = (0..37).map(|item| signed(1 + item as u8 % 5, item)).collect();
        items[3].2[0] ^= 1;
        items[20].1.push(0);
        items[36].0 = [0xff; 32];
        // THEN exactly these three fail
        let failed: Vec<_> =
            verify_now(&items).iter().enumerate().filter(|(_, holds)| !**holds).map(|(i, _)| i).collect();
        assert_eq!(failed, vec![3, 20, 36]);
        assert!(verify_now(&[]).is_empty());
    }
}
