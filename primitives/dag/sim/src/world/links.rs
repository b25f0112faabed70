//! The network between members: delay, loss, disorder, doubling and cuts.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::{
    plan::{stream, Cut, Links, Plan},
    seats::SeatSet,
};

/// Longest delay of a link that is neither slow nor lost, once the network healed.
const HEALED_MS: u64 = 60;

/// Decides when a message arrives, if at all.
pub struct Network {
    links: Links,
    cuts: Vec<Cut>,
    heal_ms: u64,
    rng: ChaCha8Rng,
}

impl Network {
    /// The network of a plan.
    pub fn new(plan: &Plan) -> Self {
        Self { links: plan.links, cuts: plan.cuts.clone(), heal_ms: plan.heal_ms, rng: stream(plan.seed, "network") }
    }

    /// Delays of a message sent now: none when it is lost, two when it arrives twice.
    pub fn delays(&mut self, from: u16, to: u16, now: u64) -> Vec<u64> {
        if self.is_cut(from, to, now) {
            return Vec::new();
        }
        let healed = now >= self.heal_ms;
        if !healed && self.percent(self.links.loss) {
            return Vec::new();
        }
        let twice = self.percent(self.links.twice);
        (0..=u8::from(twice)).map(|_| self.delay(healed)).collect()
    }

    /// Whether a cut lies between the two.
    pub fn is_cut(&self, from: u16, to: u16, now: u64) -> bool {
        let apart = |[one, other]: [SeatSet; 2]| {
            (one.contains(from) && other.contains(to)) || (one.contains(to) && other.contains(from))
        };
        self.cuts.iter().any(|cut| cut.from <= now && now < cut.until && apart(cut.sides))
    }

    fn delay(&mut self, healed: bool) -> u64 {
        let (least, greatest) = self.links.delay_ms;
        let usual = self.rng.gen_range(least..=greatest);
        match healed {
            true => usual.min(HEALED_MS),
            false if self.percent(self.links.slow) => self.rng.gen_range(0..=self.links.slow_ms).max(usual),
            false => usual,
        }
    }

    fn percent(&mut self, chance: u32) -> bool {
        chance > 0 && self.rng.gen_range(0..100) < chance
    }
}
