//! What is shown, in which order, makes a hearing complete.

use super::*;
use loadstone_core::{Hash, Incarnation, MerkleProof, Millis, Watts};
use loadstone_dag::{read_section, show, Added, Body, Readings, ShowFault, UnitContent};

const GENESIS: Hash = Hash([7; 32]);
const BOUNDS: Bounds = Bounds { opening: AnchorNumber(100), cutoff: AnchorNumber(399) };

/// A device's first 400 units, each in an anchor of its own, numbered by its place.
fn chain() -> Vec<Found> {
    let mut previous = Hash::zero();
    let unit = |place: u32| {
        let readings = Readings::new(Millis(1), 1_000, None, &[(Watts(5), true)]).expect("one reading");
        let slot = Slot { device: DeviceId(1), incarnation: Incarnation(0), sequence: Sequence(place.into()) };
        let content = UnitContent { slot, previous, references: vec![], body: Body::Readings(readings) };
        previous = content.payload(&GENESIS).hash();
        let anchor = Anchor { number: AnchorNumber(place), ..Anchor::default() };
        let path = MerkleProof { index: 0, leaves: 1, siblings: vec![] };
        let proof = LeafProof { anchor, path, siblings: BoundedVec::default() };
        Found { unit: Unit { content, signature: [0; 64] }, proof }
    };
    (0..=400).map(unit).collect()
}

/// Shows what was gathered as the chain would take it in.
fn taken(gathered: &Gathered) -> (Vec<Added>, bool) {
    let mut shown = None;
    let take = |part: Part| {
        let section = read_section(&GENESIS, DeviceId(1), &part.units).expect("it is one");
        show(&mut shown, &section, part.proof.map(|proof| proof.anchor.number), BOUNDS)
    };
    let added: Result<Vec<Added>, ShowFault> = parts(gathered, BOUNDS.opening).into_iter().map(take).collect();
    (added.expect("each is taken"), shown.is_some_and(|chain| chain.is_exact() && chain.reaches_opening()))
}

#[test]
fn what_was_gathered_is_shown_from_its_end_on() {
    // GIVEN a device's units from before the opening to the cut-off, and the one after
    let mut units = chain();
    let next = units.pop();
    units.reverse();
    units.truncate(310);
    // WHEN they are shown THEN the newest come first, then the three ends, then the others
    let (added, is_exact) = taken(&Gathered { units: units.clone(), next });
    let ends = [Added::Place; 3];
    assert_eq!(added, [&[Added::NewChain], &ends[..], &[Added::Older; 2]].concat());
    assert!(is_exact);
    // WHEN nothing came after the cut-off THEN all else is shown, and one end stays open
    let (added, is_exact) = taken(&Gathered { units, next: None });
    assert_eq!((added.len(), is_exact), (5, false));
}
