//! The signing counter: the highest level this member ever signed, in a file of its own.
//!
//! It stands outside the database so that a restored backup can't take it back: a member whose
//! counter is missing or behind its history does not sign again. Two records take turns, each with a
//! checksum, so a torn write leaves the other one whole.

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
    /// The file holds no whole record.
    #[error("the signing counter is damaged")]
    Damaged,
    /// The file is of another chain or key.
    #[error("the signing counter belongs to another chain or key")]
    Foreign,
}

fn decode(bytes: &[u8]) -> Option<Record> {
    let (body, checksum) = (bytes.get(..BODY)?, bytes.get(BODY..RECORD)?);
    (blake2_256(body) == checksum).then(|| Record::decode(&mut &body[..]).ok()).flatten()
}

impl SigningCounter {
    /// Opens the counter at `path`; `None` when there is no such file.
    pub fn open(path: &Path, genesis: Hash, key: PublicKey) -> Result<Option<Self>, CounterError> {
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
        let (turn, record) = newest.ok_or(CounterError::Damaged)?;
        if record.genesis != genesis || record.key != key {
            return Err(CounterError::Foreign);
        }
        Ok(Some(Self { file, record, turn }))
    }

    /// Makes a counter at level 0; fails when the file exists.
    pub fn create(path: &Path, genesis: Hash, key: PublicKey) -> Result<Self, CounterError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        let record = Record { genesis, key, epoch: 0, level: 0 };
        let mut counter = Self { file, record: record.clone(), turn: 1 };
        counter.write(record)?;
        // The directory entry must outlive a power cut, too.
        if let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(counter)
    }

    /// The highest level ever signed; 0 for none.
    pub fn level(&self) -> Level {
        Level(self.record.level)
    }

    /// Records on disk, before the signature leaves the node, that `level` is signed.
    pub fn raise(&mut self, epoch: u32, level: Level) -> Result<(), CounterError> {
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

    #[test]
    fn the_highest_level_survives_and_a_torn_record_falls_back() {
        // GIVEN a counter raised to level 9
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("counter");
        let (genesis, key) = (Hash::repeat_byte(1), [2; 32]);
        let mut counter = SigningCounter::create(&path, genesis, key).expect("it is new");
        for level in 1..=9 {
            counter.raise(0, Level(level)).expect("the disk works");
        }
        let newest = counter.turn;
        drop(counter);
        // THEN it opens at 9, and only for its own chain and key
        let open = |genesis, key| SigningCounter::open(&path, genesis, key);
        assert_eq!(open(genesis, key).expect("whole").expect("exists").level(), Level(9));
        assert!(matches!(open(Hash::zero(), key), Err(CounterError::Foreign)));
        assert!(matches!(open(genesis, [3; 32]), Err(CounterError::Foreign)));
        assert!(SigningCounter::create(&path, genesis, key).is_err());
        // WHEN its newest record is torn THEN the one before holds
        let mut file = OpenOptions::new().write(true).open(&path).expect("exists");
        file.seek(SeekFrom::Start(newest * RECORD as u64)).expect("in the file");
        file.write_all(&[0xff; 8]).expect("the disk works");
        assert_eq!(open(genesis, key).expect("whole").expect("exists").level(), Level(8));
        // WHEN both are damaged THEN it says so rather than starting afresh
        std::fs::write(&path, [0u8; 2 * RECORD]).expect("the disk works");
        assert!(matches!(open(genesis, key), Err(CounterError::Damaged)));
    }
}
