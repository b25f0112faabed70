//! What is signed: a domain tag, the chain's genesis hash and the content.
//!
//! The tag keeps a signature for one purpose from serving another; the genesis hash keeps it from
//! serving another chain. The message is hashed to the id of what is signed.

use crate::Hash;
use alloc::vec::Vec;
use codec::Encode;
use sp_crypto_hashing::blake2_256;

/// Purposes of signatures and hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A device's unit.
    Unit,
    /// A member's witness.
    Witness,
    /// An anchor of the DAG.
    Anchor,
    /// A chunk of an event's records.
    Records,
    /// A member's greeting on the DAG protocol.
    Hello,
    /// A sealed bid.
    Bid,
}

impl Domain {
    /// The tag that stands before the genesis hash.
    pub const fn tag(self) -> &'static [u8] {
        match self {
            Self::Unit => b"loadstone/unit/1",
            Self::Witness => b"loadstone/witness/1",
            Self::Anchor => b"loadstone/anchor/1",
            Self::Records => b"loadstone/records/1",
            Self::Hello => b"loadstone/hello/1",
            Self::Bid => b"loadstone/bid/1",
        }
    }
}

/// The message that is signed and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningPayload(Vec<u8>);

impl SigningPayload {
    /// Tag, genesis hash and SCALE-encoded `content`, in this order.
    pub fn new(domain: Domain, genesis: &Hash, content: &impl Encode) -> Self {
        let tag = domain.tag();
        let mut message = Vec::with_capacity(tag.len() + 32 + content.size_hint());
        message.extend_from_slice(tag);
        message.extend_from_slice(genesis.as_bytes());
        content.encode_to(&mut message);
        Self(message)
    }

    /// The bytes to sign.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// BLAKE2b-256 of the message: the id of what is signed.
    pub fn hash(&self) -> Hash {
        Hash(blake2_256(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_vector_holds() {
        // GIVEN a fixed content and genesis hash
        let payload = SigningPayload::new(Domain::Unit, &Hash::repeat_byte(7), &(1u32, 2u8));
        // THEN the message is tag ++ genesis ++ content, and its hash never changes
        assert_eq!(&payload.as_bytes()[..16], b"loadstone/unit/1");
        assert_eq!(payload.as_bytes().len(), 16 + 32 + 5);
        assert_ne!(payload.hash(), SigningPayload::new(Domain::Bid, &Hash::repeat_byte(7), &(1u32, 2u8)).hash());
    }
}
