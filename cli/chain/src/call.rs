//! Transactions: a call encoded with our own types, signed, submitted and watched until it is final.

use crate::{client::Chain, events::ChainEvent, fault::Fault, refusal};
use anyhow::{Context, Result};
use codec::Encode;
use futures::future::join_all;
use loadstone_core::{AccountId, BlockNumber, Hash};
use serde::Serialize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use subxt::{
    client::OnlineClientAtBlockImpl,
    config::DefaultExtrinsicParamsBuilder,
    ext::scale_encode::{EncodeAsFields, Error as EncodeError, FieldIter, TypeResolver},
    rpcs::rpc_params,
    transactions::{Payload, SubmittableTransaction, TransactionInBlock, TransactionProgress, TransactionStatus},
    utils::H256,
    SubstrateConfig,
};
use subxt_signer::sr25519::Keypair;

/// Blocks for which a signed transaction may wait.
const MORTAL_BLOCKS: u64 = 64;

/// Blocks without finality from which on a transaction counts its time from the best block: from the final one it would
/// be too old before it was sent, and what ends a standstill could not be sent either.
const LAGGING_BLOCKS: BlockNumber = 16;

/// How long each of many transactions may take, so that one that nobody reports on does not hold up the others.
const PATIENCE: Duration = Duration::from_secs(90);

/// A connection that reads the chain at one block.
pub type AtBlock = OnlineClientAtBlockImpl<SubstrateConfig>;
/// A transaction that is ready to submit.
pub type Signed = SubmittableTransaction<SubstrateConfig, AtBlock>;
type InBlock = TransactionInBlock<SubstrateConfig, AtBlock>;

/// Arguments of a call, already encoded.
pub struct Arguments(Vec<u8>);

impl EncodeAsFields for Arguments {
    fn encode_as_fields_to<R: TypeResolver>(
        &self,
        _: &mut dyn FieldIter<'_, R::TypeId>,
        _: &R,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        out.extend_from_slice(&self.0);
        Ok(())
    }
}

/// A call by pallet and name, with SCALE-encoded arguments.
pub struct Call {
    pallet: &'static str,
    name: &'static str,
    arguments: Arguments,
}

impl Call {
    /// A call whose arguments are the fields of a tuple.
    pub fn new(pallet: &'static str, name: &'static str, arguments: impl Encode) -> Self {
        Self::from_bytes(pallet, name, arguments.encode())
    }

    /// A call whose arguments are encoded already.
    pub fn from_bytes(pallet: &'static str, name: &'static str, arguments: Vec<u8>) -> Self {
        Self { pallet, name, arguments: Arguments(arguments) }
    }
}

impl Payload for Call {
    type CallData = Arguments;

    fn pallet_name(&self) -> &str {
        self.pallet
    }

    fn call_name(&self) -> &str {
        self.name
    }

    fn call_data(&self) -> &Arguments {
        &self.arguments
    }
}

/// A transaction in a block.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    /// When it was handed to the node, by this machine's clock, in Unix milliseconds.
    pub submitted_at_ms: u64,
    /// When the node first said that it is in a block.
    pub included_at_ms: Option<u64>,
    /// When the node said that it is final; `None` where a block was enough.
    pub finalised_at_ms: Option<u64>,
    /// The block.
    pub block: Hash,
    /// Its height.
    pub number: BlockNumber,
    /// What the call caused.
    pub events: Vec<ChainEvent>,
}

impl Receipt {
    /// The number in the field `field` of the first event of `pallet` that has it.
    pub fn number_in(&self, pallet: &str, field: &str) -> Option<u64> {
        let events = self.events.iter().filter(|event| event.pallet == pallet);
        events.filter_map(|event| event.fields.get(field)).find_map(serde_json::Value::as_u64)
    }
}

/// Signs and submits for one account.
pub struct Sender<'a> {
    chain: &'a Chain,
    key: Keypair,
    in_block: bool,
}

impl<'a> Sender<'a> {
    /// For the holder of `key`.
    pub fn new(chain: &'a Chain, key: Keypair) -> Self {
        Self { chain, key, in_block: false }
    }

    /// Whether a block is enough: where finality stands still, nothing else is to be had.
    pub fn in_block(self, in_block: bool) -> Self {
        Self { in_block, ..self }
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        AccountId::new(self.key.public_key().0)
    }

    /// The bytes of a call, for calls within calls.
    pub async fn encode(&self, call: &Call) -> Result<Vec<u8>> {
        let at = self.chain.api.at_current_block().await?;
        Ok(at.transactions().call_data(call)?)
    }

    /// Submits `call` and waits until it is final, or in a block where that is enough.
    ///
    /// # Errors
    /// [`Fault::Invalid`] when a pool refuses it, [`Fault::Refused`] when the runtime does, [`Fault::Lost`]
    /// when nobody says what became of it.
    pub async fn submit(&self, call: &Call) -> Result<Receipt> {
        self.send(call).await?.outcome().await
    }

    /// Submits all `calls` one behind the other, then waits for each. Says of each what [`Self::submit`] would; after the
    /// first that a pool refuses, no further one is sent.
    pub async fn submit_all(&self, calls: &[Call]) -> Vec<Result<Receipt>> {
        let mut sent = Vec::with_capacity(calls.len());
        let mut refused = None;
        for call in calls {
            match self.send(call).await {
                Ok(taken) => sent.push(taken.patiently()),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        let mut outcomes = join_all(sent).await;
        outcomes.extend(refused.map(Err));
        while outcomes.len() < calls.len() {
            outcomes.push(Err(Fault::Invalid("one before it was not taken".into()).into()));
        }
        outcomes
    }

    /// Hands `call` to the node's pool.
    async fn send(&self, call: &Call) -> Result<Sent<'_>> {
        let signed = self.sign(call).await?;
        let submitted_at_ms = now_ms();
        let progress = signed.submit_and_watch().await;
        let progress = progress.map_err(|error| refusal::by_pool(&error, &self.account()))?;
        Ok(Sent { sender: self, progress, submitted_at_ms })
    }

    async fn receipt(
        &self,
        block: &InBlock,
        submitted_at_ms: u64,
        included_at_ms: Option<u64>,
        finalised_at_ms: Option<u64>,
    ) -> Result<Receipt> {
        let (block, events) = outcome(block).await?;
        let number = self.chain.header(block).await?.number;
        Ok(Receipt { submitted_at_ms, included_at_ms, finalised_at_ms, block, number, events })
    }

    /// Signs `call` under the account's next nonce.
    async fn sign(&self, call: &Call) -> Result<Signed> {
        let mut transactions = self.chain.api.at_current_block().await?.transactions();
        // The runtime may be of another version than this program: its metadata must agree with us.
        let bytes = transactions.call_data(call)?;
        transactions
            .from_call_data_bytes(&bytes)
            .with_context(|| format!("{}.{} has other arguments in this runtime", call.pallet, call.name))?;
        let address = self.key.public_key().to_account_id().to_string();
        let nonce: u64 = self.chain.request("system_accountNextIndex", rpc_params![address]).await?;
        let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new();
        let params = match self.lagging().await? {
            Some((number, hash)) => params.mortal_from_unchecked(MORTAL_BLOCKS, number.into(), H256(hash.0)),
            None => params.mortal(MORTAL_BLOCKS),
        };
        let params = params.nonce(nonce).build();
        Ok(transactions.create_signed(call, &self.key, params).await?)
    }

    /// The best block, where finality is far behind it.
    async fn lagging(&self) -> Result<Option<(BlockNumber, Hash)>> {
        let finalised = self.chain.header(self.chain.finalised().await?.hash).await?.number;
        let best = self.chain.best().await?.hash;
        let number = self.chain.header(best).await?.number;
        Ok((number.saturating_sub(finalised) >= LAGGING_BLOCKS).then_some((number, best)))
    }
}

/// A transaction that a pool has taken.
struct Sent<'a> {
    sender: &'a Sender<'a>,
    progress: TransactionProgress<SubstrateConfig, AtBlock>,
    submitted_at_ms: u64,
}

impl Sent<'_> {
    /// Waits until it is final, or in a block where that is enough.
    async fn outcome(mut self) -> Result<Receipt> {
        let (sender, submitted_at_ms) = (self.sender, self.submitted_at_ms);
        let mut included_at_ms = None;
        while let Some(status) = self.progress.next().await {
            let status = status.map_err(|error| Fault::Lost(format!("the node stopped reporting on it: {error}")))?;
            match status {
                TransactionStatus::InBestBlock(block) => {
                    included_at_ms.get_or_insert_with(now_ms);
                    if sender.in_block {
                        return sender.receipt(&block, submitted_at_ms, included_at_ms, None).await;
                    }
                }
                TransactionStatus::InFinalizedBlock(block) => {
                    return sender.receipt(&block, submitted_at_ms, included_at_ms, Some(now_ms())).await;
                }
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => {
                    return Err(Fault::Lost(format!("the node let it go: {message}")).into());
                }
                _ => {}
            }
        }
        Err(Fault::Lost("the node never said that it is final".into()).into())
    }

    /// As [`Self::outcome`], for so long.
    async fn patiently(self) -> Result<Receipt> {
        let late = || Fault::Lost(format!("it was not final after {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, self.outcome()).await.map_err(|_| late())?
    }
}

/// The block's hash and what the call caused there, the system's own bookkeeping left out.
async fn outcome(block: &InBlock) -> Result<(Hash, Vec<ChainEvent>)> {
    let caused = block.wait_for_success().await.map_err(refusal::by_runtime)?;
    let events = caused.iter().map(|event| ChainEvent::new(&event?)).collect::<Result<Vec<_>>>()?;
    let events = events.into_iter().filter(|event| event.pallet != "System").collect();
    Ok((Hash(block.block_hash().0), events))
}

/// Unix milliseconds by this machine's clock.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
