//! What is left to do with a sealed batch, from what the state folder holds and the chain says. A pure function, so that a
//! start after any interruption goes on like the run before.

use loadstone_core::{Hash, Millis};
use loadstone_market::{Commitment, Event, Phase};

/// A batch as the state folder holds it.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// What its commitment shows.
    pub seal: Hash,
    /// Whether its commitment was seen on chain.
    pub was_on_chain: bool,
    /// Whether the event is given up: nothing more is committed in it, and what is committed is taken back.
    pub given_up: bool,
}

/// What comes next for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send its commitment.
    Commit,
    /// Take it back.
    Withdraw,
    /// Send its sheet and salt.
    Reveal,
    /// Nothing now: it waits for its gate, or for clearing.
    Wait,
    /// Nothing any more.
    Over(End),
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It was revealed, and takes part in clearing.
    Revealed,
    /// It was not revealed before clearing: the bond is forfeited.
    Forfeited,
    /// It was taken back, or never sent since the event was given up.
    Withdrawn,
    /// The gate closed, or the event ended, before its commitment was on chain.
    TooLate,
    /// The chain refused its commitment.
    Refused,
    /// Another bid stands under its number.
    Displaced,
    /// The event was cancelled: the bond is free.
    Cancelled,
}

/// What comes next for a batch, `commitment` being what stands under its number and `now` the chain's time, both at one
/// finalised block.
pub fn next(held: Held, event: &Event, commitment: Option<&Commitment>, now: Millis) -> Next {
    if event.phase == Phase::Cancelled {
        return Next::Over(End::Cancelled);
    }
    let (is_open, is_gate_open) = (event.phase == Phase::Open, now < event.gate_closure);
    let is_wanted = !held.was_on_chain && !held.given_up;
    match commitment {
        Some(other) if other.seal != held.seal => Next::Over(End::Displaced),
        Some(Commitment { revealed: true, .. }) if is_open => Next::Wait,
        Some(Commitment { revealed: true, .. }) => Next::Over(End::Revealed),
        Some(_) if !is_open => Next::Over(End::Forfeited),
        // After the gate nothing is taken back, and what is not revealed costs the bond.
        Some(_) if !is_gate_open => Next::Reveal,
        Some(_) if held.given_up => Next::Withdraw,
        Some(_) => Next::Wait,
        // It may be on its way, or the node behind: only a block after the gate says for good that it is not on chain.
        None if is_open && is_gate_open => {
            if is_wanted {
                Next::Commit
            } else {
                Next::Wait
            }
        }
        None if is_wanted => Next::Over(End::TooLate),
        None => Next::Over(End::Withdrawn),
    }
}

#[cfg(test)]
#[path = "tests/course.rs"]
mod tests;
