//! A connection to a node: raw state at a finalised block, headers, proofs and the DAG's methods.
//!
//! State is read by raw key and decoded with the types that the chain itself is built from, so
//! nothing here depends on the metadata.

use crate::output::Output;
use anyhow::{anyhow, Context, Result};
use codec::{Decode, DecodeAll};
use loadstone_core::{BlockNumber, Hash};
use loadstone_evidence::Header;
use serde::{de::DeserializeOwned, Deserialize};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use subxt::{
    backend::LegacyBackend,
    ext::frame_metadata::RuntimeMetadataPrefixed,
    rpcs::{
        client::{RpcParams, RpcSubscription},
        rpc_params, RpcClient,
    },
    OnlineClient, SubstrateConfig,
};

/// Keys in one request.
const BATCH: usize = 200;

/// How long the next finalised block may take.
const FINALITY_PATIENCE: Duration = Duration::from_secs(20);

/// Time between looks at a finalised head that is waited for.
const POLL: Duration = Duration::from_millis(200);

/// How long the finalised head may stand still while something is waited for.
const STANDSTILL: Duration = Duration::from_secs(120);

/// Time between words on what is waited for.
const PROGRESS: Duration = Duration::from_secs(5);

/// A connection to a node.
pub struct Chain {
    rpc: RpcClient,
    /// For transactions: metadata, signing, submission.
    pub api: OnlineClient<SubstrateConfig>,
    /// Hash of block 0.
    pub genesis: Hash,
}

/// State at one block.
pub struct State<'a> {
    chain: &'a Chain,
    /// The block.
    pub hash: Hash,
}

#[derive(Deserialize)]
struct ChangeSet {
    changes: Vec<(String, Option<String>)>,
}

#[derive(Deserialize)]
struct ReadProof {
    proof: Vec<String>,
}

#[derive(Deserialize)]
struct SignedBlock {
    justifications: Option<Vec<([u8; 4], Vec<u8>)>>,
}

impl Chain {
    /// Connects to the node at `url`.
    pub async fn connect(url: &str) -> Result<Self> {
        let rpc = RpcClient::from_insecure_url(url).await.with_context(|| format!("no node answers at {url}"))?;
        let backend = LegacyBackend::<SubstrateConfig>::builder().build(rpc.clone());
        let api = OnlineClient::from_backend_with_config(SubstrateConfig::new(), Arc::new(backend)).await?;
        let genesis = Hash(api.genesis_hash().0);
        Ok(Self { rpc, api, genesis })
    }

    /// Calls a method of the node.
    pub async fn request<T: DeserializeOwned>(&self, method: &str, params: RpcParams) -> Result<T> {
        self.rpc.request(method, params).await.with_context(|| format!("{method} failed"))
    }

    /// Calls a method that answers with hex of a SCALE value.
    pub async fn request_scale<T: Decode>(&self, method: &str, params: RpcParams) -> Result<T> {
        let text: String = self.request(method, params).await?;
        decode(&unhex(&text)?).with_context(|| format!("{method} gave no value of the expected shape"))
    }

    /// The newest finalised block.
    pub async fn finalised(&self) -> Result<State<'_>> {
        Ok(self.at(self.request("chain_getFinalizedHead", rpc_params![]).await?))
    }

    /// The newest block, final or not.
    pub async fn best(&self) -> Result<State<'_>> {
        Ok(self.at(self.request("chain_getBlockHash", rpc_params![]).await?))
    }

    /// The newest block where `in_block`, else the newest finalised one.
    pub async fn newest(&self, in_block: bool) -> Result<State<'_>> {
        if in_block {
            self.best().await
        } else {
            self.finalised().await
        }
    }

    /// State at the block of this hash.
    pub fn at(&self, hash: Hash) -> State<'_> {
        State { chain: self, hash }
    }

    /// The header of this hash.
    pub async fn header(&self, hash: Hash) -> Result<Header> {
        let header: Option<Header> = self.request("chain_getHeader", rpc_params![hash]).await?;
        header.ok_or_else(|| anyhow!("the node has no block {hash:?}"))
    }

    /// Hash of the block at a height of the best chain.
    pub async fn block_hash(&self, number: BlockNumber) -> Result<Hash> {
        let hash: Option<Hash> = self.request("chain_getBlockHash", rpc_params![number]).await?;
        hash.ok_or_else(|| anyhow!("the node has no block at height {number}"))
    }

    /// The GRANDPA justification that the node keeps with a block, if any.
    pub async fn justification(&self, hash: Hash) -> Result<Option<Vec<u8>>> {
        let block: Option<SignedBlock> = self.request("chain_getBlock", rpc_params![hash]).await?;
        let all = block.and_then(|block| block.justifications).unwrap_or_default();
        Ok(all.into_iter().find(|(engine, _)| engine == b"FRNK").map(|(_, bytes)| bytes))
    }

    /// The next block that GRANDPA finalises, with its justification. `grandpa_proveFinality` can't serve
    /// here: it answers nothing on a chain whose authority set has never changed.
    pub async fn next_justification(&self) -> Result<(Hash, Vec<u8>)> {
        let (subscribe, unsubscribe) = ("grandpa_subscribeJustifications", "grandpa_unsubscribeJustifications");
        let subscription = self.rpc.subscribe::<String>(subscribe, rpc_params![], unsubscribe).await;
        let mut justifications = subscription.context("the node tells no justifications")?;
        let next = tokio::time::timeout(FINALITY_PATIENCE, justifications.next()).await;
        let text = next.context("the chain finalises nothing")?.context("the node closed the connection")??;
        let bytes = unhex(&text)?;
        // A justification begins with its round and the commit's target.
        let (_round, target): (u64, Hash) = Decode::decode(&mut &bytes[..]).context("no justification")?;
        Ok((target, bytes))
    }

    /// Waits until the finalised chain's time has reached `moment` (Unix milliseconds), and says how long
    /// that takes. `what` is waited for.
    ///
    /// # Errors
    /// When the chain finalises nothing more.
    pub async fn wait_until(&self, moment: u64, what: &str, output: &Output) -> Result<()> {
        let (mut newest, mut moved, mut said) = (0, Instant::now(), None::<Instant>);
        loop {
            let now = self.finalised().await?.now().await?;
            if now >= moment {
                return Ok(());
            }
            if now > newest {
                (newest, moved) = (now, Instant::now());
            }
            if moved.elapsed() > STANDSTILL {
                return Err(anyhow!("the chain has finalised nothing for {} s", STANDSTILL.as_secs()));
            }
            if said.is_none_or(|at| at.elapsed() >= PROGRESS) {
                said = Some(Instant::now());
                output.note(&format!("waiting for {what}: {} s left", (moment - now).div_ceil(1_000)));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Hears of each new best block from now on.
    pub async fn heads(&self) -> Result<RpcSubscription<Header>> {
        let (subscribe, unsubscribe) = ("chain_subscribeNewHeads", "chain_unsubscribeNewHeads");
        self.rpc.subscribe(subscribe, rpc_params![], unsubscribe).await.context("the node tells no heads")
    }

    /// The runtime's metadata of version 15 or 14, as bytes.
    pub async fn metadata(&self) -> Result<Vec<u8>> {
        let text: String = self.request("state_getMetadata", rpc_params![]).await?;
        let bytes = unhex(&text)?;
        RuntimeMetadataPrefixed::decode(&mut &bytes[..]).context("the metadata does not decode")?;
        Ok(bytes)
    }
}

impl<'a> State<'a> {
    /// The connection.
    pub fn chain(&self) -> &'a Chain {
        self.chain
    }

    /// The raw value under `key`.
    pub async fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let params = rpc_params![to_hex(key), self.hash];
        let value: Option<String> = self.chain.request("state_getStorage", params).await?;
        value.map(|text| unhex(&text)).transpose()
    }

    /// The value under `key`.
    pub async fn get<T: Decode>(&self, key: Vec<u8>) -> Result<Option<T>> {
        self.raw(&key).await?.map(|bytes| decode(&bytes)).transpose()
    }

    /// The value under `key`, or an error that names it.
    pub async fn require<T: Decode>(&self, key: Vec<u8>, name: &str) -> Result<T> {
        self.get(key).await?.ok_or_else(|| anyhow!("{name} is not on chain"))
    }

    /// The values under `keys`, in their order.
    pub async fn get_all<T: Decode>(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<T>>> {
        let mut values = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            let wanted: Vec<String> = batch.iter().map(|key| to_hex(key)).collect();
            let params = rpc_params![wanted.clone(), self.hash];
            let sets: Vec<ChangeSet> = self.chain.request("state_queryStorageAt", params).await?;
            let found: std::collections::BTreeMap<String, Option<String>> =
                sets.into_iter().flat_map(|set| set.changes).collect();
            for key in wanted {
                let value = found.get(&key).cloned().flatten();
                values.push(value.map(|text| decode(&unhex(&text)?)).transpose()?);
            }
        }
        Ok(values)
    }

    /// All keys that begin with `prefix`.
    pub async fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        loop {
            let after = keys.last().map(|key| to_hex(key));
            let params = rpc_params![to_hex(prefix), BATCH, after, self.hash];
            let page: Vec<String> = self.chain.request("state_getKeysPaged", params).await?;
            let full = page.len() == BATCH;
            for key in page {
                keys.push(unhex(&key)?);
            }
            if !full {
                return Ok(keys);
            }
        }
    }

    /// Trie nodes that prove what stands under `keys`.
    pub async fn read_proof(&self, keys: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
        let keys: Vec<String> = keys.iter().map(|key| to_hex(key)).collect();
        let answer: ReadProof = self.chain.request("state_getReadProof", rpc_params![keys, self.hash]).await?;
        answer.proof.iter().map(|node| unhex(node)).collect()
    }

    /// The chain's time in Unix milliseconds.
    pub async fn now(&self) -> Result<u64> {
        Ok(self.get(loadstone_evidence::keys::timestamp_now()).await?.unwrap_or_default())
    }
}

/// Decodes all of `bytes`.
pub fn decode<T: Decode>(bytes: &[u8]) -> Result<T> {
    T::decode_all(&mut &bytes[..]).map_err(|error| anyhow!("a value on chain has an unexpected shape: {error}"))
}

fn to_hex(bytes: &[u8]) -> String {
    crate::output::hexed(bytes)
}

/// Bytes of hex that the node gave.
pub fn unhex(text: &str) -> Result<Vec<u8>> {
    hex::decode(text.trim_start_matches("0x")).with_context(|| "the node gave no hex".to_string())
}
