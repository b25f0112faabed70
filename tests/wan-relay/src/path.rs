//! One direction between two sites: what becomes of a packet that enters it.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a path does to packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Microseconds from end to end.
    pub delay_us: u32,
    /// Microseconds of greatest additional delay; each packet's is drawn evenly from zero to this.
    pub jitter_us: u32,
    /// Lost packets in ten thousand, each drawn by itself.
    pub loss_bp: u16,
    /// Whether jitter lets packets overtake each other. Otherwise a late packet holds up those behind it.
    pub reorders: bool,
    /// Nothing passes.
    pub cut: bool,
}

/// One direction between two sites, with its own sequence of chances.
pub struct Path {
    /// What it does to packets from now on.
    pub conditions: Conditions,
    chances: ChaCha8Rng,
    last_due_us: u64,
}

impl Path {
    /// The path `number` of those that `seed` deals. Its nth packet has the same luck in every run, whatever passes
    /// elsewhere.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut chances = ChaCha8Rng::seed_from_u64(seed);
        chances.set_stream(number);
        Self { conditions: Conditions::default(), chances, last_due_us: 0 }
    }

    /// When a packet that enters at `now_us` arrives, with `slow_us` on top of the path's delay; nothing if it is lost.
    pub fn due_us(&mut self, now_us: u64, slow_us: u32) -> Option<u64> {
        // Both are drawn for each packet, so that its luck depends on nothing but the seed and its number.
        let (loss, jitter) = (self.below(10_000), self.below(u64::from(self.conditions.jitter_us) + 1));
        if loss < u64::from(self.conditions.loss_bp) {
            return None;
        }
        let due = now_us + u64::from(self.conditions.delay_us) + u64::from(slow_us) + jitter;
        let due = if self.conditions.reorders { due } else { due.max(self.last_due_us) };
        self.last_due_us = due;
        Some(due)
    }

    /// A number below `limit`, which is at most 2^32; one draw whatever the limit.
    fn below(&mut self, limit: u64) -> u64 {
        (u64::from(self.chances.next_u32()) * limit) >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of packets that enter a path of this seed one a millisecond: how long each takes.
    fn taken(seed: u64, number: u64, conditions: Conditions, packets: u64) -> Vec<Option<u64>> {
        let mut path = Path::new(seed, number);
        path.conditions = conditions;
        (0..packets).map(|packet| path.due_us(packet * 1_000, 0).map(|due| due - packet * 1_000)).collect()
    }

    #[test]
    fn a_seed_deals_the_same_losses_again_and_each_path_its_own() {
        // GIVEN a path that loses 2 % of its packets
        let conditions = Conditions { delay_us: 15_000, loss_bp: 200, ..Conditions::default() };
        // WHEN 100,000 packets enter it
        let first = taken(7, 1, conditions, 100_000);
        // THEN about that many are lost, all others take the same time
        let lost = first.iter().filter(|due| due.is_none()).count();
        assert!((1_850..2_150).contains(&lost), "{lost}");
        assert!(first.iter().flatten().all(|taken| *taken == 15_000));
        // and the same seed does it again, another path or seed does not
        assert_eq!(first, taken(7, 1, conditions, 100_000));
        assert_ne!(first, taken(7, 2, conditions, 100_000));
        assert_ne!(first, taken(8, 1, conditions, 100_000));
    }

    #[test]
    fn jitter_does_not_change_which_packets_are_lost() {
        // GIVEN a path with loss, and the same with jitter besides
        let plain = Conditions { loss_bp: 500, ..Conditions::default() };
        let jittery = Conditions { jitter_us: 9_000, ..plain };
        // WHEN packets enter both THEN the same ones are lost
        let lost = |conditions| taken(3, 0, conditions, 5_000).iter().map(Option::is_none).collect::<Vec<_>>();
        assert_eq!(lost(plain), lost(jittery));
    }

    #[test]
    fn jitter_keeps_the_order_unless_told_otherwise() {
        // GIVEN packets a millisecond apart and jitter of up to ten
        let jittery = Conditions { delay_us: 20_000, jitter_us: 10_000, ..Conditions::default() };
        let arrivals = |conditions| {
            let times = taken(1, 0, conditions, 1_000);
            times.iter().enumerate().map(|(at, taken)| at as u64 * 1_000 + taken.expect("no loss")).collect::<Vec<_>>()
        };
        // WHEN the path keeps order THEN none arrives before one that was sent earlier, nor outside its time
        let kept = arrivals(jittery);
        assert!(kept.is_sorted());
        assert!((0..).zip(&kept).all(|(at, due)| (20_000..=30_000).contains(&(due - at * 1_000))));
        // WHEN it need not THEN some do
        assert!(!arrivals(Conditions { reorders: true, ..jittery }).is_sorted());
    }

    #[test]
    fn a_path_that_becomes_faster_still_keeps_the_order() {
        // GIVEN a packet under way on a slow path
        let mut path = Path::new(1, 0);
        path.conditions.delay_us = 100_000;
        assert_eq!(path.due_us(0, 500_000), Some(600_000));
        // WHEN delay and slowness go away THEN the next one waits for it, and those after are as fast as the path
        path.conditions.delay_us = 10_000;
        assert_eq!(path.due_us(1_000, 0), Some(600_000));
        assert_eq!(path.due_us(700_000, 0), Some(710_000));
    }
}
