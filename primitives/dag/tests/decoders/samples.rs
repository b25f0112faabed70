//! Messages of every kind, mostly well formed, as they occur and as they should not.

use std::collections::BTreeMap;

use loadstone_core::{
    AnchorNumber, AreaId, DeviceId, Direction, EventId, Hash, Incarnation, Level, MemberIndex, MerkleProof, Millis,
    Sequence, Signature, Watts,
};
use loadstone_dag::{
    Acknowledgement, AcknowledgementKind, Anchor, AnchorProposal, AnchorUnits, Body, DeviceHead, DeviceMessage,
    HistoryRequest, HistoryResponse, MemberMessage, Named, Readings, RecordsClaim, Reference, Slot, Unit, UnitContent,
    Witness, WitnessContent, WitnessRef, MAX_READINGS,
};
use proptest::{collection::vec, option, prelude::*};

use super::known::{known_hash, GENESIS};

pub fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

fn signature() -> impl Strategy<Value = Signature> {
    (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(left, right)| {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&left);
        signature[32..].copy_from_slice(&right);
        signature
    })
}

fn member() -> impl Strategy<Value = MemberIndex> {
    prop_oneof![8 => 0u16..7, 1 => 60u16..66, 1 => any::<u16>()].prop_map(MemberIndex)
}

/// The hash of a name: the one that everybody knows, or another.
fn hash_of(name: Named) -> impl Strategy<Value = Hash> {
    prop_oneof![3 => Just(known_hash(name)), 1 => hash()]
}

fn named_slot() -> impl Strategy<Value = Slot> {
    (0u32..5, prop_oneof![5 => 0u16..1, 1 => 0u16..3], prop_oneof![9 => 0u64..6, 1 => any::<u64>()]).prop_map(
        |(device, incarnation, sequence)| Slot {
            device: DeviceId(device),
            incarnation: Incarnation(incarnation),
            sequence: Sequence(sequence),
        },
    )
}

fn named_witness() -> impl Strategy<Value = WitnessRef> {
    let place = (member(), prop_oneof![9 => 1u32..6, 1 => any::<u32>()].prop_map(Level));
    place.prop_flat_map(|(member, level)| {
        hash_of(Named::Witness(member, level)).prop_map(move |hash| WitnessRef { member, level, hash })
    })
}

fn reference() -> impl Strategy<Value = Reference> {
    prop_oneof![
        named_slot().prop_flat_map(|slot| hash_of(Named::Unit(slot)).prop_map(move |h| Reference::Unit(slot, h))),
        named_witness().prop_map(|named| Reference::Witness(named.member, named.level, named.hash)),
    ]
}

/// Loads that wander, rest, leap, or are anything at all.
fn watts() -> impl Strategy<Value = Vec<i64>> {
    let count = prop_oneof![3 => 1usize..2, 3 => 2..MAX_READINGS + 1, 1 => MAX_READINGS..MAX_READINGS + 1];
    let step = prop_oneof![
        Just((-90i64..90).boxed()),
        Just((0i64..1).boxed()),
        Just(prop_oneof![9 => -20i64..20, 1 => -400_000i64..400_000].boxed()),
        Just(any::<i64>().boxed()),
    ];
    (count, step, any::<i32>()).prop_flat_map(|(count, step, first)| {
        vec(step, count).prop_map(move |steps| {
            let walk = steps.into_iter().scan(i64::from(first), |watts, step| {
                *watts = watts.wrapping_add(step);
                Some(*watts)
            });
            walk.collect()
        })
    })
}

fn interval() -> impl Strategy<Value = u32> {
    prop_oneof![6 => Just(1_000), 2 => Just(60_000), 1 => Just(900_000), 1 => Just(250), 1 => Just(1), 1 => 1u32..]
}

fn start() -> impl Strategy<Value = Millis> {
    let usual = (0u64..5).prop_map(|minute| 1_760_000_000_000 + 60_000 * minute);
    prop_oneof![8 => usual, 2 => 1_760_000_000_000u64..1_760_000_200_000, 1 => any::<u64>()].prop_map(Millis)
}

fn readings() -> impl Strategy<Value = Readings> {
    let doubt = prop_oneof![4 => Just(0u64), 1 => any::<u64>()];
    (start(), interval(), option::weighted(0.3, 0u32..9), watts(), doubt).prop_map(
        |(start, interval_ms, event, watts, doubt)| {
            let marked = |(at, watts): (usize, i64)| (Watts(watts), doubt >> at & 1 == 0);
            let readings: Vec<_> = watts.into_iter().enumerate().map(marked).collect();
            let made = Readings::new(Millis(0), interval_ms, event.map(EventId), &readings).expect("within limits");
            // Beyond the end of time nobody takes them, but they travel.
            Readings { start, ..made }
        },
    )
}

/// Readings that nobody takes.
fn misshapen() -> impl Strategy<Value = Readings> {
    (readings(), vec(any::<u8>(), 0..4), vec(any::<u8>(), 0..70), 0u8..3).prop_map(|(good, marks, bytes, what)| {
        match what {
            0 => Readings { doubtful: marks, ..good },
            1 => Readings { deltas: bytes, ..good },
            _ => Readings { interval_ms: 0, ..good },
        }
    })
}

fn acknowledgement() -> impl Strategy<Value = Acknowledgement> {
    let direction = prop_oneof![Just(Direction::Down), Just(Direction::Up)];
    let kind = prop_oneof![Just(AcknowledgementKind::Received), Just(AcknowledgementKind::Completed)];
    (0u16..9, direction, 0u64..300, kind, start(), any::<i64>()).prop_map(
        |(area, direction, sequence, kind, at, setpoint)| Acknowledgement {
            area: AreaId(area),
            direction,
            sequence,
            kind,
            at,
            setpoint: Watts(setpoint),
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        12 => readings().prop_map(Body::Readings),
        3 => acknowledgement().prop_map(Body::Acknowledgement),
        1 => misshapen().prop_map(Body::Readings),
    ]
}

/// How a unit stands to those before it.
#[derive(Clone, Debug)]
struct Draft {
    device: u32,
    reborn: bool,
    /// Sequences left out before it.
    gap: u64,
    /// Another hash than that of the unit before.
    previous: Option<Hash>,
    references: Vec<Reference>,
    body: Body,
    signature: Signature,
}

fn draft() -> impl Strategy<Value = Draft> {
    let references = prop_oneof![6 => Just(0usize..1), 2 => Just(1..3), 1 => Just(0..6)];
    let gap = prop_oneof![12 => Just(0u64), 1 => 1u64..3, 1 => any::<u64>()];
    let device = prop_oneof![9 => 0u32..4, 1 => any::<u32>()];
    let place = (device, prop::bool::weighted(0.1), gap, option::weighted(0.1, hash()));
    let references = references.prop_flat_map(|count| vec(reference(), count));
    (place, references, body(), signature()).prop_map(
        |((device, reborn, gap, previous), references, body, signature)| Draft {
            device,
            reborn,
            gap,
            previous,
            references,
            body,
            signature,
        },
    )
}

/// Units of several devices, whose chains go on among them or begin with what everybody knows.
fn chains(drafts: Vec<Draft>) -> Vec<Unit> {
    let mut tips: BTreeMap<u32, (Slot, Hash)> = BTreeMap::new();
    let mut units = Vec::new();
    for draft in drafts {
        let fresh = |sequence: u64| Slot {
            device: DeviceId(draft.device),
            incarnation: Incarnation(u16::from(draft.reborn)),
            sequence: Sequence(sequence),
        };
        let (slot, tip) = match tips.get(&draft.device) {
            Some((last, id)) => {
                let sequence = last.sequence.0.wrapping_add(draft.gap).wrapping_add(1);
                (Slot { sequence: Sequence(sequence), ..*last }, (draft.gap == 0).then_some(*id))
            }
            None => (fresh(draft.gap), None),
        };
        let before = Slot { sequence: Sequence(slot.sequence.0.wrapping_sub(1)), ..slot };
        let root = if slot.sequence.0 == 0 { Hash::zero() } else { known_hash(Named::Unit(before)) };
        let previous = draft.previous.or(tip).unwrap_or(root);
        let content = UnitContent { slot, previous, references: draft.references, body: draft.body };
        tips.insert(draft.device, (slot, content.payload(&GENESIS).hash()));
        units.push(Unit { content, signature: draft.signature });
    }
    units
}

pub fn units(most: usize) -> impl Strategy<Value = Vec<Unit>> {
    (vec(draft(), 0..most), any::<bool>()).prop_map(|(drafts, sorted)| {
        let mut units = chains(drafts);
        if sorted {
            units.sort_by_key(|unit| unit.content.slot);
        }
        units
    })
}

pub fn unit() -> impl Strategy<Value = Unit> {
    draft().prop_map(|draft| chains(vec![draft]).remove(0))
}

fn named_witnesses() -> impl Strategy<Value = Vec<WitnessRef>> {
    vec(named_witness(), 0..6)
}

/// Mostly in order, and parents mostly one level below.
pub fn bundle() -> impl Strategy<Value = (Witness, Vec<Unit>)> {
    let own = (0u32..3, member(), prop_oneof![9 => 1u32..8, 1 => any::<u32>()], 0u32..9, any::<bool>());
    let named = (option::of(named_witness()), named_witnesses(), named_witnesses());
    let disorder = prop_oneof![12 => Just(0u8), 1 => 1u8..4];
    (own, named, units(12), disorder, signature()).prop_map(|(own, named, units, disorder, signature)| {
        let (epoch, member, level, base, last) = own;
        let (previous, mut parents, mut latest) = named;
        let ids = units.iter().map(|unit| unit.content.payload(&GENESIS).hash());
        let mut ids: Vec<Hash> = ids.collect();
        if disorder != 1 {
            put_in_order(&mut parents);
            put_in_order(&mut latest);
            let below = Level(level.saturating_sub(1));
            parents.iter_mut().for_each(|parent| move_to(parent, below));
        }
        let mut previous = previous;
        if let (Some(previous), false) = (&mut previous, disorder == 2) {
            previous.member = member;
            move_to(previous, Level(previous.level.0.min(level.saturating_sub(1))));
        }
        if disorder == 3 {
            ids.pop();
        }
        let (level, base) = (Level(level), AnchorNumber(base));
        let content = WitnessContent { epoch, member, level, previous, parents, latest, units: ids, base, last };
        (Witness { content, signature }, units)
    })
}

fn put_in_order(named: &mut Vec<WitnessRef>) {
    named.sort();
    named.dedup_by_key(|named| named.member);
}

/// A hash that everybody knows stays one.
fn move_to(named: &mut WitnessRef, level: Level) {
    named.level = level;
    if named.hash.0[0] & 3 != 0 {
        named.hash = known_hash(Named::Witness(named.member, level));
    }
}

fn anchor() -> impl Strategy<Value = Anchor> {
    (any::<u32>(), hash(), 0u32..3, hash(), any::<u64>(), option::of(hash())).prop_map(
        |(number, parent, epoch, root, readings, heads)| Anchor {
            number: AnchorNumber(number),
            parent,
            epoch,
            root,
            readings,
            heads,
            ..Anchor::default()
        },
    )
}

fn proposal() -> impl Strategy<Value = AnchorProposal> {
    (anchor(), named_witnesses()).prop_map(|(anchor, frontier)| AnchorProposal { anchor, frontier })
}

pub fn device_message() -> impl Strategy<Value = DeviceMessage> {
    prop_oneof![units(6).prop_map(DeviceMessage::Submit), vec(named_slot(), 0..6).prop_map(DeviceMessage::Prove),]
}

pub fn member_message() -> impl Strategy<Value = MemberMessage> {
    let claim = (any::<u32>(), any::<u32>(), hash()).prop_map(|(event, chunk, chunk_hash)| RecordsClaim {
        event: EventId(event),
        chunk,
        chunk_hash,
    });
    prop_oneof![
        6 => bundle().prop_map(|(witness, units)| MemberMessage::Witness(witness, units)),
        1 => (proposal(), member(), signature()).prop_map(|(p, m, s)| MemberMessage::Propose(p, m, s)),
        1 => (hash(), member(), signature()).prop_map(|(h, m, s)| MemberMessage::SignAnchor(h, m, s)),
        1 => (claim, member(), signature()).prop_map(|(c, m, s)| MemberMessage::SignRecords(c, m, s)),
    ]
}

pub fn history_request() -> impl Strategy<Value = HistoryRequest> {
    let known = vec((member(), any::<u32>().prop_map(Level)), 0..6);
    prop_oneof![
        (any::<u32>(), vec(hash(), 0..6), known).prop_map(|(epoch, wanted, known)| HistoryRequest::Witnesses {
            epoch,
            wanted,
            known
        }),
        vec(hash(), 0..6).prop_map(HistoryRequest::Anchors),
        (hash(), any::<u32>()).prop_map(|(anchor, chunk)| HistoryRequest::Heads { anchor, chunk }),
        (any::<u32>(), any::<u32>())
            .prop_map(|(anchor, from)| HistoryRequest::Units { anchor: AnchorNumber(anchor), from }),
    ]
}

/// Witnesses that name each other by level, as a member's chain does.
fn linked(mut bundles: Vec<(Witness, Vec<Unit>)>) -> Vec<(Witness, Vec<Unit>)> {
    let mut made: BTreeMap<(MemberIndex, Level), Hash> = BTreeMap::new();
    for (witness, _) in &mut bundles {
        let content = &mut witness.content;
        for named in content.previous.iter_mut().chain(&mut content.parents).chain(&mut content.latest) {
            if let Some(hash) = made.get(&(named.member, named.level)) {
                named.hash = *hash;
            }
        }
        made.insert((content.member, content.level), content.payload(&GENESIS).hash());
    }
    bundles
}

pub fn history_response() -> impl Strategy<Value = HistoryResponse> {
    let head = (named_slot(), hash()).prop_map(|(slot, unit)| DeviceHead {
        device: slot.device,
        incarnation: slot.incarnation,
        sequence: slot.sequence,
        unit,
    });
    let proof = (any::<u32>(), any::<u32>(), vec(hash(), 0..4)).prop_map(|(index, leaves, siblings)| MerkleProof {
        index,
        leaves,
        siblings,
    });
    prop_oneof![
        4 => vec(bundle(), 0..4).prop_map(linked).prop_map(HistoryResponse::Witnesses),
        1 => vec(proposal(), 0..3).prop_map(HistoryResponse::Anchors),
        1 => (vec(head, 0..4), proof).prop_map(|(chunk, proof)| HistoryResponse::Heads { chunk, proof }),
        1 => units(6).prop_map(HistoryResponse::Units),
    ]
}

pub fn anchor_units() -> impl Strategy<Value = AnchorUnits> {
    (any::<u32>(), units(6)).prop_map(|(number, units)| AnchorUnits { number: AnchorNumber(number), units })
}
