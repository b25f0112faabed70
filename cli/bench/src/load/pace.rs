//! How many transactions are due: so many that blocks are filled to a share, or as many as a backlog leaves room for.

use std::time::Duration;

/// A whole, in parts per million.
pub const WHOLE: u64 = 1_000_000;

const MICROS: u64 = 1_000_000;

/// Transactions a second until blocks have shown what one weighs.
const FIRST_RATE: u64 = 20;

/// Longest time that is made up for at once after a pause, in microseconds.
const CATCH_UP: u64 = 1_000_000;

/// What some blocks in a row held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Blocks.
    pub blocks: u64,
    /// Time between the first and the last, in microseconds.
    pub micros: u64,
    /// Our transactions in them.
    pub included: u64,
    /// Weight of ordinary transactions, in picoseconds.
    pub normal: u64,
    /// All other weight, in picoseconds.
    pub other: u64,
}

impl Window {
    /// Share of the weight limit that all transactions took, in parts per million. `limit` is a block's.
    pub fn share(&self, limit: u64) -> u64 {
        let (taken, room) = (self.normal.saturating_add(self.other), limit.saturating_mul(self.blocks));
        parts(taken, room)
    }
}

fn parts(part: u64, of: u64) -> u64 {
    let scaled = u128::from(part) * u128::from(WHOLE);
    u64::try_from(scaled.checked_div(of.into()).unwrap_or_default()).unwrap_or(u64::MAX)
}

/// Paces transactions to a share of the blocks' weight limit.
#[derive(Debug)]
pub struct Pace {
    /// Weight that a block is to hold, in picoseconds.
    target: u64,
    /// Transactions in a thousand seconds.
    rate: u64,
    /// Time that no transaction has used yet, in microseconds times the rate.
    due: u128,
}

impl Pace {
    /// To fill `share` (parts per million) of blocks whose weight is limited to `limit`.
    pub fn new(share: u64, limit: u64) -> Self {
        let target = u128::from(limit) * u128::from(share) / u128::from(WHOLE);
        Self { target: u64::try_from(target).unwrap_or(limit), rate: FIRST_RATE * 1_000, due: 0 }
    }

    /// How many transactions are due after `elapsed` more.
    pub fn due(&mut self, elapsed: Duration) -> u64 {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).min(CATCH_UP);
        self.due = self.due.saturating_add(u128::from(micros) * u128::from(self.rate));
        let one = u128::from(MICROS) * 1_000;
        let whole = self.due / one;
        self.due %= one;
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// Learns from blocks what a transaction weighs and how often blocks come, and takes the pace that
    /// fills the rest of the target beside all other weight.
    pub fn learn(&mut self, window: &Window) {
        let Window { blocks, micros, included, normal, other } = *window;
        let one = normal.checked_div(included).unwrap_or_default();
        let beside = other.checked_div(blocks).unwrap_or_default();
        let (Some(a_block), true) = (self.target.saturating_sub(beside).checked_mul(1_000), one > 0 && micros > 0)
        else {
            return;
        };
        let a_block = u128::from(a_block / one);
        let rate = a_block * u128::from(blocks) * u128::from(MICROS) / u128::from(micros);
        self.rate = u64::try_from(rate).unwrap_or(self.rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 60 ms computing time, five a second.
    const LIMIT: u64 = 60_000_000_000;
    const MS: u64 = 1_000_000_000;

    fn window(included: u64) -> Window {
        Window { blocks: 10, micros: 2_000_000, included, normal: included * MS, other: 10 * 2 * MS }
    }

    fn in_ten_seconds(pace: &mut Pace) -> u64 {
        (0..1_000).map(|_| pace.due(Duration::from_millis(10))).sum()
    }

    #[test]
    fn it_begins_slowly_and_then_fills_what_other_weight_leaves() {
        // GIVEN half full blocks to come
        let mut pace = Pace::new(WHOLE / 2, LIMIT);
        assert_eq!(in_ten_seconds(&mut pace), 200);
        // WHEN blocks show that a transaction takes a millisecond and other weight two
        pace.learn(&window(40));
        // THEN 28 transactions a block, five blocks a second
        assert_eq!(in_ten_seconds(&mut pace), 1_400);
        // AND learning the same again changes nothing
        pace.learn(&window(280));
        assert_eq!(in_ten_seconds(&mut pace), 1_400);
    }

    #[test]
    fn blocks_without_a_transaction_teach_nothing() {
        // GIVEN a pace WHEN blocks held none of ours, or came in no time
        let mut pace = Pace::new(WHOLE / 2, LIMIT);
        pace.learn(&window(0));
        pace.learn(&Window { micros: 0, ..window(9) });
        // THEN it stays
        assert_eq!(in_ten_seconds(&mut pace), 200);
    }

    #[test]
    fn a_pause_is_made_up_for_in_part() {
        // GIVEN a program that stood still for a minute THEN a second's worth is due, not a minute's
        let mut pace = Pace::new(WHOLE / 2, LIMIT);
        assert_eq!(pace.due(Duration::from_secs(60)), 20);
    }

    #[test]
    fn the_share_is_of_all_weight_that_blocks_may_hold() {
        // GIVEN ten blocks with 280 ms of ours and 20 ms of others THEN half of 600 ms is taken
        assert_eq!(window(280).share(LIMIT), WHOLE / 2);
        assert_eq!(Window::default().share(LIMIT), 0);
    }
}
