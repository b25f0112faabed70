//! Notices when blocks go on and finality does not.

use std::time::{Duration, Instant};

use crate::{Renewal, LOG};

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Time between the first two attempts to get it going. It doubles from attempt to attempt: what a voter has asked
/// for can take seconds to be looked at, and beginning anew forgets the question.
const PAUSE: Duration = Duration::from_secs(2);

/// Longest time between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// How far the chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Height of the best block.
    pub best: u32,
    /// Height of the newest finalised block.
    pub finalised: u32,
    /// Whether the node fetches old blocks, whose finality comes with them.
    pub is_syncing: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// All is well, or it was tried a moment ago.
    Wait,
    /// Finality stands still.
    BeginAnew,
    /// It stood still for so long and goes on.
    GoesOn(Duration),
}

/// Since when finality stands where it stands.
struct Standstill {
    /// Time with an unfinalised block, and none that becomes final, after which finality stands still.
    patience: Duration,
    finalised: u32,
    since: Instant,
    /// When it was tried last, and how long to wait from then on.
    tried: Option<(Instant, Duration)>,
}

impl Standstill {
    fn new(patience: Duration, finalised: u32, now: Instant) -> Self {
        Self { patience, finalised, since: now, tried: None }
    }

    fn look(&mut self, progress: Progress, now: Instant) -> Step {
        let is_behind = progress.best > progress.finalised && !progress.is_syncing;
        if progress.finalised != self.finalised || !is_behind {
            let stood = self.tried.map(|_| now.duration_since(self.since));
            *self = Self::new(self.patience, progress.finalised, now);
            return stood.map_or(Step::Wait, Step::GoesOn);
        }
        let is_time = self.tried.is_none_or(|(tried, pause)| now.duration_since(tried) >= pause);
        if now.duration_since(self.since) < self.patience || !is_time {
            return Step::Wait;
        }
        let pause = self.tried.map_or(PAUSE, |(_, pause)| LONGEST_PAUSE.min(pause * 2));
        self.tried = Some((now, pause));
        Step::BeginAnew
    }
}

/// Looks at the chain's progress until the node ends, and lets the voter begin anew while it stands still: when
/// a block waits and none became final for as long as `patience`.
pub async fn watch(progress: impl Fn() -> Progress, renewal: Renewal, patience: Duration) {
    let mut standstill = Standstill::new(patience, progress().finalised, Instant::now());
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let now = progress();
        let is_first = standstill.tried.is_none();
        match standstill.look(now, Instant::now()) {
            Step::Wait => {}
            Step::BeginAnew => {
                if is_first {
                    log::warn!(
                        target: LOG,
                        "finality stands still at block {} while blocks go on to {}: too few validators vote. \
                         Beginning anew with all peers; more than two thirds of the validators must be up and connected",
                        now.finalised, now.best,
                    );
                }
                renewal.begin_anew();
            }
            Step::GoesOn(stood) => log::info!(target: LOG, "finality goes on after {:.1} s", stood.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(best: u32, finalised: u32) -> Progress {
        Progress { best, finalised, is_syncing: false }
    }

    #[test]
    fn finality_that_stands_still_is_tried_again_and_again_until_it_goes_on() {
        // GIVEN a chain at block 10
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut standstill = Standstill::new(Duration::from_secs(2), 10, start);
        // WHEN finality follows, however late THEN nothing is done
        assert_eq!(standstill.look(at(13, 10), after(1_900)), Step::Wait);
        assert_eq!(standstill.look(at(30, 25), after(2_500)), Step::Wait);
        // WHEN it stands still THEN after two seconds it is tried, after two more, and then ever more seldom
        assert_eq!(standstill.look(at(35, 25), after(4_400)), Step::Wait);
        assert_eq!(standstill.look(at(36, 25), after(4_500)), Step::BeginAnew);
        assert_eq!(standstill.look(at(40, 25), after(6_400)), Step::Wait);
        assert_eq!(standstill.look(at(40, 25), after(6_500)), Step::BeginAnew);
        assert_eq!(standstill.look(at(40, 25), after(10_400)), Step::Wait);
        assert_eq!(standstill.look(at(40, 25), after(10_500)), Step::BeginAnew);
        assert_eq!(standstill.look(at(40, 25), after(18_400)), Step::Wait);
        assert_eq!(standstill.look(at(40, 25), after(18_500)), Step::BeginAnew);
        // WHEN it goes on THEN that is said once
        assert_eq!(standstill.look(at(41, 41), after(20_500)), Step::GoesOn(Duration::from_millis(18_000)));
        assert_eq!(standstill.look(at(42, 41), after(21_000)), Step::Wait);
    }

    #[test]
    fn a_quiet_chain_and_one_that_is_fetched_stand_still_by_rights() {
        // GIVEN a chain whose blocks are final, and one that is being fetched
        let start = Instant::now();
        let mut standstill = Standstill::new(Duration::from_secs(2), 10, start);
        let later = start + Duration::from_secs(60);
        // THEN neither is tried
        assert_eq!(standstill.look(at(10, 10), later), Step::Wait);
        assert_eq!(standstill.look(Progress { best: 900, finalised: 10, is_syncing: true }, later), Step::Wait);
    }
}
