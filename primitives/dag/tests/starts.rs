//! What an epoch starts from: the devices' heads, and nothing else of the epochs before.

mod common;

use std::collections::BTreeSet;

use common::{
    build::{content, signed, slot, unit, witness},
    cluster::Cluster,
    crypto::{member_key, sign, GENESIS},
};
use loadstone_core::{DeviceId, Hash, Incarnation, MemberIndex, Millis, Sequence};
use loadstone_dag::{
    heads_chunk, heads_root, verify_heads_chunk, Anchor, AnchorProposal, CheckedUnit, DeviceChains, DeviceHead,
    EpochStart, Fault, HistoryRequest, HistoryResponse, WitnessFault, HEADS_CHUNK,
};

/// An epoch that starts from these heads.
fn start(heads: Vec<DeviceHead>) -> EpochStart {
    let anchor = Anchor { number: 7.into(), heads: Some(heads_root(&heads)), ..Anchor::default() };
    EpochStart { anchor: Some(anchor), heads }
}

fn head(device: u32, incarnation: u16, unit: &CheckedUnit) -> DeviceHead {
    let sequence = unit.unit().content.slot.sequence;
    DeviceHead { device: DeviceId(device), incarnation: Incarnation(incarnation), sequence, unit: unit.id() }
}

#[test]
fn a_fork_of_what_a_former_epoch_anchored_is_never_voted_for() {
    // GIVEN an epoch that starts with a device's first two units anchored
    let first = unit(1, 0, Hash::zero(), 5);
    let second = unit(1, 1, first.id(), 5);
    let anchored = [first, second.clone(), unit(1, 2, second.id(), 5)];
    let mut cluster = Cluster::of_epoch(4, 1, start(vec![head(1, 0, &anchored[1])]), Millis(1_000_000));
    cluster.run(500);
    // WHEN a gateway without a door introduces rivals of both and a unit that stands on the second
    let rivals = [unit(1, 0, Hash::zero(), 6), unit(1, 1, anchored[0].id(), 6), unit(1, 2, Hash::zero(), 6)];
    let on_rival = unit(1, 2, rivals[1].id(), 5);
    let all = vec![rivals[0].clone(), rivals[1].clone(), on_rival, rivals[2].clone()];
    let mut foul = content(3, 1, None, &[]);
    foul.epoch = 1;
    foul.base = 7.into();
    foul.units = all.iter().map(CheckedUnit::id).collect();
    let foul = witness(foul, &cluster.committee);
    cluster.members[3] = None;
    for to in 0..3 {
        cluster.act(to, |m, now| m.on_witness(MemberIndex(3), foul.clone(), all.clone(), now));
    }
    cluster.run(2_000);
    // THEN none of them is confirmed, and nobody goes on about them
    assert!(cluster.confirmed.is_empty());
    let level = cluster.member(0).status().level;
    cluster.run(5_000);
    assert_eq!((cluster.member(0).status().level, cluster.member(0).status().open), (level, 0));
    // WHEN the true successor comes THEN it is anchored
    cluster.act(0, |m, now| m.introduce(vec![anchored[2].clone()], now));
    cluster.run(3_000);
    assert_eq!(cluster.anchored_units(), vec![anchored[2].id()]);
    // AND the door knows what is past
    let member = cluster.member(0);
    assert!(member.is_past(&slot(1, 0)) && member.is_past(&slot(1, 1)) && !member.is_past(&slot(1, 2)));
    assert_eq!(member.next_sequence(DeviceId(1), Incarnation(0)), Sequence(3));
}

#[test]
fn a_life_is_over_once_a_later_one_is_anchored() {
    let of_life = |incarnation: u16, sequence: u64, previous: Hash| {
        let mut content = unit(1, sequence, Hash::zero(), 5).into_unit().content;
        (content.slot.incarnation, content.previous) = (Incarnation(incarnation), previous);
        signed(content)
    };
    // GIVEN an epoch that starts with a unit of a device's second life, and two other devices
    let second = of_life(1, 0, Hash::zero());
    let mut cluster = Cluster::of_epoch(4, 1, start(vec![head(1, 1, &second)]), Millis(1_000_000));
    cluster.run(500);
    // WHEN a unit of the first life comes THEN it is not taken, and introduced anyway it is not voted for
    let first = of_life(0, 0, Hash::zero());
    assert!(cluster.member(0).is_past(&first.unit().content.slot));
    let mut foul = content(3, 1, None, &[]);
    (foul.epoch, foul.base, foul.units) = (1, 7.into(), vec![first.id()]);
    let foul = witness(foul, &cluster.committee);
    for to in 0..3 {
        cluster.act(to, |m, now| m.on_witness(MemberIndex(3), foul.clone(), vec![first.clone()], now));
    }
    cluster.members[3] = None;
    cluster.run(3_000);
    assert!(cluster.confirmed.is_empty());
    // WHEN a third life begins in this epoch
    let third = of_life(2, 0, Hash::zero());
    cluster.act(0, |m, now| m.introduce(vec![third.clone()], now));
    cluster.run(3_000);
    assert_eq!(cluster.anchored_units(), vec![third.id()]);
    // THEN the second, of which no anchored unit's successor was voted for before, is over as well
    let late = of_life(1, 1, second.id());
    cluster.act(1, |m, now| m.introduce(vec![late], now));
    cluster.run(5_000);
    assert_eq!(cluster.anchored_units(), vec![third.id()]);
    // AND the next epoch gets the head of the latest life alone
    cluster.closing = BTreeSet::from([0, 1, 2]);
    cluster.run(5_000);
    assert_eq!(cluster.closed[&0].heads, vec![head(1, 2, &third)]);
}

#[test]
fn what_belongs_to_another_epoch_is_ignored_in_silence() {
    // GIVEN a member of epoch 1
    let mut cluster = Cluster::of_epoch(4, 1, start(Vec::new()), Millis(1_000_000));
    // WHEN witnesses, candidates and anchors of the epochs before and after come
    for epoch in [0, 2] {
        let mut other = content(1, 1, None, &[]);
        other.epoch = epoch;
        let other = witness(other, &cluster.committee);
        cluster.act(0, |m, now| m.on_witness(MemberIndex(1), other, Vec::new(), now));
        let anchor = Anchor { number: 8.into(), epoch, ..Anchor::default() };
        let signature = sign(&member_key(1), anchor.payload(&GENESIS).as_bytes());
        let proposal = AnchorProposal { anchor: anchor.clone(), frontier: Vec::new() };
        cluster.act(0, |m, now| m.on_proposal(proposal, MemberIndex(1), signature, now));
        cluster.act(0, |m, now| m.on_anchor_finalised(&anchor, now));
    }
    // THEN nothing of it stays, and nobody is accused
    cluster.run(500);
    let status = cluster.member(0).status();
    assert_eq!((status.witnesses, status.pending, status.anchor.0), (0, 0, 7));
    assert_eq!(cluster.evidence, vec![]);
    // AND who asks for another epoch's witnesses gets none
    cluster.act(0, |m, now| m.introduce(vec![unit(1, 0, Hash::zero(), 5)], now));
    let ask = |epoch: u32| HistoryRequest::Witnesses { epoch, wanted: Vec::new(), known: Vec::new() };
    let served = |epoch: u32| match cluster.member(0).serve(&ask(epoch), &()) {
        HistoryResponse::Witnesses(witnesses) => witnesses.len(),
        _ => usize::MAX,
    };
    assert_eq!((served(0), served(1), served(2)), (0, 1, 0));
}

#[test]
fn a_witness_on_a_base_of_another_epoch_is_refused() {
    let mut cluster = Cluster::of_epoch(4, 1, start(Vec::new()), Millis(1_000_000));
    let mut early = content(1, 1, None, &[]);
    (early.epoch, early.base) = (1, 6.into());
    let early = witness(early, &cluster.committee);
    cluster.act(0, |m, now| m.on_witness(MemberIndex(1), early, Vec::new(), now));
    assert_eq!(cluster.evidence, vec![Fault::Refused(MemberIndex(1), WitnessFault::Previous)]);
}

#[test]
fn heads_are_proved_chunk_by_chunk() {
    for count in [0usize, 1, HEADS_CHUNK, HEADS_CHUNK + 1, 5 * HEADS_CHUNK - 3] {
        // GIVEN the heads of some devices
        let of = |device: u32| head(device, 0, &unit(device, 3, Hash::repeat_byte(1), 5));
        let heads: Vec<DeviceHead> = (0..count as u32).map(of).collect();
        let root = heads_root(&heads);
        // WHEN a peer asks for one chunk after another
        let mut gathered = Vec::new();
        let mut chunk = 0;
        while let Some((part, proof)) = heads_chunk(&heads, chunk) {
            // THEN each is proved, and proves nothing else
            assert!(verify_heads_chunk(&root, &part, &proof));
            assert!(!verify_heads_chunk(&Hash::repeat_byte(9), &part, &proof));
            assert!(!verify_heads_chunk(&root, &part[1..], &proof));
            gathered.extend(part);
            chunk += 1;
        }
        assert_eq!(gathered, heads);
        // AND together they are what the closing anchor commits to
        let whole = start(gathered);
        assert!(whole.is_sound());
        let cut = EpochStart { heads: heads[..count.saturating_sub(1)].to_vec(), ..whole };
        assert_eq!(cut.is_sound(), count == 0);
    }
}
