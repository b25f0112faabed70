//! What one member that floods or lies can make another hold, and that it harms nobody else by it.

mod common;

use common::{
    build::{content, unit, witness},
    cluster::Cluster,
    crypto::{member_key, sign, GENESIS},
};
use loadstone_core::{Hash, MemberIndex};
use loadstone_dag::{
    frontier_hash, Anchor, AnchorProposal, CheckedUnit, CheckedWitness, Effect, Fault, HistoryRequest, HistoryResponse,
    MemberMessage, WitnessContent, WitnessRef, MAX_WITNESS_UNITS,
};

const LIAR: MemberIndex = MemberIndex(1);

fn tell(cluster: &mut Cluster, content: WitnessContent, units: &[CheckedUnit]) -> CheckedWitness {
    let made = witness(content, &cluster.committee);
    hand_in(cluster, &made, units);
    made
}

fn hand_in(cluster: &mut Cluster, witness: &CheckedWitness, units: &[CheckedUnit]) {
    let author = witness.reference().member;
    cluster.act(0, |m, now| m.on_witness(author, witness.clone(), units.to_vec(), now));
}

/// A witness that names something unknown, another one for each number.
fn waiting(number: u32, units: &[CheckedUnit]) -> WitnessContent {
    let unknown =
        WitnessRef { member: LIAR, level: 1.into(), hash: Hash(sp_crypto_hashing::blake2_256(&number.to_le_bytes())) };
    let mut content = content(LIAR.0, 1, None, &[]);
    content.latest = vec![WitnessRef { member: MemberIndex(2), ..unknown }];
    content.units = units.iter().map(CheckedUnit::id).collect();
    content
}

/// Member 0 of four, whom the test tells what it likes.
fn listener() -> Cluster {
    let mut cluster = Cluster::new(4);
    (1..4).for_each(|other| cluster.members[other] = None);
    cluster
}

#[test]
fn forks_are_held_only_if_somebody_else_names_them() {
    // GIVEN a member that signs a thousand witnesses of one level
    let mut cluster = listener();
    let forks: Vec<CheckedWitness> = (0..1_000u32)
        .map(|number| {
            let mut fork = content(LIAR.0, 1, None, &[]);
            fork.units = vec![unit(number, 0, Hash::zero(), 5).id()];
            witness(fork, &cluster.committee)
        })
        .collect();
    for (number, fork) in forks.iter().enumerate() {
        hand_in(&mut cluster, fork, &[unit(number as u32, 0, Hash::zero(), 5)]);
    }
    // THEN the first is held, none waits, and the fork is reported once
    let status = cluster.member(0).status();
    assert_eq!((status.witnesses, status.units, status.pending), (1, 1, 0));
    assert!(matches!(cluster.evidence[..], [Fault::MemberFork(..)]));
    // WHEN the liar itself builds on one of them THEN it stays out
    let on_fork = WitnessContent { last: true, ..content(LIAR.0, 2, Some(&forks[7]), &[]) };
    tell(&mut cluster, on_fork, &[]);
    hand_in(&mut cluster, &forks[7], &[unit(7, 0, Hash::zero(), 5)]);
    assert_eq!(cluster.member(0).status().witnesses, 1);
    // WHEN another member took one of them for the liar's THEN it is asked for and held
    let mut honest = content(2, 1, None, &[]);
    honest.latest = vec![forks[500].reference()];
    tell(&mut cluster, honest, &[]);
    assert_eq!(cluster.member(0).status().witnesses, 1);
    hand_in(&mut cluster, &forks[500], &[unit(500, 0, Hash::zero(), 5)]);
    assert_eq!(cluster.member(0).status().witnesses, 3);
}

#[test]
fn an_answer_may_bring_a_fork_before_what_names_it() {
    // GIVEN a member that holds one of two forks
    let mut cluster = listener();
    tell(&mut cluster, content(LIAR.0, 1, None, &[]), &[]);
    let reading = unit(1, 0, Hash::zero(), 5);
    let mut fork = content(LIAR.0, 1, None, &[]);
    fork.units = vec![reading.id()];
    let fork = witness(fork, &cluster.committee);
    // WHEN an answer brings the other one and another member's witness that names it
    let mut honest = content(2, 1, None, &[]);
    honest.latest = vec![fork.reference()];
    let honest = witness(honest, &cluster.committee);
    let answer = vec![(fork, vec![reading]), (honest, Vec::new())];
    cluster.act(0, |m, now| m.on_witnesses(MemberIndex(2), answer, now));
    // THEN both are held at once
    assert_eq!(cluster.member(0).status().witnesses, 3);
}

#[test]
fn what_waits_of_one_member_is_bounded_in_number_and_bodies() {
    // GIVEN a member that sends witnesses whose history nobody has
    let mut cluster = listener();
    for number in 0..3_000 {
        tell(&mut cluster, waiting(number, &[]), &[]);
    }
    // THEN a thousand of them wait
    assert_eq!(cluster.member(0).status().pending, 1_024);
    // WHEN it makes them as heavy as can be
    let mut cluster = listener();
    let units: Vec<CheckedUnit> =
        (0..MAX_WITNESS_UNITS as u32).map(|device| unit(device, 0, Hash::zero(), 5)).collect();
    for number in 0..100 {
        tell(&mut cluster, waiting(number, &units), &units);
    }
    // THEN far fewer wait
    assert_eq!(cluster.member(0).status().pending, 32);
    // AND what needs nothing is heard, of the liar and of others
    tell(&mut cluster, content(LIAR.0, 1, None, &[]), &[]);
    tell(&mut cluster, content(2, 1, None, &[]), &[]);
    assert_eq!(cluster.member(0).status().witnesses, 2);
    // WHEN a minute has passed THEN nothing of it is left
    cluster.run(62_000);
    assert_eq!(cluster.member(0).status().pending, 0);
}

#[test]
fn bodies_that_nobody_can_vote_for_do_not_stay() {
    // GIVEN a device in league with a member that introduces a unit whose predecessor nobody has
    let mut cluster = Cluster::new(4);
    cluster.run(500);
    let stray = unit(9, 5, Hash::repeat_byte(1), 5);
    cluster.act(1, |m, now| m.introduce(vec![stray.clone()], now));
    cluster.run(100);
    assert!(cluster.member(0).unit(&stray.id()).is_some());
    // WHEN as many anchors passed as bodies are kept for
    let keep = u64::from(cluster.config(0).keep_anchors);
    let mut last = Hash::zero();
    for sequence in 0..keep + 2 {
        let next = unit(1, sequence, last, 5);
        last = next.id();
        cluster.act(0, |m, now| m.introduce(vec![next], now));
        cluster.run(1_500);
    }
    // THEN its body is gone from memory, and so are those of units anchored long ago
    assert!(cluster.chain.len() as u64 > keep);
    assert!(cluster.member(0).unit(&stray.id()).is_none());
    assert!(cluster.member(0).unit(&unit(1, 0, Hash::zero(), 5).id()).is_none());
    assert!(cluster.member(0).unit(&last).is_some());
}

/// A candidate of number 1 on a frontier that nobody has.
fn candidate(number: u32) -> AnchorProposal {
    let frontier: Vec<WitnessRef> = (0..3)
        .map(|member| {
            let hash = Hash(sp_crypto_hashing::blake2_256(&[number.to_le_bytes(), [member as u8; 4]].concat()));
            WitnessRef { member: MemberIndex(member), level: 1.into(), hash }
        })
        .collect();
    let anchor = Anchor { number: 1.into(), frontier: frontier_hash(&frontier), units: 1, ..Anchor::default() };
    AnchorProposal { anchor, frontier }
}

#[test]
fn candidates_and_early_signatures_of_one_member_crowd_out_only_its_own() {
    // GIVEN a member that proposes a thousand candidates and signs a thousand that nobody knows
    let mut cluster = listener();
    for number in 0..1_000 {
        let proposal = candidate(number);
        let signature = sign(&member_key(LIAR.0), proposal.anchor.payload(&GENESIS).as_bytes());
        cluster.act(0, |m, now| m.on_proposal(proposal, LIAR, signature, now));
        cluster.act(0, |m, now| m.on_anchor_signature(candidate(5_000 + number).anchor.hash(), LIAR, [1; 64], now));
    }
    // THEN what is asked for because of it is bounded
    let now = cluster.now.after(100);
    let asked: usize = cluster.members[0]
        .as_mut()
        .expect("runs")
        .tick(now)
        .iter()
        .map(|effect| match effect {
            Effect::Request(_, HistoryRequest::Witnesses { wanted, .. }) => wanted.len(),
            _ => 0,
        })
        .sum();
    assert!(asked <= 8 * 3, "asks for {asked}");
    // WHEN the others anchor a unit, two of them signing before the candidate is known here
    let mut others = Cluster::new(4);
    others.members[usize::from(LIAR.0)] = None;
    others.run(500);
    others.act(2, |m, now| m.introduce(vec![unit(1, 0, Hash::zero(), 5)], now));
    others.run(5_000);
    let anchor = others.chain[0].clone();
    for signer in [2u16, 3] {
        let signature = sign(&member_key(signer), anchor.payload(&GENESIS).as_bytes());
        cluster.act(0, |m, now| m.on_anchor_signature(anchor.hash(), MemberIndex(signer), signature, now));
    }
    let history = others.members[2]
        .as_ref()
        .expect("runs")
        .serve(&HistoryRequest::Witnesses { epoch: 0, wanted: Vec::new(), known: Vec::new() }, &());
    let HistoryResponse::Witnesses(history) = history else { panic!("witnesses were asked for") };
    let history = history.into_iter().map(|(w, units)| others.checked(w, units)).collect();
    cluster.act(0, |m, now| m.on_witnesses(MemberIndex(2), history, now));
    // AND their proposal comes THEN this member signs it, and with the two early ones it is certified
    let proposed = others.sent.iter().find_map(|message| match message {
        MemberMessage::Propose(proposal, by, signature) if proposal.anchor == anchor => {
            Some((proposal.clone(), *by, *signature))
        }
        _ => None,
    });
    let (proposal, by, signature) = proposed.expect("somebody proposed it");
    cluster.act(0, |m, now| m.on_proposal(proposal, by, signature, now));
    cluster.run(10_000);
    assert_eq!(cluster.chain, vec![anchor]);
}
