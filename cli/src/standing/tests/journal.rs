//! Which events count for a day, and which are forgotten.

use super::*;

fn answer(event: u32) -> Answer {
    Answer::new(EventId(event), Millis(u64::from(event)), 2, 70)
}

fn journal() -> Journal {
    Journal::new(Hash([7; 32]), AccountId::new([9; 32]))
}

#[test]
fn an_event_counts_until_nothing_of_it_is_left() {
    let mut journal = journal();
    // GIVEN an event of two batches THEN it counts while it is under way
    journal.add(answer(4));
    assert_eq!(journal.taken().count(), 1);
    // WHEN one is withdrawn and the other refused THEN it counts no more
    let entry = journal.answer(EventId(4)).expect("there");
    entry.count(End::Withdrawn);
    assert!(!entry.is_over());
    entry.count(End::Refused);
    assert!(entry.is_over());
    assert_eq!(journal.taken().count(), 0);
    // GIVEN one of which a batch was revealed, or forfeited THEN it counts
    for (event, end) in [(5, End::Revealed), (6, End::Forfeited)] {
        journal.add(answer(event));
        let entry = journal.answer(EventId(event)).expect("there");
        entry.count(end);
        entry.count(End::Withdrawn);
    }
    assert_eq!(journal.taken().map(|answer| answer.event.0).collect::<Vec<_>>(), [5, 6]);
}

#[test]
fn only_what_is_over_is_forgotten() {
    let mut journal = journal();
    // GIVEN an event under way, and more that are over than are remembered
    journal.add(answer(0));
    for event in 1..=1_100 {
        let mut over = answer(event);
        over.count(End::Revealed);
        over.count(End::Revealed);
        journal.add(over);
    }
    // THEN the one under way and the newest are there
    assert_eq!(journal.answers.len(), REMEMBERED + 1);
    assert_eq!(journal.answers.first().map(|answer| answer.event.0), Some(0));
    assert_eq!(journal.answers.get(1).map(|answer| answer.event.0), Some(101));
}
