//! The folder gives a run back what an interrupted one left, and belongs to one run at a time.

use super::*;
use crate::{fault::code, parse::resource_bid};
use loadstone_market::ResourceBid;

const GENESIS: Hash = Hash([0xab; 32]);

fn who() -> AccountId {
    AccountId::new([9; 32])
}

fn bids(count: u32) -> Vec<ResourceBid> {
    (0..count).map(|id| resource_bid(&format!("{id}=1.20:8000")).expect("well formed")).collect()
}

/// Seals two batches in event 7.
fn seal(folder: &mut Folder) -> Vec<Hash> {
    let sheets = sheet::batches(bids(70), 0).expect("few");
    folder.seal(Answer::new(EventId(7), Millis(5), 2, 70), sheets).expect("written");
    folder.bids().iter().map(|bid| bid.held(false).seal).collect()
}

fn state(folder: &Folder) -> Vec<(Hash, bool)> {
    let held = folder.bids().iter().map(|bid| bid.held(false));
    held.map(|held| (held.seal, held.was_on_chain)).collect()
}

#[test]
fn a_run_finds_what_the_one_before_sealed() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("state");
    // GIVEN a run that ends after it sealed two batches, of which one was seen on chain
    let mut folder = Folder::open(&path, GENESIS, &who()).expect("new");
    let seals = seal(&mut folder);
    assert_ne!(seals[0], seals[1]);
    folder.keep(&seals[1]);
    drop(folder);
    // THEN the next one finds both, each as it was, and the decision
    let mut folder = Folder::open(&path, GENESIS, &who()).expect("again");
    assert_eq!(state(&folder), [(seals[0], false), (seals[1], true)]);
    assert_eq!((folder.journal.next, folder.journal.answers.len()), (EventId(8), 1));
    // WHEN both end THEN the last one tells the event's entry, and nothing is left
    assert_eq!(folder.end(&seals[0], End::TooLate).expect("written"), None);
    let answer = folder.end(&seals[1], End::Revealed).expect("written").expect("the last");
    assert_eq!((answer.revealed, answer.dropped, answer.is_over()), (1, 1, true));
    drop(folder);
    assert!(Folder::open(&path, GENESIS, &who()).expect("again").bids().is_empty());
}

#[test]
fn what_a_lost_journal_leaves_is_taken_up() {
    let home = tempfile::tempdir().expect("a folder");
    let mut folder = Folder::open(home.path(), GENESIS, &who()).expect("new");
    let seals = seal(&mut folder);
    drop(folder);
    // GIVEN batches without a journal, as after a crash while they were written
    fs::remove_file(home.path().join(JOURNAL)).expect("removed");
    let mut folder = Folder::open(home.path(), GENESIS, &who()).expect("again");
    // WHEN their event is looked at THEN they are taken up as they are
    folder.adopt(EventId(7), Millis(5)).expect("written");
    assert_eq!(state(&folder), [(seals[0], false), (seals[1], false)]);
    let answer = folder.journal.answers.first().expect("there");
    assert_eq!((answer.batches, answer.resources, folder.journal.next), (2, 70, EventId(8)));
}

#[test]
fn a_folder_serves_one_run_of_one_account_on_one_network() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(home.path(), GENESIS, &who()).expect("new");
    // GIVEN a run THEN a second one is refused, with a remedy
    assert!(is_in_use(home.path()));
    let error = Folder::open(home.path(), GENESIS, &who()).err().expect("in use");
    assert_eq!(code(&error), 2);
    assert!(error.to_string().contains("in use by another run") && error.to_string().contains("--state"), "{error}");
    // GIVEN that it has ended THEN another account and another network are refused
    drop(folder);
    assert!(!is_in_use(home.path()));
    let mut folder = Folder::open(home.path(), GENESIS, &who()).expect("free");
    seal(&mut folder);
    drop(folder);
    for (genesis, account) in [(GENESIS, [8; 32]), (Hash([1; 32]), [9; 32])] {
        let error = Folder::open(home.path(), genesis, &AccountId::new(account)).err().expect("another's");
        assert!(error.to_string().contains("belongs to"), "{error}");
    }
    // GIVEN no journal THEN it is told where one is expected
    let Err(error) = journal(&home.path().join("elsewhere")) else { panic!("it must be refused") };
    assert!(error.to_string().contains("--state"), "{error}");
}

#[test]
fn an_event_given_up_frees_its_day_and_the_mark_goes_with_it() {
    let home = tempfile::tempdir().expect("a folder");
    let mut folder = Folder::open(home.path(), GENESIS, &who()).expect("new");
    let seals = seal(&mut folder);
    assert_eq!(folder.taken(), [Millis(5)]);
    // WHEN its event is given up THEN it counts for its day no more
    give_up(home.path(), EventId(7)).expect("written");
    assert!(folder.is_given_up(EventId(7)));
    assert_eq!(folder.taken(), []);
    // AND the mark goes with the last batch
    for seal in &seals {
        folder.end(seal, End::Withdrawn).expect("written");
    }
    assert!(!folder.is_given_up(EventId(7)));
}
