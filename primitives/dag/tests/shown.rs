//! Units that are shown in a dispute: what links, what supersedes, and when nothing can be missing.

mod common;

use codec::Encode;
use common::{build::unit, crypto::GENESIS};
use loadstone_core::{AnchorNumber, DeviceId, Hash, Sequence};
use loadstone_dag::{read_section, show, Added, Bounds, Section, SectionFault, ShowFault, ShownChain};

const BOUNDS: Bounds = Bounds { opening: AnchorNumber(10), cutoff: AnchorNumber(20) };

/// A chain of ten units of one device.
fn chain() -> Vec<Vec<u8>> {
    let mut previous = Hash::zero();
    let next = |sequence| {
        let unit = unit(1, sequence, previous, 7);
        previous = unit.id();
        unit.unit().encode()
    };
    (0..10).map(next).collect()
}

fn section(units: &[Vec<u8>]) -> Section {
    read_section(&GENESIS, DeviceId(1), units).expect("they follow each other")
}

fn add(shown: &mut Option<ShownChain>, units: &[Vec<u8>], anchor: u32) -> Result<Added, ShowFault> {
    show(shown, &section(units), (anchor > 0).then_some(AnchorNumber(anchor)), BOUNDS)
}

#[test]
fn sections_are_consecutive_units_of_one_device() {
    let units = chain();
    // GIVEN units in order THEN they are a section, from its predecessor's hash to its own
    let read = section(&units[2..5]);
    assert_eq!((read.first, read.last, read.units.len()), (Sequence(2), Sequence(4), 3));
    assert_eq!((read.previous, read.hash), (section(&units[..2]).hash, section(&units[4..5]).hash));
    // AND nothing else is
    let fault = |device, units: &[Vec<u8>]| read_section(&GENESIS, DeviceId(device), units).err();
    assert_eq!(fault(1, &[]), Some(SectionFault::Empty));
    assert_eq!(fault(1, &[vec![1, 2]]), Some(SectionFault::Malformed));
    assert_eq!(fault(2, &units), Some(SectionFault::OtherChain));
    assert_eq!(fault(1, &[units[1].clone(), units[3].clone()]), Some(SectionFault::Broken));
    let stranger = unit(1, 3, Hash::zero(), 8).unit().encode();
    assert_eq!(fault(1, &[units[2].clone(), stranger]), Some(SectionFault::Broken));
}

#[test]
fn a_chain_grows_backwards_from_its_proven_end() {
    let (units, mut shown) = (chain(), None);
    // GIVEN nothing THEN units without a proof link to nothing, and none after the cut-off begins a chain
    assert_eq!(add(&mut shown, &units[..3], 0), Err(ShowFault::NotLinked));
    assert_eq!(add(&mut shown, &units[..3], 21), Err(ShowFault::AfterCutoff));
    // WHEN an end is proven THEN what comes before it needs no proof, if it links
    assert_eq!(add(&mut shown, &units[5..7], 18), Ok(Added::NewChain));
    assert_eq!(add(&mut shown, &units[1..4], 0), Err(ShowFault::NotLinked));
    assert_eq!(add(&mut shown, &units[3..5], 0), Ok(Added::Older));
    // WHEN a later end is proven THEN it begins anew, and an earlier one does not
    assert_eq!(add(&mut shown, &units[8..9], 20), Ok(Added::NewChain));
    assert_eq!(add(&mut shown, &units[5..7], 18), Ok(Added::Place));
    assert_eq!(shown.map(|chain| (chain.first, chain.last)), Some((Sequence(8), Sequence(8))));
}

#[test]
fn ends_are_exact_once_both_sides_of_each_are_proven() {
    let (units, mut shown) = (chain(), None);
    let is_exact = |shown: &Option<ShownChain>| shown.as_ref().is_some_and(ShownChain::is_exact);
    // GIVEN a chain from place 4 to 8, of which places up to 5 are anchored by the opening
    assert_eq!(add(&mut shown, &units[4..9], 20), Ok(Added::NewChain));
    assert_eq!(add(&mut shown, &units[5..6], 10), Ok(Added::Place));
    assert!(shown.as_ref().is_some_and(ShownChain::reaches_opening) && !is_exact(&shown));
    // WHEN the unit after those is proven to be later, and the one after the last to be after the cut-off
    assert_eq!(add(&mut shown, &units[6..7], 11), Ok(Added::Place));
    assert!(!is_exact(&shown));
    assert_eq!(add(&mut shown, &units[7..8], 21), Err(ShowFault::AfterCutoff));
    assert_eq!(add(&mut shown, &units[8..10], 21), Err(ShowFault::AfterCutoff));
    assert_eq!(add(&mut shown, &units[9..10], 21), Ok(Added::Place));
    // THEN nothing can be missing
    assert!(is_exact(&shown));
    // AND a chain from the device's first unit on needs nothing before the opening
    let mut whole = None;
    assert_eq!(add(&mut whole, &units[..9], 20), Ok(Added::NewChain));
    assert_eq!(add(&mut whole, &units[..1], 11), Ok(Added::Place));
    assert_eq!(add(&mut whole, &units[9..10], 21), Ok(Added::Place));
    assert!(is_exact(&whole) && whole.is_some_and(|chain| chain.is_whole()));
}
