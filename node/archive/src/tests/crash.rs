//! Crashes, second writers, and manifests that grow.

use object_store::{path::Path, ObjectStoreExt};

use super::*;
use crate::{manifest::PAGE, objects::list, verify, ArchiveError};

#[tokio::test]
async fn a_crash_between_segment_and_manifest_leaves_the_archive_whole() {
    // GIVEN an archive of three anchors
    let (store, mut ledger) = (memory(), Ledger::default());
    ledger.grow(3, 4);
    write(&store, &ledger, 3).await;
    ledger.grow(3, 4);
    // WHEN the program dies after a segment was stored and before the manifest
    let archive = open(&store).await;
    let mut segment = archive.segment().expect("a temporary file");
    segment.anchor(&ledger.anchors[3].0, &ledger.anchors[3].1).expect("it follows");
    let orphan = archive.store_segment(segment).await.expect("it is stored");
    drop(archive);
    // THEN the archive is as it was
    let archive = open(&store).await;
    assert_eq!(archive.last(), Some(AnchorNumber(3)));
    assert!(verify(&archive, &Trust::default(), &mut ()).await.expect("it can be read").is_sound());
    // WHEN the writer starts again THEN it removes what is left, and nothing else
    assert_eq!(archive.prepare().await.expect("it can be written"), 1);
    assert!(store.head(&Path::from(orphan.object)).await.is_err());
    assert_eq!(archive.prepare().await.expect("it can be written"), 0);
    // THEN the anchors go in as if nothing had happened
    let archive = write(&store, &ledger, 3).await;
    assert!(verify(&archive, &ledger.trust(), &mut ()).await.expect("it can be read").is_sound());
    assert_eq!(list(store.as_ref(), "segments").await.expect("it can be read").len(), 2);
}

#[tokio::test]
async fn a_lost_manifest_is_no_leave_to_remove_segments() {
    let (store, mut ledger) = (memory(), Ledger::default());
    ledger.grow(3, 4);
    write(&store, &ledger, 3).await;
    for name in list(store.as_ref(), "manifest").await.expect("it can be read") {
        store.delete(&name).await.expect("it is removed");
    }
    assert_eq!(open(&store).await.prepare().await.expect("it can be written"), 0);
    assert_eq!(list(store.as_ref(), "segments").await.expect("it can be read").len(), 1);
}

#[tokio::test]
async fn of_two_writers_one_is_refused() {
    // GIVEN two programs that opened the same archive
    let (store, mut ledger) = (memory(), Ledger::default());
    ledger.grow(2, 2);
    let (mut first, mut second) = (open(&store).await, open(&store).await);
    // WHEN both commit THEN the second is told, and the archive is the first one's
    for (archive, anchors) in [(&mut first, 2), (&mut second, 1)] {
        let mut segment = archive.segment().expect("a temporary file");
        for (anchor, units) in &ledger.anchors[..anchors] {
            segment.anchor(anchor, units).expect("it follows");
        }
        let done = archive.commit(segment).await;
        assert_eq!(done.is_ok(), anchors == 2);
        assert!(matches!(done, Ok(_) | Err(ArchiveError::Taken(1))));
    }
    assert!(verify(&open(&store).await, &ledger.trust(), &mut ()).await.expect("it can be read").is_sound());
    // WHEN a segment was begun before another was committed THEN it does not follow any more
    let stale = second.segment().expect("a temporary file");
    let mut second = open(&store).await;
    let mut segment = stale;
    segment.anchor(&ledger.anchors[0].0, &ledger.anchors[0].1).expect("it was first");
    assert!(matches!(second.commit(segment).await, Err(ArchiveError::NotNext { want: AnchorNumber(3), .. })));
}

#[tokio::test]
async fn old_segments_move_to_pages_that_are_checked_too() {
    // GIVEN more segments than stand in a manifest
    let (store, mut ledger) = (memory(), Ledger::default());
    ledger.grow(2 * PAGE as u32 + 5, 1);
    let archive = write(&store, &ledger, 1).await;
    let manifest = archive.manifest();
    assert_eq!((manifest.pages.len(), manifest.segments.len()), (2, 5));
    assert_eq!(manifest.pages[1].first, AnchorNumber(PAGE as u32 + 1));
    // THEN few manifests are kept, and all of the archive verifies and comes back
    assert_eq!(list(store.as_ref(), "manifest").await.expect("it can be read").len(), 2);
    let report = verify(&open(&store).await, &ledger.trust(), &mut ()).await.expect("it can be read");
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.anchors, ledger.anchors.len() as u64);
    assert_eq!(archive.prepare().await.expect("it can be written"), 0);
    // WHEN a page is gone THEN that is found, and the rest is still checked
    let page = manifest.pages[0].clone();
    store.delete(&Path::from(page.object.as_str())).await.expect("it is removed");
    let report = verify(&open(&store).await, &ledger.trust(), &mut ()).await.expect("it can be read");
    assert_eq!(report.findings.len(), 1);
    assert_eq!((report.findings[0].object.as_ref(), report.segments), (Some(&page.object), PAGE as u64 + 5));
}
