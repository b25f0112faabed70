//! Many runs on all cores, tallied by strategy.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{
        atomic::{AtomicU64, Ordering},
        Mutex,
    },
    time::{Duration, Instant},
};

use crate::{
    kind::Kind,
    plan::{Order, Plan},
    record::Figures,
    verdict::Verdict,
    world::{Outcome, World},
};

/// A run that did not end well.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// Its strategy.
    pub kind: Kind,
    /// What was seen.
    pub verdict: Verdict,
    /// The command that plays it again.
    pub command: String,
}

/// Runs of one strategy together.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many.
    pub runs: u64,
    /// Ended well.
    pub ok: u64,
    /// [`Verdict::Stuck`].
    pub stuck: u64,
    /// [`Verdict::Diverged`].
    pub diverged: u64,
    /// [`Verdict::Lost`].
    pub lost: u64,
    /// All figures added up, and all latencies.
    pub figures: Figures,
    /// Processor time of the runs.
    pub cpu: Duration,
}

/// What came of many runs.
#[derive(Debug, Default)]
pub struct Report {
    /// By strategy.
    pub tallies: BTreeMap<Kind, Tally>,
    /// Those that failed, in order of seed.
    pub failures: Vec<Failure>,
    /// Time that it took.
    pub elapsed: Duration,
}

/// Plays one run. A panic of the state machine is a run without progress.
pub fn play(order: &Order, trace: bool) -> (Plan, Outcome) {
    let plan = Plan::deal(order);
    let run = catch_unwind(AssertUnwindSafe(|| World::new(plan.clone(), trace).run()));
    let outcome = run.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default();
        Outcome {
            verdict: Verdict::Stuck(format!("the state machine panicked: {text}")),
            figures: Figures::default(),
            trace: Vec::new(),
            spent: Duration::ZERO,
        }
    });
    (plan, outcome)
}

/// The command that plays a run again.
pub fn command(plan: &Plan) -> String {
    let canary = if plan.canary { " --canary" } else { "" };
    format!(
        "dag-sim --seed {} --strategy {} --members {} --devices {}{canary} --trace",
        plan.seed,
        plan.kind.name(),
        plan.members,
        plan.devices
    )
}

/// Plays `count` runs from seed `from` on, as `order` says besides the seed, on so many threads.
pub fn run_all(order: &Order, from: u64, count: u64, jobs: usize) -> Report {
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let report = Mutex::new(Report::default());
    let progress = Progress::new(count);
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                let order = Order { seed: from + number, ..order.clone() };
                let begun = processor_time();
                let (plan, outcome) = play(&order, false);
                let spent = processor_time().saturating_sub(begun);
                let Ok(mut report) = report.lock() else { return };
                report.add(&plan, outcome, spent);
                progress.show(number + 1, report.failures.len());
            });
        }
    });
    progress.end();
    let mut report = report.into_inner().unwrap_or_default();
    report.failures.sort_by_key(|failure| failure.seed);
    report.elapsed = begun.elapsed();
    report
}

/// Time that this thread ran so far; zero where the system does not tell.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

impl Report {
    /// Whether every run ended well.
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty()
    }

    fn add(&mut self, plan: &Plan, outcome: Outcome, cpu: Duration) {
        let tally = self.tallies.entry(plan.kind).or_default();
        tally.runs += 1;
        tally.cpu += cpu;
        match &outcome.verdict {
            Verdict::Ok => tally.ok += 1,
            Verdict::Stuck(_) => tally.stuck += 1,
            Verdict::Diverged(_) => tally.diverged += 1,
            Verdict::Lost(_) => tally.lost += 1,
        }
        tally.figures.add(outcome.figures);
        if !outcome.verdict.is_ok() {
            let (seed, kind, verdict) = (plan.seed, plan.kind, outcome.verdict);
            self.failures.push(Failure { seed, kind, verdict, command: command(plan) });
        }
    }
}

/// One line on standard error: kept up to date on a terminal, repeated now and then elsewhere.
struct Progress {
    count: u64,
    begun: Instant,
    terminal: bool,
    shown: Mutex<Instant>,
}

impl Progress {
    fn new(count: u64) -> Self {
        let now = Instant::now();
        Self { count, begun: now, terminal: std::io::stderr().is_terminal(), shown: Mutex::new(now) }
    }

    fn show(&self, done: u64, failures: usize) {
        let pause = if self.terminal { Duration::from_millis(200) } else { Duration::from_secs(20) };
        let Ok(mut shown) = self.shown.lock() else { return };
        if shown.elapsed() < pause {
            return;
        }
        *shown = Instant::now();
        let spent = self.begun.elapsed().as_secs_f64();
        let left = spent / done as f64 * (self.count.saturating_sub(done)) as f64;
        let line = format!("{done} of {} runs, {failures} failed, about {left:.0} s left", self.count);
        let (begin, end) = if self.terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        // Nobody to read it is no reason to stop.
        let _ = write!(std::io::stderr(), "{begin}{line}{end}");
    }

    fn end(&self) {
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
