//! Signing and checking with device and member keys: sr25519 in Substrate's context `substrate`.
//!
//! Gateways check many signatures at once: a batch costs less than half of single checks, and only
//! a batch that fails is checked one by one to name the culprits.

use loadstone_core::{PublicKey, Signature, SigningPayload};
use schnorrkel::{
    signing_context, ExpansionMode, Keypair, MiniSecretKey, PublicKey as RistrettoKey, Signature as RistrettoSignature,
};

/// Substrate's signing context, so that the runtime can check evidence.
pub const CONTEXT: &[u8] = b"substrate";

/// Signatures in one batch; larger batches gain nothing and make a culprit dearer.
pub const BATCH: usize = 256;

/// A secret key that signs units, witnesses, anchors or records.
#[derive(Clone)]
pub struct SigningKey(Keypair);

impl SigningKey {
    /// The key of a 32-byte seed, expanded as Substrate does.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        // The only error of `from_bytes` is a length other than 32.
        let mini = MiniSecretKey::from_bytes(seed).expect("a seed has 32 bytes; qed");
        Self(mini.expand_to_keypair(ExpansionMode::Ed25519))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.0.public.to_bytes()
    }

    /// Signs a payload.
    pub fn sign(&self, payload: &SigningPayload) -> Signature {
        self.0.sign(signing_context(CONTEXT).bytes(payload.as_bytes())).to_bytes()
    }
}

/// Something signed that is to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Whose signature it should be.
    pub key: &'a PublicKey,
    /// What was signed.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a Signature,
}

impl Signed<'_> {
    fn parts(&self) -> Option<(RistrettoKey, RistrettoSignature)> {
        let key = RistrettoKey::from_bytes(self.key).ok()?;
        Some((key, RistrettoSignature::from_bytes(self.signature).ok()?))
    }

    /// Whether the signature is the key's.
    pub fn is_valid(&self) -> bool {
        self.parts().is_some_and(|(key, signature)| {
            key.verify(signing_context(CONTEXT).bytes(self.message), &signature).is_ok()
        })
    }
}

/// Whether `signature` over `payload` is `key`'s.
pub fn is_signed(key: &PublicKey, payload: &SigningPayload, signature: &Signature) -> bool {
    Signed { key, message: payload.as_bytes(), signature }.is_valid()
}

/// Checks many signatures.
///
/// # Errors
/// The places of those that do not verify, in rising order.
pub fn verify_batch(items: &[Signed<'_>]) -> Result<(), Vec<usize>> {
    let chunks = items.chunks(BATCH).enumerate();
    let culprits: Vec<usize> = chunks
        .filter(|(_, chunk)| !is_valid_batch(chunk))
        .flat_map(|(place, chunk)| {
            let bad = chunk.iter().enumerate().filter(|(_, item)| !item.is_valid());
            bad.map(move |(offset, _)| place * BATCH + offset)
        })
        .collect();
    if culprits.is_empty() {
        return Ok(());
    }
    Err(culprits)
}

fn is_valid_batch(items: &[Signed<'_>]) -> bool {
    let Some(parts) = items.iter().map(Signed::parts).collect::<Option<Vec<_>>>() else { return false };
    let (keys, signatures): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let context = signing_context(CONTEXT);
    let transcripts = items.iter().map(|item| context.bytes(item.message));
    schnorrkel::verify_batch(transcripts, &signatures, &keys, false).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{Domain, Hash};
    use sp_core::{sr25519, Pair};

    fn signed(count: u8) -> Vec<(PublicKey, SigningPayload, Signature)> {
        (0..count)
            .map(|number| {
                let key = SigningKey::from_seed(&[number; 32]);
                let payload = SigningPayload::new(Domain::Unit, &Hash::zero(), &number);
                (key.public(), payload.clone(), key.sign(&payload))
            })
            .collect()
    }

    fn items(signed: &[(PublicKey, SigningPayload, Signature)]) -> Vec<Signed<'_>> {
        signed.iter().map(|(key, payload, signature)| Signed { key, message: payload.as_bytes(), signature }).collect()
    }

    #[test]
    fn a_signature_is_the_same_as_substrates() {
        // GIVEN a seed that both sides know
        let ours = SigningKey::from_seed(&[7; 32]);
        let theirs = sr25519::Pair::from_seed(&[7; 32]);
        let payload = SigningPayload::new(Domain::Unit, &Hash::zero(), &5u8);
        // WHEN each signs THEN the other accepts
        assert_eq!(ours.public(), theirs.public().0);
        let signature = sr25519::Signature::from_raw(ours.sign(&payload));
        assert!(sr25519::Pair::verify(&signature, payload.as_bytes(), &theirs.public()));
        assert!(is_signed(&ours.public(), &payload, &theirs.sign(payload.as_bytes()).0));
    }

    #[test]
    fn a_batch_names_its_culprits() {
        // GIVEN ten good signatures THEN they pass
        let mut all = signed(10);
        assert_eq!(verify_batch(&items(&all)), Ok(()));
        // WHEN one is of another message, one of another key, and one no signature at all
        all[2].1 = all[3].1.clone();
        all[5].0 = all[6].0;
        all[9].2 = [0; 64];
        // THEN exactly these are named
        assert_eq!(verify_batch(&items(&all)), Err(vec![2, 5, 9]));
        assert_eq!(verify_batch(&[]), Ok(()));
    }

    #[test]
    fn culprits_are_found_across_batches() {
        // GIVEN more signatures than one batch holds, the last of them bad
        let mut all = signed(5).into_iter().cycle().take(BATCH + 3).collect::<Vec<_>>();
        all[BATCH + 2].2[0] ^= 1;
        // THEN it is named by its place in all
        assert_eq!(verify_batch(&items(&all)), Err(vec![BATCH + 2]));
    }
}
