//! What goes in comes out, and other input is refused.

use super::*;
use crate::{restore, verify, ArchiveError, ArchivedUnit, Observer, Progress, Selection, Sink};

/// Keeps everything.
#[derive(Default)]
struct Kept {
    anchors: Vec<Anchor>,
    units: Vec<ArchivedUnit>,
    /// Units after which it has had enough.
    enough: Option<usize>,
    last: Progress,
}

impl Sink for Kept {
    fn anchor(&mut self, anchor: &Anchor) -> bool {
        self.anchors.push(anchor.clone());
        true
    }

    fn unit(&mut self, unit: &ArchivedUnit) -> bool {
        self.units.push(unit.clone());
        self.enough.is_none_or(|enough| self.units.len() < enough)
    }

    fn progress(&mut self, progress: &Progress) {
        self.last = *progress;
    }
}

fn selection(from: u32, to: u32, device: Option<u32>) -> Selection {
    Selection { from: AnchorNumber(from), to: AnchorNumber(to), device: device.map(DeviceId) }
}

async fn restored(archive: &Archive, selection: Selection) -> Kept {
    let mut kept = Kept::default();
    let progress = restore(archive, &selection, &mut kept).await.expect("it is whole");
    assert_eq!(progress, kept.last);
    kept
}

#[tokio::test]
async fn what_was_archived_verifies_and_comes_back() {
    // GIVEN anchors of three devices on disk, in segments of four anchors
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().join("archive").display().to_string();
    let store = crate::open_store(&format!("file://{place}")).expect("a folder");
    let mut ledger = Ledger::default();
    ledger.grow(10, 3);
    let archive = write(&store, &ledger, 4).await;
    assert_eq!(archive.last(), Some(AnchorNumber(10)));
    // THEN it is proven up to the anchor that the chain knows
    let report = verify(&archive, &ledger.trust(), &mut ()).await.expect("it can be read");
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.segments, report.anchors, report.units), (3, 10, ledger.units()));
    assert_eq!(report.readings, ledger.units());
    assert_eq!(report.proven, Some(AnchorNumber(10)));
    let mut range = loadstone_core::MmrPeaks::default();
    ledger.anchors.iter().for_each(|(anchor, _)| assert!(range.push(anchor.hash())));
    assert_eq!(report.range, range);
    // WHEN more anchors come, by a program that opens it again THEN they go on where it ended
    ledger.grow(5, 3);
    drop(archive);
    let archive = write(&crate::open_store(&place).expect("the same folder"), &ledger, 4).await;
    assert!(verify(&archive, &ledger.trust(), &mut ()).await.expect("it can be read").is_sound());
    // THEN a range of anchors comes back as it was
    let kept = restored(&archive, selection(3, 12, None)).await;
    let (anchors, units): (Vec<_>, Vec<_>) = ledger.anchors[2..12].iter().cloned().unzip();
    assert_eq!(kept.anchors, anchors);
    assert_eq!(kept.units.iter().map(|unit| unit.unit.clone()).collect::<Vec<_>>(), units.concat());
    assert!(kept.units.iter().all(|unit| id_of(&unit.unit) == unit.id));
    assert_eq!((kept.last.anchors, kept.last.units), (10, units.concat().len() as u64));
    // THEN so does a device's chain, with the anchors that hold it
    let kept = restored(&archive, selection(1, 15, Some(2))).await;
    let sequences: Vec<u64> = kept.units.iter().map(|unit| unit.unit.content.slot.sequence.0).collect();
    assert_eq!(sequences, (0..11).collect::<Vec<_>>());
    assert_eq!(kept.anchors.len(), 11);
    assert!(restored(&archive, selection(1, 15, Some(9))).await.units.is_empty());
    // THEN a sink that has had enough is left alone
    let mut kept = Kept { enough: Some(2), ..Kept::default() };
    restore(&archive, &selection(1, 15, None), &mut kept).await.expect("it is whole");
    assert_eq!(kept.units.len(), 2);
}

#[tokio::test]
async fn a_huge_anchor_is_one_segment_and_is_read_in_parts() {
    // GIVEN an anchor with more units than a segment or a row group should have
    let store = memory();
    let mut ledger = Ledger::default();
    let units = (1..=100_000).map(|device| ledger.unit(device, 0, one(5))).collect();
    ledger.anchor(units);
    ledger.grow(2, 4);
    let limits = Limits { units: 1_000, ..Limits::default() };
    let mut archive = open(&store).await.with_limits(limits);
    let mut segment = archive.segment().expect("a temporary file");
    segment.anchor(&ledger.anchors[0].0, &ledger.anchors[0].1).expect("it follows");
    assert!(segment.is_full());
    archive.commit(segment).await.expect("it is stored");
    let archive = write(&store, &ledger, 10).await;
    // THEN it verifies, and one device is found in it
    let report = verify(&archive, &ledger.trust(), &mut ()).await.expect("it can be read");
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.segments, report.units), (2, ledger.units()));
    assert_eq!(restored(&archive, selection(1, 3, Some(77_777))).await.units.len(), 1);
}

#[tokio::test]
async fn later_lives_acknowledgements_and_references_come_back() {
    use loadstone_core::{AreaId, Direction};
    use loadstone_dag::{Acknowledgement, AcknowledgementKind, Reference};
    // GIVEN units of two lives of a device and one with everything else that a unit may hold
    let store = memory();
    let mut ledger = Ledger::default();
    let mut units = vec![ledger.unit(1, 0, one(1)), ledger.unit(1, 1, one(2)), ledger.unit(1, 1, one(3))];
    let mut unit = ledger.unit(u32::MAX, u16::MAX, one(4));
    unit.content.previous = Hash::repeat_byte(9);
    unit.content.references = vec![Reference::Unit(units[0].content.slot, id_of(&units[0]))];
    unit.content.body = Body::Acknowledgement(Acknowledgement {
        area: AreaId(3),
        direction: Direction::Down,
        sequence: 8,
        kind: AcknowledgementKind::Completed,
        at: Millis(u64::MAX),
        setpoint: Watts(-5),
    });
    units.push(unit);
    ledger.anchor(units.clone());
    let archive = write(&store, &ledger, 10).await;
    // THEN all come back, also at the ends of the columns' ranges
    let kept = restored(&archive, selection(0, u32::MAX, None)).await;
    assert_eq!(kept.units.iter().map(|unit| unit.unit.clone()).collect::<Vec<_>>(), units);
    assert_eq!(restored(&archive, selection(0, u32::MAX, Some(u32::MAX))).await.units.len(), 1);
    assert!(verify(&archive, &ledger.trust(), &mut ()).await.expect("it can be read").is_sound());
}

#[tokio::test]
async fn what_no_anchor_commits_to_is_refused() {
    let store = memory();
    let mut ledger = Ledger::default();
    ledger.grow(2, 3);
    let archive = write(&store, &ledger, 10).await;
    ledger.grow(2, 3);
    let (anchor, units) = &ledger.anchors[2];
    let begin = || archive.segment().expect("a temporary file");
    // WHEN an anchor does not follow THEN it is refused
    let refused = begin().anchor(&ledger.anchors[3].0, &ledger.anchors[3].1);
    assert!(matches!(refused, Err(ArchiveError::NotNext { want: AnchorNumber(3), got: AnchorNumber(4), .. })));
    let other = Anchor { parent: Hash::repeat_byte(1), ..anchor.clone() };
    assert!(matches!(begin().anchor(&other, units), Err(ArchiveError::NotNext { .. })));
    // WHEN a unit is missing, out of order or another THEN it is refused
    let mut reversed = units.clone();
    reversed.reverse();
    let mut other = units.clone();
    other[1].content.previous = Hash::repeat_byte(3);
    for wrong in [units[1..].to_vec(), reversed, other] {
        let mut segment = begin();
        assert!(matches!(segment.anchor(anchor, &wrong), Err(ArchiveError::NotUnderRoot(AnchorNumber(3)))));
        // THEN nothing of it can be committed
        let mut archive = open(&store).await;
        assert!(matches!(archive.commit(segment).await, Err(ArchiveError::Unfinished)));
    }
    let mut archive = open(&store).await;
    let empty = archive.segment().expect("a temporary file");
    assert!(matches!(archive.commit(empty).await, Err(ArchiveError::Unfinished)));
    // WHEN the archive is opened for another chain, or at no place THEN it is refused
    let foreign = Archive::open(store.clone(), Hash::repeat_byte(1)).await;
    assert!(matches!(foreign, Err(ArchiveError::OtherChain { .. })));
    assert!(matches!(crate::open_store("s3://bucket"), Err(ArchiveError::Place(_))));
    assert!(matches!(crate::open_store(""), Err(ArchiveError::Place(_))));
}

#[tokio::test]
async fn signatures_are_the_observers() {
    /// Accepts what [`signature`] makes.
    struct Keys(u64);
    impl Observer for Keys {
        fn unit(&mut self, unit: &ArchivedUnit) -> bool {
            unit.unit.signature == signature(&unit.id)
        }

        fn progress(&mut self, progress: &Progress) {
            self.0 = progress.units;
        }
    }
    // GIVEN an archive with one forged signature, which no root binds
    let store = memory();
    let mut ledger = Ledger::default();
    ledger.grow(2, 3);
    ledger.anchors[1].1[2].signature = [5; 64];
    let archive = write(&store, &ledger, 10).await;
    // THEN whoever knows the keys finds it
    let mut keys = Keys(0);
    let report = verify(&archive, &ledger.trust(), &mut keys).await.expect("it can be read");
    let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("anchor 2, unit 3/0/1, the signature is not the device's"), "{found:?}");
    assert_eq!(keys.0, ledger.units());
}
