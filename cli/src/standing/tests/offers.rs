//! A sound file is read, and what makes no sense is named.

use super::*;

#[test]
fn the_template_is_sound() {
    // GIVEN the template THEN it is read
    let offers = parse(TEMPLATE).expect("sound");
    assert_eq!((offers.resources.len(), offers.events_a_day_max), (2, 2));
    assert_eq!(offers.resources[1].times.len(), 3);
    assert_eq!(offers.from, count_days(2026, 1, 1));
}

#[test]
fn days_are_counted_from_1970() {
    // GIVEN dates around leap days THEN they are as many days after 1970-01-01 as calendars say
    let days = [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2000, 3, 1), 11_017), ((2026, 1, 1), 20_454)];
    for ((year, month, day), count) in days {
        assert_eq!(count_days(year, month, day), Some(count), "{year}-{month}-{day}");
    }
    assert_eq!(count_days(1969, 12, 31), None);
}

#[test]
fn what_makes_no_sense_is_named() {
    // GIVEN the template with one thing bent THEN the sentence names it
    let bent = [
        ("programmes = [1]", "programmes = []", "programmes is empty"),
        ("# until = 2026-12-31", "until = 2025-12-31", "until lies before from"),
        ("from = 2026-01-01", "from = 2026-01-01T10:00:00", "from = 2026-01-01T10:00:00: write a date"),
        ("from = 2026-01-01", "form = 2026-01-01", "unknown field `form`"),
        ("offset_minutes = 480", "offset_minutes = 900", "utc_offset_minutes = 900"),
        ("budget_min = \"0\"", "budget_min = \"1e3\"", "budget_min = 1e3"),
        ("[17, 21]", "[17, 25]", "resource 1: hours = [17, 25]"),
        ("[17, 21]", "[17, 17]", "hours = [17, 17]"),
        ("1.20:8000,1.80:6000", "1.80:8000,1.20:6000", "resource 0: 1.80:8000,1.20:6000: the prices must rise"),
        ("1.20:8000,1.80:6000", "1.20", "resource 0: 1.20: write PRICE:WATTS"),
        ("1.20:8000,1.80:6000", "1.20:-5", "positive watts"),
        ("resource = 1", "resource = 0", "resource 0 stands there twice"),
        ("days = \"weekend\"", "days = \"sunday\"", "unknown variant `sunday`"),
    ];
    for (sound, unsound, said) in bent {
        assert!(TEMPLATE.contains(sound), "{sound}");
        let error = parse(&TEMPLATE.replacen(sound, unsound, 1)).expect_err(unsound);
        assert!(error.contains(said), "{unsound}: {error}");
    }
}

#[test]
fn a_file_that_is_none_is_wrong_usage() {
    // GIVEN no file, and one of other bytes THEN both are wrong usage
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("offers.toml");
    assert_eq!(crate::fault::code(&read(&path).expect_err("missing")), 2);
    std::fs::write(&path, [0xff, 0xfe]).expect("written");
    let error = read(&path).expect_err("no text");
    assert!(error.to_string().contains("offers.toml"), "{error}");
    assert_eq!(crate::fault::code(&error), 2);
}
