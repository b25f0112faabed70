//! What the node asks of its own ledger; the database behind it is the driver's choice.

use crate::types::{Anchored, Change, Saved};
use codec::{Decode, Encode};
use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::{Slot, Unit};
use loadstone_market::{baseline::Reading, Reach};

/// Why the ledger can't serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The database failed.
    #[error(
        "the ledger in {path} failed: {reason}. Remedy: check the disk, and that no other load node uses this folder"
    )]
    Unavailable {
        /// Where it lies.
        path: String,
        /// What the database said.
        reason: String,
    },
    /// Its lock does not open it.
    #[error("the ledger in {path} can't be unlocked: {reason}. Nothing in it was changed. Remedy: give the `lock` that the ledger was made with, or last got by `rekey`, in the node's configuration; without its secret the values can't be read by anybody")]
    Locked {
        /// Where it lies.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// There is none.
    #[error("there is no ledger in {0}. Remedy: name the folder that stands as `store` in the node's configuration")]
    Missing(String),
    /// An entry does not decode.
    #[error("the ledger's {0} does not decode: it was damaged. Remedy: have the owner renew the device and start with an empty store")]
    Damaged(&'static str),
    /// It was written by another version of the program.
    #[error("the ledger has format {found}, this program reads {expected}. Remedy: run the version that wrote it, or start with an empty store and a renewed device")]
    Version {
        /// What the ledger says.
        found: u32,
        /// What this program reads.
        expected: u32,
    },
    /// It is not sealed, though there is a lock for it.
    #[error("the ledger in {0} is not sealed, but the configuration has a `lock` for it. Remedy: take the `lock` away, or start with an empty store and have the owner renew the device")]
    Unsealed(String),
    /// It belongs to another chain or device.
    #[error("the ledger belongs to another {0}. Remedy: give each node and chain a store of its own")]
    Foreign(&'static str),
}

/// How far a unit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum UnitState {
    /// Signed.
    Signed,
    /// Certified, by a gateway's word.
    Confirmed,
    /// Proven to be in this anchor of the finalised chain.
    Anchored(AnchorNumber),
    /// Its content has a new place in a later life of the device.
    Void,
}

/// A unit as the ledger holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its id.
    pub hash: Hash,
    /// The unit.
    pub unit: Unit,
    /// How far it has come.
    pub state: UnitState,
    /// Proof that it is anchored.
    pub anchored: Option<Anchored>,
}

/// Counts over the whole ledger, across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Readings read.
    pub read: u64,
    /// Readings in signed units.
    pub sent: u64,
    /// Readings in units that are certified or anchored.
    pub confirmed: u64,
    /// Readings in units that are proven anchored.
    pub anchored: u64,
    /// Readings that are not proven anchored.
    pub unanchored: u64,
    /// Units signed.
    pub units: u64,
    /// Units proven anchored.
    pub units_anchored: u64,
    /// Acknowledgements and completions signed.
    pub acknowledgements: u64,
}

impl Summary {
    /// Adds another ledger's counts.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.sent += other.sent;
        self.confirmed += other.confirmed;
        self.anchored += other.anchored;
        self.unanchored += other.unanchored;
        self.units += other.units;
        self.units_anchored += other.units_anchored;
        self.acknowledgements += other.acknowledgements;
    }
}

/// The node's own ledger.
pub trait Ledger {
    /// What a run before left.
    fn saved(&self) -> Result<Saved, LedgerError>;
    /// Writes all `changes` or none; when `durable`, returns once they would survive a power failure.
    fn apply(&self, changes: &[Change], durable: bool) -> Result<(), LedgerError>;
    /// Readings in units of anchors up to `anchor`, in chain order: all, or the last ones that hold as many good ones
    /// as `reach` tells.
    fn anchored_readings(&self, anchor: AnchorNumber, reach: Reach) -> Result<Vec<Reading>, LedgerError>;
    /// Units that are neither anchored nor void, after `after`, in rising order, at most `limit`.
    fn unanchored(&self, after: Option<Slot>, limit: usize) -> Result<Vec<Unit>, LedgerError>;
    /// Entries from `from` on, in rising order, at most `limit`.
    fn entries(&self, from: Option<Slot>, limit: usize) -> Result<Vec<Entry>, LedgerError>;
    /// Counts over the whole ledger.
    fn summary(&self) -> Result<Summary, LedgerError>;
    /// The light client's saved database.
    fn light_database(&self) -> Result<Option<String>, LedgerError>;
    /// Saves the light client's database.
    fn save_light_database(&self, database: &str) -> Result<(), LedgerError>;
}
