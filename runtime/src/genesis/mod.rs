//! Genesis: what a network consists of, and the presets that ship with the runtime.

mod demo;
#[cfg(feature = "std")]
mod storage;

use crate::{
    constants::DEFAULT_SLOT_MILLIS, AccountId, Balance, BalancesConfig, CouncilConfig, PaceConfig, RegistryConfig,
    RuntimeGenesisConfig, SessionConfig, SessionKeys,
};
use alloc::{collections::BTreeMap, vec, vec::Vec};
use frame_support::build_struct_json_patch;
use loadstone_core::{BoundedVec, Name, OrganisationId, Participant, PublicKey, Role, ValidatorInfo, YUAN};
use serde_json::Value;
use sp_core::{ed25519, sr25519};
use sp_genesis_builder::PresetId;

pub use demo::DEMO_ORGANISATIONS;
#[cfg(feature = "std")]
pub use storage::storage;

/// Preset of four validators of four organisations with development keys.
pub const DEMO_PRESET: &str = "demo";

/// Fewest validators of which no organisation holds a third.
const SMALLEST_SET: usize = 4;

/// What an account that only signs starts with.
const SIGNING_BALANCE: Balance = YUAN;

/// A validator and where it is found.
#[derive(Clone, Debug)]
pub struct Validator {
    /// Stands for it on chain.
    pub account: AccountId,
    /// The legal person behind it.
    pub organisation: OrganisationId,
    /// Signs blocks (sr25519).
    pub aura: PublicKey,
    /// Votes for finality (ed25519).
    pub grandpa: PublicKey,
    /// Signs witnesses, anchors and records (sr25519).
    pub dag: PublicKey,
    /// libp2p peer id, as multihash bytes.
    pub peer: Vec<u8>,
    /// WebSocket address of its gateway for devices; may be empty.
    pub gateway: Vec<u8>,
}

/// A registered account with its opening balance in micro-yuan.
#[derive(Clone, Debug)]
pub struct Founder {
    /// The account.
    pub account: AccountId,
    /// What the registry keeps of it.
    pub participant: Participant,
    /// Opening balance.
    pub balance: Balance,
}

/// Everything that a new network starts from.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// At least four, none of whose organisations holds a third.
    pub validators: Vec<Validator>,
    /// Participants from the first block on.
    pub founders: Vec<Founder>,
    /// Members of the council.
    pub council: Vec<AccountId>,
    /// Length of a slot in milliseconds, 50 to 60,000; the runtime's own where it is `None`.
    pub slot_ms: Option<u64>,
}

/// libp2p's peer id of an ed25519 node key: the identity multihash of the key's protobuf.
pub fn peer_id(node_key: PublicKey) -> Vec<u8> {
    let mut id = vec![0, 36, 8, 1, 18, 32];
    id.extend_from_slice(&node_key);
    id
}

impl Validator {
    fn session_keys(&self) -> SessionKeys {
        SessionKeys {
            aura: sr25519::Public::from_raw(self.aura).into(),
            grandpa: ed25519::Public::from_raw(self.grandpa).into(),
            dag: sr25519::Public::from_raw(self.dag).into(),
        }
    }

    fn participant(&self) -> Participant {
        Participant {
            role: Role::Auditor,
            organisation: self.organisation,
            name: Name::truncate_from(b"Validator".to_vec()),
            frozen: false,
        }
    }

    fn info(&self) -> ValidatorInfo {
        ValidatorInfo {
            organisation: self.organisation,
            peer: BoundedVec::truncate_from(self.peer.clone()),
            gateway: BoundedVec::truncate_from(self.gateway.clone()),
        }
    }
}

impl Network {
    /// The genesis configuration that sets this network up, as a patch of the default one.
    pub fn patch(&self) -> Value {
        let keys = self.validators.iter().map(|v| (v.account.clone(), v.account.clone(), v.session_keys())).collect();
        build_struct_json_patch!(RuntimeGenesisConfig {
            balances: BalancesConfig { balances: self.balances() },
            council: CouncilConfig { members: self.council.clone() },
            session: SessionConfig { keys },
            registry: RegistryConfig { participants: self.participants(), validators: self.appointed() },
            pace: PaceConfig { slot_ms: self.slot_ms.unwrap_or(DEFAULT_SLOT_MILLIS) },
        })
    }

    /// Everyone who is registered at genesis. A validator's account may do nothing but look after its
    /// validator, so it stands in the role that changes nothing.
    fn participants(&self) -> Vec<(AccountId, Participant)> {
        let mut participants: BTreeMap<_, _> =
            self.validators.iter().map(|v| (v.account.clone(), v.participant())).collect();
        participants.extend(self.founders.iter().map(|f| (f.account.clone(), f.participant.clone())));
        participants.into_iter().collect()
    }

    /// The validators as the registry keeps them. With fewer than it accepts as a set, the session
    /// keys alone say who validates: that is a development chain.
    fn appointed(&self) -> Vec<(AccountId, ValidatorInfo)> {
        if self.validators.len() < SMALLEST_SET {
            return Vec::new();
        }
        self.validators.iter().map(|v| (v.account.clone(), v.info())).collect()
    }

    /// Opening balances; validators' accounts get what they need to exist.
    fn balances(&self) -> Vec<(AccountId, Balance)> {
        let mut balances: BTreeMap<_, _> =
            self.validators.iter().map(|v| (v.account.clone(), SIGNING_BALANCE)).collect();
        for founder in &self.founders {
            let balance = balances.entry(founder.account.clone()).or_default();
            *balance = balance.saturating_add(founder.balance);
        }
        balances.into_iter().filter(|(_, balance)| *balance > 0).collect()
    }
}

/// Names of the presets.
pub fn names() -> Vec<PresetId> {
    vec![PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET), PresetId::from(DEMO_PRESET)]
}

/// The preset of this name, as JSON.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let network = match AsRef::<str>::as_ref(id) {
        sp_genesis_builder::DEV_RUNTIME_PRESET => demo::network(1),
        DEMO_PRESET => demo::network(DEMO_ORGANISATIONS.len()),
        _ => return None,
    };
    serde_json::to_vec(&network.patch()).ok()
}
