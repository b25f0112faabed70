//! Baselines as they were published, from a meter's loads by the second: nothing here calls the code under test.

/// Seconds in an hour.
pub const HOUR: i64 = 3_600;
/// Seconds in a day.
pub const DAY: i64 = 24 * HOUR;

/// How the load without regulation is estimated.
#[derive(Clone, Copy, Debug)]
pub enum Baseline {
    /// Mean of the last so many seconds before the event was opened.
    Before(i64),
    /// Mean of other days.
    Days(Days),
    /// PJM 3+2: three hours before, one skipped, and two after, one skipped.
    SameDay,
    /// None: the meter itself counts.
    Meter,
}

/// Mean of X of Y days.
#[derive(Clone, Copy, Debug)]
pub struct Days {
    /// Y.
    pub newest: usize,
    /// Which X of them.
    pub keep: Keep,
    /// How many days before the event the newest one is.
    pub from: i64,
    /// Whether days of rest are passed over.
    pub is_weekdays: bool,
    /// Whether days below a quarter of the mean give way to older ones.
    pub is_low_dropped: bool,
    /// What the event's own day moves.
    pub adjust: Adjust,
}

/// Which days are kept.
#[derive(Clone, Copy, Debug)]
pub enum Keep {
    Highest(usize),
    /// Those whose hours since midnight, but for the last before the event, were most like the event day's.
    Alike(usize),
}

/// What the three hours that end one hour before the event say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjust {
    Nothing,
    /// A = mean(a) - mean(b) is added.
    Additive,
    /// r = sum(a) / sum(b) between 0.8 and 1.2 multiplies.
    Ratio,
}

/// When an event is, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub start: i64,
    pub interval: i64,
    pub intervals: i64,
    pub opened: i64,
    /// Local time less UTC.
    pub offset: i64,
    /// Days of which the meter was read.
    pub history: i64,
}

/// A meter: watts in a second, if it was read.
type Meter<'a> = &'a dyn Fn(i64) -> Option<i64>;

fn mean(meter: Meter, from: i64, until: i64) -> Option<i128> {
    let sum = (from..until).try_fold(0i128, |sum, second| Some(sum + i128::from(meter(second)?)))?;
    Some(sum.div_euclid(i128::from(until - from)))
}

impl Window {
    /// End of the window.
    pub fn end(&self) -> i64 {
        self.start + self.interval * self.intervals
    }

    /// Local midnight of the event's day.
    pub fn midnight(&self) -> i64 {
        (self.start + self.offset).div_euclid(DAY) * DAY - self.offset
    }

    fn starts(&self) -> impl Iterator<Item = i64> + '_ {
        (0..self.intervals).map(|interval| self.start + interval * self.interval)
    }

    /// Monday to Friday; the first day of 1970 was a Thursday.
    fn is_weekday(&self, at: i64) -> bool {
        ((at + self.offset).div_euclid(DAY) + 3) % 7 < 5
    }

    /// Load without regulation in each interval.
    pub fn baseline(&self, rule: Baseline, meter: Meter) -> Vec<i128> {
        let flat = |level: i128| vec![level; self.intervals as usize];
        match rule {
            Baseline::Before(seconds) => flat(mean(meter, self.opened - seconds, self.opened).expect("read")),
            Baseline::Meter => flat(0),
            Baseline::SameDay => {
                let before = (2..=4).map(|hours| self.start - hours * HOUR);
                let after = (1..=2).map(|hours| self.end() + hours * HOUR);
                let hours = before.chain(after).map(|from| mean(meter, from, from + HOUR).expect("read"));
                flat(hours.sum::<i128>().div_euclid(5))
            }
            Baseline::Days(days) => self.of_days(days, meter),
        }
    }

    /// Days of the right kind of which the whole window was read, newest first: how far back, and loads by interval.
    fn eligible(&self, days: Days, meter: Meter) -> Vec<(i64, Vec<i128>)> {
        let alike = |back: &i64| !days.is_weekdays || self.is_weekday(self.start - back * DAY);
        let loads = |back: i64| {
            let of = |start| mean(meter, start - back * DAY, start - back * DAY + self.interval);
            Some((back, self.starts().map(of).collect::<Option<Vec<i128>>>()?))
        };
        assert!(self.is_weekday(self.start), "these events are on working days");
        (days.from..=self.history).filter(alike).filter_map(loads).collect()
    }

    fn of_days(&self, days: Days, meter: Meter) -> Vec<i128> {
        let mut eligible = self.eligible(days, meter);
        let sum = |day: &(i64, Vec<i128>)| day.1.iter().sum::<i128>();
        loop {
            let newest = &eligible[..days.newest.min(eligible.len())];
            let total: i128 = newest.iter().map(sum).sum();
            let low = newest.iter().position(|day| 4 * sum(day) * (newest.len() as i128) < total);
            match low.filter(|_| days.is_low_dropped) {
                Some(low) => drop(eligible.remove(low)),
                None => break,
            }
        }
        eligible.truncate(days.newest);
        match days.keep {
            Keep::Highest(_) => eligible.sort_by_key(|day| -sum(day)),
            Keep::Alike(_) => eligible.sort_by_key(|day| self.distance(day.0, meter)),
        }
        let (Keep::Highest(kept) | Keep::Alike(kept)) = days.keep;
        eligible.truncate(kept);
        let count = eligible.len() as i128;
        let of = |place: usize| eligible.iter().map(|day| day.1[place]).sum::<i128>().div_euclid(count);
        let loads = (0..self.intervals as usize).map(of).collect();
        let backs: Vec<i64> = eligible.iter().map(|day| day.0).collect();
        self.adjusted(days.adjust, loads, &backs, meter)
    }

    /// Mean squared difference of the hours since midnight, but for the last one before the event.
    fn distance(&self, back: i64, meter: Meter) -> i128 {
        let hours = (self.midnight()..self.start - HOUR).step_by(HOUR as usize);
        let squares: Vec<i128> = hours
            .filter_map(|from| {
                let other = from - back * DAY;
                Some((mean(meter, from, from + HOUR)? - mean(meter, other, other + HOUR)?).pow(2))
            })
            .collect();
        squares.iter().sum::<i128>() / squares.len() as i128
    }

    fn adjusted(&self, adjust: Adjust, loads: Vec<i128>, backs: &[i64], meter: Meter) -> Vec<i128> {
        let (mut a, mut b) = (0i128, 0i128);
        for from in (2..=4).map(|hours| self.start - hours * HOUR).filter(|_| adjust != Adjust::Nothing) {
            let of = |back: &i64| mean(meter, from - back * DAY, from - back * DAY + HOUR);
            let others: Vec<i128> = backs.iter().filter_map(of).collect();
            a += mean(meter, from, from + HOUR).expect("read");
            b += others.iter().sum::<i128>().div_euclid(others.len() as i128);
        }
        let moved = |load: i128| match adjust {
            Adjust::Nothing => load,
            Adjust::Additive => load + (a - b).div_euclid(3),
            Adjust::Ratio => (load * (a * 10_000 / b).clamp(8_000, 12_000)).div_euclid(10_000),
        };
        loads.into_iter().map(moved).collect()
    }
}
