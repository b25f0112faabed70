//! `override`: the operator's word on the spot, in a file beside the store that the running node looks at.

use crate::config::Config;
use anyhow::{ensure, Context};
use loadstone_core::Millis;
use loadstone_load_core::{Override, MAX_REASON_BYTES};
use std::{
    fs::File,
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

/// Greatest size of the file in bytes.
const MAX_FILE_BYTES: u64 = 4_096;

/// Where the word of a store's operator stands.
pub fn file_of(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".override.json");
    name.into()
}

/// The word that stands; `None` where there is no file. A file that can't be read is an error, and changes nothing.
pub fn read(file: &Path) -> anyhow::Result<Option<Override>> {
    let opened = match File::open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("cannot read {}", file.display()))?,
    };
    let mut text = String::new();
    opened.take(MAX_FILE_BYTES).read_to_string(&mut text).with_context(|| format!("cannot read {}", file.display()))?;
    let word: Override = serde_json::from_str(&text)
        .with_context(|| format!("{} is no override. Remedy: `loadstone-load-node override`", file.display()))?;
    ensure!(word.is_sound(), "the override's reason must have 1 to {MAX_REASON_BYTES} bytes");
    Ok(Some(word))
}

/// Sets the word, in one step, so that a reader never sees half of it.
pub fn set(config: &Config, reason: &str, until: Option<Millis>) -> anyhow::Result<Override> {
    let word = Override { reason: reason.trim().to_owned(), until };
    ensure!(word.is_sound(), "the reason must have 1 to {MAX_REASON_BYTES} bytes");
    let file = file_of(&config.store);
    let part = file.with_extension("part");
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(serde_json::to_string(&word)?.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&part, &file)).with_context(|| {
        format!("cannot write {}. Remedy: run this as the node's user, on the node's machine", file.display())
    })?;
    Ok(word)
}

/// Takes the word back; tells whether one stood.
pub fn clear(config: &Config) -> anyhow::Result<bool> {
    let file = file_of(&config.store);
    match std::fs::remove_file(&file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot remove {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_back_and_what_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_of(&folder.path().join("store"));
        assert_eq!(read(&file).unwrap(), None);
        // GIVEN a file with a word THEN it is read
        std::fs::write(&file, r#"{"reason": "maintenance", "until": 5}"#).unwrap();
        let word = Override { reason: "maintenance".into(), until: Some(Millis(5)) };
        assert_eq!(read(&file).unwrap(), Some(word));
        // GIVEN files without a reason, with too much, or with something else THEN they are refused
        for text in [r#"{"reason": ""}"#, r#"{"reason": "a", "watts": 3}"#, "", &"x".repeat(10_000)] {
            std::fs::write(&file, text).unwrap();
            assert!(read(&file).is_err(), "{text}");
        }
    }
}
