//! Heeds the operator's word in the file beside the store.

use super::Agent;
use crate::{config::Config, operator};
use loadstone_load_core::{Now, Override};
use std::path::PathBuf;

/// How often the file is looked at, in milliseconds.
const LOOK_EVERY_MS: u64 = 500;

/// The file, and what it said last.
pub struct Word {
    file: PathBuf,
    heeded: Option<Override>,
    looked_ms: Option<u64>,
    is_broken: bool,
}

impl Word {
    /// Of the node with this configuration.
    pub fn of(config: &Config) -> Self {
        Self { file: operator::file_of(&config.store), heeded: None, looked_ms: None, is_broken: false }
    }
}

impl Agent {
    /// Takes a new word; a file that can't be read changes nothing, and is told of once.
    pub(super) fn heed_operator(&mut self, now: Now) {
        if self.word.looked_ms.is_some_and(|at| now.mono_ms.saturating_sub(at) < LOOK_EVERY_MS) {
            return;
        }
        self.word.looked_ms = Some(now.mono_ms);
        match operator::read(&self.word.file) {
            Ok(word) => {
                self.word.is_broken = false;
                if word != self.word.heeded {
                    self.word.heeded = word.clone();
                    self.node.set_override(now, word);
                }
            }
            Err(error) if !self.word.is_broken => {
                self.word.is_broken = true;
                tracing::warn!(target: "node", error = format!("{error:#}"), "the override is not heeded");
            }
            Err(_) => {}
        }
    }
}
