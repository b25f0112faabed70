//! The file with a sealed bid's sheet and salt.
//!
//! Who loses the salt can't reveal and forfeits the bond, and who may not bid again must not be left with a
//! useless file. So a sheet lies on disk before its seal is sent, under a name of its own; once the bid
//! is final it takes its lasting name, and when the bid is refused it goes. No process ever removes
//! what another one wrote.

use crate::{call::Call, fault::Fault, files, output::hexed, parse};
use anyhow::Result;
use loadstone_core::{AccountId, EventId, Hash};
use loadstone_market::{seal, Batch, BidResources, BidSheet, ResourceBid, MAX_BATCHES, MAX_BID_RESOURCES};
use rand::{rngs::OsRng, RngCore};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Hex digits by which networks and seals are told apart in names.
const SHORT: usize = 8;

/// Ending of a sheet's name while its seal is not known to be on chain.
const PENDING: &str = ".pending";

/// A sheet of offers under its number.
pub type Numbered = (Batch, BidSheet);

/// Offers of one bidder as the chain wants them: in rising order of resource, and in batches that fit into blocks.
///
/// # Errors
/// [`Fault::Usage`] when there are more than the numbers from `first` on are enough for.
pub fn batches(mut offers: Vec<ResourceBid>, first: Batch) -> Result<Vec<Numbered>, Fault> {
    offers.sort_by_key(|bid| bid.resource);
    let numbered = offers.chunks(MAX_BID_RESOURCES as usize).zip(first..MAX_BATCHES);
    let batches: Vec<_> = numbered.map(|(bids, batch)| (batch, BidSheet::truncate_from(bids.to_vec()))).collect();
    let taken: usize = batches.iter().map(|(_, sheet)| sheet.len()).sum();
    if taken < offers.len() {
        let (all, last) = (offers.len(), MAX_BATCHES - 1);
        let text = format!("{all} resources need batches beyond the last, {last}, counted from {first}");
        return Err(Fault::Usage(text));
    }
    Ok(batches)
}

/// What a bidder keeps between commitment and reveal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Hash of the network's block 0.
    pub genesis: Hash,
    /// The event.
    pub event: EventId,
    /// Which of the bidder's batches in it.
    #[serde(default)]
    pub batch: Batch,
    /// Who bids.
    pub bidder: AccountId,
    /// The offers.
    pub sheet: BidSheet,
    salt: String,
}

/// A sheet on disk whose seal is not known to be on chain.
pub struct Pending {
    draft: PathBuf,
    path: PathBuf,
}

impl Kept {
    /// A sheet with its salt.
    pub fn new(
        genesis: Hash,
        (event, batch): (EventId, Batch),
        bidder: AccountId,
        sheet: BidSheet,
        salt: [u8; 32],
    ) -> Self {
        Self { genesis, event, batch, bidder, sheet, salt: hexed(&salt) }
    }

    /// A sheet with a salt that nobody has seen.
    pub fn fresh(genesis: Hash, place: (EventId, Batch), bidder: AccountId, sheet: BidSheet) -> Self {
        let mut salt = [0u8; 32];
        OsRng.fill_bytes(&mut salt);
        Self::new(genesis, place, bidder, sheet, salt)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Fault::Usage`] when the file is no sheet.
    pub fn read(path: &Path) -> Result<Self> {
        let text = files::read_text(path)?;
        let bad = |error: String| Fault::Usage(format!("{} is no bid that `commit` wrote: {error}", path.display()));
        let kept: Self = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        kept.salt().map_err(bad)?;
        Ok(kept)
    }

    /// The secret that is sealed with the sheet.
    pub fn salt(&self) -> Result<[u8; 32], String> {
        parse::bytes32(&self.salt)
    }

    /// What the commitment shows of it.
    pub fn seal(&self) -> Result<Hash, String> {
        Ok(seal(&self.genesis, self.event, &self.bidder, &self.sheet, &self.salt()?))
    }

    /// The call that commits to it.
    pub fn commit(&self) -> Result<Call, Fault> {
        // As many as bids, which have the same bound.
        let resources = BidResources::truncate_from(self.sheet.iter().map(|bid| bid.resource).collect());
        let seal = self.seal().map_err(Fault::Usage)?;
        Ok(Call::new("Bids", "commit", (self.event, self.batch, seal, resources)))
    }

    /// The call that reveals it.
    pub fn reveal(&self) -> Result<Call, Fault> {
        let salt = self.salt().map_err(Fault::Usage)?;
        Ok(Call::new("Bids", "reveal", (self.event, self.batch, &self.sheet, salt)))
    }

    /// Writes the sheet beside `path`, for its owner alone.
    pub fn write(&self, path: &Path) -> Result<Pending> {
        let seal = self.seal().map_err(Fault::Usage)?;
        let pending = Pending { draft: draft(path, &seal), path: path.to_owned() };
        files::write_private(&pending.draft, serde_json::to_string_pretty(self)?.as_bytes())?;
        Ok(pending)
    }
}

impl Pending {
    /// What an interrupted command left under this name; `None` when the name is of another kind.
    pub fn found(draft: &Path) -> Option<Self> {
        let (path, _seal) = draft.to_str()?.strip_suffix(PENDING)?.rsplit_once('.')?;
        Some(Self { path: path.into(), draft: draft.to_owned() })
    }

    /// Where the sheet lies now.
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// The bid is on chain: the sheet takes its lasting name. Returns where it lies.
    pub fn keep(self) -> PathBuf {
        match files::rename(&self.draft, &self.path) {
            Ok(()) => self.path,
            // Under its first name it serves as well.
            Err(_) => self.draft,
        }
    }

    /// The bid is not on chain and never will be: the sheet goes.
    pub fn discard(self) {
        // A file that can't be removed does no harm: a later bid has another seal and thus another name.
        let _ = fs::remove_file(&self.draft);
    }
}

/// The name of a bid's file unless one is given: network, event, account, and the batch but for the first.
pub fn default_path(genesis: &Hash, event: EventId, bidder: &AccountId, batch: Batch) -> PathBuf {
    let further = if batch > 0 { format!("-{batch}") } else { String::new() };
    PathBuf::from(format!("bid-{}-{event}-{bidder}{further}.json", short(genesis)))
}

/// The beginning of a hash in hex.
pub fn short(hash: &Hash) -> String {
    let digits = hex::encode(hash.as_bytes());
    digits.get(..SHORT).unwrap_or(&digits).to_owned()
}

fn draft(path: &Path, seal: &Hash) -> PathBuf {
    files::with_ending(path, &format!(".{}{PENDING}", short(seal)))
}

/// What to say to a bidder who has committed already, under `seal`: where the sheet lies, and what can be done.
pub fn already_committed(path: &Path, event: EventId, batch: Batch, seal: &Hash) -> Fault {
    let places = [path.to_owned(), draft(path, seal)];
    let is_it = |place: &&PathBuf| Kept::read(place).is_ok_and(|kept| kept.seal().as_ref() == Ok(seal));
    let file = match places.iter().find(is_it) {
        Some(place) => format!(
            "its sheet is in {0}: reveal it after gate closure with `loadstone bid reveal {0}`",
            place.display()
        ),
        None => format!("{} does not hold its sheet: look for the file that `commit` named then", path.display()),
    };
    let text = format!(
        "this account has bid batch {batch} in event {event}, and {file}; to bid anew, take it back before gate closure \
         with `loadstone bid withdraw {event} --batch {batch}`, or to bid more, name a free number with --batch"
    );
    Fault::bids("AlreadyCommitted", text)
}

/// What stands under `path`, if it may be needed yet.
pub enum Found {
    /// Nothing is lost when the file is replaced.
    Free,
    /// A bid on this network: it may be replaced unless it is on chain and not revealed.
    Bid(Box<Kept>),
}

/// Looks at what stands under `path` before a bid on network `genesis` is written there.
///
/// # Errors
/// [`Fault::Usage`] when the file is something else than a bid, or a bid on another network.
pub fn look(path: &Path, genesis: &Hash) -> Result<Found> {
    // A link to nowhere is no file either, and a folder can't be replaced.
    if fs::symlink_metadata(path).is_err() {
        return Ok(Found::Free);
    }
    let taken = |what: &str| Fault::Usage(format!("{} {what}: name another file with --file", path.display()));
    let kept = Kept::read(path).map_err(|_| taken("stands there already and is no bid"))?;
    if kept.genesis != *genesis {
        return Err(taken(&format!("holds a bid on another network, {}", short(&kept.genesis))).into());
    }
    Ok(Found::Bid(Box::new(kept)))
}

/// Refuses to replace a sheet that is needed for a reveal.
pub fn still_needed(path: &Path, kept: &Kept) -> Fault {
    let event = kept.event;
    Fault::Usage(format!(
        "{} holds a bid in event {event} that is on chain and not revealed: name another file with --file",
        path.display()
    ))
}

#[cfg(test)]
#[path = "tests/sheet.rs"]
mod tests;
