//! The run: follows the finalised chain, bids in events that fit, and reveals after their gates.

use super::{fit::Offers, folder::Folder, offers, steps::Steps};
use crate::{
    call::Sender,
    client::Chain,
    context::Context,
    fault::{told, Fault},
    sheet,
};
use anyhow::{Context as _, Result};
use loadstone_core::{AccountId, Hash, Millis};
use serde_json::json;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs,
    future::Future,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};
use subxt_signer::sr25519::Keypair;
use tokio::signal::unix::{signal, SignalKind};

/// Time between looks at the finalised head.
const POLL: Duration = Duration::from_millis(200);

/// Time before something that failed is tried again.
const RETRY: Duration = Duration::from_secs(3);

/// A run over one offers file and one state folder.
pub struct Runner<'a> {
    context: &'a Context,
    key: Keypair,
    pub(super) file: Watched,
    pub(super) folder: Folder,
    pub(super) steps: Steps,
    /// Batches of which the chain refused something, and when.
    pub(super) refused: BTreeMap<Hash, Instant>,
}

/// How a look at a finalised block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// Nothing is left to do before the next block.
    Idle,
    /// Something was done: look again at once.
    Moved,
    /// Something failed: look again after a pause.
    Failed,
}

/// An offers file that is read again when it changes.
pub struct Watched {
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
    text: String,
    /// What it said when it last made sense.
    pub offers: Offers,
}

impl Watched {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Fault::Usage`] when it makes no sense.
    pub fn read(path: &Path) -> Result<Self> {
        // Looked at first: what is written meanwhile is seen as a change.
        let stamp = stamp(path);
        let (text, offers) = offers::read(path)?;
        Ok(Self { path: path.to_owned(), stamp, text, offers })
    }

    /// Reads the file anew if it has changed, and says whether that made sense; `None` where it says what it said.
    pub fn refresh(&mut self) -> Option<Result<()>> {
        let stamp = stamp(&self.path);
        if stamp == self.stamp {
            return None;
        }
        self.stamp = stamp;
        match offers::read(&self.path) {
            Ok((text, _)) if text == self.text => None,
            Ok((text, offers)) => {
                (self.text, self.offers) = (text, offers);
                Some(Ok(()))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl<'a> Runner<'a> {
    /// A run with the offers of a file and the state of a folder.
    pub fn new(context: &'a Context, file: Watched, folder: Folder) -> Result<Self> {
        Ok(Self {
            context,
            key: context.key()?,
            file,
            folder,
            steps: Steps::new(context.output()),
            refused: BTreeMap::new(),
        })
    }

    /// Runs until SIGINT or SIGTERM.
    ///
    /// # Errors
    /// [`Fault::Usage`] when the node is of another network. Everything else is tried again.
    pub async fn run(mut self, chain: Chain) -> Result<()> {
        let stopped = stopped()?;
        self.begin();
        // What is interrupted is taken up at the next start: nothing is sent that does not lie in the folder.
        let outcome = tokio::select! {
            outcome = self.roll(chain) => outcome.map(|never| match never {}),
            () = stopped => Ok(()),
        };
        self.end();
        outcome
    }

    fn begin(&self) {
        let Offers { resources, programmes, .. } = &self.file.offers;
        let (resources, held) = (resources.len(), self.folder.bids().len());
        let listed: Vec<_> = programmes.iter().map(ToString::to_string).collect();
        let text = format!(
            "standing offers for {resources} resources in events of programme {}; {held} sealed batches from before",
            listed.join(", ")
        );
        self.steps.say("started", &text, json!({ "resources": resources, "programmes": programmes, "held": held }));
    }

    fn end(&self) {
        let held = self.folder.bids().len();
        let text = match held {
            0 => "ended; no sealed batch is under way".into(),
            _ => format!(
                "ended with {held} sealed batches under way: run again in time, or what is not revealed costs its bond"
            ),
        };
        self.steps.say("ended", &text, json!({ "held": held }));
    }

    /// Follows the chain, through lost connections.
    async fn roll(&mut self, first: Chain) -> Result<Infallible> {
        let mut chain = Some(first);
        loop {
            let failed = match chain.take() {
                Some(chain) => self.follow(&chain).await.map(|never| match never {}),
                None => self.reconnect().await.map(|found| chain = Some(found)),
            };
            if let Err(error) = failed {
                if matches!(error.downcast_ref(), Some(Fault::Usage(_))) {
                    return Err(error);
                }
                self.steps.trouble("the chain can't be followed", &error);
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn reconnect(&self) -> Result<Chain> {
        let chain = self.context.connect().await?;
        let ours = self.folder.journal.genesis;
        if chain.genesis != ours {
            let (ours, other) = (sheet::short(&ours), sheet::short(&chain.genesis));
            return Err(Fault::Usage(format!("the node is of network {other}, the state folder of {ours}")).into());
        }
        Ok(chain)
    }

    async fn follow(&mut self, chain: &Chain) -> Result<Infallible> {
        let sender = Sender::new(chain, self.key.clone());
        let mut seen = None;
        loop {
            self.refresh();
            let state = chain.finalised().await?;
            if seen == Some(state.hash) {
                tokio::time::sleep(POLL).await;
                continue;
            }
            let now = Millis(state.now().await?);
            self.look(&state, now).await?;
            match self.advance(&sender, &state, now).await? {
                Pass::Idle => seen = Some(state.hash),
                Pass::Moved => {}
                Pass::Failed => tokio::time::sleep(RETRY).await,
            }
        }
    }

    fn refresh(&mut self) {
        match self.file.refresh() {
            None => {}
            Some(Ok(())) => {
                let resources = self.file.offers.resources.len();
                let text =
                    format!("offers read anew, for {resources} resources; they count for events opened from now on");
                self.steps.say("offers_changed", &text, json!({ "resources": resources }));
            }
            Some(Err(error)) => {
                self.steps
                    .warn(&format!("the offers stay as they were, since the file makes no sense: {}", told(&error)));
            }
        }
    }

    /// Whose offers they are.
    pub(super) fn account(&self) -> AccountId {
        self.folder.journal.account.clone()
    }
}

/// Comes with SIGINT or SIGTERM.
fn stopped() -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("can't listen for signals");
    let (mut interrupted, mut terminated) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

#[cfg(test)]
#[path = "tests/runner.rs"]
mod tests;
