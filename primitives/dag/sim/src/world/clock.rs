//! A seat's clock, which nobody sets right.

use loadstone_core::Millis;

use crate::plan::Skew;

/// Begin of virtual time, so that no clock shows less than zero.
const BEGIN_MS: u64 = 1_000_000;

/// Shows the world's time a little off.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Skew);

impl Clock {
    /// A clock with this error.
    pub fn new(skew: Skew) -> Self {
        Self(skew)
    }

    /// What it shows at this moment of the world.
    pub fn at(self, now: u64) -> Millis {
        let gained = (now as i64).saturating_mul(self.0.permille) / 1_000;
        Millis((BEGIN_MS + now + self.0.offset_ms).saturating_add_signed(gained))
    }
}
