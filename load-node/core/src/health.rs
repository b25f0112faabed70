//! What each gateway is worth, by what it did lately.

use crate::types::Now;

/// Time in which a gateway's penalty halves, in milliseconds.
const HALF_LIFE_MS: u64 = 60_000;

/// Greatest penalty: so much is forgotten within an hour.
const MAX_PENALTY: u32 = 1 << 16;

/// What a gateway did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It can't be reached or has turned us away.
    Lost,
    /// Units that it was sent wait too long.
    Stubborn,
    /// No verified head came while it was the first.
    Silent,
    /// It showed a proof that proves nothing.
    Forged,
}

impl Fault {
    /// A lie weighs more than any trouble of the network.
    const fn penalty(self) -> u32 {
        match self {
            Self::Lost | Self::Stubborn | Self::Silent => 64,
            Self::Forged => 4_096,
        }
    }
}

/// Penalties of all gateways; a good one has none.
#[derive(Debug)]
pub(crate) struct Health {
    /// Penalty of each with the moment that it stands for.
    penalties: Vec<(u32, u64)>,
}

impl Health {
    pub(crate) fn new(gateways: usize) -> Self {
        Self { penalties: vec![(0, 0); gateways] }
    }

    /// A gateway did something.
    pub(crate) fn blame(&mut self, now: Now, gateway: usize, fault: Fault) {
        let penalty = self.penalty(now, gateway).saturating_add(fault.penalty()).min(MAX_PENALTY);
        if let Some(entry) = self.penalties.get_mut(gateway) {
            *entry = (penalty, now.mono_ms);
        }
    }

    /// Present penalty of a gateway: 0 to [`MAX_PENALTY`].
    pub(crate) fn penalty(&self, now: Now, gateway: usize) -> u32 {
        let Some((penalty, since)) = self.penalties.get(gateway) else { return MAX_PENALTY };
        let halvings = now.mono_ms.saturating_sub(*since) / HALF_LIFE_MS;
        u32::try_from(halvings).ok().and_then(|halvings| penalty.checked_shr(halvings)).unwrap_or(0)
    }

    /// The best gateway but `current`; of equal ones the next in turn. `current` where there is no other.
    pub(crate) fn best_but(&self, now: Now, current: usize) -> usize {
        let count = self.penalties.len();
        let others = (1..count).map(|step| (current + step) % count);
        others.min_by_key(|gateway| self.penalty(now, *gateway)).unwrap_or(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::Millis;

    fn at(mono_ms: u64) -> Now {
        Now { mono_ms, unix: Millis(0) }
    }

    #[test]
    fn the_best_comes_next_a_lie_is_remembered_and_all_is_forgotten() {
        // GIVEN four gateways without a fault THEN the next in turn is the best
        let mut health = Health::new(4);
        assert_eq!(health.best_but(at(0), 3), 0);
        // WHEN one lies and one is lost THEN the third is the best
        health.blame(at(0), 0, Fault::Forged);
        health.blame(at(0), 1, Fault::Lost);
        assert_eq!(health.best_but(at(0), 3), 2);
        assert_eq!(health.best_but(at(0), 2), 3);
        // AND what was lost is forgotten in ten minutes, what lied is not
        assert_eq!((health.penalty(at(600_000), 1), health.penalty(at(600_000), 0)), (0, 4));
        assert_eq!(health.best_but(at(600_000), 3), 1);
        // AND a node of one gateway stays with it
        assert_eq!(Health::new(1).best_but(at(0), 0), 0);
    }
}
