//! The journal: what restores the member in the epoch in force, in the order in which it was handed out.

use std::sync::atomic::Ordering;

use codec::{Decode, DecodeAll, Encode};
use loadstone_core::Hash;
use loadstone_dag::{AnchorProposal, Archive, PersistItem, Slot, Unit, Witness, MAX_WITNESS_UNITS};
use rocksdb::{Direction, IteratorMode};

use super::{
    columns::{IDS, JOURNAL},
    error::of_read,
    keys,
    names::{Name, Names},
    Store, StoreError,
};

/// One item of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Entry {
    /// A witness without the ids of its units, and their names.
    Witness(Witness, Vec<u8>),
    /// A finalised anchor.
    Anchor(AnchorProposal),
    /// The member has stopped witnessing.
    Mute,
    /// A candidate that the member signed.
    Candidate(AnchorProposal),
}

impl Store {
    /// The journal in its order. A damaged item ends it with an error.
    pub fn journal(&self) -> Result<impl Iterator<Item = Result<PersistItem, StoreError>> + '_, StoreError> {
        let epoch = self.in_force.load(Ordering::Acquire);
        let entries = self.db.iterator_cf(self.column(JOURNAL)?, IteratorMode::Start);
        Ok(entries.map(move |entry| {
            let (_, bytes) = entry.map_err(|error| of_read(JOURNAL, error))?;
            match Entry::decode_all(&mut &bytes[..]).map_err(|_| StoreError::Damaged(JOURNAL))? {
                Entry::Witness(bare, names) => {
                    let (witness, units) = self.rebuild(epoch, bare, &names)?;
                    Ok(PersistItem::Witness(witness, units))
                }
                Entry::Anchor(proposal) => Ok(PersistItem::Anchor(proposal)),
                Entry::Mute => Ok(PersistItem::Mute),
                Entry::Candidate(proposal) => Ok(PersistItem::Candidate(proposal)),
            }
        }))
    }

    /// The witness with the ids of its units, and those units that came with it.
    fn rebuild(&self, epoch: u32, bare: Witness, names: &[u8]) -> Result<(Witness, Vec<Unit>), StoreError> {
        let names = Names::decode(names, MAX_WITNESS_UNITS as u32).ok_or(StoreError::Damaged(JOURNAL))?;
        let (mut witness, mut units) = (bare, Vec::new());
        for name in names.iter() {
            if let Name::Known(id) = name {
                witness.content.units.push(*id);
                continue;
            }
            self.run_units(epoch, name, 0, |unit| {
                witness.content.units.push(self.unit_id(&unit));
                units.push(unit);
                true
            })?;
        }
        Ok((witness, units))
    }

    fn witness_in_force(&self, id: &Hash) -> Result<Option<Witness>, StoreError> {
        let epoch = self.in_force.load(Ordering::Acquire);
        let beginning = keys::beginning(id);
        for entry in self.db.iterator_cf(self.column(IDS)?, IteratorMode::From(beginning, Direction::Forward)) {
            let (key, _) = entry.map_err(|error| of_read(IDS, error))?;
            let Some(position) = key.strip_prefix(beginning) else { break };
            // The epoch may have ended meanwhile.
            let Some(Entry::Witness(bare, names)) = self.get(JOURNAL, position)? else { continue };
            let (witness, _) = self.rebuild(epoch, bare, &names)?;
            if self.witness_id(&witness) == *id {
                return Ok(Some(witness));
            }
        }
        Ok(None)
    }
}

/// What is in the epoch in force; the member asks for nothing else. Where the disk fails nothing is served.
impl Archive for Store {
    fn witness(&self, id: &Hash) -> Option<Witness> {
        self.witness_in_force(id).unwrap_or_else(|error| {
            log::error!(target: crate::LOG, "a witness can't be read: {error}");
            None
        })
    }

    fn unit(&self, slot: &Slot, id: &Hash) -> Option<Unit> {
        self.unit(slot, id).unwrap_or_else(|error| {
            log::error!(target: crate::LOG, "a unit can't be read: {error}");
            None
        })
    }
}
