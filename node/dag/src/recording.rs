//! Drives event records: computes what the chain misses, signs it, and sees it on chain.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use loadstone_core::{AnchorNumber, EventId, Hash, Member, MemberIndex, Millis, Signature};
use loadstone_dag::{MemberMessage, RecordsClaim};
use loadstone_market::RecordChunk;
use tokio::task::{JoinError, JoinSet};

use crate::{
    chain::{BlockRef, Chain},
    crypto::Signer,
    records::{claim, compute, Records, Task},
    store::Store,
};

/// Chunks computed at once; each reads its devices' whole history.
const MAX_AT_WORK: usize = 2;

/// Which chunk was computed, and what came of it.
pub type Computed = ((EventId, u32), Option<RecordChunk>);

/// Records of all events that are due. Does nothing on a node that does not sign.
pub struct Recording {
    genesis: Hash,
    me: MemberIndex,
    signer: Option<Signer>,
    chain: Arc<dyn Chain>,
    store: Arc<Store>,
    records: Records,
    /// What the newest finalised block misses, and this member can compute but has not begun.
    missing: Option<(BlockRef, VecDeque<(EventId, u32)>)>,
    at_work: BTreeSet<(EventId, u32)>,
    tasks: JoinSet<Computed>,
    now: Millis,
}

impl Recording {
    /// Idle until it has a seat.
    pub fn new(chain: Arc<dyn Chain>, store: Arc<Store>) -> Self {
        let me = MemberIndex::default();
        Self {
            genesis: chain.genesis(),
            me,
            signer: None,
            chain,
            store,
            records: Records::new(Vec::new(), me),
            missing: None,
            at_work: BTreeSet::new(),
            tasks: JoinSet::new(),
            now: Millis(0),
        }
    }

    /// Goes on for this member of the committee; a node without a place or a key does nothing. Signatures
    /// of the committee before count no more.
    pub fn seat(&mut self, committee: Vec<Member>, me: Option<MemberIndex>, signer: Option<Signer>) {
        self.me = me.unwrap_or_default();
        self.signer = signer.filter(|_| me.is_some());
        self.records = Records::new(committee, self.me);
        self.missing = None;
    }

    /// Starts on what the finalised block `head` misses and anchors up to `held` suffice for.
    pub fn follow(&mut self, head: BlockRef, held: AnchorNumber) {
        if self.signer.is_none() {
            return;
        }
        let missing = match self.chain.missing_chunks(head.hash) {
            Ok(missing) => missing,
            Err(error) => {
                log::warn!(target: super::LOG, "missing records can't be read: {error}");
                return;
            }
        };
        self.records.retain(&missing);
        let computable = missing.into_iter().filter(|(_, _, cutoff)| *cutoff <= held);
        self.missing = Some((head, computable.map(|(event, chunk, _)| (event, chunk)).collect()));
        self.go_on();
    }

    /// Begins as many computations as may run at once. One that fails is tried again with the next finalised block.
    fn go_on(&mut self) {
        let Some((head, missing)) = &mut self.missing else { return };
        while self.at_work.len() < MAX_AT_WORK {
            let Some((event, chunk)) = missing.pop_front() else { return };
            if self.records.wants(event, chunk) && self.at_work.insert((event, chunk)) {
                let (chain, store, head) = (self.chain.clone(), self.store.clone(), *head);
                let compute = move || ((event, chunk), compute_one(&*chain, &store, head, event, chunk));
                self.tasks.spawn_blocking(compute);
            }
        }
    }

    /// The next finished computation; never ends while there is none.
    pub async fn next(&mut self) -> Result<Computed, JoinError> {
        match self.tasks.join_next().await {
            Some(finished) => finished,
            None => std::future::pending().await,
        }
    }

    /// Signs a computed chunk and goes on with the next one. Returns what the other members must hear.
    pub fn finished(&mut self, computed: Result<Computed, JoinError>) -> Option<MemberMessage> {
        let message = self.sign(computed);
        self.go_on();
        message
    }

    fn sign(&mut self, computed: Result<Computed, JoinError>) -> Option<MemberMessage> {
        let (key, chunk) = match computed {
            Ok(computed) => computed,
            Err(error) => {
                log::error!(target: super::LOG, "computing records died: {error}");
                // Which one is unknown: all may be tried again.
                self.at_work.clear();
                return None;
            }
        };
        self.at_work.remove(&key);
        let chunk = chunk?;
        let signature = self.signer.as_ref()?.sign(claim(&chunk).payload(&self.genesis).as_bytes())?;
        log::info!(target: super::LOG, "computed records of event {}, chunk {}", key.0, key.1);
        let task = self.records.computed(chunk, signature, self.now.0);
        self.carry_out(task)
    }

    /// Another member's signature, already checked.
    pub fn signed(&mut self, claim: &RecordsClaim, member: MemberIndex, signature: Signature) {
        if self.signer.is_some() {
            self.records.signed(claim, member, signature);
        }
    }

    /// What time brings about. Returns what the other members must hear.
    pub fn tick(&mut self, now: Millis) -> Vec<MemberMessage> {
        self.now = now;
        let due = self.records.due(now.0);
        due.into_iter().filter_map(|task| self.carry_out(task)).collect()
    }

    fn carry_out(&self, task: Task) -> Option<MemberMessage> {
        match task {
            Task::Announce(claim, signature) => Some(MemberMessage::SignRecords(claim, self.me, signature)),
            Task::Submit(chunk, certificate) => {
                let chain = self.chain.clone();
                tokio::spawn(async move {
                    let (event, number) = (chunk.event, chunk.chunk);
                    if let Err(error) = chain.submit_records(*chunk, certificate).await {
                        // Usual when another member was faster.
                        log::debug!(target: super::LOG, "records of event {event}, chunk {number} not taken: {error}");
                    }
                });
                None
            }
        }
    }
}

fn compute_one(chain: &dyn Chain, store: &Store, head: BlockRef, event: EventId, chunk: u32) -> Option<RecordChunk> {
    let inputs = match chain.record_inputs(head.hash, event, chunk) {
        Ok(inputs) => inputs?,
        Err(error) => {
            log::warn!(target: super::LOG, "inputs of event {event} can't be read: {error}");
            return None;
        }
    };
    match compute(store, event, chunk, &inputs) {
        Ok(chunk) => Some(chunk),
        Err(error) => {
            log::error!(target: super::LOG, "records of event {event} can't be computed: {error}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::KEY_TYPE,
        testing::{TestChain, GENESIS},
    };
    use loadstone_core::{AccountId, OrganisationId};
    use sp_keystore::{testing::MemoryKeystore, Keystore, KeystorePtr};

    /// A member of a committee of its own.
    fn member(chain: Arc<TestChain>, folder: &std::path::Path) -> Recording {
        let keystore: KeystorePtr = Arc::new(MemoryKeystore::new());
        let key = keystore.sr25519_generate_new(KEY_TYPE, None).expect("a key").0;
        let store = Arc::new(Store::open(folder, &GENESIS).expect("a new database"));
        let mut recording = Recording::new(chain, store);
        let signer = Signer::find(&keystore, [key]).map(|(_, signer)| signer);
        let seat = Member { account: AccountId::new([1; 32]), organisation: OrganisationId(1), key, weight: 1 };
        recording.seat(vec![seat], Some(MemberIndex(0)), signer);
        recording
    }

    #[tokio::test]
    async fn one_look_at_the_chain_is_enough_for_all_that_it_misses() {
        // GIVEN a chain that misses more chunks than are computed at once, one of which nobody can compute
        let folder = tempfile::tempdir().expect("a temporary folder");
        let chain = Arc::new(TestChain::default());
        let mut recording = member(chain.clone(), folder.path());
        let missing = |chunk| (EventId(5), chunk, AnchorNumber(if chunk == 3 { 9 } else { 2 }));
        *chain.missing.lock() = (0..7).map(missing).collect();
        // WHEN a member looks at it once, and holds the anchors up to the second
        recording.follow(chain.finalised(), AnchorNumber(2));
        let mut signed = Vec::new();
        while !recording.tasks.is_empty() {
            let computed = recording.next().await;
            match recording.finished(computed) {
                Some(MemberMessage::SignRecords(claim, ..)) => signed.push(claim.chunk),
                other => panic!("no signature but {other:?}"),
            }
            assert!(recording.at_work.len() <= MAX_AT_WORK);
        }
        // THEN it signs all others, one after the other
        signed.sort();
        assert_eq!(signed, [0, 1, 2, 4, 5, 6]);
    }
}
