//! Market supervision: what looks wrong in bids, records and baselines, as numbers that anyone can recompute.
//!
//! A detector is a pure function of what stands on chain and of the [`SupervisionRules`]. What it finds is [`Evidence`],
//! never a verdict: the regulator hears the subject and decides. A threshold of zero switches its detector off.
//!
//! - By organisation, once all of an event's resources were walked: [`marginal`], [`alike`], [`concentration`],
//!   [`withholding`]. The walk keeps one [`Tally`] an organisation.
//! - By resource, on the way: [`capacity`], [`baseline`], [`readings`]. What is usual of a resource stands in its
//!   [`Track`].
//! - By several meters: [`feeder`].

pub mod alike;
pub mod baseline;
pub mod capacity;
mod case;
pub mod concentration;
pub mod feeder;
pub mod marginal;
pub mod readings;
mod report;
mod rules;
mod tally;
pub mod withholding;

pub use case::*;
pub use report::*;
pub use rules::*;
pub use tally::*;

use crate::math::{mul_div_ceil, mul_div_floor};
use loadstone_core::{BasisPoints, Watts, BASIS_POINTS};

const ONE: u128 = BASIS_POINTS as u128;

/// `share` of `watts`, rounded down.
fn share_of(watts: u128, share: BasisPoints) -> u128 {
    mul_div_floor(&[watts, share.0.into()], &[ONE])
}

/// `share` of `watts`, rounded up.
fn share_of_up(watts: u128, share: BasisPoints) -> u128 {
    mul_div_ceil(&[watts, share.0.into()], &[ONE])
}

/// An exponential mean after one more value, rounded toward minus infinity: `weight` of the newest, the rest of the past;
/// the newest itself at first.
fn mean(past: Option<Watts>, newest: Watts, weight: BasisPoints) -> Watts {
    let Some(past) = past else { return newest };
    let (one, weight) = (i128::from(BASIS_POINTS), i128::from(weight.0.min(BASIS_POINTS)));
    let sum = weight * i128::from(newest.0) + (one - weight) * i128::from(past.0);
    // A mean of two values of the type.
    Watts(sum.div_euclid(one) as i64)
}
