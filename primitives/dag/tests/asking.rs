//! Whom a member asks for what it lacks, how often, and what is served to it.

mod common;

use common::{
    build::{content, unit, witness},
    cluster::Cluster,
    crypto::{committee, member_key, sign, TestCrypto, GENESIS},
};
use loadstone_core::{Hash, MemberIndex, Millis};
use loadstone_dag::{
    frontier_hash, Anchor, AnchorProposal, CheckedWitness, Effect, EpochStart, HistoryRequest, HistoryResponse, Member,
    MemberConfig, PersistItem,
};

const START: Millis = Millis(1_000);

/// The last member of a committee of this size, which was never answered.
fn member_of(members: u16) -> Member<TestCrypto> {
    let me = MemberIndex(members - 1);
    Member::new(MemberConfig::new(GENESIS, me, committee(members)), TestCrypto(me), EpochStart::default(), [], START)
}

fn anchor_questions(effects: &[Effect]) -> Vec<u16> {
    let peers = effects.iter().filter_map(|effect| match effect {
        Effect::Request(peer, HistoryRequest::Anchors(_)) => Some(peer.0),
        _ => None,
    });
    peers.collect()
}

/// Members asked for this witness by name.
fn witness_questions(effects: &[Effect], wanted: &Hash) -> Vec<u16> {
    let peers = effects.iter().filter_map(|effect| match effect {
        Effect::Request(peer, HistoryRequest::Witnesses { wanted: all, .. }) => all.contains(wanted).then_some(peer.0),
        _ => None,
    });
    peers.collect()
}

/// Level 1 of three members, and what stands on it.
fn two_levels() -> (Vec<CheckedWitness>, CheckedWitness) {
    let committee = committee(4);
    let first: Vec<_> = (0..3).map(|member| witness(content(member, 1, None, &[]), &committee)).collect();
    let second = witness(content(0, 2, Some(&first[0]), &[&first[1], &first[2]]), &committee);
    (first, second)
}

#[test]
fn who_does_not_know_an_anchor_is_asked_after_all_others_and_less_and_less_often() {
    // GIVEN a member that the chain tells of an anchor whose frontier it does not know
    let mut member = member_of(4);
    let anchor = Anchor { number: 1.into(), units: 1, ..Anchor::default() };
    let mut asked = anchor_questions(&member.on_anchor_finalised(&anchor, START));
    // WHEN a minute passes in which everybody answers at once that they don't know it either
    for step in 1..6_000u64 {
        let now = START.after(10 * step);
        let peers = anchor_questions(&member.tick(now));
        for peer in &peers {
            // THEN an empty answer brings no question
            let effects = member.on_anchors(MemberIndex(*peer), Vec::new(), now);
            assert_eq!(anchor_questions(&effects), vec![]);
        }
        asked.extend(peers);
    }
    // AND all are asked in turn, at first four times a second, then once
    assert!(asked.windows(3).all(|peers| peers[0] != peers[1] && peers[0] != peers[2]), "{asked:?}");
    assert!((55..75).contains(&asked.len()), "asked {} times", asked.len());
}

#[test]
fn who_knew_an_anchor_is_asked_on_at_once() {
    // GIVEN a member that the chain tells of anchor 3, of whose parents it knows nothing
    let mut member = member_of(4);
    let first = Anchor { number: 1.into(), frontier: frontier_hash(&[]), ..Anchor::default() };
    let second = Anchor { number: 2.into(), parent: first.hash(), ..first.clone() };
    let third = Anchor { number: 3.into(), parent: second.hash(), ..first.clone() };
    let asked = anchor_questions(&member.on_anchor_finalised(&third, START));
    assert_eq!(asked.len(), 1);
    // WHEN one answers with its parent THEN the same is asked for what is before that, in the same moment
    let served = |anchor: &Anchor| vec![AnchorProposal { anchor: anchor.clone(), frontier: Vec::new() }];
    let effects = member.on_anchors(MemberIndex(2), served(&second), START);
    assert_eq!(anchor_questions(&effects), vec![2]);
    // WHEN it says the same again THEN that is no news
    let effects = member.on_anchors(MemberIndex(2), served(&second), START);
    assert_eq!(anchor_questions(&effects), vec![]);
}

#[test]
fn a_candidate_is_served_to_who_asks_for_it() {
    // GIVEN a member that holds another's candidate, and has not heard from the chain
    let mut member = member_of(4);
    let (first, _) = two_levels();
    let frontier: Vec<_> = first.iter().map(CheckedWitness::reference).collect();
    let anchor = Anchor { number: 1.into(), frontier: frontier_hash(&frontier), units: 1, ..Anchor::default() };
    let proposal = AnchorProposal { anchor: anchor.clone(), frontier };
    let signature = sign(&member_key(0), anchor.payload(&GENESIS).as_bytes());
    member.on_proposal(proposal.clone(), MemberIndex(0), signature, START);
    // WHEN one asks for it that knows it to be final THEN it is served, and nothing for another hash
    let ask = |hash: Hash| member.serve(&HistoryRequest::Anchors(vec![hash]), &());
    assert_eq!(ask(anchor.hash()), HistoryResponse::Anchors(vec![proposal]));
    assert_eq!(ask(Hash::repeat_byte(1)), HistoryResponse::Anchors(Vec::new()));
}

#[test]
fn a_candidate_that_was_signed_before_a_restart_is_served_until_its_anchor_is_applied() {
    // GIVEN a committee whose members anchored units, and a journal from the moment of a signature
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    cluster.act(1, |m, now| m.introduce(vec![unit(1, 0, Hash::zero(), 5)], now));
    cluster.run(5_000);
    let journal = cluster.journals[0].clone();
    let signed = journal.iter().position(|item| matches!(item, PersistItem::Candidate(_))).expect("it signed");
    let PersistItem::Candidate(proposal) = journal[signed].clone() else { panic!("a candidate") };
    let question = HistoryRequest::Anchors(vec![proposal.anchor.hash()]);
    cluster.journals[0].truncate(signed + 1);
    // WHEN it starts from that THEN it can say what it signed
    cluster.restart(0);
    assert_eq!(cluster.member(0).status().anchor, 0.into());
    assert_eq!(cluster.member(0).serve(&question, &()), HistoryResponse::Anchors(vec![proposal.clone()]));
    // WHEN the chain has it THEN it applies it without a question
    let now = cluster.now;
    let member = cluster.members[0].as_mut().expect("runs");
    let effects = member.on_anchor_finalised(&proposal.anchor, now);
    assert_eq!(anchor_questions(&effects), vec![]);
    assert_eq!(member.status().anchor, proposal.anchor.number);
    // AND a restart from the whole journal knows it as an anchor
    cluster.journals[0] = journal;
    cluster.restart(0);
    assert!(cluster.member(0).status().anchor >= proposal.anchor.number);
}

#[test]
fn a_witness_that_nobody_has_is_asked_for_less_and_less_often() {
    // GIVEN a witness whose parents nobody has
    let mut member = member_of(4);
    let (first, second) = two_levels();
    member.on_witness(MemberIndex(0), second, Vec::new(), START);
    // WHEN time passes and everybody answers with nothing
    let mut asked = Vec::new();
    for step in 1..5_000u64 {
        let now = START.after(10 * step);
        for peer in witness_questions(&member.tick(now), &first[1].id()) {
            let effects = member.on_witnesses(MemberIndex(peer), Vec::new(), now);
            assert_eq!(witness_questions(&effects, &first[1].id()), vec![]);
            asked.push(peer);
        }
    }
    // THEN all are asked in turn, at first four times a second, then every two seconds
    assert!(asked.windows(3).all(|peers| peers[0] != peers[1] && peers[0] != peers[2]), "{asked:?}");
    assert!((25..40).contains(&asked.len()), "asked {} times", asked.len());
}

#[test]
fn what_came_and_waits_is_not_asked_for_but_its_bodies_are() {
    // GIVEN a witness that waits for an anchor, one that came without its unit, and one that names both
    let mut member = member_of(4);
    let committee = committee(4);
    let mut early = content(0, 1, None, &[]);
    early.base = 1.into();
    let reading = unit(1, 0, Hash::zero(), 5);
    let mut bare = content(1, 1, None, &[]);
    bare.units = vec![reading.id()];
    let (early, bare) = (witness(early, &committee), witness(bare, &committee));
    let other = witness(content(2, 1, None, &[]), &committee);
    let second = witness(content(2, 2, Some(&other), &[&early, &bare]), &committee);
    for witness in [&early, &bare, &other, &second] {
        member.on_witness(witness.reference().member, witness.clone(), Vec::new(), START);
    }
    // WHEN time passes
    let effects: Vec<Effect> = (1..100).flat_map(|step| member.tick(START.after(10 * step))).collect();
    // THEN the first, which is here, is not asked for, and the body of the second is
    assert_eq!(witness_questions(&effects, &early.id()), vec![]);
    assert!(!witness_questions(&effects, &bare.id()).is_empty());
}
