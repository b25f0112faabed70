//! Archives on disk: what was stored comes back, and what was changed is named.

use super::*;
use crate::{
    check::tests::{history, History, GENESIS},
    fault::code,
    history::FIRST,
};
use loadstone_archive::Limits;
use loadstone_core::Incarnation;
use std::{fs, path::PathBuf};

/// Puts a history into an archive, in segments of two anchors.
async fn store(place: &str, history: &History) -> Archive {
    let limits = Limits { anchors: 2, ..Limits::default() };
    let mut archive = create(place, GENESIS).await.expect("it opens").with_limits(limits);
    let held = archive.last().map_or(0, |last| last.0 as usize);
    for pair in history.anchors[held..].chunks(2) {
        let mut segment = archive.segment().expect("a temporary file");
        for Anchored { anchor, units } in pair {
            segment.anchor(anchor, units).expect("it follows");
        }
        archive.commit(segment).await.expect("it is stored");
    }
    archive
}

fn place(folder: &tempfile::TempDir) -> String {
    folder.path().join("archive").display().to_string()
}

async fn check(archive: &Archive, history: &History) -> (Report, u64) {
    let trust = Trust { hashes: history.trusted().hashes(), ..Trust::default() };
    let checked = verified(archive, GENESIS, &trust, Some(&history.devices), Output { json: true }).await;
    checked.expect("the check can be done")
}

/// The file of the archive's first segment.
fn first_segment(place: &str) -> PathBuf {
    let files = fs::read_dir(Path::new(place).join("segments")).expect("a folder").flatten();
    files.map(|file| file.path()).min().expect("a segment")
}

#[tokio::test]
async fn what_was_stored_comes_back_and_grows() {
    // GIVEN an archive of three anchors
    let folder = tempfile::tempdir().expect("a folder");
    let whole = history(5, 2);
    let begun = History { anchors: whole.anchors[..3].to_vec(), devices: whole.devices.clone() };
    store(&place(&folder), &begun).await;
    // WHEN it is opened again and two more come THEN it goes on where it ended
    store(&format!("file://{}", place(&folder)), &whole).await;
    let archive = open(&place(&folder), Some(GENESIS)).await.expect("it opens");
    assert_eq!(read(&archive, FIRST, AnchorNumber(5)).await.expect("it is whole"), whole.anchors);
    assert_eq!(read(&archive, AnchorNumber(2), AnchorNumber(3)).await.expect("it is whole"), whole.anchors[1..3]);
    // THEN it verifies with all signatures, to the chain's last anchor
    let (report, unchecked) = check(&archive, &whole).await;
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.units, report.readings, report.proven, unchecked), (10, 10, report.last, 0));
}

#[tokio::test]
async fn places_without_an_archive_of_the_chain_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |outcome: Result<Archive>| match outcome {
        Ok(_) => panic!("it is refused"),
        Err(error) => (code(&error), format!("{error:#}")),
    };
    // GIVEN a folder that is not there THEN that is wrong usage, and it is not made
    assert_eq!(refused(open(&place(&folder), None).await).0, 2);
    assert!(!Path::new(&place(&folder)).exists());
    assert_eq!(refused(create("s3://bucket", GENESIS).await).0, 2);
    // GIVEN one without a manifest THEN nothing in it holds
    let empty = folder.path().display().to_string();
    assert_eq!(refused(open(&empty, Some(GENESIS)).await).0, 3);
    // GIVEN another chain's archive THEN it is refused for reading and for writing, and says whose it is
    store(&place(&folder), &history(1, 1)).await;
    for outcome in
        [open(&place(&folder), Some(Hash::repeat_byte(2))).await, create(&place(&folder), Hash::zero()).await]
    {
        let (code, text) = refused(outcome);
        assert!(code == 2 && text.contains(&format!("{GENESIS:?}")), "{code}: {text}");
    }
    assert_eq!(open(&place(&folder), None).await.expect("it opens").manifest().genesis, GENESIS);
    // GIVEN a damaged manifest THEN that is a mismatch
    let manifest = fs::read_dir(folder.path().join("archive/manifest")).expect("a folder").flatten().next();
    fs::write(manifest.expect("a manifest").path(), "{").expect("written");
    assert_eq!(refused(open(&place(&folder), None).await).0, 3);
}

#[tokio::test]
async fn a_changed_byte_is_found_and_its_unit_named_where_it_can_be() {
    // GIVEN an archive
    let folder = tempfile::tempdir().expect("a folder");
    let history = history(4, 2);
    let archive = store(&place(&folder), &history).await;
    let file = first_segment(&place(&folder));
    let sound = fs::read(&file).expect("it is there");
    let unit = &history.anchors[0].units[1];
    let id = unit.content.payload(&GENESIS).hash();
    let find = |bytes: &[u8]| sound.windows(bytes.len()).position(|window| window == bytes).expect("it is in the file");
    for (position, fault) in [
        (find(&unit.signature), "the signature is not the device's"),
        (find(id.as_bytes()), "the unit's content does not hash to its id"),
    ] {
        // WHEN a byte of a unit's signature or id changes
        let mut bytes = sound.clone();
        bytes[position + 7] ^= 1;
        fs::write(&file, bytes).expect("written");
        // THEN the unit is named, to programs and in an audit
        let (report, _) = check(&archive, &history).await;
        let found = report.findings.iter().find(|finding| finding.unit.is_some()).expect("a unit is named");
        let value = as_json(found);
        assert_eq!((&value["unit"], &value["anchor"]), (&json!("1/0/0"), &json!(1)));
        assert_eq!(value["text"], fault);
        assert_eq!(as_mismatch(found).item, "unit 1/0/0");
        // THEN it can't be read back
        let error = read(&archive, FIRST, AnchorNumber(4)).await.expect_err("it is damaged");
        assert_eq!(code(&failed(error)), 3);
    }
    // WHEN any byte changes THEN that is found
    for position in (0..sound.len()).step_by(53) {
        let mut bytes = sound.clone();
        bytes[position] ^= 1;
        fs::write(&file, bytes).expect("written");
        let (report, _) = check(&archive, &history).await;
        assert!(as_json(&report.findings[0])["segment"].is_string(), "byte {position}");
    }
}

#[tokio::test]
async fn signatures_are_checked_as_far_as_keys_are_known() {
    // GIVEN an archive of three devices: one nobody registered, one at its second life
    let folder = tempfile::tempdir().expect("a folder");
    let mut history = history(1, 3);
    let archive = store(&place(&folder), &history).await;
    history.devices.remove(&DeviceId(0));
    if let Some(device) = history.devices.get_mut(&DeviceId(1)) {
        device.incarnation = Incarnation(1);
    }
    // THEN the first unit is named, and the second's signature is counted as unchecked
    let (report, unchecked) = check(&archive, &history).await;
    let items: Vec<_> = report.findings.iter().map(|finding| as_mismatch(finding).item).collect();
    assert_eq!((items, unchecked), (vec!["unit 0/0/0".to_owned()], 1));
    // WHEN no chain is asked THEN none is checked
    let offline = verified(&archive, GENESIS, &Trust::default(), None, Output { json: true }).await.expect("checked");
    assert!(offline.0.is_sound());
    assert_eq!((offline.0.proven, offline.1), (None, 3));
}
