//! A chain of the real runtime: whole blocks through its executive, authors by slot, signed transactions.

use codec::Encode;
use loadstone_core::{Hash, Millis};
use loadstone_runtime::{
    constants::DEFAULT_SLOT_MILLIS, extensions, genesis, AccountId, Executive, Header, RuntimeCall, SignedPayload,
    System, UncheckedExtrinsic,
};
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_core::{sr25519, Pair};
use sp_io::TestExternalities;
use sp_runtime::{generic::Era, Digest, DigestItem};
use std::collections::BTreeMap;

/// The demo's network: four validators, two grid companies, two aggregators.
pub struct Chain {
    externalities: TestExternalities,
    keys: BTreeMap<&'static str, sr25519::Pair>,
    number: u32,
    parent: Hash,
    now: Millis,
}

/// Who sends a call.
pub enum By {
    /// Whoever holds the key at this development path.
    Signer(&'static str),
    /// Nobody: the call authorises itself.
    Nobody,
}

/// The account at a development path.
pub fn account(path: &str) -> AccountId {
    AccountId::new(pair(path).public().0)
}

/// The key pair at a development path.
pub fn pair(path: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(path, None).expect("a valid path")
}

impl Chain {
    /// Before its first block.
    pub fn new() -> Self {
        let mut externalities: TestExternalities =
            genesis::storage(genesis::DEMO_PRESET).expect("the preset builds").into();
        let parent = externalities.execute_with(|| System::block_hash(0));
        Self { externalities, keys: BTreeMap::new(), number: 0, parent, now: Millis(0) }
    }

    /// Hash that signatures and seals are bound to.
    pub fn genesis(&mut self) -> Hash {
        self.read(|| System::block_hash(0))
    }

    /// Hash of the newest block.
    pub fn head(&self) -> Hash {
        self.parent
    }

    /// Time of the newest block.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Looks at the state.
    pub fn read<R>(&mut self, look: impl FnOnce() -> R) -> R {
        self.externalities.execute_with(look)
    }

    /// The next block, not before `at`, in which each call must succeed.
    pub fn block(&mut self, at: Millis, calls: Vec<(By, RuntimeCall)>) {
        for (call, outcome) in self.outcomes(at, calls) {
            assert_eq!(outcome, None, "{call}");
        }
    }

    /// A block that holds one call; why it was refused in dispatch, if it was.
    pub fn refusal(&mut self, at: Millis, by: By, call: RuntimeCall) -> Option<String> {
        self.outcomes(at, vec![(by, call)]).pop().and_then(|(_, outcome)| outcome)
    }

    /// Empty blocks, one a slot.
    pub fn rest(&mut self, blocks: u32) {
        for _ in 0..blocks {
            self.block(self.now, Vec::new());
        }
    }

    fn outcomes(&mut self, at: Millis, calls: Vec<(By, RuntimeCall)>) -> Vec<(String, Option<String>)> {
        let slot = (at.0 / DEFAULT_SLOT_MILLIS).max(self.now.0 / DEFAULT_SLOT_MILLIS + 1);
        (self.now, self.number) = (Millis(slot * DEFAULT_SLOT_MILLIS), self.number + 1);
        let (number, parent, now) = (self.number, self.parent, self.now);
        self.read(|| {
            let digest = Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode())] };
            Executive::initialize_block(&Header {
                number,
                parent_hash: parent,
                state_root: Hash::zero(),
                extrinsics_root: Hash::zero(),
                digest,
            });
        });
        let time = UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now: now.0 }.into());
        self.read(|| Executive::apply_extrinsic(time).expect("valid").expect("the slot's time"));
        let outcomes = calls.into_iter().map(|(by, call)| self.outcome(by, call)).collect();
        self.parent = self.read(|| Executive::finalize_block().hash());
        self.externalities.commit_all().expect("no transaction is open");
        outcomes
    }

    fn outcome(&mut self, by: By, call: RuntimeCall) -> (String, Option<String>) {
        let shown = format!("{call:?}").chars().take(120).collect::<String>();
        let extrinsic = match by {
            By::Nobody => UncheckedExtrinsic::new_transaction(call, extensions::feeless()),
            By::Signer(path) => self.signed(path, call),
        };
        let applied = self.read(|| Executive::apply_extrinsic(extrinsic));
        let outcome = applied.unwrap_or_else(|error| panic!("{shown}: no block takes it: {error:?}"));
        (shown, outcome.err().map(|error| format!("{error:?}")))
    }

    fn signed(&mut self, path: &'static str, call: RuntimeCall) -> UncheckedExtrinsic {
        let pair = self.keys.entry(path).or_insert_with(|| pair(path)).clone();
        let who = AccountId::new(pair.public().0);
        self.read(|| {
            let nonce = System::account_nonce(&who);
            let payload = SignedPayload::new(call, extensions::signed(nonce, Era::Immortal)).expect("complete");
            let signature = payload.using_encoded(|bytes| pair.sign(bytes));
            let (call, extension, _) = payload.deconstruct();
            UncheckedExtrinsic::new_signed(call, who.into(), signature.into(), extension)
        })
    }
}
