//! The ledger over RocksDB.

use crate::{
    columns::*,
    counts::count,
    lock::{new_key, Lock, Wrapped},
    options::options,
    seal::Seal,
};
use codec::{Decode, DecodeAll, Encode};
use loadstone_core::{AnchorNumber, DeviceId, Direction, Hash};
use loadstone_dag::{Body, Slot, Unit};
use loadstone_load_core::{
    Anchored, Change, Entry, Guard, Identity, Ledger, LedgerError, Reading, Saved, SavedHead, Standing, Summary, Tip,
    UnitState, Voters,
};
use loadstone_market::{baseline, Reach};
use rocksdb::{ColumnFamily, Direction as Order, IteratorMode, WriteBatch, WriteOptions, DB};
use std::path::Path;

/// Version of an open ledger's format.
pub const FORMAT: u32 = 1;

/// Version of a sealed ledger's format: all values but this number and the wrapped key are sealed.
pub const FORMAT_SEALED: u32 = 2;

/// A load node's ledger on disk.
pub struct RocksLedger {
    db: DB,
    path: String,
    device: DeviceId,
    seal: Option<Seal>,
}

/// A slot and the bytes kept for it.
type Scanned = Result<(Slot, Vec<u8>), LedgerError>;

impl RocksLedger {
    /// Opens the ledger in `path`, or makes one, for this chain and device only; sealed if there is a lock.
    pub fn open(path: &Path, genesis: &Hash, device: DeviceId, lock: Option<&Lock>) -> Result<Self, LedgerError> {
        let shown = path.display().to_string();
        let db = DB::open_cf(&options(true), path, ALL).map_err(|error| unavailable(&shown, error))?;
        let mut ledger = Self { db, path: shown, device, seal: None };
        if ledger.raw(META, KEY_FORMAT)?.is_none() {
            ledger.initialise(genesis, lock)?;
        } else {
            ledger.unlock(lock)?;
            ledger.check_binding(genesis)?;
        }
        Ok(ledger)
    }

    /// Opens an existing ledger for looking only, also while a load node writes to it. Returns it with
    /// the chain that it belongs to.
    pub fn inspect(path: &Path, lock: Option<&Lock>) -> Result<(Self, Hash), LedgerError> {
        let shown = present(path)?;
        let db = DB::open_cf_for_read_only(&options(false), path, ALL, false);
        let db = db.map_err(|error| unavailable(&shown, error))?;
        let mut ledger = Self { db, path: shown, device: DeviceId(0), seal: None };
        ledger.unlock(lock)?;
        let binding = ledger.get::<(Hash, DeviceId)>(META, KEY_BINDING, "binding")?;
        let (genesis, device) = binding.ok_or(LedgerError::Damaged("binding"))?;
        ledger.device = device;
        Ok((ledger, genesis))
    }

    /// Puts another lock on a sealed ledger that no node uses. The data key stays, so that the change is one durable
    /// write: after a crash, either the old lock opens it or the new one.
    pub fn rekey(path: &Path, old: &Lock, new: &Lock) -> Result<(), LedgerError> {
        let shown = present(path)?;
        let db = DB::open_cf(&options(false), path, ALL).map_err(|error| unavailable(&shown, error))?;
        let mut ledger = Self { db, path: shown, device: DeviceId(0), seal: None };
        ledger.unlock(Some(old))?;
        let key = old.unwrap(&ledger.wrapped()?).map_err(|reason| ledger.locked(reason))?;
        let wrapped = new.wrap(&key).map_err(|reason| ledger.locked(reason))?;
        let mut batch = WriteBatch::default();
        batch.put_cf(ledger.column(META)?, KEY_WRAPPED, wrapped.encode());
        ledger.write(batch, true)
    }

    /// Whose ledger it is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    fn initialise(&mut self, genesis: &Hash, lock: Option<&Lock>) -> Result<(), LedgerError> {
        let mut batch = WriteBatch::default();
        let mut format = FORMAT;
        // Never write over a key that values may be sealed with.
        if self.raw(META, KEY_WRAPPED)?.is_some() {
            return Err(LedgerError::Damaged("format"));
        }
        if let Some(lock) = lock {
            let key = new_key();
            let wrapped = lock.wrap(&key).map_err(|reason| self.locked(reason))?;
            batch.put_cf(self.column(META)?, KEY_WRAPPED, wrapped.encode());
            self.seal = Some(Seal::new(&key));
            format = FORMAT_SEALED;
        }
        self.put(&mut batch, META, KEY_BINDING, &(genesis, self.device).encode())?;
        batch.put_cf(self.column(META)?, KEY_FORMAT, format.encode());
        self.write(batch, true)
    }

    /// Checks the format, and readies the data key of a sealed ledger. Writes nothing.
    fn unlock(&mut self, lock: Option<&Lock>) -> Result<(), LedgerError> {
        let format = self.raw(META, KEY_FORMAT)?.ok_or(LedgerError::Damaged("format"))?;
        match (decode::<u32>(&format, "format")?, lock) {
            (FORMAT, None) => Ok(()),
            (FORMAT, Some(_)) => Err(LedgerError::Unsealed(self.path.clone())),
            (FORMAT_SEALED, None) => Err(self.locked("it is sealed, and no lock was given".into())),
            (FORMAT_SEALED, Some(lock)) => {
                let key = lock.unwrap(&self.wrapped()?).map_err(|reason| self.locked(reason))?;
                self.seal = Some(Seal::new(&key));
                Ok(())
            }
            (found, _) => Err(LedgerError::Version { found, expected: FORMAT_SEALED }),
        }
    }

    fn wrapped(&self) -> Result<Wrapped, LedgerError> {
        decode(&self.raw(META, KEY_WRAPPED)?.ok_or(LedgerError::Damaged("wrapped key"))?, "wrapped key")
    }

    fn locked(&self, reason: String) -> LedgerError {
        LedgerError::Locked { path: self.path.clone(), reason }
    }

    fn check_binding(&self, genesis: &Hash) -> Result<(), LedgerError> {
        match self.get::<(Hash, DeviceId)>(META, KEY_BINDING, "binding")? {
            Some((chain, _)) if chain != *genesis => Err(LedgerError::Foreign("chain")),
            Some((_, device)) if device != self.device => Err(LedgerError::Foreign("device")),
            Some(_) => Ok(()),
            None => Err(LedgerError::Damaged("binding")),
        }
    }

    fn column(&self, name: &'static str) -> Result<&ColumnFamily, LedgerError> {
        self.db.cf_handle(name).ok_or(LedgerError::Damaged(name))
    }

    fn raw(&self, column: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        self.db.get_cf(self.column(column)?, key).map_err(|error| unavailable(&self.path, error))
    }

    fn get<T: Decode>(&self, column: &'static str, key: &[u8], what: &'static str) -> Result<Option<T>, LedgerError> {
        let bytes = self.raw(column, key)?;
        bytes.map(|bytes| decode(&self.opened(column, key, bytes)?, what)).transpose()
    }

    /// What lies in `bytes`, which were read from this place.
    fn opened(&self, column: &'static str, key: &[u8], bytes: Vec<u8>) -> Result<Vec<u8>, LedgerError> {
        match &self.seal {
            Some(seal) => seal.open(column, key, &bytes).ok_or(LedgerError::Damaged(column)),
            None => Ok(bytes),
        }
    }

    fn put(&self, batch: &mut WriteBatch, column: &'static str, key: &[u8], plain: &[u8]) -> Result<(), LedgerError> {
        let to = self.column(column)?;
        match &self.seal {
            Some(seal) => batch.put_cf(to, key, seal.seal(column, key, plain).ok_or(LedgerError::Damaged(column))?),
            None => batch.put_cf(to, key, plain),
        }
        Ok(())
    }

    fn write(&self, batch: WriteBatch, durable: bool) -> Result<(), LedgerError> {
        let mut how = WriteOptions::default();
        how.set_sync(durable);
        self.db.write_opt(batch, &how).map_err(|error| unavailable(&self.path, error))
    }

    /// Keys and values of a column, from a key on or from its end backwards.
    fn scan<'a>(
        &'a self,
        column: &'static str,
        mode: IteratorMode<'_>,
    ) -> Result<impl Iterator<Item = Scanned> + 'a, LedgerError> {
        let entries = self.db.iterator_cf(self.column(column)?, mode);
        Ok(entries.map(move |entry| {
            let (key, value) = entry.map_err(|error| unavailable(&self.path, error))?;
            let slot = key_slot(self.device, &key).ok_or(LedgerError::Damaged(column))?;
            Ok((slot, self.opened(column, &key, value.into_vec())?))
        }))
    }

    fn state(&self, slot: &Slot) -> Result<UnitState, LedgerError> {
        Ok(self.get(STATES, &slot_key(slot), "unit state")?.unwrap_or(UnitState::Signed))
    }

    fn stage(&self, batch: &mut WriteBatch, change: &Change) -> Result<(), LedgerError> {
        match change {
            Change::Reading(reading) => {
                self.put(batch, READINGS, &reading_key(reading.at), &reading.encode())?;
            }
            Change::Unit(unit, hash) => self.stage_unit(batch, unit, hash)?,
            Change::Confirmed(slot) => {
                if self.state(slot)? == UnitState::Signed {
                    self.put(batch, STATES, &slot_key(slot), &UnitState::Confirmed.encode())?;
                }
            }
            Change::Anchored(slot, anchored) => self.stage_anchored(batch, slot, anchored)?,
            Change::Void(slot) => {
                self.put(batch, STATES, &slot_key(slot), &UnitState::Void.encode())?;
                batch.delete_cf(self.column(OPEN)?, slot_key(slot));
            }
            Change::Guard(guard) => self.put(batch, META, guard_key(guard.direction), &guard.encode())?,
            Change::Head(head) => self.put(batch, META, KEY_HEAD, &head.encode())?,
            Change::Identity(identity) => self.put(batch, META, KEY_IDENTITY, &identity.encode())?,
            Change::Voters(voters) => self.put(batch, META, KEY_VOTERS, &voters.encode())?,
            Change::Standing(standing) => {
                self.put(batch, META, standing_key(standing.direction), &standing.encode())?
            }
        }
        Ok(())
    }

    fn stage_unit(&self, batch: &mut WriteBatch, unit: &Unit, hash: &Hash) -> Result<(), LedgerError> {
        let key = slot_key(&unit.content.slot);
        self.put(batch, UNITS, &key, &(hash, unit).encode())?;
        self.put(batch, OPEN, &key, &[])?;
        if let Body::Readings(readings) = &unit.content.body {
            let waiting = self.column(READINGS)?;
            for (at, ..) in readings.watts().map_err(|_| LedgerError::Damaged("unit"))? {
                batch.delete_cf(waiting, reading_key(at));
            }
        }
        Ok(())
    }

    fn stage_anchored(&self, batch: &mut WriteBatch, slot: &Slot, anchored: &Anchored) -> Result<(), LedgerError> {
        let key = slot_key(slot);
        let state = UnitState::Anchored(anchored.anchor.number);
        self.put(batch, STATES, &key, &state.encode())?;
        self.put(batch, PROOFS, &key, &anchored.encode())?;
        batch.delete_cf(self.column(OPEN)?, key);
        let newest = self.get::<(Slot, Hash)>(META, KEY_ANCHORED, "last anchored unit")?;
        if newest.is_none_or(|(newest, _)| newest < *slot) {
            let (hash, _) = self.get::<(Hash, Unit)>(UNITS, &key, "unit")?.ok_or(LedgerError::Damaged("unit"))?;
            self.put(batch, META, KEY_ANCHORED, &(slot, hash).encode())?;
        }
        Ok(())
    }

    fn tip(&self) -> Result<Tip, LedgerError> {
        let Some(last) = self.scan(UNITS, IteratorMode::End)?.next() else { return Ok(Tip::default()) };
        let (slot, value) = last?;
        let (previous, _) = decode::<(Hash, Unit)>(&value, "unit")?;
        Ok(Tip { incarnation: slot.incarnation, next: slot.sequence.next(), previous })
    }

    fn waiting(&self) -> Result<Vec<Reading>, LedgerError> {
        let entries = self.db.iterator_cf(self.column(READINGS)?, IteratorMode::Start);
        entries
            .map(|entry| {
                let (key, value) = entry.map_err(|error| unavailable(&self.path, error))?;
                decode(&self.opened(READINGS, &key, value.into_vec())?, "reading")
            })
            .collect()
    }
}

impl Ledger for RocksLedger {
    fn saved(&self) -> Result<Saved, LedgerError> {
        let guards = [Direction::Down, Direction::Up].map(|direction| {
            let guard = self.get::<Guard>(META, guard_key(direction), "order guard");
            guard.transpose()
        });
        let standings = [Direction::Down, Direction::Up]
            .map(|direction| self.get::<Standing>(META, standing_key(direction), "own availability").transpose());
        Ok(Saved {
            tip: self.tip()?,
            last_anchored: self.get(META, KEY_ANCHORED, "last anchored unit")?,
            pending: self.waiting()?,
            guards: guards.into_iter().flatten().collect::<Result<_, _>>()?,
            head: self.get::<SavedHead>(META, KEY_HEAD, "head")?.unwrap_or_default(),
            identity: self.get::<Identity>(META, KEY_IDENTITY, "identity")?,
            voters: self.get::<Voters>(META, KEY_VOTERS, "voters")?,
            standings: standings.into_iter().flatten().collect::<Result<_, _>>()?,
        })
    }

    fn apply(&self, changes: &[Change], durable: bool) -> Result<(), LedgerError> {
        let mut batch = WriteBatch::default();
        for change in changes {
            self.stage(&mut batch, change)?;
        }
        self.write(batch, durable)
    }

    fn anchored_readings(&self, anchor: AnchorNumber, reach: Reach) -> Result<Vec<baseline::Reading>, LedgerError> {
        let (mut newest_first, mut good) = (Vec::new(), 0usize);
        for entry in self.scan(UNITS, IteratorMode::End)? {
            let (slot, value) = entry?;
            if reach.is_met(good) {
                break;
            }
            if !matches!(self.state(&slot)?, UnitState::Anchored(number) if number <= anchor) {
                continue;
            }
            let (_, unit) = decode::<(Hash, Unit)>(&value, "unit")?;
            let Body::Readings(readings) = unit.content.body else { continue };
            let readings = readings.watts().map_err(|_| LedgerError::Damaged("unit"))?;
            for (at, load, valid) in readings.into_iter().rev() {
                good += usize::from(valid);
                newest_first.push(baseline::Reading { at, load, valid });
            }
        }
        newest_first.reverse();
        Ok(newest_first)
    }

    fn unanchored(&self, after: Option<Slot>, limit: usize) -> Result<Vec<Unit>, LedgerError> {
        let start = after.map(|slot| slot_key(&slot)).unwrap_or_default();
        let entries = self.scan(OPEN, IteratorMode::From(&start, Order::Forward))?;
        let mut units = Vec::new();
        for entry in entries {
            let (slot, _) = entry?;
            if Some(slot) == after {
                continue;
            }
            if units.len() >= limit {
                break;
            }
            let unit = self.get::<(Hash, Unit)>(UNITS, &slot_key(&slot), "unit")?;
            units.push(unit.ok_or(LedgerError::Damaged("unit"))?.1);
        }
        Ok(units)
    }

    fn entries(&self, from: Option<Slot>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let start = from.map(|slot| slot_key(&slot)).unwrap_or_default();
        let entries = self.scan(UNITS, IteratorMode::From(&start, Order::Forward))?;
        entries
            .take(limit)
            .map(|entry| {
                let (slot, value) = entry?;
                let (hash, unit) = decode::<(Hash, Unit)>(&value, "unit")?;
                let anchored = self.get(PROOFS, &slot_key(&slot), "proof")?;
                Ok(Entry { hash, unit, state: self.state(&slot)?, anchored })
            })
            .collect()
    }

    fn summary(&self) -> Result<Summary, LedgerError> {
        let waiting = self.waiting()?.len() as u64;
        let mut summary = Summary { read: waiting, unanchored: waiting, ..Summary::default() };
        for entry in self.scan(UNITS, IteratorMode::Start)? {
            let (slot, value) = entry?;
            let (_, unit) = decode::<(Hash, Unit)>(&value, "unit")?;
            count(&mut summary, &unit, self.state(&slot)?);
        }
        Ok(summary)
    }

    fn light_database(&self) -> Result<Option<String>, LedgerError> {
        self.get(LIGHT, KEY_LIGHT, "light client database")
    }

    fn save_light_database(&self, database: &str) -> Result<(), LedgerError> {
        let mut batch = WriteBatch::default();
        self.put(&mut batch, LIGHT, KEY_LIGHT, &database.encode())?;
        self.write(batch, false)
    }
}

fn decode<T: Decode>(mut bytes: &[u8], what: &'static str) -> Result<T, LedgerError> {
    T::decode_all(&mut bytes).map_err(|_| LedgerError::Damaged(what))
}

/// The path for messages, if a ledger lies there: RocksDB would make the folder before it fails.
fn present(path: &Path) -> Result<String, LedgerError> {
    let shown = path.display().to_string();
    match path.join("CURRENT").exists() {
        true => Ok(shown),
        false => Err(LedgerError::Missing(shown)),
    }
}

fn unavailable(path: &str, error: rocksdb::Error) -> LedgerError {
    LedgerError::Unavailable { path: path.to_owned(), reason: error.into_string() }
}
