//! The network without clock or devices.

use super::*;

/// Three sites a, b, c at 10.0.0.1 to 10.0.0.3 with room for 1,000 bytes each.
fn wan() -> Wan {
    let sites = ["a", "b", "c"].iter().zip(1..).map(|(name, last)| (name.to_string(), Ipv4Addr::new(10, 0, 0, last)));
    Wan::new(&sites.collect::<Vec<_>>(), 1, 1_000)
}

/// A packet of 100 bytes to 10.0.0.`last`.
fn packet(last: u8) -> [u8; 100] {
    let mut packet = [0; 100];
    packet[0] = 0x45;
    packet[16..20].copy_from_slice(&[10, 0, 0, last]);
    packet
}

fn say(wan: &mut Wan, line: &str) {
    wan.apply(line.parse().expect("a command")).expect("known sites");
}

/// Sends a packet along each path and answers with those that have arrived by then, as (from, to).
fn arrivals(wan: &mut Wan, now_us: u64, by_us: u64) -> Vec<(usize, usize)> {
    for (from, to) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
        wan.admit(now_us, from, &packet(to + 1));
    }
    std::iter::from_fn(|| wan.arrived(by_us)).map(|waiting| (waiting.from, waiting.to)).collect()
}

#[test]
fn each_path_has_its_delay_and_a_slow_site_adds_to_all_of_its_own() {
    // GIVEN 10 ms everywhere, 30 ms between a and b, and c slow by 50 ms
    let mut wan = wan();
    say(&mut wan, "delay 10");
    say(&mut wan, "delay b a 30");
    say(&mut wan, "slow c 50");
    // WHEN each site sends to each THEN packets arrive in that order
    assert_eq!(arrivals(&mut wan, 0, 29_999), []);
    assert_eq!(std::iter::from_fn(|| wan.arrived(59_999)).map(|each| each.due_us).collect::<Vec<_>>(), [30_000; 2]);
    assert_eq!(std::iter::from_fn(|| wan.arrived(60_000)).map(|each| each.due_us).collect::<Vec<_>>(), [60_000; 4]);
}

#[test]
fn a_cut_site_is_cut_from_everyone_and_a_cut_pair_from_each_other() {
    // GIVEN a network in which a is cut
    let mut wan = wan();
    say(&mut wan, "cut a");
    // WHEN everyone sends THEN b and c alone reach each other
    assert_eq!(arrivals(&mut wan, 0, 0), [(1, 2), (2, 1)]);
    // WHEN a is back, and b and c are cut from each other THEN all paths but theirs are open
    say(&mut wan, "heal a");
    say(&mut wan, "cut c b");
    assert_eq!(arrivals(&mut wan, 1, 1), [(0, 1), (0, 2), (1, 0), (2, 0)]);
    // WHEN everything is healed THEN all are
    say(&mut wan, "cut a");
    say(&mut wan, "heal");
    assert_eq!(arrivals(&mut wan, 2, 2).len(), 6);
    // and the counters know what was dropped
    let stats = wan.stats();
    assert_eq!([stats.sites["a"].cut, stats.sites["b"].cut, stats.sites["c"].cut], [2, 2, 2]);
    assert_eq!(stats.sites["a"].sent, 6);
}

#[test]
fn a_cut_loses_what_is_under_way() {
    // GIVEN packets under way
    let mut wan = wan();
    say(&mut wan, "delay 10");
    assert_eq!(arrivals(&mut wan, 0, 0), []);
    // WHEN a is cut before they arrive THEN those of the others arrive alone
    say(&mut wan, "cut a");
    let left: Vec<_> = std::iter::from_fn(|| wan.arrived(10_000)).map(|each| (each.from, each.to)).collect();
    assert_eq!(left, [(1, 2), (2, 1)]);
}

#[test]
fn packets_to_nowhere_or_beyond_the_room_are_dropped_and_counted() {
    // GIVEN a network with delay
    let mut wan = wan();
    say(&mut wan, "delay 10");
    // WHEN a sends to an address of nobody, a multicast address, IPv6, half a header, and more than its room holds
    wan.admit(0, 0, &packet(77));
    wan.admit(0, 0, &[0x60; 60]);
    wan.admit(0, 0, &packet(2)[..19]);
    wan.admit(0, 0, &[]);
    for _ in 0..12 {
        wan.admit(0, 0, &packet(2));
    }
    // THEN each is counted for what it is
    let counters = wan.stats().sites["a"];
    assert_eq!((counters.sent, counters.unroutable, counters.overflowed), (16, 4, 2));
    assert_eq!(counters.under_way_bytes, 1_000);
}

#[test]
fn sites_that_do_not_exist_are_refused() {
    // GIVEN three sites WHEN others are named THEN nothing changes and the answer says which
    let mut wan = wan();
    for (line, refused) in [
        ("cut d", Refused::NoSite("d".into())),
        ("slow d 1", Refused::NoSite("d".into())),
        ("delay a d 1", Refused::NoSite("d".into())),
        ("delay a a 1", Refused::Twice("a".into())),
    ] {
        assert_eq!(wan.apply(line.parse().expect("a command")), Err(refused));
    }
    assert_eq!(arrivals(&mut wan, 0, 0).len(), 6);
}
