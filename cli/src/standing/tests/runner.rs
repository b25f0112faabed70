//! An edit of the offers counts when it makes sense.

use super::*;
use crate::standing::offers::TEMPLATE;

/// Replaces the file by one that differs in length, so that it counts as changed however coarse the clock is.
fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
}

#[test]
fn an_edit_is_seen_and_an_unsound_one_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("offers.toml");
    // GIVEN a file of standing offers that does not change THEN it is not read again
    write(&path, TEMPLATE);
    let mut file = Watched::read(&path).expect("sound");
    assert!(file.refresh().is_none());
    // WHEN it changes THEN it says something else
    write(&path, &TEMPLATE.replace("events_a_day_max = 2", "events_a_day_max = 12"));
    assert!(matches!(file.refresh(), Some(Ok(()))));
    assert_eq!(file.offers.events_a_day_max, 12);
    // WHEN it makes no sense, or is gone THEN that is told once, and the offers stay
    write(&path, "programmes = ");
    assert!(matches!(file.refresh(), Some(Err(_))));
    assert!(file.refresh().is_none());
    fs::remove_file(&path).expect("removed");
    assert!(matches!(file.refresh(), Some(Err(_))));
    assert_eq!(file.offers.events_a_day_max, 12);
    // WHEN only a comment changes THEN the offers are read, and stay what they say
    write(&path, &TEMPLATE.replace("events_a_day_max = 2", "events_a_day_max = 12 # two before"));
    assert!(matches!(file.refresh(), Some(Ok(()))));
    assert_eq!(file.offers.events_a_day_max, 12);
}
