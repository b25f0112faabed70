//! What is missing, added or changed is found and named, also when the manifest was changed with it.

use loadstone_dag::Reference;
use object_store::{path::Path, ObjectStoreExt, PutPayload};
use parquet::file::writer::SerializedFileWriter;

use super::*;
use crate::{
    manifest::Manifest,
    objects::hash_of,
    reader::{fetch, read, Part, Wanted},
    rows::{ArchivedUnit, Rows},
    schema::{columns, properties, Footer},
    verify, ArchiveError, Entry, Fault, Report,
};

async fn check(store: &Arc<dyn ObjectStore>, trust: &Trust) -> Report {
    verify(&open(store).await, trust, &mut ()).await.expect("the check can be done")
}

/// Faults with the anchor and the device where they were found.
fn faults(report: &Report) -> Vec<(Option<u32>, Option<u32>, Fault)> {
    let place = |finding: &crate::Finding| {
        let unit = finding.unit.map(|slot| slot.device.0);
        (finding.anchor.map(|anchor| anchor.0), unit, finding.fault.clone())
    };
    report.findings.iter().map(place).collect()
}

async fn overwrite(store: &Arc<dyn ObjectStore>, name: &str, bytes: Vec<u8>) {
    store.put(&Path::from(name), PutPayload::from(bytes)).await.expect("it is written");
}

/// An archive of nine anchors of four devices in segments of three.
async fn archive() -> (Arc<dyn ObjectStore>, Ledger, Vec<Entry>) {
    let (store, mut ledger) = (memory(), Ledger::default());
    ledger.grow(9, 4);
    let archive = write(&store, &ledger, 3).await;
    let segments = archive.manifest().segments.clone();
    (store, ledger, segments)
}

/// Rewrites the rows and anchors of a segment, and the manifest so that it agrees: the work of somebody
/// who knows the format.
async fn forge(
    store: &Arc<dyn ObjectStore>,
    segment: usize,
    edit: impl FnOnce(&mut Vec<Anchor>, &mut Vec<ArchivedUnit>),
) {
    let manifest = rewrite(store, segment, edit).await;
    overwrite(store, &manifest.object(), serde_json::to_vec(&manifest).expect("it is JSON")).await;
}

/// Rewrites a segment alone; returns the manifest that would agree with it.
async fn rewrite(
    store: &Arc<dyn ObjectStore>,
    segment: usize,
    edit: impl FnOnce(&mut Vec<Anchor>, &mut Vec<ArchivedUnit>),
) -> Manifest {
    let archive = open(store).await;
    let mut manifest: Manifest = archive.manifest().clone();
    let entry = &mut manifest.segments[segment];
    let (file, _) = fetch(store.as_ref(), entry).await.expect("it is there");
    let all = Wanted { from: AnchorNumber(0), to: AnchorNumber(u32::MAX), device: None };
    let mut parts = read(file, &entry.object, GENESIS, all);
    let (mut anchors, mut units) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next().await {
        match part.expect("it is whole") {
            Part::Anchors(found) => anchors = found,
            Part::Units(rows) => units.extend(rows.into_iter().map(|row| row.expect("it is a unit"))),
            Part::End => {}
        }
    }
    edit(&mut anchors, &mut units);
    let mut rows = Rows::default();
    units.iter().for_each(|unit| rows.push(unit.anchor, unit.index, unit.id, &unit.unit));
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, columns().expect("sound"), properties().expect("sound"))
        .expect("it begins");
    rows.write(file.next_row_group().expect("it begins")).expect("it is written");
    let footer = Footer { genesis: GENESIS, anchors: anchors.clone() };
    footer.pairs().into_iter().for_each(|pair| file.append_key_value_metadata(pair));
    file.close().expect("it is written");
    (entry.bytes, entry.hash) = (bytes.len() as u64, hash_of(&bytes));
    entry.last_hash = anchors.last().map(Anchor::hash).expect("there are anchors");
    overwrite(store, &entry.object, bytes).await;
    manifest
}

#[tokio::test]
async fn changed_bytes_are_found_wherever_they_are() {
    let (store, ledger, segments) = archive().await;
    let whole = store.get(&Path::from(segments[1].object.as_str())).await.expect("it is there");
    let whole = whole.bytes().await.expect("it is read").to_vec();
    for position in (0..whole.len()).step_by(97) {
        // WHEN any byte of a segment changes
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        overwrite(&store, &segments[1].object, bytes).await;
        // THEN the check names the segment, and the rest of the archive still counts
        let report = check(&store, &ledger.trust()).await;
        let first = report.findings.first().expect("it is found");
        assert_eq!((first.object.as_ref(), &first.fault), (Some(&segments[1].object), &Fault::Changed));
        assert!(report.anchors >= 6, "byte {position}: {:?}", report.findings);
        // THEN nothing is restored from it
        let selection = crate::Selection { from: AnchorNumber(1), to: AnchorNumber(9), device: None };
        let restored = crate::restore(&open(&store).await, &selection, &mut Nothing).await;
        assert!(matches!(restored, Err(ArchiveError::Damaged { object, .. }) if object == segments[1].object));
    }
    // WHEN it is cut short, lengthened, or gone THEN that is found too
    for bytes in [whole[..100].to_vec(), vec![], [whole.clone(), vec![0]].concat()] {
        overwrite(&store, &segments[1].object, bytes).await;
        assert_eq!(check(&store, &ledger.trust()).await.findings[0].fault, Fault::Changed);
    }
    store.delete(&Path::from(segments[1].object.as_str())).await.expect("it is removed");
    let report = check(&store, &ledger.trust()).await;
    assert_eq!(faults(&report), vec![(None, None, Fault::Missing)]);
    assert_eq!((report.segments, report.anchors), (2, 6));
}

struct Nothing;
impl crate::Sink for Nothing {
    fn anchor(&mut self, _: &Anchor) -> bool {
        true
    }

    fn unit(&mut self, _: &ArchivedUnit) -> bool {
        true
    }
}

#[tokio::test]
async fn a_missing_unit_is_found() {
    // WHEN a unit in the middle or at the end of an anchor is left out THEN its place is named
    for (left_out, position) in [(1, 1), (3, 3)] {
        let (store, ledger, _) = archive().await;
        forge(&store, 1, |_, units| drop(units.remove(left_out))).await;
        let device = left_out as u32 + 1;
        let found = faults(&check(&store, &ledger.trust()).await);
        // THEN also the device's later units, which do not stand on what is left
        assert_eq!(found[0], (Some(4), None, Fault::UnitMissing(position)));
        assert_eq!(found[1], (Some(5), Some(device), Fault::Gap));
        assert_eq!(found.len(), 2);
    }
    // WHEN the first unit of a device is left out and the rest renumbered THEN it is found
    let (store, ledger, _) = archive().await;
    forge(&store, 0, |_, units| {
        units.remove(0);
        units[..3].iter_mut().for_each(|unit| unit.index -= 1);
    })
    .await;
    let found = faults(&check(&store, &ledger.trust()).await);
    assert_eq!(found[0], (Some(1), None, Fault::UnitMissing(3)));
    assert_eq!(found[1], (Some(2), Some(1), Fault::Gap));
}

#[tokio::test]
async fn a_unit_that_occurs_twice_is_found() {
    // WHEN a unit stands twice in its anchor THEN it is named
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |_, units| units.insert(1, units[0].clone())).await;
    assert_eq!(faults(&check(&store, &ledger.trust()).await), vec![(Some(4), Some(1), Fault::UnitTwice)]);
    // WHEN an anchor that commits to a unit of an earlier one is added THEN it is named, even though the
    // root is right, and the chain has no such anchor
    let (store, ledger, _) = archive().await;
    forge(&store, 2, |anchors, units| {
        let again = units[0].clone();
        let leaf = AnchorLeaf { slot: again.unit.content.slot, unit: again.id };
        anchors[2].units = 1;
        anchors[2].root = leaves_root(&[leaf]);
        units.push(ArchivedUnit { anchor: anchors[2].number, index: 0, ..again });
    })
    .await;
    let report = check(&store, &ledger.trust()).await;
    assert_eq!(faults(&report), vec![(Some(9), None, Fault::NotOnChain), (Some(9), Some(1), Fault::UnitTwice)]);
    assert_eq!(report.proven, None);
}

#[tokio::test]
async fn a_wrong_order_is_found() {
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |_, units| units.swap(1, 2)).await;
    assert_eq!(faults(&check(&store, &ledger.trust()).await), vec![(Some(4), Some(2), Fault::UnitOrder)]);
    // WHEN units change anchors THEN both are named
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |_, units| units.swap(3, 4)).await;
    let found = faults(&check(&store, &ledger.trust()).await);
    assert!(found.iter().any(|(anchor, ..)| *anchor == Some(4)), "{found:?}");
    assert!(found.iter().any(|(anchor, ..)| *anchor == Some(5)), "{found:?}");
    // WHEN only the positions are wrong THEN the anchor is named
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |_, units| units[0].index = 7).await;
    assert_eq!(faults(&check(&store, &ledger.trust()).await), vec![(Some(4), None, Fault::UnitOrder)]);
}

#[tokio::test]
async fn a_changed_unit_is_found() {
    // WHEN a reading changes THEN the unit is named
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |_, units| units[2].unit.content.body = Body::Readings(one(99))).await;
    assert_eq!(faults(&check(&store, &ledger.trust()).await), vec![(Some(4), Some(3), Fault::UnitChanged)]);
    // WHEN its id changes with it THEN the anchor is
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |_, units| {
        units[2].unit.content.body = Body::Readings(one(99));
        units[2].id = id_of(&units[2].unit);
    })
    .await;
    let found = faults(&check(&store, &ledger.trust()).await);
    assert_eq!(found, vec![(Some(4), None, Fault::NotUnderRoot), (Some(5), Some(3), Fault::Gap)]);
    // WHEN the anchor changes with it THEN the chain of anchors breaks
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |anchors, _| anchors[1].readings = 5).await;
    let found = faults(&check(&store, &ledger.trust()).await);
    assert_eq!(found, vec![(Some(6), None, Fault::Unlinked)]);
}

#[tokio::test]
async fn a_rewritten_row_is_named_whatever_it_holds() {
    // WHEN a row is rewritten and the manifest left alone THEN the segment and the unit are named, also
    // where the segment has become longer
    let (store, ledger, _) = archive().await;
    rewrite(&store, 1, |_, units| units[2].unit.content.references = references(8)).await;
    let found = faults(&check(&store, &ledger.trust()).await);
    assert_eq!(found, vec![(None, None, Fault::Changed), (Some(4), Some(3), Fault::UnitChanged)]);
    // WHEN what it holds is no unit's content THEN it is named too, and all other rows are still read
    let (store, ledger, _) = archive().await;
    forge(&store, 1, |_, units| {
        units[2].unit.content.references = references(100);
        units[5].unit.content.body = Body::Readings(one(99));
    })
    .await;
    let found = faults(&check(&store, &ledger.trust()).await);
    let unreadable = Fault::Unreadable("its content is no unit's".into());
    assert_eq!(found, vec![(Some(4), Some(3), unreadable), (Some(5), Some(2), Fault::UnitChanged)]);
    // THEN it is not restored, while other devices' units are
    let archive = open(&store).await;
    let of = |device| crate::Selection { from: AnchorNumber(1), to: AnchorNumber(9), device };
    for device in [None, Some(DeviceId(3))] {
        let restored = crate::restore(&archive, &of(device), &mut Nothing).await;
        assert!(matches!(restored, Err(ArchiveError::Damaged { .. })), "{restored:?}");
    }
    assert!(crate::restore(&archive, &of(Some(DeviceId(4))), &mut Nothing).await.is_ok());
}

/// So many references; a hundred are more than a unit may hold.
fn references(count: u64) -> Vec<Reference> {
    let slot = |sequence| Slot { device: DeviceId(9), incarnation: Incarnation(0), sequence: Sequence(sequence) };
    (0..count).map(|sequence| Reference::Unit(slot(sequence), Hash::repeat_byte(1))).collect()
}

#[tokio::test]
async fn missing_ends_are_found() {
    let (store, ledger, _) = archive().await;
    // WHEN the chain is further THEN the archive is short, if it should hold that much
    let late = Trust { last: Some(AnchorNumber(12)), ..ledger.trust() };
    let missing = Fault::AnchorsMissing { from: AnchorNumber(10), to: AnchorNumber(12) };
    assert_eq!(faults(&check(&store, &late).await), vec![(None, None, missing)]);
    // WHEN older segments are left out of the manifest THEN they are missing, unless nobody asks for them
    let mut manifest = open(&store).await.manifest().clone();
    manifest.segments.remove(0);
    overwrite(&store, &manifest.object(), serde_json::to_vec(&manifest).expect("it is JSON")).await;
    let missing = Fault::AnchorsMissing { from: AnchorNumber(1), to: AnchorNumber(3) };
    assert_eq!(faults(&check(&store, &ledger.trust()).await), vec![(None, None, missing)]);
    let from_four = Trust { first: AnchorNumber(4), ..ledger.trust() };
    assert!(check(&store, &from_four).await.is_sound());
    // WHEN one in the middle is left out THEN the manifest itself is refused
    manifest.segments.insert(0, ledger_entry(&store).await);
    manifest.segments.remove(1);
    overwrite(&store, &manifest.object(), serde_json::to_vec(&manifest).expect("it is JSON")).await;
    let refused = Archive::open(store.clone(), GENESIS).await;
    assert!(matches!(refused, Err(ArchiveError::Damaged { .. })));
    // WHEN nothing is there THEN all of it is missing
    let report = check(&memory(), &ledger.trust()).await;
    let missing = Fault::AnchorsMissing { from: AnchorNumber(1), to: AnchorNumber(9) };
    assert_eq!(faults(&report), vec![(None, None, missing)]);
}

/// An entry for the first three anchors.
async fn ledger_entry(store: &Arc<dyn ObjectStore>) -> Entry {
    let segments = open(store).await.manifest().segments.clone();
    let parent = segments[0].parent;
    Entry {
        first: AnchorNumber(1),
        last: AnchorNumber(3),
        last_hash: parent,
        parent: Hash::zero(),
        ..segments[0].clone()
    }
}

#[tokio::test]
async fn a_broken_manifest_is_refused_with_its_name() {
    let (store, ..) = archive().await;
    let name = open(&store).await.manifest().object();
    for (text, expected) in [("", "damaged"), ("{}", "damaged"), ("{\"format\": 9}", "format 9")] {
        overwrite(&store, &name, text.into()).await;
        let Err(error) = Archive::open(store.clone(), GENESIS).await else { panic!("it is refused") };
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_appended_to_an_archive_that_lost_something() {
    // GIVEN an archive that is whole
    let (store, _, segments) = archive().await;
    assert_eq!(open(&store).await.prepare().await.expect("it is whole"), 0);
    // WHEN the first segment is cut short, and when it is gone THEN whoever would append is told which it is
    let name = segments[0].object.clone();
    overwrite(&store, &name, vec![0; 10]).await;
    let told = open(&store).await.prepare().await;
    assert!(matches!(told, Err(ArchiveError::Damaged { object, .. }) if object == name));
    store.delete(&Path::from(name.as_str())).await.expect("it is there");
    let told = open(&store).await.prepare().await;
    assert!(matches!(told, Err(ArchiveError::Missing(object)) if object == name));
}

#[tokio::test]
async fn segments_without_a_manifest_are_not_taken_for_an_empty_archive() {
    // GIVEN an archive whose manifests are lost
    let (store, ..) = archive().await;
    for version in 0..=open(&store).await.manifest().version {
        let manifest = Manifest { version, ..open(&store).await.manifest().clone() };
        // Older ones are gone already.
        drop(store.delete(&Path::from(manifest.object())).await);
    }
    // WHEN it is opened to write THEN that is refused
    let archive = open(&store).await;
    assert_eq!(archive.manifest().version, 0);
    assert!(matches!(archive.prepare().await, Err(ArchiveError::Unvouched(_))));
}
