//! The ledger over RocksDB.

use crate::{columns::*, options::options};
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

/// Version of the ledger's format; another one is refused.
pub const FORMAT: u32 = 1;

/// A load node's ledger on disk.
pub struct RocksLedger {
    db: DB,
    path: String,
    device: DeviceId,
}

/// A slot and the bytes kept for it.
type Scanned = Result<(Slot, Box<[u8]>), LedgerError>;

impl RocksLedger {
    /// Opens the ledger in `path`, or makes one, for this chain and device only.
    pub fn open(path: &Path, genesis: &Hash, device: DeviceId) -> Result<Self, LedgerError> {
        let shown = path.display().to_string();
        let db = DB::open_cf(&options(true), path, ALL).map_err(|error| unavailable(&shown, error))?;
        let ledger = Self { db, path: shown, device };
        match ledger.get::<u32>(META, KEY_FORMAT, "format")? {
            None => ledger.initialise(genesis)?,
            Some(FORMAT) => ledger.check_binding(genesis)?,
            Some(found) => return Err(LedgerError::Version { found, expected: FORMAT }),
        }
        Ok(ledger)
    }

    /// Opens an existing ledger for looking only, also while a load node writes to it. Returns it with
    /// the chain that it belongs to.
    pub fn inspect(path: &Path) -> Result<(Self, Hash), LedgerError> {
        let shown = path.display().to_string();
        // RocksDB would make the folder before it fails.
        if !path.join("CURRENT").exists() {
            return Err(LedgerError::Missing(shown));
        }
        let db = DB::open_cf_for_read_only(&options(false), path, ALL, false);
        let db = db.map_err(|error| unavailable(&shown, error))?;
        let mut ledger = Self { db, path: shown, device: DeviceId(0) };
        match ledger.get::<u32>(META, KEY_FORMAT, "format")? {
            Some(FORMAT) => {}
            found => return Err(LedgerError::Version { found: found.unwrap_or(0), expected: FORMAT }),
        }
        let binding = ledger.get::<(Hash, DeviceId)>(META, KEY_BINDING, "binding")?;
        let (genesis, device) = binding.ok_or(LedgerError::Damaged("binding"))?;
        ledger.device = device;
        Ok((ledger, genesis))
    }

    /// Whose ledger it is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    fn initialise(&self, genesis: &Hash) -> Result<(), LedgerError> {
        let mut batch = WriteBatch::default();
        let meta = self.column(META)?;
        batch.put_cf(meta, KEY_BINDING, (genesis, self.device).encode());
        batch.put_cf(meta, KEY_FORMAT, FORMAT.encode());
        self.write(batch, true)
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

    fn get<T: Decode>(&self, column: &'static str, key: &[u8], what: &'static str) -> Result<Option<T>, LedgerError> {
        let bytes = self.db.get_cf(self.column(column)?, key).map_err(|error| unavailable(&self.path, error))?;
        bytes.map(|bytes| decode(&bytes, what)).transpose()
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
            Ok((key_slot(self.device, &key).ok_or(LedgerError::Damaged(column))?, value))
        }))
    }

    fn state(&self, slot: &Slot) -> Result<UnitState, LedgerError> {
        Ok(self.get(STATES, &slot_key(slot), "unit state")?.unwrap_or(UnitState::Signed))
    }

    fn stage(&self, batch: &mut WriteBatch, change: &Change) -> Result<(), LedgerError> {
        let meta = self.column(META)?;
        match change {
            Change::Reading(reading) => {
                batch.put_cf(self.column(READINGS)?, reading_key(reading.at), reading.encode());
            }
            Change::Unit(unit, hash) => self.stage_unit(batch, unit, hash)?,
            Change::Confirmed(slot) => {
                if self.state(slot)? == UnitState::Signed {
                    batch.put_cf(self.column(STATES)?, slot_key(slot), UnitState::Confirmed.encode());
                }
            }
            Change::Anchored(slot, anchored) => self.stage_anchored(batch, slot, anchored)?,
            Change::Void(slot) => {
                batch.put_cf(self.column(STATES)?, slot_key(slot), UnitState::Void.encode());
                batch.delete_cf(self.column(OPEN)?, slot_key(slot));
            }
            Change::Guard(guard) => batch.put_cf(meta, guard_key(guard.direction), guard.encode()),
            Change::Head(head) => batch.put_cf(meta, KEY_HEAD, head.encode()),
            Change::Identity(identity) => batch.put_cf(meta, KEY_IDENTITY, identity.encode()),
            Change::Voters(voters) => batch.put_cf(meta, KEY_VOTERS, voters.encode()),
            Change::Standing(standing) => batch.put_cf(meta, standing_key(standing.direction), standing.encode()),
        }
        Ok(())
    }

    fn stage_unit(&self, batch: &mut WriteBatch, unit: &Unit, hash: &Hash) -> Result<(), LedgerError> {
        let key = slot_key(&unit.content.slot);
        batch.put_cf(self.column(UNITS)?, key, (hash, unit).encode());
        batch.put_cf(self.column(OPEN)?, key, []);
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
        batch.put_cf(self.column(STATES)?, key, state.encode());
        batch.put_cf(self.column(PROOFS)?, key, anchored.encode());
        batch.delete_cf(self.column(OPEN)?, key);
        let newest = self.get::<(Slot, Hash)>(META, KEY_ANCHORED, "last anchored unit")?;
        if newest.is_none_or(|(newest, _)| newest < *slot) {
            let (hash, _) = self.get::<(Hash, Unit)>(UNITS, &key, "unit")?.ok_or(LedgerError::Damaged("unit"))?;
            batch.put_cf(self.column(META)?, KEY_ANCHORED, (slot, hash).encode());
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
                let (_, value) = entry.map_err(|error| unavailable(&self.path, error))?;
                decode(&value, "reading")
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
        batch.put_cf(self.column(LIGHT)?, KEY_LIGHT, database.encode());
        self.write(batch, false)
    }
}

/// Adds one unit to the counts; a void one counts under its new place.
fn count(summary: &mut Summary, unit: &Unit, state: UnitState) {
    let readings = match (&unit.content.body, state) {
        (_, UnitState::Void) => return,
        (Body::Readings(readings), _) => readings.count() as u64,
        (Body::Acknowledgement(_), _) => {
            summary.acknowledgements += 1;
            0
        }
    };
    let anchored = matches!(state, UnitState::Anchored(_));
    let confirmed = anchored || state == UnitState::Confirmed;
    summary.units += 1;
    summary.units_anchored += anchored as u64;
    summary.read += readings;
    summary.sent += readings;
    summary.confirmed += if confirmed { readings } else { 0 };
    summary.anchored += if anchored { readings } else { 0 };
    summary.unanchored += if anchored { 0 } else { readings };
}

fn decode<T: Decode>(mut bytes: &[u8], what: &'static str) -> Result<T, LedgerError> {
    T::decode_all(&mut bytes).map_err(|_| LedgerError::Damaged(what))
}

fn unavailable(path: &str, error: rocksdb::Error) -> LedgerError {
    LedgerError::Unavailable { path: path.to_owned(), reason: error.into_string() }
}
