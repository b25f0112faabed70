//! Signing without asking a node: an account's transactions one behind the other, under nonces that are counted here.

use anyhow::{Context, Result};
use loadstone_client::{
    call::{AtBlock, Call, Signed},
    client::{Chain, State},
    key::keypair,
};
use loadstone_core::{AccountId, Hash};
use loadstone_evidence::keys;
use std::time::Duration;
use subxt::{
    config::DefaultExtrinsicParamsBuilder, rpcs, rpcs::rpc_params, transactions::TransactionsClient, SubstrateConfig,
};
use subxt_signer::sr25519::Keypair;

/// Transactions that wait at once while a batch is handed in; the chain takes 256.
const AT_ONCE: usize = 128;

/// Time between looks at the chain while a batch gets into blocks.
const POLL: Duration = Duration::from_millis(100);

/// Looks at the chain, without a transaction of the account in it, before a batch counts as lost: others may fill the
/// blocks meanwhile.
const PATIENCE: u32 = 900;

/// An account that signs.
pub struct Pen {
    transactions: TransactionsClient<SubstrateConfig, AtBlock>,
    key: Keypair,
    /// Number of the transaction that is signed next.
    pub next: u64,
}

impl Pen {
    /// For the account of the secret key `suri`, after all that the pool holds of it.
    pub async fn new(chain: &Chain, suri: &str) -> Result<Self> {
        let (key, transactions) = (keypair(suri)?, chain.api.at_current_block().await?.transactions());
        let mut pen = Self { transactions, key, next: 0 };
        pen.resume(chain).await?;
        Ok(pen)
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        AccountId::new(self.key.public_key().0)
    }

    /// Goes on behind what the pool holds of the account.
    pub async fn resume(&mut self, chain: &Chain) -> Result<()> {
        let address = self.key.public_key().to_account_id().to_string();
        self.next = chain.request("system_accountNextIndex", rpc_params![address]).await?;
        Ok(())
    }

    /// Signs `call` under the next nonce, which is used up only when [`Self::advance`] says so.
    pub fn sign(&self, call: &Call) -> Result<Signed> {
        // Without an end: a backlog may wait longer than the 64 blocks that clients usually grant.
        let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(self.next).immortal().build();
        let mut open = self.transactions.create_signable_offline(call, params)?;
        Ok(open.sign(&self.key)?)
    }

    /// The transaction signed last was taken.
    pub fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    /// Hands `call` in, without waiting for a block. Returns the transaction's bytes.
    pub async fn send(&mut self, chain: &Chain, call: &Call) -> Result<usize> {
        let signed = self.sign(call)?;
        let bytes = format!("0x{}", hex::encode(signed.encoded()));
        let _: Hash = chain.request("author_submitExtrinsic", rpc_params![bytes]).await?;
        self.advance();
        Ok(signed.encoded().len())
    }

    /// The bytes of a call, for calls within calls.
    pub fn encode(&self, call: &Call) -> Result<Vec<u8>> {
        Ok(self.transactions.call_data(call)?)
    }

    /// Hands all `calls` in and waits until the last is in a finalised block.
    ///
    /// # Errors
    /// When one is refused, or does not get into a block.
    pub async fn send_all(&mut self, chain: &Chain, calls: &[Call]) -> Result<()> {
        for part in calls.chunks(AT_ONCE) {
            for call in part {
                self.send(chain, call).await?;
            }
            self.settled(chain).await?;
        }
        Ok(())
    }

    /// Waits until all that was handed in is final.
    ///
    /// # Errors
    /// When nothing of it gets into blocks for too long.
    pub async fn settled(&self, chain: &Chain) -> Result<()> {
        let (mut known, mut looks) = (0, 0);
        while looks < PATIENCE {
            let taken =
                nonces(&chain.finalised().await?, &[self.account()]).await?.first().copied().unwrap_or_default();
            if u64::from(taken) >= self.next {
                return Ok(());
            }
            looks = if taken > known { 0 } else { looks + 1 };
            known = taken;
            tokio::time::sleep(POLL).await;
        }
        anyhow::bail!("transactions of {} don't get into blocks", self.account())
    }
}

/// Whether the node answered, but did not take the transaction.
pub fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(rpcs::Error::User(_)))
}

/// How many transactions of each account are in the chain.
pub async fn nonces(state: &State<'_>, accounts: &[AccountId]) -> Result<Vec<u32>> {
    // Number of transactions, three counts of references, four balances.
    type Account = (u32, [u32; 3], [u128; 4]);
    let wanted: Vec<_> = accounts.iter().map(keys::account).collect();
    let found = state.get_all::<Account>(&wanted).await?;
    found.into_iter().map(|account| Ok(account.context("an account is not on chain")?.0)).collect()
}
