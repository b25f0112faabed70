//! The signing counter: epoch and level of the last witness this node signed, in a file of its own.
//!
//! It stands outside the database so that a restored backup can't take it back: a member whose counter
//! is missing or does not fit its history signs nothing for the rest of the epoch, and takes part again
//! from the next one, since witnesses name their epoch. Two records take turns, each with a checksum, so
//! a torn write leaves the other one whole.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use codec::{Decode, Encode};
use loadstone_core::{Hash, Level, PublicKey};
use sp_crypto_hashing::blake2_256;

/// Bytes of one record: body and checksum.
const RECORD: usize = BODY + 32;
const BODY: usize = 32 + 32 + 4 + 4;

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Record {
    genesis: Hash,
    key: PublicKey,
    epoch: u32,
    level: u32,
}

/// Level of an epoch in which nothing more is signed.
const FORGONE: u32 = u32::MAX;

/// The open counter.
#[derive(Debug)]
pub struct SigningCounter {
    file: File,
    record: Record,
    turn: u64,
}

/// Why the counter can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// The file can't be read or written.
    #[error("the signing counter can't be used: {0}")]
    Io(#[from] io::Error),
    /// The file is of another chain.
    #[error("the signing counter belongs to another chain")]
    Foreign,
}

/// The epoch that a node enters, as far as the counter is concerned.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The chain's genesis block.
    pub genesis: Hash,
    /// The key that would sign.
    pub key: PublicKey,
    /// The epoch.
    pub epoch: u32,
    /// Levels of the witnesses that the journal has of this node in this epoch.
    pub own: Vec<Level>,
    /// Whether the database has never held anything.
    pub is_fresh: bool,
    /// Whether this node was there when the epoch before was closed, rather than heard of it later: what
    /// it lost before can't be of this epoch.
    pub is_live: bool,
}

fn decode(bytes: &[u8]) -> Option<Record> {
    let (body, checksum) = (bytes.get(..BODY)?, bytes.get(BODY..RECORD)?);
    (blake2_256(body) == checksum).then(|| Record::decode(&mut &body[..]).ok()).flatten()
}

impl SigningCounter {
    /// Takes the counter at `path` up for an epoch. With it comes the reason why nothing may be signed in
    /// this epoch, if there is one; that is on disk on return.
    pub fn enter(path: &Path, entry: &Entry) -> Result<(Self, Option<&'static str>), CounterError> {
        let record = Record { genesis: entry.genesis, key: entry.key, epoch: entry.epoch, level: 0 };
        let (mut counter, is_new) = match Self::open(path)? {
            Some(counter) if counter.record.genesis != entry.genesis => return Err(CounterError::Foreign),
            Some(counter) => (counter, false),
            None => (Self::create(path, record.clone())?, true),
        };
        let reason = match (is_new, entry.is_fresh) {
            (true, true) => None,
            (true, false) => Some("the signing counter was missing or damaged"),
            (false, _) => counter.objection(entry),
        };
        let known = &counter.record;
        if reason.is_some() && known.epoch <= entry.epoch {
            counter.write(Record { level: FORGONE, ..record })?;
        } else if known.epoch < entry.epoch {
            counter.write(record)?;
        }
        Ok((counter, reason))
    }

    /// Why an existing counter says no.
    fn objection(&self, entry: &Entry) -> Option<&'static str> {
        let known = &self.record;
        let newest = entry.own.iter().max().copied().unwrap_or_default();
        if known.epoch > entry.epoch {
            return Some("this node signed in a later epoch already: its chain is behind");
        }
        if known.level == FORGONE && (known.epoch == entry.epoch || !entry.is_live) {
            return Some("the signing counter was lost");
        }
        let in_epoch = known.epoch == entry.epoch;
        if in_epoch && known.key != entry.key {
            return Some("the signing counter is of another key");
        }
        let signed = if in_epoch { known.level } else { 0 };
        // A witness is written before the counter is raised, so the journal may be one ahead, never behind.
        let ahead = entry.own.iter().filter(|level| level.0 > signed).count();
        (ahead > 1 || newest.0 < signed).then_some("database and signing counter do not fit: one is from a backup")
    }

    /// `None` when there is no such file, or no whole record in it.
    fn open(path: &Path) -> Result<Option<Self>, CounterError> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(2 * RECORD as u64).read_to_end(&mut bytes)?;
        let records = [decode(&bytes), bytes.get(RECORD..).and_then(decode)];
        let newest = records
            .into_iter()
            .enumerate()
            .filter_map(|(turn, record)| Some((turn as u64, record?)))
            .max_by_key(|(_, record)| (record.epoch, record.level));
        Ok(newest.map(|(turn, record)| Self { file, record, turn }))
    }

    fn create(path: &Path, record: Record) -> Result<Self, CounterError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        let mut counter = Self { file, record: record.clone(), turn: 1 };
        counter.write(record)?;
        // The directory entry must outlive a power cut, too.
        if let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(counter)
    }

    /// Records on disk, before the signature leaves the node, that `level` is signed.
    pub fn raise(&mut self, epoch: u32, level: Level) -> Result<(), CounterError> {
        // A witness of ours that others bring back may be an old one.
        if (epoch, level.0) <= (self.record.epoch, self.record.level) {
            return Ok(());
        }
        let record = Record { epoch, level: level.0, ..self.record.clone() };
        self.write(record)
    }

    fn write(&mut self, record: Record) -> Result<(), CounterError> {
        let mut bytes = record.encode();
        bytes.extend_from_slice(&blake2_256(&bytes));
        let turn = 1 - self.turn;
        self.file.seek(SeekFrom::Start(turn * RECORD as u64))?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.turn = turn;
        self.record = record;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        folder: tempfile::TempDir,
    }

    impl Case {
        fn enter(&self, change: impl FnOnce(&mut Entry)) -> Option<&'static str> {
            let mut entry = Entry {
                genesis: Hash::repeat_byte(1),
                key: [2; 32],
                epoch: 0,
                own: Vec::new(),
                is_fresh: false,
                is_live: false,
            };
            change(&mut entry);
            SigningCounter::enter(&self.path(), &entry).expect("the disk works").1
        }

        fn path(&self) -> std::path::PathBuf {
            self.folder.path().join("counter")
        }

        /// A counter that a new node made and raised to this level of epoch 0.
        fn at(level: u32) -> Self {
            let case = Self { folder: tempfile::tempdir().expect("a temporary folder") };
            assert_eq!(case.enter(|entry| entry.is_fresh = true), None);
            let mut counter = SigningCounter::open(&case.path()).expect("it works").expect("exists");
            (1..=level).for_each(|level| counter.raise(0, Level(level)).expect("the disk works"));
            case
        }
    }

    fn own(levels: std::ops::RangeInclusive<u32>) -> Vec<Level> {
        levels.map(Level).collect()
    }

    #[test]
    fn the_highest_level_survives_and_a_torn_record_falls_back() {
        // GIVEN a counter raised to level 9
        let case = Case::at(9);
        let level = || SigningCounter::open(&case.path()).expect("it works").map(|counter| counter.record.level);
        assert_eq!(level(), Some(9));
        // WHEN its newest record is torn THEN the one before holds
        let newest = SigningCounter::open(&case.path()).expect("it works").expect("exists").turn;
        let mut file = OpenOptions::new().write(true).open(case.path()).expect("exists");
        file.seek(SeekFrom::Start(newest * RECORD as u64)).expect("in the file");
        file.write_all(&[0xff; 8]).expect("the disk works");
        assert_eq!(level(), Some(8));
        // WHEN both are damaged THEN nothing is signed in this epoch
        std::fs::write(case.path(), [0u8; 2 * RECORD]).expect("the disk works");
        assert!(case.enter(|_| {}).is_some());
        // THEN another chain's counter is refused altogether
        let entry =
            Entry { genesis: Hash::zero(), key: [2; 32], epoch: 0, own: Vec::new(), is_fresh: false, is_live: false };
        assert!(matches!(SigningCounter::enter(&case.path(), &entry), Err(CounterError::Foreign)));
    }

    #[test]
    fn a_journal_may_be_one_witness_ahead_and_never_behind() {
        // GIVEN a counter at level 5
        let signs = |own: Vec<Level>| Case::at(5).enter(|entry| entry.own = own).is_none();
        // THEN a journal that ends at 5 or holds one more fits, and no other does
        assert!(signs(own(1..=5)) && signs(own(1..=6)));
        assert!(!signs(own(1..=7)) && !signs(own(1..=4)) && !signs(Vec::new()));
        // THEN another key of this epoch does not fit either
        let other = |entry: &mut Entry| (entry.own, entry.key) = (own(1..=5), [3; 32]);
        assert!(Case::at(5).enter(other).is_some());
        // WHEN the next epoch begins THEN levels begin anew, with whatever key
        assert_eq!(Case::at(5).enter(|entry| (entry.epoch, entry.key) = (1, [3; 32])), None);
    }

    #[test]
    fn who_lost_the_counter_signs_again_after_an_epoch_that_it_saw_closed() {
        // GIVEN a node with history whose counter is gone
        let case = Case::at(5);
        std::fs::remove_file(case.path()).expect("exists");
        // THEN it stays mute in this epoch, however often it is started
        for _ in 0..2 {
            assert!(case.enter(|entry| entry.own = own(1..=5)).is_some());
        }
        // WHEN it hears of the next epoch only later THEN it may have signed there: mute again
        assert!(case.enter(|entry| entry.epoch = 1).is_some());
        // WHEN it sees that one closed THEN it signs, and goes back to no epoch before
        assert_eq!(case.enter(|entry| (entry.epoch, entry.is_live) = (2, true)), None);
        assert!(case.enter(|entry| entry.epoch = 1).is_some());
        assert_eq!(case.enter(|entry| entry.epoch = 2), None);
    }
}
