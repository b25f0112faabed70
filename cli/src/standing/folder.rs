//! The state folder: the journal, the sealed bids, marks of events that are given up, and a lock.
//!
//! A bid file is on disk before its commitment is sent, and goes when its event is over. The run in progress alone writes
//! journal and bids; a mark may be set by anybody at any time.

use super::{
    course::{End, Held},
    journal::{Answer, Journal},
};
use crate::{
    fault::Fault,
    files,
    sheet::{self, Kept, Pending},
};
use anyhow::{Context as _, Result};
use loadstone_core::{AccountId, EventId, Hash, Millis};
use loadstone_market::{Batch, BidSheet};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Name of the journal's file.
const JOURNAL: &str = "journal.json";

/// Name of the lock's file.
const LOCK: &str = "lock";

/// A state folder that no other run uses.
pub struct Folder {
    path: PathBuf,
    /// What was decided.
    pub journal: Journal,
    bids: Vec<Bid>,
    /// Held as long as the process lives, however it ends.
    _lock: File,
}

/// A sealed batch in the folder.
pub struct Bid {
    /// Sheet and salt.
    pub kept: Kept,
    /// What its commitment shows.
    seal: Hash,
    /// Where it lies.
    path: PathBuf,
    /// It lies under its first name, while its commitment was not seen on chain.
    pending: Option<Pending>,
}

/// The folder's name unless one is given: network and account.
pub fn default_path(genesis: &Hash, account: &AccountId) -> PathBuf {
    PathBuf::from(format!("standing-{}-{account}", sheet::short(genesis)))
}

/// The journal in a folder, whether or not a run uses it.
///
/// # Errors
/// [`Fault::Usage`] when there is none.
pub fn journal(path: &Path) -> Result<Journal> {
    let file = path.join(JOURNAL);
    if !file.exists() {
        let text = format!("{} holds no standing offers: name the folder of the run with --state", path.display());
        return Err(Fault::Usage(text).into());
    }
    Journal::read(&file)
}

/// Whether a run uses the folder.
pub fn is_in_use(path: &Path) -> bool {
    File::open(path.join(LOCK)).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Marks an event as given up: nothing more is committed in it.
pub fn give_up(path: &Path, event: EventId) -> Result<()> {
    files::write_private(&mark(path, event), b"")
}

fn mark(path: &Path, event: EventId) -> PathBuf {
    path.join(format!("given-up-{event}"))
}

impl Folder {
    /// Opens the folder for a run of `account` on network `genesis`, and makes it where there is none.
    ///
    /// # Errors
    /// [`Fault::Usage`] when another run uses it, or it is of another network or account.
    pub fn open(path: &Path, genesis: Hash, account: &AccountId) -> Result<Self> {
        let failed = || format!("can't use {} as state folder", path.display());
        // Prices lie in it before anybody may know them.
        DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(failed)?;
        let lock = lock(path)?;
        let file = path.join(JOURNAL);
        let journal = match file.exists() {
            true => Journal::read(&file)?,
            false => Journal::new(genesis, account.clone()),
        };
        if journal.genesis != genesis || journal.account != *account {
            let (network, whose) = (sheet::short(&journal.genesis), &journal.account);
            let text = format!("{} belongs to {whose} on network {network}", path.display());
            return Err(Fault::Usage(format!("{text}: name another folder with --state")).into());
        }
        let bids = bids(path)?;
        if let Some(foreign) = bids.iter().find(|bid| bid.kept.genesis != genesis || bid.kept.bidder != *account) {
            let text = format!("{} is of another network or account: move it elsewhere", foreign.path.display());
            return Err(Fault::Usage(text).into());
        }
        Ok(Self { path: path.to_owned(), journal, bids, _lock: lock })
    }

    /// All sealed batches whose events are not over.
    pub fn bids(&self) -> &[Bid] {
        &self.bids
    }

    /// The sealed batch of this seal.
    pub fn bid(&self, seal: &Hash) -> Option<&Bid> {
        self.bids.iter().find(|bid| bid.seal == *seal)
    }

    /// Whether an event is given up.
    pub fn is_given_up(&self, event: EventId) -> bool {
        mark(&self.path, event).exists()
    }

    /// Takes the mark of an event away that is decided or over. One that stays harms nobody.
    pub fn unmark(&self, event: EventId) {
        let _ = fs::remove_file(mark(&self.path, event));
    }

    /// Starts of the windows of all events that count for a day.
    pub fn taken(&self) -> Vec<Millis> {
        let taken = self.journal.taken().filter(|answer| answer.is_over() || !self.is_given_up(answer.event));
        taken.map(|answer| answer.start).collect()
    }

    /// Seals sheets in an event and writes them down, then that the event is bid in. Nothing may be sent before.
    pub fn seal(&mut self, answer: Answer, sheets: Vec<(Batch, BidSheet)>) -> Result<()> {
        let (genesis, account, event) = (self.journal.genesis, self.journal.account.clone(), answer.event);
        for (batch, sheet) in sheets {
            let kept = Kept::fresh(genesis, (event, batch), account.clone(), sheet);
            let path = self.path.join(sheet::default_path(&genesis, event, &account, batch));
            let pending = kept.write(&path)?;
            self.bids.push(Bid::new(kept, pending.draft().to_owned(), Some(pending))?);
        }
        self.journal.add(answer);
        self.advance(event)
    }

    /// Writes down that an event is bid in whose batches lie here already: a run was interrupted while it sealed them, or the
    /// journal was lost. They may be on their way, so they stay as they are.
    pub fn adopt(&mut self, event: EventId, start: Millis) -> Result<()> {
        let held: Vec<_> = self.bids.iter().filter(|bid| bid.kept.event == event).collect();
        let resources = held.iter().map(|bid| bid.kept.sheet.len() as u32).sum();
        // No more than there are numbers.
        let answer = Answer::new(event, start, held.len() as u16, resources);
        self.journal.add(answer);
        self.advance(event)
    }

    /// Writes down that all events up to `event` were looked at.
    pub fn advance(&mut self, event: EventId) -> Result<()> {
        self.journal.next = self.journal.next.max(event.next());
        self.write()
    }

    /// A batch's commitment is on chain.
    pub fn keep(&mut self, seal: &Hash) {
        for bid in self.bids.iter_mut().filter(|bid| bid.seal == *seal) {
            if let Some(pending) = bid.pending.take() {
                bid.path = pending.keep();
            }
        }
    }

    /// A batch has ended: its sheet is needed no more. Returns its event's entry when that was the event's last batch.
    pub fn end(&mut self, seal: &Hash, end: End) -> Result<Option<Answer>> {
        let Some(place) = self.bids.iter().position(|bid| bid.seal == *seal) else { return Ok(None) };
        let event = self.bids[place].kept.event;
        let answer = self.journal.answer(event).map(|answer| {
            answer.count(end);
            answer.clone()
        });
        self.write()?;
        // What can't be removed is found at the next start, and ends again.
        let _ = fs::remove_file(self.bids.remove(place).path);
        if self.bids.iter().any(|bid| bid.kept.event == event) {
            return Ok(None);
        }
        self.unmark(event);
        Ok(answer)
    }

    fn write(&self) -> Result<()> {
        self.journal.write(&self.path.join(JOURNAL))
    }
}

impl Bid {
    /// # Errors
    /// [`Fault::Usage`] when it holds no salt.
    fn new(kept: Kept, path: PathBuf, pending: Option<Pending>) -> Result<Self, Fault> {
        Ok(Self { seal: kept.seal().map_err(Fault::Usage)?, kept, path, pending })
    }

    /// What decides what comes next for it.
    pub fn held(&self, given_up: bool) -> Held {
        Held { seal: self.seal, was_on_chain: self.pending.is_none(), given_up }
    }
}

fn lock(path: &Path) -> Result<File> {
    let name = path.join(LOCK);
    let options = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
    let file = options.with_context(|| format!("can't open {}", name.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let text =
                format!("{} is in use by another run: end that one, or name another with --state", path.display());
            Err(Fault::Usage(text).into())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("can't lock {}", name.display())),
    }
}

/// All sheets in a folder, in order of event and batch.
fn bids(path: &Path) -> Result<Vec<Bid>> {
    let entries = fs::read_dir(path).with_context(|| format!("can't read {}", path.display()))?;
    let mut bids = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("can't read {}", path.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with("bid-") || name.ends_with(".part") {
            continue;
        }
        let (kept, pending) = (Kept::read(&path)?, Pending::found(&path));
        bids.push(Bid::new(kept, path, pending)?);
    }
    bids.sort_by_key(|bid| (bid.kept.event, bid.kept.batch));
    Ok(bids)
}

#[cfg(test)]
#[path = "tests/folder.rs"]
mod tests;
