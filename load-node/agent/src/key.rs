//! The device's key: a 32-byte seed in a file that only its owner reads.

use anyhow::{ensure, Context};
use loadstone_core::{AccountId, PublicKey, Signature, SigningPayload};
use loadstone_evidence::sign::SigningKey;
use loadstone_load_core::Signer;
use rand::RngCore;
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// A device's key pair.
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// Makes a key and writes its seed to a new file with mode 0600.
    pub fn generate(path: &Path) -> anyhow::Result<Self> {
        let mut seed = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut seed);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot make {}; an existing key is never overwritten", path.display()))?;
        writeln!(file, "0x{}", hex::encode(seed)).and_then(|()| file.sync_all()).context("cannot write the key")?;
        Ok(Self(SigningKey::from_seed(&seed)))
    }

    /// Reads a key file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let metadata = std::fs::metadata(path).with_context(|| {
            format!("cannot read the key {shown}. Remedy: `loadstone-load-node key generate --out {shown}`")
        })?;
        let open = metadata.permissions().mode() & 0o077;
        ensure!(open == 0, "others may read the key {shown}. Remedy: chmod 600 {shown}");
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the key {shown}"))?;
        let digits = text.trim().strip_prefix("0x").unwrap_or(text.trim());
        let seed = hex::decode(digits).ok().and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        let seed = seed.with_context(|| format!("{shown} does not hold a 32-byte seed in hexadecimal"))?;
        Ok(Self(SigningKey::from_seed(&seed)))
    }

    /// The public key as registries and tools write it: hexadecimal and SS58.
    pub fn names(&self) -> (String, String) {
        let public = self.0.public();
        (format!("0x{}", hex::encode(public)), AccountId::new(public).to_string())
    }
}

impl Signer for DeviceKey {
    fn public(&self) -> PublicKey {
        self.0.public()
    }

    fn sign(&self, payload: &SigningPayload) -> Signature {
        self.0.sign(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        // GIVEN a fresh folder WHEN a key is made
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = DeviceKey::generate(&path).unwrap();
        // THEN reading gives the same one, and it is not made twice
        assert_eq!(DeviceKey::read(&path).unwrap().names(), made.names());
        assert!(DeviceKey::generate(&path).is_err());
        // WHEN others may read it THEN it is refused
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(DeviceKey::read(&path).err().unwrap().to_string().contains("chmod 600"));
    }
}
