//! What an author does at a moment of its slot, as a function of what it sees.

use std::time::Duration;

use crate::{Need, Timing};

/// What an author sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// What waits for a block.
    pub need: Need,
    /// Whether the chain has been silent for so long that an empty block is due.
    pub heartbeat_due: bool,
    /// Whether the newest block is of the slot before, so that no other can be on its way.
    pub is_settled: bool,
    /// Time since the slot began.
    pub elapsed: Duration,
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Makes a block; of limited size where an order waits for it.
    Build { limit: Option<usize> },
    /// Waits for something new, at most until this moment of the slot.
    WaitUntil(Duration),
    /// Leaves the slot empty.
    Skip,
}

pub(crate) fn decide(view: View, timing: &Timing) -> Step {
    let View { need, heartbeat_due, is_settled, elapsed } = view;
    if elapsed >= timing.cut_off {
        return Step::Skip;
    }
    let wanted_at = match need {
        Need::Order => Duration::ZERO,
        Need::Pressing => timing.gather,
        // The block before is a moment old: whoever follows the chain pays for each, so a few gather for one.
        Need::Ordinary if is_settled => return Step::WaitUntil(timing.cut_off),
        Need::Ordinary => timing.gather,
        Need::Nothing | Need::Heartbeats if heartbeat_due => timing.gather,
        Need::Nothing | Need::Heartbeats => return Step::WaitUntil(timing.cut_off),
    };
    let at = if is_settled { wanted_at } else { wanted_at.max(timing.settle) };
    if elapsed < at {
        return Step::WaitUntil(at);
    }
    Step::Build { limit: (need == Need::Order).then_some(timing.order_block_bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing {
        settle: Duration::from_millis(20),
        gather: Duration::from_millis(60),
        cut_off: Duration::from_millis(110),
        build: Duration::from_millis(60),
        heartbeat: Duration::from_secs(2),
        rest: Duration::from_secs(20),
        order_block_bytes: 1_000,
    };

    fn at(elapsed_ms: u64, need: Need) -> View {
        View { need, heartbeat_due: false, is_settled: true, elapsed: Duration::from_millis(elapsed_ms) }
    }

    fn until(ms: u64) -> Step {
        Step::WaitUntil(Duration::from_millis(ms))
    }

    #[test]
    fn an_order_waits_for_nothing_but_the_block_before() {
        // GIVEN a slot whose predecessor's block is there WHEN an order comes THEN a small block is made at once
        let now = Step::Build { limit: Some(1_000) };
        assert_eq!(decide(at(0, Need::Order), &TIMING), now);
        assert_eq!(decide(at(109, Need::Order), &TIMING), now);
        // GIVEN one that may still be on its way THEN it is waited for a moment
        let unsettled = |ms| View { is_settled: false, ..at(ms, Need::Order) };
        assert_eq!(decide(unsettled(0), &TIMING), until(20));
        assert_eq!(decide(unsettled(20), &TIMING), now);
    }

    #[test]
    fn other_transactions_are_gathered_and_nothing_is_begun_late() {
        // GIVEN many transactions WHEN the slot begins THEN they gather, so that an order finds the slot free
        assert_eq!(decide(at(0, Need::Pressing), &TIMING), until(60));
        assert_eq!(decide(at(60, Need::Pressing), &TIMING), Step::Build { limit: None });
        // WHEN it is too late to reach the next author THEN they wait for it, as does an order
        assert_eq!(decide(at(110, Need::Pressing), &TIMING), Step::Skip);
        assert_eq!(decide(at(110, Need::Order), &TIMING), Step::Skip);
    }

    #[test]
    fn a_few_transactions_get_every_second_slot() {
        // GIVEN a few transactions WHEN the slot before has a block THEN they leave this one to an order
        assert_eq!(decide(at(60, Need::Ordinary), &TIMING), until(110));
        // WHEN it has none THEN they make one
        let unsettled = |ms| View { is_settled: false, ..at(ms, Need::Ordinary) };
        assert_eq!(decide(unsettled(20), &TIMING), until(60));
        assert_eq!(decide(unsettled(60), &TIMING), Step::Build { limit: None });
    }

    #[test]
    fn a_silent_chain_gets_heartbeats_alone() {
        // GIVEN nothing to do WHEN no heartbeat is due THEN the slot stays open for what may come, and empty
        assert_eq!(decide(at(5, Need::Nothing), &TIMING), until(110));
        assert_eq!(decide(at(110, Need::Nothing), &TIMING), Step::Skip);
        // WHEN one is due THEN it is made as an ordinary block is
        let due = |ms| View { heartbeat_due: true, ..at(ms, Need::Nothing) };
        assert_eq!(decide(due(5), &TIMING), until(60));
        assert_eq!(decide(due(60), &TIMING), Step::Build { limit: None });
    }
}
