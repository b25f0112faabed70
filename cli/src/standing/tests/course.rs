//! What is left to do with a batch follows from folder and chain alone.

use super::*;
use crate::compare::tests as sample;
use loadstone_market::BidResources;

const SEAL: Hash = Hash([1; 32]);
const GATE: Millis = Millis(11_000);

fn event(phase: Phase) -> Event {
    Event { phase, gate_closure: GATE, ..sample::event() }
}

fn commitment(seal: Hash, revealed: bool) -> Commitment {
    Commitment { seal, resources: BidResources::default(), credits: Default::default(), bond: 0, revealed }
}

fn held(was_on_chain: bool, given_up: bool) -> Held {
    Held { seal: SEAL, was_on_chain, given_up }
}

const NEW: Held = Held { seal: SEAL, was_on_chain: false, given_up: false };
const BEFORE: Millis = Millis(GATE.0 - 1);

#[test]
fn a_batch_goes_from_commitment_to_reveal_to_its_end() {
    let (open, sealed, revealed) = (event(Phase::Open), commitment(SEAL, false), commitment(SEAL, true));
    // GIVEN a batch that was just sealed, or whose commitment may be lost THEN it is sent, again under the same seal
    assert_eq!(next(NEW, &open, None, BEFORE), Next::Commit);
    // GIVEN it on chain, whether or not the folder knows THEN it waits for the gate, and is revealed from then on
    for held in [NEW, held(true, false)] {
        assert_eq!(next(held, &open, Some(&sealed), BEFORE), Next::Wait);
        assert_eq!(next(held, &open, Some(&sealed), GATE), Next::Reveal);
        // AND once revealed it waits for clearing, and is over then
        assert_eq!(next(held, &open, Some(&revealed), GATE), Next::Wait);
        assert_eq!(next(held, &event(Phase::Cleared), Some(&revealed), GATE), Next::Over(End::Revealed));
        assert_eq!(next(held, &event(Phase::Settled), Some(&revealed), GATE), Next::Over(End::Revealed));
    }
}

#[test]
fn what_is_given_up_is_taken_back_before_the_gate_and_revealed_after() {
    let (open, sealed) = (event(Phase::Open), commitment(SEAL, false));
    // GIVEN an event that is given up THEN nothing is sent, and what came on chain is taken back
    assert_eq!(next(held(false, true), &open, None, BEFORE), Next::Wait);
    assert_eq!(next(held(true, true), &open, Some(&sealed), BEFORE), Next::Withdraw);
    // AND what is still on chain at the gate is revealed, since it would cost the bond
    assert_eq!(next(held(true, true), &open, Some(&sealed), GATE), Next::Reveal);
    // AND only at the gate the sheet is let go: until then its commitment may be on its way
    assert_eq!(next(held(false, true), &open, None, GATE), Next::Over(End::Withdrawn));
}

#[test]
fn a_sheet_is_never_let_go_while_it_may_be_needed() {
    // GIVEN a batch that was on chain, and a node that does not show it
    let open = event(Phase::Open);
    // THEN it is neither sent again nor let go before the gate: the node may be behind
    assert_eq!(next(held(true, false), &open, None, BEFORE), Next::Wait);
    assert_eq!(next(held(true, false), &open, None, GATE), Next::Over(End::Withdrawn));
}

#[test]
fn what_can_no_more_be_done_is_told() {
    let sealed = commitment(SEAL, false);
    // GIVEN a start after the gate THEN what was not on chain stays out
    assert_eq!(next(NEW, &event(Phase::Open), None, GATE), Next::Over(End::TooLate));
    assert_eq!(next(NEW, &event(Phase::Cleared), None, GATE), Next::Over(End::TooLate));
    // GIVEN a start after clearing THEN what was not revealed is forfeited
    assert_eq!(next(NEW, &event(Phase::Cleared), Some(&sealed), GATE), Next::Over(End::Forfeited));
    // GIVEN a cancelled event THEN nothing is left to do
    assert_eq!(next(NEW, &event(Phase::Cancelled), Some(&sealed), BEFORE), Next::Over(End::Cancelled));
    // GIVEN another bid under the number THEN it is left alone
    let other = commitment(Hash([2; 32]), false);
    assert_eq!(next(NEW, &event(Phase::Open), Some(&other), GATE), Next::Over(End::Displaced));
}
