//! A program that is killed while it writes, again and again: whatever it was told to be durable is there.

use std::{
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use super::*;

/// Says to the child where to write.
const FOLDER: &str = "LOADSTONE_STORE_CRASH_TEST";

/// Writes for the child's life: a witness, then an anchor over its units, and so on.
fn write_for_ever(folder: &Path) {
    let store = Store::open(&folder.join("dag"), &GENESIS).expect("the database opens");
    let mut ledger = Ledger::default();
    let held = store.last_anchor().expect("it can be read").map_or(0, |stored| stored.anchor.number.0);
    for round in 1u32.. {
        let units = ledger.units(20);
        let witness = ledger.witness(&units);
        let (proposal, leaves) = ledger.anchor(&units);
        if round <= held {
            continue;
        }
        store.write(&[Write::Item(&witness)], true).expect("it is written");
        println!("witness {round}");
        store.write(&[Write::Anchor { proposal: &proposal, leaves: &leaves, block: BLOCK }], false).expect("written");
        std::io::stdout().flush().expect("somebody reads");
    }
}

/// The child's part: does nothing unless it is told where.
#[test]
#[ignore = "started by the test below"]
fn child() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_for_ever(Path::new(&folder));
    }
}

/// Lets a child write until it has told of `rounds` witnesses, and kills it. Returns the last it told of.
fn kill_after(folder: &Path, rounds: usize) -> u32 {
    let mut child = Command::new(std::env::current_exe().expect("it runs"))
        .args(["--ignored", "--exact", "--nocapture", &format!("{}::child", module())])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let told = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("witness ")?.parse().ok());
    let told: Vec<u32> = told.take(rounds).collect();
    child.kill().expect("it ran");
    child.wait().expect("it ended");
    *told.last().expect("it wrote")
}

/// This module's path without the crate's name.
fn module() -> &'static str {
    module_path!().split_once("::").map_or("", |(_, path)| path)
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = folder();
    let mut survived = 0;
    for rounds in [1, 7, 40, 90] {
        // WHEN a program is killed while it writes
        let told = kill_after(folder.path(), rounds);
        // THEN every witness that it told of is there with its units, in order and without a gap
        let store = open(&folder);
        let items = journal(&store);
        let levels = items.iter().filter_map(|item| match item {
            PersistItem::Witness(witness, units) => {
                assert_eq!(units.len(), 20);
                Some(witness.content.level.0)
            }
            _ => None,
        });
        let levels: Vec<u32> = levels.collect();
        assert!(levels.contains(&told), "witness {told} is lost: {:?}", levels.last());
        assert!(levels.windows(2).all(|pair| pair[1] - pair[0] <= 1));
        // THEN anchors are there with all their leaves
        let last = store.last_anchor().expect("it can be read").map_or(0, |stored| stored.anchor.number.0);
        assert!(last + 1 >= told);
        for number in 1..=last {
            let stored = store.anchor(AnchorNumber(number)).expect("it can be read").expect("no gap");
            let leaves = store.leaves(AnchorNumber(number)).expect("it can be read").expect("its leaves");
            assert_eq!(leaves_root(&leaves), stored.anchor.root);
        }
        assert!(last >= survived);
        survived = last;
    }
}
