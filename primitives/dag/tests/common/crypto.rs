//! A signature scheme that is fast and binds key and message, but that anybody can forge.

use codec::Encode;
use loadstone_core::{Hash, MemberIndex, PublicKey, Signature};
use loadstone_dag::{Committee, Crypto};
use sp_crypto_hashing::blake2_512;

pub const GENESIS: Hash = Hash::repeat_byte(7);

pub fn member_key(member: u16) -> PublicKey {
    sp_crypto_hashing::blake2_256(&("member", member).encode())
}

pub fn device_key(device: u32) -> PublicKey {
    sp_crypto_hashing::blake2_256(&("device", device).encode())
}

pub fn sign(key: &PublicKey, message: &[u8]) -> Signature {
    blake2_512(&(key, message).encode())
}

pub fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    sign(key, message) == *signature
}

pub fn committee(members: u16) -> Committee {
    Committee::new((0..members).map(|member| (member_key(member), 1)).collect()).expect("members weigh one each")
}

/// A member's key.
pub struct TestCrypto(pub MemberIndex);

impl Crypto for TestCrypto {
    fn sign(&self, message: &[u8]) -> Option<Signature> {
        Some(sign(&member_key(self.0 .0), message))
    }

    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        verify(key, message, signature)
    }
}
