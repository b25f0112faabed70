//! Signatures: this member's own from the node's keystore, and others' checked in batches.

use std::sync::Arc;

use loadstone_core::{PublicKey, Signature};
use loadstone_dag::SignedMessage;
use loadstone_evidence::sign;
use parking_lot::Mutex;
use schnorrkel::{signing_context, PublicKey as RistrettoKey, Signature as RistrettoSignature};
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

/// Signatures in one batch; larger batches gain nothing and make a culprit dearer.
const BATCH: usize = sign::BATCH;

/// Keys remembered; each has one place, where it takes another's.
const PLACES: usize = 1 << 14;

type Places = Vec<Option<(PublicKey, RistrettoKey)>>;

/// Checks signatures in batches, and remembers devices' keys as points: to unpack a key costs a fifth of a
/// check. Cheap to clone.
#[derive(Clone)]
pub struct Checker(Arc<Mutex<Places>>);

impl Default for Checker {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(vec![None; PLACES])))
    }
}

fn place(key: &PublicKey) -> usize {
    usize::from(u16::from_le_bytes([key[0], key[1]])) % PLACES
}

impl Checker {
    /// Which of `items` hold, in their order. Takes its time: not for an async thread.
    pub fn verify(&self, items: &[Signed]) -> Vec<bool> {
        items.chunks(BATCH).flat_map(|chunk| self.verify_chunk(chunk)).collect()
    }

    fn verify_chunk(&self, items: &[Signed]) -> Vec<bool> {
        if self.is_valid(items).unwrap_or(false) {
            return vec![true; items.len()];
        }
        let is_valid = |(key, message, signature): &Signed| sign::Signed { key, message, signature }.is_valid();
        items.iter().map(is_valid).collect()
    }

    /// Whether all hold; `None` when one is no signature or no key at all.
    fn is_valid(&self, items: &[Signed]) -> Option<bool> {
        let keys = self.points(items)?;
        let signature = |(_, _, signature): &Signed| RistrettoSignature::from_bytes(signature).ok();
        let signatures = items.iter().map(signature).collect::<Option<Vec<_>>>()?;
        let context = signing_context(sign::CONTEXT);
        let transcripts = items.iter().map(|(_, message, _)| context.bytes(message));
        Some(schnorrkel::verify_batch(transcripts, &signatures, &keys, false).is_ok())
    }

    fn points(&self, items: &[Signed]) -> Option<Vec<RistrettoKey>> {
        let known: Vec<Option<RistrettoKey>> = {
            let places = self.0.lock();
            let point = |key: &PublicKey| places[place(key)].filter(|(known, _)| known == key).map(|(_, point)| point);
            items.iter().map(|(key, ..)| point(key)).collect()
        };
        let mut points = Vec::with_capacity(items.len());
        let mut new = Vec::new();
        for ((key, ..), known) in items.iter().zip(known) {
            let point = match known {
                Some(point) => point,
                None => {
                    let point = RistrettoKey::from_bytes(key).ok()?;
                    new.push((*key, point));
                    point
                }
            };
            points.push(point);
        }
        if !new.is_empty() {
            let mut places = self.0.lock();
            new.into_iter().for_each(|(key, point)| places[place(&key)] = Some((key, point)));
        }
        Some(points)
    }
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
        let checker = Checker::default();
        let failed = || {
            let hold = checker.verify(&items);
            hold.iter().enumerate().filter(|(_, holds)| !**holds).map(|(item, _)| item).collect::<Vec<_>>()
        };
        assert_eq!(failed(), vec![3, 20, 36]);
        // THEN so they do when their keys are known
        assert_eq!(failed(), vec![3, 20, 36]);
        items.retain(|item| checker.verify(std::slice::from_ref(item)) == [true]);
        assert_eq!(checker.verify(&items), vec![true; 34]);
        assert!(checker.verify(&[]).is_empty());
    }
}
