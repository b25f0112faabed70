//! Storage proofs: presence, absence, and proofs that hold too little or too much.

use super::*;
use crate::{fixture::State, keys};
use loadstone_core::{AnchorNumber, DeviceId};

/// A state with a short value and one long enough to stand in a node of its own.
fn state() -> (State, Vec<u8>, Vec<u8>) {
    let (short, long) = (keys::device(DeviceId(1)), keys::anchor(AnchorNumber(1)));
    (State::new(&[(short.clone(), vec![1, 2, 3]), (long.clone(), vec![4; 100])]), short, long)
}

#[test]
fn values_and_absences_are_proved() {
    // GIVEN a proof of two present keys and an absent one
    let (state, short, long) = state();
    let wanted = [short, long, keys::device(DeviceId(9))];
    let proof = state.prove(&wanted);
    // THEN they read as they stand in state
    let values = read_proved(&state.root, &proof, &wanted).expect("holds");
    assert_eq!(values, [Some(vec![1, 2, 3]), Some(vec![4; 100]), None]);
}

#[test]
fn missing_idle_and_disordered_nodes_are_refused() {
    let (state, short, long) = state();
    let proof = state.prove(&[short.clone(), long.clone()]);
    // WHEN any node is left out THEN the proof is incomplete
    for left_out in 0..proof.len() {
        let mut fewer = proof.clone();
        fewer.remove(left_out);
        let read = read_proved(&state.root, &fewer, &[&short, &long]);
        assert_eq!(read, Err(StateError::Incomplete));
    }
    // WHEN fewer keys are read than proved THEN some node is idle
    assert_eq!(read_proved(&state.root, &proof, &[&short]), Err(StateError::UnusedNode));
    let mut backwards = proof.clone();
    backwards.reverse();
    assert_eq!(read_proved(&state.root, &backwards, &[&short, &long]), Err(StateError::Disordered));
    assert_eq!(read_proved(&Hash::zero(), &proof, &[&short, &long]), Err(StateError::Incomplete));
    assert_eq!(read_proved::<Vec<u8>>(&state.root, &[], &[]), Ok(vec![]));
}

#[test]
fn a_minimal_proof_leaves_out_what_nobody_reads() {
    let (state, short, long) = state();
    let both = state.prove(&[short.clone(), long]);
    let one = minimal_proof(&state.root, both.clone(), &[&short]).expect("holds");
    assert!(one.len() < both.len());
    assert_eq!(read_proved(&state.root, &one, &[&short]), Ok(vec![Some(vec![1, 2, 3])]));
    assert_eq!(minimal_proof(&state.root, vec![], &[&short]), Err(StateError::Incomplete));
}
