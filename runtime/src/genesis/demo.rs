//! The demo's network: four organisations with keys derived from their names.
//!
//! Everyone can derive these keys from the development phrase (`//ProvincialGrid`,
//! `//ProvincialGrid//aura` and so on), so nothing of value may run on them. They stand here as
//! numbers because the runtime cannot derive keys; the tests compare them with the derived ones.

use super::{peer_id, Founder, Network, Validator};
use alloc::format;
use loadstone_core::{AccountId, Balance, Name, OrganisationId, Participant, PublicKey, Role, YUAN};
use sp_core::hex2array;

/// Keys of an organisation that runs a validator.
pub struct Organisation {
    /// The derivation path of its account is this after `//`.
    pub path: &'static str,
    /// Shown to people.
    pub name: &'static str,
    /// What it may do.
    pub role: Role,
    /// `//path`: the account that it acts with.
    pub account: PublicKey,
    /// `//path//validator`: the account of its validator.
    pub validator: PublicKey,
    /// `//path//aura` (sr25519).
    pub aura: PublicKey,
    /// `//path//grandpa` (ed25519).
    pub grandpa: PublicKey,
    /// `//path//dag` (sr25519).
    pub dag: PublicKey,
    /// `//path//node` (ed25519): its node's network identity.
    pub node: PublicKey,
}

/// The organisations of the demo, in order of their ids from 1.
pub const DEMO_ORGANISATIONS: [Organisation; 4] = [
    Organisation {
        path: "ProvincialGrid",
        name: "Provincial grid company",
        role: Role::GridCompany,
        account: hex2array!("5a67be730376eee75fdeb7dd0aa2de98f5e1d72a4d3bf1b79cdff015e6b3297c"),
        validator: hex2array!("1e85b33dc4421a89454fdda74618bd3dc1e71b54d82ebfcac35940e9da2cf007"),
        aura: hex2array!("664f763404fcbb60bca7a6b9b4b83b43c5d2c1499d71552a22afa1dbf28c333f"),
        grandpa: hex2array!("6ae368f9d76158336ad10b8b3eb7fd65593fbe4a7898b0f80825c02f72462c3a"),
        dag: hex2array!("8cee5b7bcb7c734ab554f3a7550ce1e81e4464da87bb1ef8df4467e1fe426d3e"),
        node: hex2array!("6099af5028d76daf1e53c12cabe7325b1feb826f9234b65003373afac7f5da91"),
    },
    Organisation {
        path: "CityGrid",
        name: "City grid company",
        role: Role::GridCompany,
        account: hex2array!("6439d246e6f386a0fb0ec4472af2da8c8fd637015ea26436f04ed5ce13e4fe24"),
        validator: hex2array!("aebe769d0b0239e166cf9d30a978a8abaeefcb706df172bdb34423852c313224"),
        aura: hex2array!("788073a12ebad88911fc65b931f76dc53814df2fc79c28d4fa9dede403536037"),
        grandpa: hex2array!("cc6d551cf56acd83439d0d1e5a727f60b344049316843b0338890223077e557d"),
        dag: hex2array!("c429e73a66e0450fe87c64040703de12350b46f9cf1c40d44a5a73b29ebc7567"),
        node: hex2array!("b0481b146891258dd339f1b0e838af739d9096f0ea3f51c2f24df7e5f457e213"),
    },
    Organisation {
        path: "AggregatorNorth",
        name: "Aggregator North",
        role: Role::Aggregator,
        account: hex2array!("843ca69dda86bf3bbaf95857136a5d9ca4e63dbe8d82e089573364fd5090b54e"),
        validator: hex2array!("a4a62f3b2d3beff78f342f0dc3a466bfeb1990c50292ac5251513090df4bd47d"),
        aura: hex2array!("feeda2ed9450b57479607769a62b5d0d26d1913f569d7b8f53078a9de325315c"),
        grandpa: hex2array!("b88336060e5c70705d41b39b15696c0a71fe539c68c88b6e2ee6885c9880534f"),
        dag: hex2array!("7a52fb05ea984c7ed30ba80cb2d7ad743ada831aa43fe0443239708129f2e150"),
        node: hex2array!("d59308a0c9580669595b30d3b29586f459b81a6f372cc79d03709492fc3fc46d"),
    },
    Organisation {
        path: "AggregatorSouth",
        name: "Aggregator South",
        role: Role::Aggregator,
        account: hex2array!("1a3fc3d3a97131290e45b72939203e0ae7bda7894deaf0831bf4907fa4159330"),
        validator: hex2array!("106bc29e5b4565a1da803e6b646481ba7f2363d341745a894ae251094b721265"),
        aura: hex2array!("40737de7304b0addb447895fbd57e72381f67a3cbdad88978b2f873073f91433"),
        grandpa: hex2array!("18fd30458bbe354c9adaff28534a7c111eae0918df8993eb3f24968a331c2351"),
        dag: hex2array!("30982193801fea07fd0e0ebb2c324346e286140ff5fe462870eaf7a2f6e9521c"),
        node: hex2array!("60c64106c93c46b429bafd80255909f6236d71cee09bd248dd3c9ec5a08de5ba"),
    },
];

/// `//Regulator`.
pub const REGULATOR: PublicKey = hex2array!("c8deda87de3680643d220b32679a646c56e5fd15c14100cb81555de939ea1f3d");
/// `//Auditor`.
pub const AUDITOR: PublicKey = hex2array!("44f4045febaaaaab30d2efb6aac7d5a0317778f8af3230fb962e2104e060f74b");

/// Opening balance of a grid company, which pays.
const GRID_COMPANY_BALANCE: Balance = 100_000_000 * YUAN;
/// Opening balance of an aggregator, which gives bonds.
const AGGREGATOR_BALANCE: Balance = 10_000_000 * YUAN;
/// Opening balance of those who watch, or are paid.
const WATCHER_BALANCE: Balance = 1_000 * YUAN;

/// Gateway port of the first validator; the next ones follow.
const FIRST_GATEWAY_PORT: usize = 9_800;

fn founder(account: PublicKey, role: Role, organisation: usize, name: &str) -> Founder {
    let balance = match role {
        Role::GridCompany => GRID_COMPANY_BALANCE,
        Role::Aggregator => AGGREGATOR_BALANCE,
        Role::Regulator | Role::Auditor | Role::Customer => WATCHER_BALANCE,
    };
    let participant = Participant {
        role,
        organisation: OrganisationId(organisation as u16),
        name: Name::truncate_from(name.as_bytes().to_vec()),
        frozen: false,
    };
    Founder { account: AccountId::new(account), participant, balance }
}

/// The demo's network with its first `validators` validators and all its participants.
pub fn network(validators: usize) -> Network {
    let mut network = Network::default();
    for (index, organisation) in DEMO_ORGANISATIONS.iter().enumerate() {
        network.founders.push(founder(organisation.account, organisation.role, index + 1, organisation.name));
        if organisation.role == Role::GridCompany {
            network.council.push(AccountId::new(organisation.account));
        }
        if index < validators {
            network.validators.push(Validator {
                account: AccountId::new(organisation.validator),
                organisation: OrganisationId(index as u16 + 1),
                aura: organisation.aura,
                grandpa: organisation.grandpa,
                dag: organisation.dag,
                peer: peer_id(organisation.node),
                gateway: format!("ws://127.0.0.1:{}", FIRST_GATEWAY_PORT + index).into_bytes(),
            });
        }
    }
    let watchers = DEMO_ORGANISATIONS.len() + 1;
    network.founders.push(founder(REGULATOR, Role::Regulator, watchers, "Regulator"));
    network.founders.push(founder(AUDITOR, Role::Auditor, watchers + 1, "Auditor"));
    network
}
