//! Drives smoldot in a task of its own and hands heads and values to the caller.

use crate::{
    follow::{Effect, Follower, ReadId},
    head::{Head, Seen},
    platform::TokioPlatform,
    LightError,
};
use loadstone_core::Hash;
use serde_json::{json, Value};
use smoldot_light::{AddChainConfig, AddChainConfigJsonRpc, ChainId, Client};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    time::{Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{mpsc, oneshot};

/// Heads that may wait for the caller before the oldest are merged into a gap.
const HEAD_BUFFER: usize = 256;

/// Requests that may wait within smoldot.
const MAX_PENDING_REQUESTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(1_023);

/// Greatest size of the saved database in bytes.
const MAX_DATABASE_BYTES: u64 = 4 * 1_024 * 1_024;

type Reply<T> = oneshot::Sender<Result<T, LightError>>;

/// Verified values and the head that they were read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageAnswer {
    /// The finalised head.
    pub head: Head,
    /// Values in the order of the keys; `None` where the key is proven absent.
    pub values: Vec<Option<Vec<u8>>>,
}

enum Command {
    Read(Vec<Vec<u8>>, Reply<StorageAnswer>),
    Ask(&'static str, Value, Reply<String>),
}

/// A handle on the light client; it runs until the last handle is dropped.
#[derive(Clone)]
pub struct LightClient {
    commands: mpsc::Sender<Command>,
}

/// Finalised heads as they are verified, oldest first.
pub struct HeadStream {
    heads: mpsc::Receiver<Head>,
}

impl HeadStream {
    /// The next head, or `None` when the client has stopped. Cancel-safe.
    pub async fn next(&mut self) -> Option<Head> {
        self.heads.recv().await
    }

    /// `count` streams of the same heads; one that is not read holds up no other. Needs a tokio runtime.
    pub fn split(mut self, count: usize) -> Vec<Self> {
        let (mut listeners, streams): (Vec<_>, Vec<_>) = (0..count)
            .map(|_| {
                let (sender, heads) = mpsc::channel(HEAD_BUFFER);
                (Listener { sender, is_lagging: false }, Self { heads })
            })
            .unzip();
        tokio::spawn(async move {
            while let Some(head) = self.next().await {
                listeners.iter_mut().for_each(|listener| listener.tell(head.clone()));
            }
        });
        streams
    }
}

/// The writing end of a stream.
struct Listener {
    sender: mpsc::Sender<Head>,
    is_lagging: bool,
}

impl Listener {
    /// Never waits for the reader: heads that find the buffer full are merged into a gap.
    fn tell(&mut self, mut head: Head) {
        head.after_gap |= self.is_lagging;
        self.is_lagging = self.sender.try_send(head).is_err();
    }
}

impl LightClient {
    /// Joins the chain of the raw specification `chain_spec`; `saved` is what [`Self::database`] gave
    /// before a restart (of another chain or format, it is ignored). Needs a tokio runtime.
    pub fn start(chain_spec: &str, saved: Option<String>) -> Result<(Self, HeadStream), LightError> {
        let mut client = Client::new(TokioPlatform::current());
        let added = client
            .add_chain(AddChainConfig {
                specification: chain_spec,
                json_rpc: AddChainConfigJsonRpc::Enabled {
                    max_pending_requests: MAX_PENDING_REQUESTS,
                    max_subscriptions: 8,
                },
                potential_relay_chains: std::iter::empty(),
                database_content: saved.as_deref().unwrap_or_default(),
                user_data: (),
                statement_protocol_config: None,
            })
            .map_err(|error| LightError::ChainSpec(error.to_string()))?;
        let responses = added.json_rpc_responses.ok_or(LightError::Stopped)?;
        let (commands, command_queue) = mpsc::channel(64);
        let (head_sender, heads) = mpsc::channel(HEAD_BUFFER);
        let driver = Driver {
            client,
            chain: added.chain_id,
            follower: Follower::default(),
            heads: Listener { sender: head_sender, is_lagging: false },
            next_id: 0,
            reads: BTreeMap::new(),
            questions: BTreeMap::new(),
        };
        tokio::spawn(driver.run(command_queue, responses));
        Ok((Self { commands }, HeadStream { heads }))
    }

    /// Reads `keys` at the newest verified head; each value comes with a proof that smoldot has
    /// checked against that head's state root. Waits for the first head where there is none yet.
    pub async fn read(&self, keys: Vec<Vec<u8>>) -> Result<StorageAnswer, LightError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Read(keys, reply)).await.map_err(|_| LightError::Stopped)?;
        answer.await.map_err(|_| LightError::Stopped)?
    }

    /// What to hand to [`Self::start`] next time, so that synchronising starts here.
    pub async fn database(&self) -> Result<String, LightError> {
        self.ask("chainHead_unstable_finalizedDatabase", json!([MAX_DATABASE_BYTES])).await
    }

    /// Hash of the chain's genesis block, computed from the specification.
    pub async fn genesis(&self) -> Result<Hash, LightError> {
        let text = self.ask("chainSpec_v1_genesisHash", json!([])).await?;
        let bytes = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        let hash = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        hash.map(Hash::from).ok_or(LightError::Unexpected(text))
    }

    async fn ask(&self, method: &'static str, params: Value) -> Result<String, LightError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Ask(method, params, reply)).await.map_err(|_| LightError::Stopped)?;
        answer.await.map_err(|_| LightError::Stopped)?
    }
}

/// A read with all who asked for it since the same head.
struct SharedRead {
    keys: Vec<Vec<u8>>,
    /// The newest head when it was asked first.
    newest: Option<Hash>,
    replies: Vec<Reply<StorageAnswer>>,
}

struct Driver {
    client: Client<TokioPlatform>,
    chain: ChainId,
    follower: Follower,
    heads: Listener,
    next_id: ReadId,
    reads: BTreeMap<ReadId, SharedRead>,
    questions: BTreeMap<ReadId, Reply<String>>,
}

impl Driver {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut responses: smoldot_light::JsonRpcResponses<TokioPlatform>,
    ) {
        let first = self.follower.start();
        self.execute(vec![first]);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => return,
                },
                text = responses.next() => match text {
                    Some(text) => {
                        let effects = self.follower.on_text(&text, now());
                        self.execute(effects);
                    }
                    None => return,
                },
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        let id = self.next_id;
        self.next_id += 1;
        let effects = match command {
            Command::Read(keys, reply) => {
                let newest = self.follower.newest();
                // Many nodes of one process ask the same at once.
                if let Some(same) = self.reads.values_mut().find(|read| read.keys == keys && read.newest == newest) {
                    same.replies.push(reply);
                    return;
                }
                self.reads.insert(id, SharedRead { keys: keys.clone(), newest, replies: vec![reply] });
                self.follower.read(id, keys)
            }
            Command::Ask(method, params, reply) => {
                self.questions.insert(id, reply);
                vec![self.follower.ask(id, method, params)]
            }
        };
        self.execute(effects);
    }

    fn execute(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Request(text) => {
                    if let Err(error) = self.client.json_rpc_request(text, self.chain) {
                        tracing::warn!(target: "light", %error, "the light client's request queue is full");
                    }
                }
                Effect::Head(head) => self.heads.tell(head),
                // A caller that has gone away needs no answer.
                Effect::Read(id, result) => {
                    let answer = result.map(|(head, values)| StorageAnswer { head, values });
                    for reply in self.reads.remove(&id).map(|read| read.replies).unwrap_or_default() {
                        let _ = reply.send(answer.clone());
                    }
                }
                Effect::Answer(id, result) => {
                    if let Some(reply) = self.questions.remove(&id) {
                        let _ = reply.send(result);
                    }
                }
            }
        }
    }
}

fn now() -> Seen {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Seen { instant: Instant::now(), unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX) }
}
