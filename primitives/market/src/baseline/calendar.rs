//! Working days and others.

use crate::Calendar;
use loadstone_core::Millis;

/// Milliseconds in a day.
pub const DAY_MS: u64 = 86_400_000;

impl Calendar {
    /// Local day of a moment, counted from 1970-01-01.
    pub fn day(&self, at: Millis) -> u32 {
        u32::try_from(self.local(at) / DAY_MS).unwrap_or(u32::MAX)
    }

    /// Milliseconds since local midnight.
    pub fn time_of_day(&self, at: Millis) -> u64 {
        self.local(at) % DAY_MS
    }

    fn local(&self, at: Millis) -> u64 {
        at.0.saturating_add_signed(i64::from(self.utc_offset_minutes).saturating_mul(60_000))
    }

    /// Whether people work on a day: Monday to Friday but for holidays, and the weekend days that make up for them.
    pub fn is_working(&self, day: u32) -> bool {
        // 1970-01-01 was a Thursday.
        let is_weekend = matches!((day % 7 + 3) % 7, 5 | 6);
        match is_weekend {
            true => self.workdays.binary_search(&day).is_ok(),
            false => self.holidays.binary_search(&day).is_err(),
        }
    }
}
