//! The lock on the data key: who has its secret can read the ledger.

use crate::seal::{Seal, KEY_BYTES};
use aes_gcm::aead::{rand_core::RngCore, OsRng};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use codec::{Decode, Encode};
use serde::Deserialize;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use zeroize::Zeroizing;

/// Greatest length of a passphrase or a key in hexadecimal with white space, in bytes.
const SECRET_BYTES: u64 = 1_024;

/// Memory of Argon2id in KiB: fits the node's own 64 MiB.
const ARGON_KIB: u32 = 19 * 1_024;

/// Passes of Argon2id.
const ARGON_PASSES: u32 = 2;

/// Column name that the wrapped key is bound to; no column of the ledger is called so.
const WRAPPED: &str = "data-key";

/// Where the secret comes from that unlocks the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// A file with a passphrase, of which Argon2id (RFC 9106; 19 MiB, 2 passes) makes the key. White space around it
    /// does not count.
    PassphraseFile(PathBuf),
    /// A file with a key: 32 bytes in hexadecimal, as `key generate` makes them.
    KeyFile(PathBuf),
    /// A program and its arguments that prints such a key, for example one that asks a TPM or an HSM.
    Command(Vec<String>),
}

/// The data key as it lies on disk.
#[derive(Encode, Decode)]
pub(crate) struct Wrapped {
    salt: [u8; 16],
    sealed: Vec<u8>,
}

/// A key in memory, wiped when dropped.
pub(crate) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// A new random data key.
pub(crate) fn new_key() -> Key {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    OsRng.fill_bytes(&mut *key);
    key
}

impl Lock {
    /// The lock with paths relative to `folder`.
    pub fn in_folder(self, folder: &Path) -> Self {
        match self {
            Self::PassphraseFile(path) => Self::PassphraseFile(folder.join(path)),
            Self::KeyFile(path) => Self::KeyFile(folder.join(path)),
            command @ Self::Command(_) => command,
        }
    }

    /// Wraps `key`. The error says why the secret can't be had.
    pub(crate) fn wrap(&self, key: &Key) -> Result<Wrapped, String> {
        let mut salt = [0; 16];
        OsRng.fill_bytes(&mut salt);
        let sealed = Seal::new(&*self.key(&salt)?).seal(WRAPPED, &salt, &key[..]);
        Ok(Wrapped { salt, sealed: sealed.ok_or("the data key can't be sealed")? })
    }

    /// The key that was wrapped with this lock.
    pub(crate) fn unwrap(&self, wrapped: &Wrapped) -> Result<Key, String> {
        let opened = Seal::new(&*self.key(&wrapped.salt)?).open(WRAPPED, &wrapped.salt, &wrapped.sealed);
        let opened = Zeroizing::new(opened.ok_or_else(|| format!("{} is not the right one", self.name()))?);
        let key = <[u8; KEY_BYTES]>::try_from(opened.as_slice()).map_err(|_| "the data key has a wrong length")?;
        Ok(Zeroizing::new(key))
    }

    fn name(&self) -> String {
        match self {
            Self::PassphraseFile(path) => format!("the passphrase in {}", path.display()),
            Self::KeyFile(path) => format!("the key in {}", path.display()),
            Self::Command(words) => format!("the key that {:?} prints", words.first().map_or("", String::as_str)),
        }
    }

    /// The key that wraps the data key.
    fn key(&self, salt: &[u8]) -> Result<Key, String> {
        let secret = self.secret().map_err(|reason| format!("{} can't be had: {reason}", self.name()))?;
        let secret = secret.trim_ascii();
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if matches!(self, Self::PassphraseFile(_)) {
            if secret.is_empty() {
                return Err(format!("{} is empty", self.name()));
            }
            let params = Params::new(ARGON_KIB, ARGON_PASSES, 1, Some(KEY_BYTES)).map_err(|error| error.to_string())?;
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut memory = vec![Block::default(); argon.params().block_count()];
            argon
                .hash_password_into_with_memory(secret, salt, &mut *key, &mut memory)
                .map_err(|error| error.to_string())?;
        } else {
            hex::decode_to_slice(secret.strip_prefix(b"0x").unwrap_or(secret), &mut *key)
                .map_err(|_| format!("{} is not 32 bytes in hexadecimal", self.name()))?;
        }
        Ok(key)
    }

    fn secret(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        match self {
            Self::PassphraseFile(path) | Self::KeyFile(path) => {
                bounded(File::open(path).map_err(|error| error.to_string())?)
            }
            Self::Command(words) => printed(words),
        }
    }
}

/// What a command prints.
fn printed(words: &[String]) -> Result<Zeroizing<Vec<u8>>, String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut command = Command::new(program);
    let child = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| error.to_string())?;
    let secret = child.stdout.take().ok_or_else(|| "it has no output".to_owned()).and_then(bounded);
    if secret.is_err() {
        // It may go on printing for ever; if it has ended already, there is nothing to end.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if secret.is_ok() && !status.success() {
        return Err(format!("it ended with {status}"));
    }
    secret
}

fn bounded(source: impl Read) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut secret = Zeroizing::new(Vec::with_capacity(SECRET_BYTES as usize + 1));
    source.take(SECRET_BYTES + 1).read_to_end(&mut secret).map_err(|error| error.to_string())?;
    if secret.len() as u64 > SECRET_BYTES {
        return Err(format!("it is longer than {SECRET_BYTES} bytes"));
    }
    Ok(secret)
}
