//! The node's own standing availability as last proven, and for which orders that proof is enough.

use codec::{Decode, Encode};
use loadstone_core::{Direction, Millis};
use loadstone_market::{Availability, Order, OrderRule};

/// What the chain said about the own availability, and when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Standing {
    /// Which way.
    pub direction: Direction,
    /// Chain time of a head not later than the one that it was proven at.
    pub time: Millis,
    /// The entries; `None` where they are proven absent.
    pub entries: Option<Availability>,
}

impl Standing {
    /// Whether the entries decide the node's share in `order`. A declaration counts from the next
    /// availability epoch on, and entries keep what is in force in a live order's epoch. The order tells the
    /// epoch from which on the last change counts: a proof from that epoch or later is enough.
    pub(crate) fn decides(&self, order: &Order) -> bool {
        match &order.rule {
            OrderRule::Emergency { epoch, changed, .. } => {
                // The moment of issue lies in the epoch, so this is an epoch's length or somewhat more, and what
                // is computed of it the start of the change's epoch or somewhat later. Never before.
                let length = order.issued_at.0.checked_div(epoch.0.into()).unwrap_or(0);
                self.time.0 >= length.saturating_mul(changed.0.into())
            }
            OrderRule::Event(_) | OrderRule::Release => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{AnchorNumber, AreaId, AvailabilityEpoch, BoundedVec, Watts};
    use loadstone_market::Limits;

    /// Of an area where offers changed some epochs ago.
    fn order(issued_at: u64, epoch_ms: u64, ago: u32) -> Order {
        let epoch = AvailabilityEpoch(u32::try_from(issued_at / epoch_ms).unwrap());
        let changed = AvailabilityEpoch(epoch.0 - ago);
        let (target, limits) = (Watts(1), Limits::default());
        let rule =
            OrderRule::Emergency { epoch, changed, target, limits, cutoff_rank: 1, numerator: 1, denominator: 1 };
        Order {
            area: AreaId(1),
            direction: Direction::Down,
            sequence: 1,
            rule,
            start: Millis(issued_at),
            end: Millis(issued_at + 1_000),
            issued_at: Millis(issued_at),
            reference_anchor: AnchorNumber(0),
            reason: BoundedVec::default(),
        }
    }

    #[test]
    fn a_proof_is_enough_from_the_epoch_of_the_last_change_on() {
        // GIVEN epochs of two seconds to a quarter of an hour, and an order in the epoch of a change
        for epoch_ms in [2_000, 60_000, 900_000] {
            let start = 1_700_000_000_000 / epoch_ms * epoch_ms;
            let order = order(start + epoch_ms - 1, epoch_ms, 0);
            let decides =
                |time| Standing { direction: Direction::Down, time: Millis(time), entries: None }.decides(&order);
            // THEN a proof from its first moment on decides, and none from before
            assert_eq!((decides(start - 1), decides(start)), (false, true));
        }
    }

    #[test]
    fn a_proof_outlives_epochs_without_a_change() {
        // GIVEN an order an hour after the last change, in epochs of two seconds
        let issued = 1_700_000_000_000;
        let order = order(issued, 2_000, 1_800);
        let decides = |time| Standing { direction: Direction::Down, time: Millis(time), entries: None }.decides(&order);
        // THEN a proof from soon after the change decides, and none from before it
        assert_eq!((decides(issued - 3_600_001), decides(issued - 3_590_000)), (false, true));
    }

    #[test]
    fn long_epochs_err_towards_asking() {
        // GIVEN epochs of a day, whose length does not follow from the order to the millisecond
        let day = 86_400_000;
        let start = 1_700_000_000_000 / day * day;
        let order = order(start + day / 2, day, 0);
        let decides = |time| Standing { direction: Direction::Down, time: Millis(time), entries: None }.decides(&order);
        // THEN nothing from before the epoch decides, and everything from the order on does
        assert_eq!((decides(start - 1), decides(start + day / 2)), (false, true));
    }
}
