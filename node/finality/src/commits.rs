//! Takes every commit to every light client.
//!
//! GRANDPA's own gossip sends a commit to light clients only early in a round, and only to a group in turn
//! where there are more than fifty. Rounds that wait for a block are never young, and an order must reach all
//! at once. So a node tells its light clients itself of each block that it knows to be final, and GRANDPA's
//! own commits to them are left out.

use std::{collections::BTreeMap, sync::Arc};

use codec::Encode;
use finality_grandpa::{CompactCommit, Message};
use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use sc_network::service::traits::MessageSink;
use sc_network_types::PeerId;
use sp_consensus_grandpa::{check_message_signature, GrandpaJustification, SetId, SignatureResult};
use sp_runtime::traits::Header;

use crate::LOG;

/// First byte of a commit: the variant of GRANDPA's gossip message.
const COMMIT: u8 = 1;

/// Role of a light client in a handshake: this bit of its first byte.
const LIGHT: u8 = 0b10;

/// Light clients with an open stream, and what they were told last.
#[derive(Clone, Default)]
pub struct LightPeers(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    sinks: BTreeMap<PeerId, Box<dyn MessageSink>>,
    commit: Option<Vec<u8>>,
}

impl LightPeers {
    /// A light client has come: it is told the last commit.
    pub(crate) fn add(&self, peer: PeerId, sink: Box<dyn MessageSink>) {
        let mut told = self.0.lock();
        if let Some(commit) = &told.commit {
            sink.send_sync_notification(commit.clone());
        }
        told.sinks.insert(peer, sink);
    }

    pub(crate) fn remove(&self, peer: &PeerId) {
        self.0.lock().sinks.remove(peer);
    }

    /// Whether this is a commit for a light client, which gets it otherwise.
    pub(crate) fn covers(&self, peer: &PeerId, notification: &[u8]) -> bool {
        notification.first() == Some(&COMMIT) && self.0.lock().sinks.contains_key(peer)
    }

    /// How many are connected.
    pub fn count(&self) -> usize {
        self.0.lock().sinks.len()
    }

    fn tell(&self, commit: Vec<u8>) {
        let mut told = self.0.lock();
        for sink in told.sinks.values() {
            sink.send_sync_notification(commit.clone());
        }
        told.commit = Some(commit);
    }
}

/// Whether a handshake is a light client's.
pub(crate) fn is_light(handshake: &[u8]) -> bool {
    handshake.first().is_some_and(|roles| roles & LIGHT != 0)
}

/// A justification as the commit that GRANDPA's gossip would send: variant, round, set, commit. `None` if it is
/// of neither this authority set nor the one before.
fn commit_of<H: Header>(justification: &GrandpaJustification<H>, set: SetId) -> Option<Vec<u8>> {
    let (round, commit) = (justification.round, justification.commit.clone());
    let first = commit.precommits.first()?;
    let message = Message::Precommit(first.precommit.clone());
    // The block that ends a set is made final by that set, when the next one may already be in force.
    let set = match check_message_signature(&message, &first.id, &first.signature, round, set) {
        SignatureResult::Valid => set,
        SignatureResult::OutdatedSet => set.checked_sub(1)?,
        SignatureResult::Invalid => return None,
    };
    Some((COMMIT, round, set, CompactCommit::from(commit)).encode())
}

/// Tells light clients of each justification as long as there are any; `set` is the authority set in force.
pub async fn deliver<H: Header>(
    peers: LightPeers,
    mut justifications: impl Stream<Item = GrandpaJustification<H>> + Unpin,
    set: impl Fn() -> SetId,
) {
    while let Some(justification) = justifications.next().await {
        match commit_of(&justification, set()) {
            Some(commit) => peers.tell(commit),
            None => log::warn!(
                target: LOG,
                "light clients are not told of block {:?}: its justification is of an unknown authority set",
                justification.commit.target_hash,
            ),
        }
    }
}

#[cfg(test)]
mod tests;
