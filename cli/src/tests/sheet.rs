//! Sheet and salt are there while they are needed, and in nobody's way afterwards.

use super::*;
use crate::parse::resource_bid;

const GENESIS: Hash = Hash([0xab; 32]);

fn kept(event: u32, salt: u8) -> Kept {
    let sheet = BidSheet::truncate_from(vec![resource_bid("0=1.20:8000").expect("well formed")]);
    Kept::new(GENESIS, (EventId(event), 0), AccountId::new([9; 32]), sheet, [salt; 32])
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_name_tells_network_event_and_account() {
    // GIVEN one event number on two networks
    let bidder = AccountId::new([9; 32]);
    let one = default_path(&GENESIS, EventId(2), &bidder, 0);
    let other = default_path(&Hash([0xcd; 32]), EventId(2), &bidder, 0);
    // THEN their files differ and begin with the network
    assert_ne!(one, other);
    assert!(one.to_string_lossy().starts_with("bid-abababab-2-5"), "{one:?}");
}

#[test]
fn a_refused_bid_leaves_no_file_and_a_final_one_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bid.json");
    // GIVEN a sheet that is on disk before its seal is sent
    let pending = kept(2, 1).write(&path).expect("written");
    assert_eq!(Kept::read(pending.draft()).expect("read"), kept(2, 1));
    // WHEN the bid is refused THEN nothing is left
    pending.discard();
    assert_eq!(names(folder.path()), [""; 0]);
    // WHEN the next one is final THEN it stands under the lasting name alone
    let place = kept(2, 2).write(&path).expect("written").keep();
    assert_eq!((place, names(folder.path())), (path.clone(), vec!["bid.json".to_owned()]));
    // WHEN it was withdrawn and another one is final THEN that one has replaced it
    kept(2, 3).write(&path).expect("written").keep();
    assert_eq!(Kept::read(&path).expect("read"), kept(2, 3));
}

#[test]
fn a_refused_bid_spares_the_file_of_the_one_that_is_on_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bid.json");
    // GIVEN two bids that are sent at once, of which the chain takes one
    let (first, second) = (kept(2, 1).write(&path).expect("written"), kept(2, 2).write(&path).expect("written"));
    first.keep();
    second.discard();
    // THEN the sheet of the one on chain is there
    assert_eq!(Kept::read(&path).expect("read"), kept(2, 1));
}

#[test]
fn a_second_bid_is_told_where_the_first_lies() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bid.json");
    let seal = kept(2, 1).seal().expect("a salt");
    let told = || already_committed(&path, EventId(2), 0, &seal).to_string();
    // GIVEN no file, or that of another bid THEN the remedy is to withdraw, or to find the file
    for _ in 0..2 {
        let text = told();
        assert!(text.contains("Bids.AlreadyCommitted") && text.contains("does not hold its sheet"), "{text}");
        assert!(text.contains("bid withdraw 2"), "{text}");
        kept(2, 7).write(&path).expect("written").keep();
    }
    // GIVEN the sheet under its first name, as after a lost connection THEN that file is named
    let pending = kept(2, 1).write(&path).expect("written");
    let text = told();
    assert!(text.contains(&format!("bid reveal {}", pending.draft().display())), "{text}");
    // GIVEN it under its lasting name THEN that one is named
    pending.keep();
    assert!(told().contains(&format!("bid reveal {}`", path.display())), "{}", told());
}

#[test]
fn only_a_bid_of_this_network_may_be_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bid.json");
    // GIVEN nothing THEN the name is free
    assert!(matches!(look(&path, &GENESIS), Ok(Found::Free)));
    // GIVEN a bid of this network THEN it is given, since the chain decides
    kept(2, 1).write(&path).expect("written").keep();
    assert!(matches!(look(&path, &GENESIS), Ok(Found::Bid(found)) if *found == kept(2, 1)));
    assert!(still_needed(&path, &kept(2, 1)).to_string().contains("--file"));
    // GIVEN another network THEN it is refused
    let text = look(&path, &Hash([1; 32])).err().expect("foreign").to_string();
    assert!(text.contains("another network, abababab") && text.contains("--file"), "{text}");
    // GIVEN something else, or a bid without a salt THEN it is no bid
    for text in ["{}".to_owned(), serde_json::json!(kept(2, 1)).to_string().replace("0x01", "0xzz")] {
        fs::write(&path, text).expect("written");
        let error = look(&path, &GENESIS).err().expect("no bid");
        assert!(error.to_string().contains("is no bid"), "{error}");
        assert_eq!(crate::fault::code(&error), 2);
        assert_eq!(crate::fault::code(&Kept::read(&path).expect_err("no bid")), 2);
    }
}
