//! One account that keeps sending: it declares what its resources offer, each time something else.

use crate::{
    enrol,
    pen::{is_refusal, Pen},
};
use anyhow::{Context, Result};
use codec::Compact;
use loadstone_client::{call::Call, client::Chain};
use loadstone_core::{AccountId, AreaId, Price, PublicKey, ResourceId, Watts};
use std::{
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        Arc,
    },
    time::Duration,
};
use tokio::sync::mpsc::{Receiver, Sender};

/// Resources of one account, which it declares in turn.
const RESOURCES: u8 = 4;

/// Capacity of each, in watts.
const CAPACITY: i64 = 100_000;

/// After a refusal the account waits so long.
const PAUSE: Duration = Duration::from_millis(200);

/// Sends that may wait for an account.
pub const QUEUE: usize = 64;

/// What all accounts together have sent.
#[derive(Debug, Default)]
pub struct Counts {
    /// Taken by a pool.
    pub sent: AtomicU64,
    /// Refused by a pool.
    pub refused: AtomicU64,
    /// Taken by a pool, but neither there nor in a block when it was looked at again.
    pub lost: AtomicU64,
}

/// What a writer is told.
#[derive(Debug)]
pub enum Ask {
    /// One more transaction.
    Send,
    /// Nothing of it gets into blocks: look what the node still has, and go on behind that.
    Resume,
}

/// What fills the blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Filling {
    /// `declare_availability` of the accounts' own resources.
    Declarations,
    /// `transfer_keep_alive` of a micro-yuan to the account itself.
    Transfers,
}

/// One account's transactions, sent one behind the other.
pub struct Writer {
    filling: Filling,
    chain: Arc<Chain>,
    pen: Pen,
    resources: Vec<ResourceId>,
    counts: Arc<Counts>,
    /// Transactions of the account that pools have taken, from the chain's first on.
    pub taken: Arc<AtomicU64>,
    turn: u32,
}

/// How a writer is reached, and what is known of it.
pub struct Desk {
    /// The account.
    pub account: AccountId,
    /// Its asks.
    pub asks: Sender<Ask>,
    /// As [`Writer::taken`].
    pub taken: Arc<AtomicU64>,
}

impl Desk {
    /// Transactions on the way when so many are in blocks: those that wait for the account, and in pools.
    pub fn pending(&self, included: u64) -> u64 {
        let queued = self.asks.max_capacity().saturating_sub(self.asks.capacity());
        self.taken.load(Relaxed).saturating_sub(included).saturating_add(u64::try_from(queued).unwrap_or(u64::MAX))
    }
}

impl Writer {
    /// The account of `suri`, with resources in `area`, which it registers unless it has.
    pub async fn new(
        chain: Arc<Chain>,
        suri: &str,
        (area, filling): (AreaId, Filling),
        counts: Arc<Counts>,
    ) -> Result<Self> {
        let mut pen = Pen::new(&chain, suri).await?;
        let keys: Vec<PublicKey> = (0..RESOURCES).map(|number| device_key(&pen.account(), number)).collect();
        let known = enrol::enrolled(&chain).await?;
        let new = keys.iter().filter(|key| !known.contains_key(*key));
        let calls: Vec<Call> = new.map(|key| enrol::register(area, *key, Watts(CAPACITY), Watts(CAPACITY))).collect();
        pen.send_all(&chain, &calls).await?;
        let known = if calls.is_empty() { known } else { enrol::enrolled(&chain).await? };
        let resources: Vec<_> = keys.iter().filter_map(|key| Some(known.get(key)?.resource)).collect();
        let taken = Arc::new(AtomicU64::new(pen.next));
        Ok(Self { filling, chain, pen, resources, counts, taken, turn: 0 })
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        self.pen.account()
    }

    /// Sends until nobody asks any more.
    ///
    /// # Errors
    /// When the node no longer answers.
    pub async fn run(mut self, mut asks: Receiver<Ask>) -> Result<()> {
        while let Some(ask) = asks.recv().await {
            match ask {
                Ask::Send => self.send().await?,
                Ask::Resume => self.resume().await?,
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<()> {
        let call = self.call()?;
        match self.pen.send(&self.chain, &call).await {
            Ok(_) => {
                self.counts.sent.fetch_add(1, Relaxed);
                self.taken.store(self.pen.next, Relaxed);
                Ok(())
            }
            Err(error) if is_refusal(&error) => {
                self.counts.refused.fetch_add(1, Relaxed);
                tokio::time::sleep(PAUSE).await;
                self.resume().await
            }
            Err(error) => Err(error),
        }
    }

    async fn resume(&mut self) -> Result<()> {
        let before = self.pen.next;
        self.pen.resume(&self.chain).await?;
        self.counts.lost.fetch_add(before.saturating_sub(self.pen.next), Relaxed);
        self.taken.store(self.pen.next, Relaxed);
        Ok(())
    }

    /// A declaration that differs from all before: a pool keeps out what it has once found invalid.
    fn call(&mut self) -> Result<Call> {
        self.turn = self.turn.wrapping_add(1);
        if self.filling == Filling::Transfers {
            // An address of the first kind is an account.
            let (kind, to) = (0u8, self.pen.account());
            return Ok(Call::new("Balances", "transfer_keep_alive", (kind, to, Compact(1 + u128::from(self.turn)))));
        }
        let turn = self.turn.checked_rem(u32::try_from(self.resources.len())?).context("no resource is registered")?;
        let resource = *self.resources.get(turn as usize).context("no resource is registered")?;
        let watts = Watts(1 + i64::from(self.turn) % CAPACITY);
        Ok(enrol::declare(resource, watts, Price(1_000_000), 2_000))
    }
}

/// Keys of devices that never speak: the account's own with the number in it.
fn device_key(account: &AccountId, number: u8) -> PublicKey {
    let mut key: PublicKey = account.clone().into();
    key[31] ^= number + 1;
    key
}
