//! Real signatures of one voter, and light clients that the test makes.

use super::*;
use async_trait::async_trait;
use codec::Decode;
use finality_grandpa::{Commit, Precommit, SignedPrecommit};
use sc_network::error::Error;
use sp_consensus_grandpa::localized_payload;
use sp_core::{ed25519, Pair, H256};
use sp_runtime::{generic, traits::BlakeTwo256};

type TestHeader = generic::Header<u32, BlakeTwo256>;

const ROUND: u64 = 7;

fn justification(number: u32, set: SetId) -> GrandpaJustification<TestHeader> {
    let voter = ed25519::Pair::from_seed(&[1; 32]);
    let precommit = Precommit { target_hash: H256::repeat_byte(number as u8), target_number: number };
    let payload = localized_payload(ROUND, set, &Message::Precommit(precommit.clone()));
    let signed = SignedPrecommit { precommit, signature: voter.sign(&payload).into(), id: voter.public().into() };
    let commit = Commit { target_hash: signed.precommit.target_hash, target_number: number, precommits: vec![signed] };
    GrandpaJustification { round: ROUND, commit, votes_ancestries: Vec::new() }
}

struct Sink(Arc<Mutex<Vec<Vec<u8>>>>);

#[async_trait]
impl MessageSink for Sink {
    fn send_sync_notification(&self, notification: Vec<u8>) {
        self.0.lock().push(notification);
    }

    async fn send_async_notification(&self, _: Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
}

fn stated_set(commit: &[u8]) -> SetId {
    let (variant, round, set): (u8, u64, SetId) = Decode::decode(&mut &commit[..]).expect("a commit");
    assert_eq!((variant, round), (COMMIT, ROUND));
    set
}

#[test]
fn a_commit_states_the_set_that_signed_it() {
    // GIVEN justifications of this set, the one before and an older one WHEN set 5 is in force
    let stated = |signed_in| commit_of(&justification(3, signed_in), 5).map(|commit| stated_set(&commit));
    // THEN the first two are passed on as what they are, and the third is not
    assert_eq!((stated(5), stated(4), stated(3)), (Some(5), Some(4), None));
}

#[tokio::test]
async fn every_light_client_hears_every_commit_and_a_new_one_the_last() {
    // GIVEN more light clients than gossip would serve at once
    let peers = LightPeers::default();
    let heard: Vec<_> = (0..120).map(|_| Arc::new(Mutex::new(Vec::new()))).collect();
    for sink in &heard {
        peers.add(PeerId::random(), Box::new(Sink(sink.clone())));
    }
    // WHEN two blocks become final
    let blocks = futures::stream::iter([justification(1, 0), justification(2, 0)]);
    deliver(peers.clone(), blocks, || 0).await;
    // THEN each hears of both
    assert!(heard.iter().all(|sink| sink.lock().len() == 2));
    // WHEN another one comes THEN it hears of the last
    let late = Arc::new(Mutex::new(Vec::new()));
    peers.add(PeerId::random(), Box::new(Sink(late.clone())));
    assert_eq!(*late.lock(), [heard[0].lock()[1].clone()]);
}
