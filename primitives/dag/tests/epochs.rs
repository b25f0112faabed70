//! The end of an epoch and the beginning of the next, one rule a test.

mod common;

use std::collections::BTreeSet;

use common::{
    build::{content, references, unit, witness},
    cluster::Cluster,
    crypto::{committee, TestCrypto, GENESIS},
};
use loadstone_core::{DeviceId, Hash, Level, MemberIndex, Millis};
use loadstone_dag::{
    witness_form, Anchor, CheckedUnit, DeviceHead, Effect, EpochStart, Fault, Member, MemberConfig, MemberMessage,
    PersistItem, Witness, WitnessFault,
};

/// A device's first units, each on the one before.
fn chain(device: u32, length: u64) -> Vec<CheckedUnit> {
    let mut last = Hash::zero();
    let mut next = |sequence| {
        let made = unit(device, sequence, last, 5);
        last = made.id();
        made
    };
    (0..length).map(&mut next).collect()
}

fn ids(units: &[CheckedUnit]) -> BTreeSet<Hash> {
    units.iter().map(CheckedUnit::id).collect()
}

/// What the members wrote down of a kind.
fn finals(cluster: &Cluster, member: usize) -> Vec<Witness> {
    let witnesses = cluster.journals[member].iter().filter_map(|item| match item {
        PersistItem::Witness(witness, _) => Some(witness.clone()),
        _ => None,
    });
    witnesses.filter(|w| w.content.last && usize::from(w.content.member.0) == member).collect()
}

#[test]
fn a_final_witness_needs_no_quorum_but_stands_on_the_next_level() {
    let committee = committee(4);
    let first: Vec<_> = (0..4).map(|member| witness(content(member, 1, None, &[]), &committee)).collect();
    let mut last = content(0, 2, Some(&first[0]), &[]);
    // GIVEN a witness without a quorum of parents THEN it is refused, unless it is final
    assert_eq!(witness_form(&last, &committee).err(), Some(WitnessFault::Parents));
    last.last = true;
    assert_eq!(witness_form(&last, &committee).err(), None);
    // AND it may name some parents, and anything as latest
    last.parents = references(&[&first[1]]);
    last.latest = references(&[&first[2], &first[3]]);
    assert_eq!(witness_form(&last, &committee).err(), None);
    // BUT not skip levels, which would make all others look stale
    last.parents.clear();
    last.level = Level(3);
    assert_eq!(witness_form(&last, &committee).err(), Some(WitnessFault::Level));
    // AND one that is the author's first stands on level 1
    let mut only = content(0, 1, None, &[]);
    only.last = true;
    only.latest = references(&[&first[1]]);
    assert_eq!(witness_form(&only, &committee).err(), None);
}

#[test]
fn nothing_follows_a_final_witness() {
    // GIVEN a member that holds another's final witness
    let mut cluster = Cluster::new(4);
    let mut last = content(1, 1, None, &[]);
    last.last = true;
    let last = witness(last, &cluster.committee);
    let from = MemberIndex(1);
    cluster.act(0, |m, now| m.on_witness(from, last.clone(), Vec::new(), now));
    // WHEN one comes that follows it
    let mut after = content(1, 2, Some(&last), &[]);
    after.last = true;
    let after = witness(after, &cluster.committee);
    cluster.act(0, |m, now| m.on_witness(from, after, Vec::new(), now));
    // THEN it is refused
    assert_eq!(cluster.evidence, vec![Fault::Refused(from, WitnessFault::AfterLast)]);
    assert_eq!(cluster.member(0).status().witnesses, 1);
}

#[test]
fn a_member_ahead_of_every_quorum_makes_its_final_witness() {
    // GIVEN a member that made a witness on which no other followed
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    (1..4).for_each(|member| cluster.members[member] = None);
    cluster.act(0, |m, now| m.introduce(chain(1, 1), now));
    let before = cluster.member(0).status();
    assert_eq!(before.newest.map(|own| own.level), Some(Level(1)));
    // WHEN the chain closes the epoch
    cluster.act(0, |m, now| m.close(now));
    // THEN its final witness is there at once, after the last one, and no second one ever
    let made = finals(&cluster, 0);
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].content.previous, made[0].content.level), (before.newest, Level(2)));
    let status = cluster.member(0).status();
    assert!(status.closing && status.last);
    cluster.act(0, |m, now| m.close(now));
    cluster.act(0, |m, now| m.introduce(chain(2, 1), now));
    cluster.run(3_000);
    assert_eq!(finals(&cluster, 0).len(), 1);
    assert_eq!(cluster.journals[0].len(), 2);
}

#[test]
fn the_closing_anchor_holds_all_that_was_confirmed_and_commits_to_the_heads() {
    // GIVEN devices that measure while the chain closes the epoch at some moment
    for moment in [0, 60, 100, 130, 160, 200, 250, 700] {
        let mut cluster = Cluster::new(4);
        cluster.run(500);
        for device in 0..8 {
            let gateway = device as usize % 4;
            cluster.act(gateway, |m, now| m.introduce(chain(device, 3), now));
        }
        cluster.run(moment);
        cluster.close();
        cluster.run(5_000);
        // THEN the last anchor closes the epoch and no other does
        let (last, others) = cluster.chain.split_last().expect("anchors");
        assert!(last.closes_epoch() && !others.iter().any(Anchor::closes_epoch));
        // AND every unit confirmed anywhere is in an anchor
        let anchored: BTreeSet<Hash> = cluster.anchored_units().into_iter().collect();
        assert!(cluster.confirmed.is_subset(&anchored), "closed after {moment} ms");
        // AND all members hand the same heads to the next epoch: the last anchored unit of each device
        assert_eq!(cluster.closed.len(), 4);
        let start = &cluster.closed[&0];
        let leaves = cluster.anchored.values().flatten();
        let newest = |head: &&DeviceHead| {
            let of_device = leaves.clone().filter(|leaf| leaf.slot.device == head.device);
            of_device.max_by_key(|leaf| leaf.slot).map(|leaf| (leaf.slot.sequence, leaf.unit))
        };
        assert!(start.heads.iter().all(|head| newest(&head) == Some((head.sequence, head.unit))));
        let devices: BTreeSet<DeviceId> = leaves.clone().map(|leaf| leaf.slot.device).collect();
        assert_eq!(devices, start.heads.iter().map(|head| head.device).collect());
    }
}

#[test]
fn an_epoch_without_units_closes_with_an_empty_anchor() {
    // GIVEN a committee, one of which never starts, that has nothing to do
    let mut cluster = Cluster::new(4);
    cluster.members[3] = None;
    // WHEN two of four made their final witnesses
    cluster.closing = BTreeSet::from([0, 1]);
    cluster.run(3_000);
    // THEN nothing is closed
    assert!(cluster.chain.is_empty());
    // WHEN the third made it
    cluster.closing.insert(2);
    cluster.run(3_000);
    // THEN one anchor without units closes the epoch
    assert_eq!(cluster.chain.len(), 1);
    let anchor = &cluster.chain[0];
    assert_eq!((anchor.number.0, anchor.units, anchor.heads), (1, 0, Some(Hash::zero())));
    assert_eq!(cluster.closed.len(), 3);
    // AND the next epoch counts on from it
    let mut next = cluster.next_epoch();
    next.act(0, |m, now| m.introduce(chain(1, 1), now));
    next.run(3_000);
    assert_eq!(next.chain.iter().map(|anchor| anchor.number.0).collect::<Vec<_>>(), vec![2]);
    assert_eq!(next.chain[0].parent, next.start.anchor.as_ref().map(Anchor::hash).unwrap_or_default());
}

#[test]
fn members_anchor_on_until_final_witnesses_reach_a_quorum() {
    // GIVEN one member of four that was told to close, before the others
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    cluster.closing.insert(0);
    cluster.run(500);
    assert_eq!(finals(&cluster, 0).len(), 1);
    // WHEN the others go on measuring
    cluster.act(1, |m, now| m.introduce(chain(1, 2), now));
    cluster.run(3_000);
    // THEN their units are anchored, and the epoch is open
    assert_eq!(cluster.anchored_units().len(), 2);
    assert!(cluster.closed.is_empty());
    assert_eq!(cluster.evidence, vec![]);
}

#[test]
fn what_is_left_over_is_anchored_exactly_once() {
    // GIVEN members whose gateways bring units until the epoch is over, at the pace of a unit in 20 ms
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    let units: Vec<Vec<CheckedUnit>> = (0..4).map(|device| chain(device, 60)).collect();
    for (step, at) in (0..60).flat_map(|step| (0..4).map(move |at| (step, at))) {
        cluster.act(at, |m, now| m.introduce(vec![units[at][step].clone()], now));
        if at == 3 {
            cluster.run(20);
        }
        if step == 40 {
            cluster.close();
        }
    }
    cluster.run(3_000);
    let before = cluster.anchored_units();
    assert!(!before.is_empty() && before.len() < 240, "{} anchored before", before.len());
    // WHEN each introduces in the next epoch what is left over
    let mut next = cluster.next_epoch();
    next.run(5_000);
    // THEN every unit is in one anchor
    let mut all = before.clone();
    all.extend(next.anchored_units());
    assert_eq!(all.len(), 240);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), units.iter().flat_map(|units| ids(units)).collect());
    assert!(next.evidence.is_empty());
}

#[test]
fn a_restart_while_closing_makes_no_second_final_witness() {
    // GIVEN a member that made its final witness, which nobody got, and then stopped
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    cluster.act(0, |m, now| m.introduce(chain(1, 2), now));
    cluster.run(100);
    (1..4).for_each(|member| cluster.members[member] = None);
    cluster.closing.insert(0);
    cluster.run(100);
    assert_eq!(finals(&cluster, 0).len(), 1);
    // WHEN it starts from its journal, and the others come back and are told to close as well
    cluster.restart(0);
    let status = cluster.member(0).status();
    assert!(status.last && !status.closing && !status.mute);
    cluster.act(0, |m, now| m.introduce(chain(2, 1), now));
    (1..4).for_each(|member| cluster.restart(member));
    cluster.close();
    cluster.run(3_000);
    // THEN its one final witness stands, and the epoch closes with all four
    assert_eq!(finals(&cluster, 0).len(), 1);
    assert_eq!(cluster.closed.len(), 4);
    // WHEN it stops before the driver carried out that the epoch is over
    cluster.closed.clear();
    cluster.restart(0);
    cluster.run(10);
    // THEN it says so again, once, and has nothing more to say
    assert_eq!(cluster.closed.keys().copied().collect::<Vec<_>>(), vec![0]);
    cluster.closed.clear();
    let written = cluster.journals[0].len();
    cluster.run(3_000);
    assert!(cluster.closed.is_empty() && cluster.journals[0].len() == written);
    // AND what it holds unanchored is still there for the next epoch
    let left = cluster.members[0].take().map(Member::into_leftover).unwrap_or_default();
    assert!(ids(&left).is_disjoint(&cluster.anchored_units().into_iter().collect()));
}

#[test]
fn a_member_that_lost_its_state_is_mute_until_the_next_epoch() {
    // GIVEN a member whose driver found the counter of its witnesses behind
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    cluster.journals[0] = vec![PersistItem::Mute];
    cluster.restart(0);
    cluster.act(1, |m, now| m.introduce(chain(1, 2), now));
    cluster.close();
    cluster.run(5_000);
    // THEN it makes no witness in this epoch, not even the final one, and the epoch closes without it
    assert_eq!(finals(&cluster, 0), vec![]);
    assert_eq!(cluster.closed.len(), 4);
    // WHEN the next epoch begins THEN it takes part
    let mut next = cluster.next_epoch();
    next.act(0, |m, now| m.introduce(chain(2, 1), now));
    next.run(3_000);
    assert!(next.member(0).status().newest.is_some() && !next.member(0).status().mute);
    assert!(next.anchored_units().contains(&chain(2, 1)[0].id()));
}

#[test]
fn a_member_sends_its_final_witness_until_the_epoch_is_over() {
    // GIVEN a member alone with its final witness
    let config = MemberConfig::new(GENESIS, MemberIndex(0), committee(4));
    let mut member = Member::new(config, TestCrypto(MemberIndex(0)), EpochStart::default(), [], Millis(0));
    for from in 1..4 {
        member.on_witnesses(MemberIndex(from), Vec::new(), Millis(0));
    }
    member.close(Millis(0));
    // WHEN time passes
    let mut sent = 0;
    for now in 1..500 {
        let effects = member.tick(Millis(now * 10));
        let is_final =
            |effect: &&Effect| matches!(effect, Effect::Broadcast(MemberMessage::Witness(w, _)) if w.content.last);
        sent += effects.iter().filter(is_final).count();
    }
    // THEN it sends it again, less and less often
    assert!((2..10).contains(&sent), "sent {sent} times");
}

#[test]
fn a_slot_that_was_not_anchored_is_open_again_in_the_next_epoch() {
    // GIVEN a unit that was introduced when the epoch closed, and a rival that another gateway got
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    let (one, other) = (unit(1, 0, Hash::zero(), 5), unit(1, 0, Hash::zero(), 6));
    cluster.close();
    cluster.run(100);
    cluster.act(0, |m, now| m.introduce(vec![one.clone()], now));
    cluster.act(1, |m, now| m.introduce(vec![other.clone()], now));
    cluster.run(3_000);
    assert!(cluster.anchored_units().is_empty());
    // WHEN both are introduced in the next
    let mut next = cluster.next_epoch();
    next.run(5_000);
    // THEN at most one of them is anchored, and the fork is reported
    let anchored = next.anchored_units();
    assert!(anchored.len() <= 1 && anchored.iter().all(|unit| [one.id(), other.id()].contains(unit)));
    assert!(next.evidence.iter().all(|fault| matches!(fault, Fault::DeviceFork(..))) && !next.evidence.is_empty());
}
