//! The program as it is called by scripts.

use std::process::{Command, Output};

fn dag_sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dag-sim")).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn good_runs_end_with_zero_and_one_object_a_strategy() {
    // GIVEN a few runs of one strategy
    let output = dag_sim(&["--seeds", "3", "--strategy", "fork", "--json"]);
    // THEN the program ends with 0 and one JSON line
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["strategy"], &lines[0]["runs"], &lines[0]["ok"]), (&"fork".into(), &3.into(), &3.into()));
    assert!(lines[0]["confirm_p50_ms"].as_u64() > Some(0) && lines[0]["messages_per_unit"].as_f64() > Some(0.0));
}

#[test]
fn a_failing_run_prints_a_command_that_fails_alike() {
    // GIVEN canary runs, which must fail
    let output = dag_sim(&["--seeds", "3", "--canary"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stderr);
    let replay = shown.lines().find_map(|line| line.trim().strip_prefix("replay: dag-sim ")).expect("a command");
    let verdict = shown.lines().find_map(|line| line.strip_prefix("seed ")?.split_once(": ")).expect("a verdict").1;
    // WHEN the printed command is run
    let again = dag_sim(&replay.split(' ').collect::<Vec<_>>());
    // THEN it fails with the same verdict, and shows what happened last
    assert_eq!(again.status.code(), Some(1));
    let shown = text(&again.stdout);
    assert!(shown.contains(verdict), "{shown}");
    assert!(shown.lines().count() > 20 && shown.contains(" ms  seat "), "{shown}");
}

#[test]
fn wrong_usage_ends_with_two() {
    for arguments in [&["--strategy", "unheard-of"][..], &["--seeds", "1", "--seed", "1"], &["--members", "65"]] {
        assert_eq!(dag_sim(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
