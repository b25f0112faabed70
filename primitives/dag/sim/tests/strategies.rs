//! Whole committees under every strategy: what must hold for every seed.

use loadstone_dag_sim::{
    kind::Kind,
    plan::{Order, Plan},
    runner::{play, run_all},
};

/// Runs of each strategy.
const EACH: u64 = 12;

#[test]
fn fewer_liars_than_a_third_harm_nobody() {
    // GIVEN seeds dealt over all strategies
    let seeds = EACH * Kind::all().len() as u64;
    // WHEN they are played
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let report = run_all(&Order::default(), 0, seeds, jobs);
    // THEN everything honest is anchored once, and nobody disagrees
    let failures: Vec<String> = report.failures.iter().map(|f| format!("{}\n    {}", f.verdict, f.command)).collect();
    assert!(report.is_ok(), "{}", failures.join("\n"));
    assert_eq!(report.tallies.len(), Kind::all().len());
    // AND the lies were told: forks were seen, and honest members reported them
    let seen = |kind: Kind| report.tallies[&kind].figures.forks_seen;
    assert!(seen(Kind::Fork) > 0 && seen(Kind::Equivocate) > 0 && seen(Kind::Honest) == 0);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [3, 4, 100] {
        // GIVEN a run, with simulated or with real signatures
        let (plan, first) = play(&Order { seed, ..Order::default() }, true);
        // WHEN it is played again, with what was dealt given by name
        let again = Order {
            seed,
            kind: Some(plan.kind),
            members: Some(plan.members),
            devices: Some(plan.devices),
            canary: false,
        };
        let (_, second) = play(&again, true);
        // THEN the same happens at the same time
        assert!(!first.trace.is_empty());
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.figures.bytes, second.figures.bytes, "seed {seed}");
    }
}

#[test]
fn plans_stay_within_the_rules() {
    for seed in 0..2_000 {
        // GIVEN any seed
        let plan = Plan::deal(&Order { seed, ..Order::default() });
        // THEN less than a third of the weight lies or loses its memory
        let weights = &plan.weights[..plan.members.into()];
        let total: u32 = weights.iter().sum();
        let lies: u32 = plan.villains.iter().map(|seat| plan.weights[usize::from(seat)]).sum();
        let lost = plan.crashes.iter().filter(|crash| crash.damage.loses_votes());
        let lost: u32 = lost.map(|crash| plan.weights[usize::from(crash.seat)]).sum();
        assert!(3 * (lies + lost) < total, "seed {seed}");
        assert!((4..=16).contains(&plan.members), "seed {seed}");
        assert!(plan.crashes.iter().all(|crash| plan.is_honest(crash.seat)), "seed {seed}");
    }
}
