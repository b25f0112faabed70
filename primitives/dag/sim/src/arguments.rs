//! What can be asked of `dag-sim`.

use clap::Parser;
use loadstone_dag_sim::{kind::Kind, plan::Order};

/// Greatest number of runs, and greatest seed of the first: their sum has room.
const MOST: u64 = u64::MAX / 2;

/// Plays the DAG ledger in virtual time: whole committees under delay, loss, cuts, crashes and lies.
///
/// Every run is dealt from its seed: members, devices, network, clocks, crashes, closings of epochs, and
/// which strategy the Byzantine members follow. It runs the state machine that nodes run, and ends as
/// "ok", "no progress", "diverged" or "lost". The same seed gives the same run.
///
/// Examples:
///   dag-sim --seeds 200                   200 runs, dealt over all strategies
///   dag-sim --seeds 200 --strategy split  the same with one strategy
///   dag-sim --seed 4711 --trace           one run with its last events
///   dag-sim --seeds 50 --canary           too many liars: must fail, or the verdicts are worth nothing
///   dag-sim --growth --json               cost by number of members and of devices
///
/// Exit codes: 0 every run was ok, 1 some run was not, 2 wrong usage.
#[derive(Parser, Debug)]
#[command(name = "dag-sim", version, max_term_width = 100, verbatim_doc_comment)]
pub struct Arguments {
    /// Number of runs, dealt over the strategies.
    #[arg(long, default_value_t = 100, conflicts_with = "seed", value_parser = clap::value_parser!(u64).range(1..=MOST))]
    pub seeds: u64,
    /// Seed of the first of these runs.
    #[arg(long, default_value_t = 0, conflicts_with = "seed", value_parser = clap::value_parser!(u64).range(..=MOST))]
    pub from: u64,
    /// Play this run alone.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Who lies, and how; by default each seed has its own.
    #[arg(long, value_enum)]
    strategy: Option<Kind>,
    /// Size of the first committee, up to 64; by default 4 to 16.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    members: Option<u16>,
    /// Number of devices; by default 4 to 20.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    devices: Option<u32>,
    /// A third of the committee or more lies: such runs must fail.
    #[arg(long)]
    canary: bool,
    /// Show the last events of the run.
    #[arg(long, requires = "seed", conflicts_with = "seeds")]
    pub trace: bool,
    /// One JSON object a line: a strategy's runs, or a figure of growth.
    #[arg(long)]
    pub json: bool,
    /// Threads; by default one a core.
    #[arg(long)]
    jobs: Option<usize>,
    /// Measure growth with members (4 to 31) and devices (10^3 to 10^6) instead.
    #[arg(long, conflicts_with_all = ["seed", "canary"])]
    pub growth: bool,
    /// One measurement of the above, in a process of its own.
    #[arg(long, hide = true)]
    pub growth_devices: Option<u32>,
}

impl Arguments {
    /// What is asked of each run.
    pub fn order(&self) -> Order {
        Order { seed: 0, kind: self.strategy, members: self.members, devices: self.devices, canary: self.canary }
    }

    /// Threads to run on.
    pub fn jobs(&self) -> usize {
        self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}
