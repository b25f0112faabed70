//! The conversation with smoldot as a state machine: its JSON texts in, requests and results out.
//!
//! One operation reads one key: smoldot takes a slot for every item but gives back one an operation,
//! so operations with several items would use its 32 slots up. Reads that find no free slot wait in turn.

use crate::{
    head::{decode_header, Head, Said, Seen},
    LightError,
};
use loadstone_core::Hash;
use serde_json::{json, Value};
use std::collections::{BTreeMap, VecDeque};

/// Reads that may wait for the first verified head, or for free operation slots.
const MAX_WAITING: usize = 8_192;

/// Operations under way at once, of the 32 that smoldot allows.
const MAX_OPERATIONS: usize = 30;

/// Names a read towards the caller.
pub(crate) type ReadId = u64;

/// What a read gives: the head that it was made at, and the values in the order of the keys.
type ReadAnswer = (Head, Vec<Option<Vec<u8>>>);

/// What the driver must do next.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Send this text to smoldot.
    Request(String),
    /// A new verified head.
    Head(Head),
    /// A read has ended.
    Read(ReadId, Result<ReadAnswer, LightError>),
    /// The answer to a plain question.
    Answer(ReadId, Result<String, LightError>),
}

enum Pending {
    Follow,
    Header { hash: String, seen: Seen, after_gap: bool },
    Storage { read: ReadId, index: usize },
    Plain(ReadId),
    Ignored,
}

struct Read {
    keys: Vec<Vec<u8>>,
    head: Head,
    values: Vec<Option<Vec<u8>>>,
    open: usize,
}

/// See the module's text.
#[derive(Default)]
pub(crate) struct Follower {
    next_request: u64,
    pending: BTreeMap<u64, Pending>,
    subscription: Option<String>,
    newest: Option<(String, Head)>,
    waiting: VecDeque<(ReadId, Vec<Vec<u8>>)>,
    reads: BTreeMap<ReadId, Read>,
    operations: BTreeMap<String, (ReadId, usize)>,
}

impl Follower {
    /// Opens the subscription.
    pub(crate) fn start(&mut self) -> Effect {
        self.request("chainHead_v1_follow", json!([false]), Pending::Follow)
    }

    /// Asks a plain question, whose answer is one string.
    pub(crate) fn ask(&mut self, id: ReadId, method: &str, params: Value) -> Effect {
        self.request(method, params, Pending::Plain(id))
    }

    /// The newest verified head's hash.
    pub(crate) fn newest(&self) -> Option<Hash> {
        self.newest.as_ref().map(|(_, head)| head.hash)
    }

    /// Reads `keys` at the newest verified head; waits for the first one, and for free slots.
    pub(crate) fn read(&mut self, id: ReadId, keys: Vec<Vec<u8>>) -> Vec<Effect> {
        if self.waiting.len() >= MAX_WAITING {
            return vec![Effect::Read(id, Err(LightError::Overloaded))];
        }
        self.waiting.push_back((id, keys));
        self.resume()
    }

    /// Begins what waits, as far as slots are free.
    fn resume(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut under_way = self.operations_under_way();
        while let Some((_, keys)) = self.waiting.front() {
            let (Some(subscription), Some((hash, head))) = (self.subscription.clone(), self.newest.clone()) else {
                break;
            };
            // A read of more keys than there are slots begins when it is alone.
            if under_way > 0 && under_way + keys.len() > MAX_OPERATIONS {
                break;
            }
            under_way += keys.len();
            if let Some((id, keys)) = self.waiting.pop_front() {
                effects.extend(self.begin(id, keys, (&subscription, &hash), head));
            }
        }
        effects
    }

    fn operations_under_way(&self) -> usize {
        let asked = self.pending.values().filter(|pending| matches!(pending, Pending::Storage { .. })).count();
        asked + self.operations.len()
    }

    fn begin(&mut self, id: ReadId, keys: Vec<Vec<u8>>, (subscription, hash): (&str, &str), head: Head) -> Vec<Effect> {
        if keys.is_empty() {
            return vec![Effect::Read(id, Ok((head, Vec::new())))];
        }
        let requests = keys
            .iter()
            .enumerate()
            .map(|(index, key)| {
                let item = json!([{ "key": format!("0x{}", hex::encode(key)), "type": "value" }]);
                let params = json!([subscription, hash, item, null]);
                self.request("chainHead_v1_storage", params, Pending::Storage { read: id, index })
            })
            .collect();
        let values = vec![None; keys.len()];
        let open = keys.len();
        self.reads.insert(id, Read { keys, head, values, open });
        requests
    }

    /// Takes one text of smoldot in; `seen` is the moment at which it came.
    pub(crate) fn on_text(&mut self, text: &str, seen: Seen) -> Vec<Effect> {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            tracing::warn!(target: "light", "the light client sent text that is not JSON");
            return Vec::new();
        };
        if let Some(id) = message.get("id").and_then(Value::as_u64) {
            let Some(pending) = self.pending.remove(&id) else { return Vec::new() };
            return match message.get("result") {
                Some(result) => self.on_result(pending, result),
                None => self.on_error(pending, &message["error"]),
            };
        }
        let params = &message["params"];
        if params["subscription"].as_str().is_some_and(|name| Some(name) == self.subscription.as_deref()) {
            return self.on_event(&params["result"], seen);
        }
        Vec::new()
    }

    fn request(&mut self, method: &str, params: Value, pending: Pending) -> Effect {
        let id = self.next_request;
        self.next_request += 1;
        self.pending.insert(id, pending);
        Effect::Request(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
    }

    fn on_result(&mut self, pending: Pending, result: &Value) -> Vec<Effect> {
        match pending {
            Pending::Follow => {
                self.subscription = result.as_str().map(str::to_owned);
                Vec::new()
            }
            Pending::Header { hash, seen, after_gap } => self.on_header(hash, result, seen, after_gap),
            Pending::Storage { read, index } => match result["operationId"].as_str() {
                Some(operation) => {
                    self.operations.insert(operation.to_owned(), (read, index));
                    Vec::new()
                }
                None => self.wait_again(read),
            },
            Pending::Plain(id) => {
                let answer = result.as_str().map(str::to_owned);
                vec![Effect::Answer(id, answer.ok_or_else(|| LightError::Unexpected(result.to_string())))]
            }
            Pending::Ignored => Vec::new(),
        }
    }

    fn on_error(&mut self, pending: Pending, error: &Value) -> Vec<Effect> {
        let error = LightError::Unexpected(error["message"].as_str().unwrap_or("error without a message").to_owned());
        match pending {
            Pending::Storage { read, .. } => self.fail(read, error),
            Pending::Plain(id) => vec![Effect::Answer(id, Err(error))],
            Pending::Follow | Pending::Header { .. } | Pending::Ignored => {
                tracing::warn!(target: "light", %error, "the light client refused a request");
                Vec::new()
            }
        }
    }

    fn on_event(&mut self, event: &Value, seen: Seen) -> Vec<Effect> {
        let operation = event["operationId"].as_str().unwrap_or_default();
        match event["event"].as_str().unwrap_or_default() {
            "initialized" => self.on_finalised(newest(hashes(&event["finalizedBlockHashes"])), true, seen),
            "finalized" => {
                let mut effects = self.on_finalised(hashes(&event["finalizedBlockHashes"]), false, seen);
                effects.extend(self.unpin(hashes(&event["prunedBlockHashes"])));
                effects
            }
            "operationStorageItems" => {
                self.on_items(operation, &event["items"]);
                Vec::new()
            }
            "operationStorageDone" => self.on_done(operation),
            "operationInaccessible" | "operationError" => match self.operations.remove(operation) {
                Some((read, _)) => self.fail(read, LightError::Inaccessible),
                None => Vec::new(),
            },
            "stop" => self.on_stop(),
            _ => Vec::new(),
        }
    }

    fn on_finalised(&mut self, hashes: Vec<String>, after_gap: bool, seen: Seen) -> Vec<Effect> {
        let Some(subscription) = self.subscription.clone() else { return Vec::new() };
        hashes
            .into_iter()
            .map(|hash| {
                let params = json!([subscription, hash]);
                self.request("chainHead_v1_header", params, Pending::Header { hash, seen, after_gap })
            })
            .collect()
    }

    fn on_header(&mut self, hash: String, header: &Value, seen: Seen, after_gap: bool) -> Vec<Effect> {
        let decoded = header.as_str().and_then(unhex).and_then(|bytes| decode_header(&bytes).ok());
        let raw_hash = unhex(&hash).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let (Some(said), Some(raw_hash)) = (decoded, raw_hash) else {
            tracing::warn!(target: "light", %hash, "a finalised header does not decode");
            return Vec::new();
        };
        let Said { number, slot, notices, set_changed } = said;
        let head = Head { number, hash: Hash::from(raw_hash), slot, notices, set_changed, after_gap, seen };
        let before = self.newest.replace((hash, head.clone()));
        let mut effects = vec![Effect::Head(head)];
        effects.extend(self.resume());
        // Reads at the head before were sent already and smoldot answers in order, so it may go.
        effects.extend(before.map(|(old, _)| self.unpin(vec![old])).unwrap_or_default());
        effects
    }

    fn on_items(&mut self, operation: &str, items: &Value) {
        let Some((read, index)) = self.operations.get(operation) else { return };
        let Some(read) = self.reads.get_mut(read) else { return };
        let Some(key) = read.keys.get(*index).map(|key| format!("0x{}", hex::encode(key))) else { return };
        for item in items.as_array().into_iter().flatten() {
            if item["key"].as_str() == Some(&key) {
                read.values[*index] = item["value"].as_str().and_then(unhex);
            }
        }
    }

    fn on_done(&mut self, operation: &str) -> Vec<Effect> {
        let Some((id, _)) = self.operations.remove(operation) else { return Vec::new() };
        let Some(read) = self.reads.get_mut(&id) else { return Vec::new() };
        read.open = read.open.saturating_sub(1);
        let ended = if read.open == 0 { self.reads.remove(&id) } else { None };
        let ended = ended.map(|read| Effect::Read(id, Ok((read.head, read.values))));
        ended.into_iter().chain(self.resume()).collect()
    }

    /// smoldot had no free slot after all: the whole read is made again at the next head.
    fn wait_again(&mut self, id: ReadId) -> Vec<Effect> {
        let Some(read) = self.reads.remove(&id) else { return Vec::new() };
        self.forget(id);
        if self.waiting.len() >= MAX_WAITING {
            return vec![Effect::Read(id, Err(LightError::Overloaded))];
        }
        self.waiting.push_front((id, read.keys));
        Vec::new()
    }

    fn fail(&mut self, id: ReadId, error: LightError) -> Vec<Effect> {
        self.forget(id);
        let failed = self.reads.remove(&id).map(|_| Effect::Read(id, Err(error)));
        failed.into_iter().chain(self.resume()).collect()
    }

    /// Drops what is still under way for a read, so that late answers do not meet its next attempt.
    fn forget(&mut self, id: ReadId) {
        self.operations.retain(|_, (read, _)| *read != id);
        for pending in self.pending.values_mut() {
            if matches!(pending, Pending::Storage { read, .. } if *read == id) {
                *pending = Pending::Ignored;
            }
        }
    }

    fn on_stop(&mut self) -> Vec<Effect> {
        self.subscription = None;
        self.newest = None;
        self.operations.clear();
        self.pending.retain(|_, pending| matches!(pending, Pending::Plain(_)));
        let mut effects: Vec<Effect> = std::mem::take(&mut self.reads)
            .into_keys()
            .map(|id| Effect::Read(id, Err(LightError::Interrupted)))
            .collect();
        effects.push(self.start());
        effects
    }

    fn unpin(&mut self, hashes: Vec<String>) -> Vec<Effect> {
        match &self.subscription {
            Some(subscription) if !hashes.is_empty() => {
                let params = json!([subscription, hashes]);
                vec![self.request("chainHead_v1_unpin", params, Pending::Ignored)]
            }
            _ => Vec::new(),
        }
    }
}

/// Only the last element: of the blocks finalised before we came, the newest is enough.
fn newest(mut hashes: Vec<String>) -> Vec<String> {
    hashes.split_off(hashes.len().saturating_sub(1))
}

fn hashes(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
