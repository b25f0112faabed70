//! `dag-sim`: plays the DAG ledger under faults and lies, by seed.

mod arguments;

use std::process::ExitCode;

use clap::Parser;
use loadstone_dag_sim::{
    growth,
    plan::Order,
    report::{as_json, as_table},
    runner::{command, play, run_all, Failure, Report},
};

use arguments::Arguments;

/// Lines of a failing run that are shown without being asked for.
const LAST_LINES: usize = 40;

/// Failing runs that are shown.
const SHOWN: usize = 10;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(devices) = arguments.growth_devices {
        for figure in growth::measure_devices(devices) {
            println!("{} {}", figure.name, figure.value);
        }
        return ExitCode::SUCCESS;
    }
    if arguments.growth {
        return show_growth(arguments.json);
    }
    match arguments.seed {
        Some(seed) => replay(&arguments, seed),
        None => run_many(&arguments),
    }
}

fn show_growth(json: bool) -> ExitCode {
    let shown = growth::measure(|figure| match json {
        true => println!("{}", figure.as_json()),
        false => println!("{}", figure.as_text()),
    });
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("growth with devices could not be measured: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One run, with everything that can be told about it.
fn replay(arguments: &Arguments, seed: u64) -> ExitCode {
    let order = Order { seed, ..arguments.order() };
    let (plan, outcome) = play(&order, arguments.trace);
    outcome.trace.iter().for_each(|line| println!("{line}"));
    println!("seed {seed}, {} members, strategy {}: {}", plan.members, plan.kind.name(), outcome.verdict);
    println!(
        "{} units, {} anchors, {} virtual ms",
        outcome.figures.units, outcome.figures.anchors, outcome.figures.ended_ms
    );
    if outcome.verdict.is_ok() {
        ExitCode::SUCCESS
    } else {
        println!("replay: {}", command(&plan));
        ExitCode::FAILURE
    }
}

fn run_many(arguments: &Arguments) -> ExitCode {
    let report = run_all(&arguments.order(), arguments.from, arguments.seeds, arguments.jobs());
    if arguments.json {
        for (kind, tally) in &report.tallies {
            println!("{}", as_json(*kind, tally));
        }
    } else {
        println!("{}", as_table(&report));
    }
    show_failures(arguments, &report);
    if report.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The failing runs, and of the first one how it came to that.
fn show_failures(arguments: &Arguments, report: &Report) {
    for Failure { seed, verdict, command, .. } in report.failures.iter().take(SHOWN) {
        eprintln!("seed {seed}: {verdict}\n    replay: {command}");
    }
    if let Some(more) = report.failures.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        eprintln!("and {more} more");
    }
    let Some(first) = report.failures.first() else { return };
    let (_, outcome) = play(&Order { seed: first.seed, ..arguments.order() }, true);
    eprintln!("the end of seed {}:", first.seed);
    let skipped = outcome.trace.len().saturating_sub(LAST_LINES);
    outcome.trace.iter().skip(skipped).for_each(|line| eprintln!("{line}"));
}
