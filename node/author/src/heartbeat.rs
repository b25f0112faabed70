//! Which slot of a silent chain gets an empty block.

use std::time::Duration;

/// Slots after which a silent chain gets a block. Authors take turns by slot: a distance that has no divisor in
/// common with their number lets every one of them come, one that has would leave some out for ever.
pub(crate) fn distance(heartbeat: Duration, slot: Duration, authors: usize) -> u64 {
    let least = heartbeat.as_millis().div_ceil(slot.as_millis().max(1)).max(1);
    let least = u64::try_from(least).unwrap_or(u64::MAX);
    let authors = authors as u64;
    // One of `authors` successive numbers leaves the remainder 1, so this ends.
    (least..).find(|distance| common_divisor(*distance, authors) <= 1).unwrap_or(least)
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_author_comes_in_turn_however_many_there_are() {
        for authors in 1..=64u64 {
            // GIVEN heartbeats every two seconds of 200 ms slots
            let distance = distance(Duration::from_secs(2), Duration::from_millis(200), authors as usize);
            // THEN they are little longer, and as many of them as there are authors reach each one
            assert!((10..=13).contains(&distance), "{authors}: {distance}");
            let turns: BTreeSet<u64> = (0..authors).map(|turn| turn * distance % authors).collect();
            assert_eq!(turns.len() as u64, authors);
        }
    }

    #[test]
    fn slots_longer_than_the_heartbeat_get_a_block_each() {
        assert_eq!(distance(Duration::from_millis(100), Duration::from_millis(600), 4), 1);
        assert_eq!(distance(Duration::ZERO, Duration::ZERO, 0), 1);
    }
}
