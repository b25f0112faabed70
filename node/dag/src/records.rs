//! Event records from anchored units: the member's own copy, signatures of the others, submission.
//!
//! Every member computes the same chunk from the same anchors, so signatures over its hash add up
//! without anyone leading. Who submits is a matter of turns: the next member steps in when a chunk
//! is still missing after its turn.

use std::collections::BTreeMap;

use codec::Encode;
use loadstone_core::{quorum, AnchorNumber, BoundedVec, DeviceId, EventId, Hash, Member, MemberIndex, Signature};
use loadstone_dag::{Certificate, RecordsClaim};
use loadstone_evidence::readings;
use loadstone_market::{baseline::Reading, EventRecord, RecordChunk, RecordInput, RecordInputs};
use sp_crypto_hashing::blake2_256;

use crate::store::{Store, StoreError};

/// Greatest number of chunks in hand at once; the chain names at most 64.
const MAX_CHUNKS: usize = 256;

/// Time that a member has to get a certified chunk on chain before the next one tries too.
const TURN_MS: u64 = 2_000;

/// Time after which own signatures are sent again while a chunk is missing.
const RESEND_MS: u64 = 2_000;

/// The chunk that follows from the chain's inputs and the anchored units in `store`.
pub fn compute(store: &Store, event: EventId, chunk: u32, inputs: &RecordInputs) -> Result<RecordChunk, StoreError> {
    let recorder = inputs.recorder();
    let mut records: Vec<EventRecord> = Vec::with_capacity(inputs.resources.len());
    for RecordInput { resource, device, segments, past } in &inputs.resources {
        let before = locked(store, *device, inputs)?;
        let during = since_opening(store, *device, inputs)?;
        records.push(recorder.record(*resource, segments, past, &before, &during));
    }
    Ok(RecordChunk { event, chunk, cutoff: inputs.cutoff_hash, records: BoundedVec::truncate_from(records) })
}

/// In chain order, the readings up to the baseline anchor that the baseline can depend on.
fn locked(store: &Store, device: DeviceId, inputs: &RecordInputs) -> Result<Vec<Reading>, StoreError> {
    let reach = inputs.programme.baseline.reach();
    let (mut newest_first, mut valid) = (Vec::new(), 0usize);
    store.anchored_backwards(device, |_, place, unit| {
        if place.anchor <= inputs.event.baseline_anchor {
            for reading in readings(&unit).into_iter().rev() {
                valid += usize::from(reading.valid && reading.at < inputs.event.start);
                newest_first.push(reading);
            }
        }
        !reach.is_met(valid)
    })?;
    newest_first.reverse();
    Ok(newest_first)
}

/// In chain order, the readings anchored since the event was opened, up to the cut-off. The device's clock may lie, so
/// anchors decide and not times: what was anchored before can't tell of a window that was yet to come. So however long a
/// chain is, no more of it is read than came since.
fn since_opening(store: &Store, device: DeviceId, inputs: &RecordInputs) -> Result<Vec<Reading>, StoreError> {
    let mut units = Vec::new();
    store.anchored_backwards(device, |_, place, unit| {
        let is_since = place.anchor > inputs.event.baseline_anchor;
        if is_since && place.anchor <= inputs.cutoff {
            units.push(unit);
        }
        is_since
    })?;
    Ok(units.iter().rev().flat_map(readings).collect())
}

/// What this member must do for a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Tell the others that it signs this claim.
    Announce(RecordsClaim, Signature),
    /// Put the chunk with its certificate on chain.
    Submit(Box<RecordChunk>, Certificate),
}

struct Own {
    chunk: RecordChunk,
    hash: Hash,
    signature: Signature,
    announced_at: u64,
    /// When it first had its quorum, and when it was last submitted.
    certified_at: Option<u64>,
    submitted_at: Option<u64>,
}

#[derive(Default)]
struct Pending {
    own: Option<Own>,
    /// Signatures by claimed hash and member; checked before they come here.
    signatures: BTreeMap<MemberIndex, (Hash, Signature)>,
}

/// Chunks in hand, by event and chunk.
pub struct Records {
    committee: Vec<Member>,
    own: MemberIndex,
    pending: BTreeMap<(EventId, u32), Pending>,
}

impl Records {
    /// For the member `own` of the committee.
    pub fn new(committee: Vec<Member>, own: MemberIndex) -> Self {
        Self { committee, own, pending: BTreeMap::new() }
    }

    /// Whether this member has not computed the chunk yet.
    pub fn wants(&self, event: EventId, chunk: u32) -> bool {
        self.pending.get(&(event, chunk)).is_none_or(|pending| pending.own.is_none())
    }

    /// Forgets chunks that the chain no longer misses.
    pub fn retain(&mut self, missing: &[(EventId, u32, AnchorNumber)]) {
        self.pending.retain(|(event, chunk), pending| {
            // Others may be ahead: their signatures wait until the chain tells us, too.
            pending.own.is_none() || missing.iter().any(|(e, c, _)| e == event && c == chunk)
        });
    }

    /// Takes in the chunk that this member computed and signed.
    pub fn computed(&mut self, chunk: RecordChunk, signature: Signature, now_ms: u64) -> Task {
        let claim = claim(&chunk);
        let own = Own {
            hash: claim.chunk_hash,
            signature,
            announced_at: now_ms,
            certified_at: None,
            submitted_at: None,
            chunk,
        };
        self.pending.entry((claim.event, claim.chunk)).or_default().own = Some(own);
        Task::Announce(claim, signature)
    }

    /// Takes in another member's signature, already checked against its key.
    pub fn signed(&mut self, claim: &RecordsClaim, member: MemberIndex, signature: Signature) {
        let key = (claim.event, claim.chunk);
        if self.pending.len() >= MAX_CHUNKS && !self.pending.contains_key(&key) {
            // The oldest event that this member has nothing to do with: signatures are sent again.
            let Some(idle) = self.pending.iter().find(|(_, pending)| pending.own.is_none()).map(|(key, _)| *key) else {
                return;
            };
            self.pending.remove(&idle);
        }
        let pending = self.pending.entry(key).or_default();
        pending.signatures.insert(member, (claim.chunk_hash, signature));
    }

    /// What is to be done now.
    pub fn due(&mut self, now_ms: u64) -> Vec<Task> {
        let (committee, own_index) = (&self.committee, self.own);
        let mut tasks = Vec::new();
        for ((event, chunk), pending) in &mut self.pending {
            let Some(own) = &mut pending.own else { continue };
            if now_ms.saturating_sub(own.announced_at) >= RESEND_MS {
                own.announced_at = now_ms;
                tasks.push(Task::Announce(claim(&own.chunk), own.signature));
            }
            let Some(certificate) = certificate(committee, own_index, own, &pending.signatures) else { continue };
            let certified_at = *own.certified_at.get_or_insert(now_ms);
            let turn = turn(committee.len(), own_index, *event, *chunk);
            let mine_from = certified_at.saturating_add(turn * TURN_MS);
            let again = own.submitted_at.is_none_or(|at| now_ms.saturating_sub(at) >= TURN_MS * committee.len() as u64);
            if now_ms >= mine_from && again {
                own.submitted_at = Some(now_ms);
                tasks.push(Task::Submit(Box::new(own.chunk.clone()), certificate));
            }
        }
        tasks
    }
}

/// The claim that members sign for a chunk.
pub fn claim(chunk: &RecordChunk) -> RecordsClaim {
    RecordsClaim { event: chunk.event, chunk: chunk.chunk, chunk_hash: Hash(blake2_256(&chunk.encode())) }
}

/// How many turns others have before this member submits the chunk.
fn turn(members: usize, own: MemberIndex, event: EventId, chunk: u32) -> u64 {
    let members = members.max(1) as u64;
    let first = (u64::from(event.0) + u64::from(chunk)) % members;
    (u64::from(own.0) + members - first) % members
}

/// Signatures of members of more than two thirds of the weight under the own chunk, in rising order.
fn certificate(
    committee: &[Member],
    own_index: MemberIndex,
    own: &Own,
    others: &BTreeMap<MemberIndex, (Hash, Signature)>,
) -> Option<Certificate> {
    let mut signatures: BTreeMap<MemberIndex, Signature> = others
        .iter()
        .filter(|(_, (hash, _))| *hash == own.hash)
        .map(|(member, (_, signature))| (*member, *signature))
        .collect();
    signatures.insert(own_index, own.signature);
    let weight_of = |member: &MemberIndex| committee.get(usize::from(member.0)).map_or(0, |member| member.weight);
    let total = committee.iter().fold(0u32, |sum, member| sum.saturating_add(member.weight));
    let weight = signatures.keys().fold(0u32, |sum, member| sum.saturating_add(weight_of(member)));
    (total > 0 && weight >= quorum(total)).then(|| signatures.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{record_inputs, unit, unit_id, GENESIS};
    use loadstone_core::{AccountId, OrganisationId, Watts};
    use loadstone_dag::{Anchor, AnchorLeaf};

    fn committee() -> Vec<Member> {
        let member = |index: u8| Member {
            account: AccountId::new([index; 32]),
            organisation: OrganisationId(index.into()),
            key: [index; 32],
            weight: 1,
        };
        (0..4).map(member).collect()
    }

    fn chunk() -> RecordChunk {
        RecordChunk { event: EventId(5), chunk: 1, cutoff: Hash::zero(), records: BoundedVec::default() }
    }

    fn submissions(tasks: Vec<Task>) -> Vec<usize> {
        tasks
            .into_iter()
            .filter_map(|task| match task {
                Task::Submit(_, certificate) => Some(certificate.len()),
                Task::Announce(..) => None,
            })
            .collect()
    }

    #[test]
    fn a_chunk_is_submitted_once_certified_and_by_turns() {
        // GIVEN members 2 and 3, for whom the chunk is the first and the second turn
        let (mut first, mut second) =
            (Records::new(committee(), MemberIndex(2)), Records::new(committee(), MemberIndex(3)));
        for records in [&mut first, &mut second] {
            assert!(records.wants(EventId(5), 1));
            records.computed(chunk(), [1; 64], 0);
            assert!(!records.wants(EventId(5), 1));
            records.signed(&claim(&chunk()), MemberIndex(0), [2; 64]);
            // A signature under another hash adds nothing.
            let other = RecordsClaim { chunk_hash: Hash::repeat_byte(9), ..claim(&chunk()) };
            records.signed(&other, MemberIndex(1), [3; 64]);
            assert!(submissions(records.due(0)).is_empty());
            records.signed(&claim(&chunk()), MemberIndex(1), [3; 64]);
        }
        // THEN the first submits at once, the second only when the chunk is still missing later
        assert_eq!(submissions(first.due(10)), vec![3]);
        assert!(submissions(first.due(20)).is_empty());
        assert!(submissions(second.due(10)).is_empty());
        assert_eq!(submissions(second.due(10 + TURN_MS)), vec![3]);
        // WHEN the chain has it THEN it is forgotten
        second.retain(&[]);
        assert!(submissions(second.due(1_000_000)).is_empty());
    }

    #[test]
    fn records_use_readings_up_to_their_anchors_and_no_later_ones() {
        // GIVEN readings of 100 W at seconds 1 to 3 and of 60 W at 4 to 6, each in an anchor of its own;
        // the event's window holds those at seconds 3 and 4
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(folder.path(), &GENESIS).expect("a new database");
        for sequence in 0..6u64 {
            let unit = unit(1, sequence, Hash::zero(), if sequence < 3 { 100 } else { 60 });
            let leaf = AnchorLeaf { slot: unit.content.slot, unit: unit_id(&unit) };
            let anchor = Anchor { number: AnchorNumber(sequence as u32 + 1), units: 1, ..Anchor::default() };
            store.put_history(&anchor, &[unit], &[leaf], Hash::zero()).expect("write");
        }
        let record = |baseline_anchor, cutoff| {
            let chunk = compute(&store, EventId(5), 1, &record_inputs(baseline_anchor, cutoff)).expect("read");
            assert_eq!((chunk.event, chunk.chunk, chunk.cutoff), (EventId(5), 1, Hash::repeat_byte(9)));
            chunk.records[0].clone()
        };
        // THEN both readings of the window count against the baseline of the two before it
        let whole = record(2, 6);
        assert_eq!((whole.baseline.to_vec(), whole.readings_due, whole.readings_valid), (vec![Watts(100)], 2, 2));
        assert_eq!(whole.delivered.to_vec(), vec![Watts(20)]);
        // WHEN the cut-off comes before the second one THEN that one is missing
        assert_eq!(record(2, 3).readings_valid, 1);
        // WHEN the first one was anchored before the event was opened, so ahead of its time, THEN it counts for nothing
        assert_eq!(record(3, 6).readings_valid, 1);
        // WHEN no anchor precedes the baseline THEN there is none, and nothing is delivered
        let bare = record(0, 6);
        assert_eq!((bare.baseline.to_vec(), bare.delivered.to_vec()), (vec![], vec![Watts(0)]));
    }
}
