//! The rules as they were published, in arithmetic of this file's own: nothing here calls the code under test.
//!
//! Power in watts, time in seconds, energy in watt-milliseconds, money in micro-yuan. Sources: the programmes' heads.

/// Watt-milliseconds in a kWh.
const KWH: i128 = 3_600_000_000;

/// Basis points in one.
pub const ONE: i128 = 10_000;

fn up(dividend: i128, divisor: i128) -> i128 {
    -(-dividend).div_euclid(divisor)
}

/// How delivery is paid and shortfall punished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pay {
    /// Q_eff = Q_act up to 1.1 Q, half of what is above; penalty (0.9 Q - Q_eff) x 1.1 P where that is positive.
    Sichuan,
    /// As in Sichuan, times K, which is at most 2.
    Hunan,
    /// Nothing is paid where the deviation exceeds 30 %; what the source leaves open follows Sichuan.
    NorthChina,
    /// No penalty from 90 % on; shortfall x P from 70 % on, x 1.5 P below; over-delivery capped at 120 %.
    TypicalProvince,
    /// All delivery up to twice the commitment is paid, and all shortfall charged at P.
    Pjm,
    /// A contract: what the meter shows, up to the power agreed.
    Meter,
    /// A contract: as above, and a tenth of P for what is missing below half of it.
    MeterOrTenth,
}

/// Of one interval: energy that is paid, and energy that is punished times tenths of the price.
fn interval(pay: Pay, q: i128, d: i128) -> (i128, i128) {
    let sichuan = || if 10 * d <= 11 * q { d } else { 11 * q / 10 + (d - 11 * q / 10) / 2 };
    let missing = |counted: i128| (9 * q / 10 - counted).max(0) * 11;
    match pay {
        Pay::Sichuan | Pay::Hunan => (sichuan(), missing(sichuan())),
        Pay::NorthChina if 10 * (d - q).abs() > 3 * q => (0, missing(sichuan())),
        Pay::NorthChina => (sichuan(), missing(sichuan())),
        Pay::TypicalProvince => match d.min(12 * q / 10) {
            counted if 10 * counted >= 9 * q => (counted, 0),
            counted if 10 * counted >= 7 * q => (counted, (q - counted) * 10),
            counted => (counted, (q - counted) * 15),
        },
        Pay::Pjm => (d.min(2 * q), (q - d).max(0) * 10),
        Pay::Meter => (d.min(q), 0),
        Pay::MeterOrTenth => (d.min(q), (q / 2 - d).max(0)),
    }
}

/// What one resource is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub paid_energy: i128,
    pub claim: i128,
    pub penalty: i128,
}

/// Of quotas and deliveries in watts; `value` is the sum of awarded watts times price, `k` the K index in basis points.
pub fn due(pay: Pay, quotas: &[i128], delivered: &[i128], seconds: i128, (award, value): (i128, i128), k: i128) -> Due {
    if award == 0 {
        return Due::default();
    }
    let energy = |watts: &i128| (*watts).max(0) * seconds * 1_000;
    let all = quotas.iter().zip(delivered).map(|(q, d)| interval(pay, energy(q), energy(d)));
    let (paid, punished) = all.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let factor = if pay == Pay::Hunan { k.min(2 * ONE) } else { ONE };
    Due {
        paid_energy: paid,
        claim: paid * value * factor / (award * KWH * ONE),
        penalty: up(punished * value, award * KWH * 10),
    }
}

/// What each offer wins, cheapest first until the need is met, and the last price that was needed. No two offers here have
/// one price.
pub fn clear(offers: &[(u64, i64)], need: i128) -> (Vec<i128>, i128) {
    let (mut left, mut margin) = (need, 0);
    let mut places: Vec<usize> = (0..offers.len()).collect();
    places.sort_by_key(|place| offers[*place].0);
    let mut won = vec![0; offers.len()];
    for place in places {
        if left > 0 {
            margin = offers[place].0.into();
        }
        won[place] = i128::from(offers[place].1).min(left);
        left -= won[place];
    }
    (won, margin)
}

/// What a margin is worth to a newcomer, whose grade is 0.8: its rank is the price over the grade, rounded up to a cent, and
/// it is paid the grade times the rank, at least what it asked.
pub fn graded(margin: i128, asked: i128) -> i128 {
    let rank = up(margin * 10, 8 * 10_000) * 10_000;
    (rank * 8 / 10).max(asked)
}

/// Watts asked in an interval: the award's share of the need, rounded up.
pub fn quota(award: i128, need: i128, peak: i128) -> i128 {
    up(award * need, peak)
}

/// What a resource did over an event, second by second.
pub struct Run<'a> {
    pub quotas: &'a [i128],
    pub seconds: i128,
    /// Watts delivered in each second of the window.
    pub delivered: &'a [i128],
}

impl Run<'_> {
    /// Mean power delivered in each interval, rounded toward zero.
    pub fn means(&self) -> Vec<i128> {
        self.delivered
            .chunks(self.seconds as usize)
            .map(|seconds| seconds.iter().sum::<i128>() / self.seconds)
            .collect()
    }

    /// 1 - |executed - quota| / quota over the window, at least zero, in basis points.
    pub fn accuracy(&self) -> i128 {
        let (quota, executed) = (self.quotas.iter().sum::<i128>(), self.means().iter().sum::<i128>());
        ((quota - (executed - quota).abs()) * ONE / quota).max(0)
    }

    /// K = 0.4 K1 + 0.3 K2 + 0.3 K3 with K1 = V / V_std up to 3, K2 = 1 - T / T0, K3 = 1 - E / E0, in basis points.
    /// `standards` are V_std in basis points of the quota per second, T0 in seconds, E0 in basis points of the quota.
    pub fn k_index(&self, standards: (i128, i128, i128)) -> i128 {
        let asked = |second: usize| self.quotas[second / self.seconds as usize];
        let responded = (0..self.delivered.len()).find(|second| 10 * self.delivered[*second] >= 9 * asked(*second));
        let from = responded.unwrap_or_default();
        let off: i128 = (from..self.delivered.len()).map(|second| (self.delivered[second] - asked(second)).abs()).sum();
        let error = up(off * ONE, (from..self.delivered.len()).map(asked).sum());
        let k3 = ((standards.2 - error) * ONE / standards.2).max(0);
        let Some(second) = responded else { return 3 * k3 / 10 };
        let time = (second as i128).max(1);
        let rate = self.delivered[second].min(asked(second)) * ONE / (asked(second) * time);
        let k1 = (rate * ONE / standards.0).min(3 * ONE);
        let k2 = ((standards.1 - second as i128) * ONE / standards.1).max(0);
        (4 * k1 + 3 * k2 + 3 * k3) / 10
    }
}

/// 0.7 of the accuracy and 0.3 of the rank against the median of all, by whole percents; alone, the accuracy itself.
pub fn score(accuracy: i128, all: &[i128]) -> i128 {
    let mut percents: Vec<i128> = all.iter().map(|accuracy| accuracy / 100).collect();
    percents.sort();
    let median = percents[(percents.len() - 1) / 2];
    let rank = (ONE / 2 + 100 * (accuracy / 100 - median)).clamp(0, ONE);
    let peer = if all.len() > 1 { rank } else { accuracy };
    (7 * accuracy + 3 * peer) / 10
}
