//! Raw storage keys of everything on chain that a client reads, proves or verifies.
//!
//! Key of a value = twox128(pallet) ++ twox128(item); of a map entry, that ++ hasher(key) for each
//! key in turn. Maps over small ids hash with Twox64Concat, maps over accounts and hashes with
//! Blake2_128Concat. The runtime's tests compare these with the pallets' own keys.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use loadstone_core::{
    AccountId, AnchorNumber, AreaId, BlockNumber, CaseId, DeviceId, Direction, EventId, ProgrammeId, ProgrammeVersion,
    PublicKey, ResourceId,
};
use loadstone_market::supervision::Subject;
use sp_crypto_hashing::{blake2_128, twox_128, twox_64};

/// Prefix of a storage item, which is the whole key of a value: twox128(pallet) ++ twox128(item).
pub fn item(pallet: &str, item: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(32);
    key.extend_from_slice(&twox_128(pallet.as_bytes()));
    key.extend_from_slice(&twox_128(item.as_bytes()));
    key
}

/// Appends `id` under Twox64Concat: twox64(encoded) ++ encoded.
pub fn push_twox(key: &mut Vec<u8>, id: &impl Encode) {
    let encoded = id.encode();
    key.extend_from_slice(&twox_64(&encoded));
    key.extend_from_slice(&encoded);
}

/// Appends `id` under Blake2_128Concat: blake2_128(encoded) ++ encoded.
pub fn push_blake(key: &mut Vec<u8>, id: &impl Encode) {
    let encoded = id.encode();
    key.extend_from_slice(&blake2_128(&encoded));
    key.extend_from_slice(&encoded);
}

/// What stands behind the Twox64Concat hash of the last key part of a full `key`: the `width`-byte
/// encoding at its end. `None` when the key is shorter than that.
pub fn last_part(key: &[u8], width: usize) -> Option<&[u8]> {
    key.len().checked_sub(width).and_then(|start| key.get(start..))
}

macro_rules! values {
    ($($(#[$doc:meta])* $name:ident: $pallet:literal / $item:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name() -> Vec<u8> {
            item($pallet, $item)
        }
    )*};
}

macro_rules! maps {
    ($($(#[$doc:meta])* $name:ident($($push:ident $arg:ident: $ty:ty),+): $pallet:literal / $item:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name($($arg: $ty),+) -> Vec<u8> {
            let mut key = item($pallet, $item);
            $($push(&mut key, &$arg);)+
            key
        }
    )*};
}

values! {
    /// `System::Number`: u32.
    system_number: "System" / "Number";
    /// `System::Events`: the block's event records.
    system_events: "System" / "Events";
    /// `Timestamp::Now`: chain time in milliseconds, u64.
    timestamp_now: "Timestamp" / "Now";
    /// `Balances::TotalIssuance`: u128.
    total_issuance: "Balances" / "TotalIssuance";
    /// `Session::Validators`: `Vec<AccountId>`.
    session_validators: "Session" / "Validators";
    /// `Session::CurrentIndex`: u32.
    session_index: "Session" / "CurrentIndex";
    /// `Grandpa::Authorities`: the GRANDPA authority list.
    grandpa_authorities: "Grandpa" / "Authorities";
    /// `Grandpa::CurrentSetId`: u64.
    grandpa_set_id: "Grandpa" / "CurrentSetId";
    /// `Registry::NextResource`: `ResourceId`.
    next_resource: "Registry" / "NextResource";
    /// `Registry::ValidatorSet`: accounts that validate from the next session on.
    validator_set: "Registry" / "ValidatorSet";
    /// `Bids::NextEvent`: `EventId`.
    next_event: "Bids" / "NextEvent";
    /// `DagAnchor::Epoch`: u32, the epoch in force.
    epoch: "DagAnchor" / "Epoch";
    /// `DagAnchor::Committee`: `BoundedVec<Member, 64>`, the committee of the epoch in force.
    committee: "DagAnchor" / "Committee";
    /// `DagAnchor::NextCommittee`: as `Committee`; there while the epoch is closing.
    next_committee: "DagAnchor" / "NextCommittee";
    /// `DagAnchor::EpochStart`: the `Anchor` that the epoch in force starts from.
    epoch_start: "DagAnchor" / "EpochStart";
    /// `DagAnchor::Latest`: the newest `Anchor`.
    latest_anchor: "DagAnchor" / "Latest";
    /// `DagAnchor::Peaks`: `MmrPeaks` over the hashes of all anchors.
    peaks: "DagAnchor" / "Peaks";
    /// `ExecutionScore::Awaiting`: dispatched events without a cut-off.
    awaiting: "ExecutionScore" / "Awaiting";
    /// `Supervision::Rules`: `SupervisionRules`.
    supervision_rules: "Supervision" / "Rules";
    /// Prefix of `Supervision::Cases`; the last four bytes of a key are the number.
    cases: "Supervision" / "Cases";
    /// Prefix of `Supervision::Feeders`; the last four bytes of a key are the resource.
    feeders: "Supervision" / "Feeders";
}

maps! {
    /// `System::Account`: nonce, references and balances of an account.
    account(push_blake who: &AccountId): "System" / "Account";
    /// `System::BlockHash`: hash of a recent block.
    block_hash(push_twox number: BlockNumber): "System" / "BlockHash";
    /// `Balances::Holds`: holds of an account by reason.
    holds(push_blake who: &AccountId): "Balances" / "Holds";
    /// `Equivocation::VoteFaults`: what a validator was last convicted of: count, set, round.
    vote_fault(push_twox who: &AccountId): "Equivocation" / "VoteFaults";
    /// `Registry::Participants`: `Participant`.
    participant(push_blake who: &AccountId): "Registry" / "Participants";
    /// `Registry::Resources`: `Resource`.
    resource(push_twox id: ResourceId): "Registry" / "Resources";
    /// `Registry::Customers`: `Customer`.
    customer(push_twox id: ResourceId): "Registry" / "Customers";
    /// `Registry::Devices`: `Device`.
    device(push_twox id: DeviceId): "Registry" / "Devices";
    /// `Registry::Validators`: `ValidatorInfo`.
    validator(push_blake who: &AccountId): "Registry" / "Validators";
    /// `Bids::Programmes`: `Programme`.
    programme(push_twox id: ProgrammeId, push_twox version: ProgrammeVersion): "Bids" / "Programmes";
    /// `Bids::LatestVersion`: `ProgrammeVersion`.
    latest_version(push_twox id: ProgrammeId): "Bids" / "LatestVersion";
    /// `Bids::PotSpent`: what events under a version with a pot cost, in micro-yuan.
    pot_spent(push_twox id: ProgrammeId, push_twox version: ProgrammeVersion): "Bids" / "PotSpent";
    /// `Bids::Events`: `Event`.
    event(push_twox id: EventId): "Bids" / "Events";
    /// `Bids::Commitments`: `Commitment` of a bidder's batch.
    commitment(push_twox event: EventId, push_blake place: &(AccountId, u16)): "Bids" / "Commitments";
    /// `Bids::Bidders`: number of a bidder's batches, and the bond of those revealed.
    bidder(push_twox event: EventId, push_blake who: &AccountId): "Bids" / "Bidders";
    /// `Bids::EventCustomers`: account with which a resource's owner shares its pay.
    event_customer(push_twox event: EventId, push_twox resource: ResourceId): "Bids" / "EventCustomers";
    /// `Bids::Reserved`: windows for which a resource is bid or sold in a direction.
    reserved(push_twox resource: ResourceId, push_twox direction: Direction): "Bids" / "Reserved";
    /// `Bids::Segments`: `Segments`.
    segments(push_twox event: EventId, push_twox resource: ResourceId): "Bids" / "Segments";
    /// `Bids::Buckets`: `Watts` offered in a price bucket.
    bucket(push_twox event: EventId, push_twox index: u32): "Bids" / "Buckets";
    /// `Bids::Clearings`: `Clearing`.
    clearing(push_twox event: EventId): "Bids" / "Clearings";
    /// `Bids::EventResources`: `ResourceId` at a place in the event's list.
    event_resource(push_twox event: EventId, push_twox index: u32): "Bids" / "EventResources";
    /// `Bids::EventResourceCount`: u32.
    event_resource_count(push_twox event: EventId): "Bids" / "EventResourceCount";
    /// `Dispatch::Orders`: the current `Order`.
    order(push_twox area: AreaId, push_twox direction: Direction): "Dispatch" / "Orders";
    /// `Dispatch::Availabilities`: `Availability`.
    availability(push_twox resource: ResourceId, push_twox direction: Direction): "Dispatch" / "Availabilities";
    /// `Dispatch::RankPages`: what is on offer at consecutive ranks, by epoch.
    rank_page(push_twox place: (AreaId, Direction), push_twox number: u16): "Dispatch" / "RankPages";
    /// `Dispatch::Selections`: how the current emergency order chose, as `Selection`.
    selection(push_twox area: AreaId, push_twox direction: Direction): "Dispatch" / "Selections";
    /// `DagAnchor::Anchors`: `Anchor`, while it is kept.
    anchor(push_twox number: AnchorNumber): "DagAnchor" / "Anchors";
    /// `DagAnchor::DeviceFaults`: what was reported of a device's forks.
    device_fault(push_twox id: DeviceId): "DagAnchor" / "DeviceFaults";
    /// `DagAnchor::PastCommittees`: as `Committee`, by epoch, while it is kept.
    past_committee(push_twox epoch: u32): "DagAnchor" / "PastCommittees";
    /// `ExecutionScore::Cutoffs`: `AnchorNumber`.
    cutoff(push_twox event: EventId): "ExecutionScore" / "Cutoffs";
    /// `ExecutionScore::Records`: `EventRecord`.
    record(push_twox event: EventId, push_twox resource: ResourceId): "ExecutionScore" / "Records";
    /// `ExecutionScore::Histograms`: counts of accuracies by per cent.
    histogram(push_twox event: EventId): "ExecutionScore" / "Histograms";
    /// `ExecutionScore::Scores`: `Score`.
    score(push_twox event: EventId, push_twox resource: ResourceId): "ExecutionScore" / "Scores";
    /// `ExecutionScore::Credits`: `Credit`.
    credit(push_twox resource: ResourceId): "ExecutionScore" / "Credits";
    /// `ExecutionScore::Profiles`: `Profile`.
    profile(push_twox resource: ResourceId): "ExecutionScore" / "Profiles";
    /// `ExecutionScore::Past`: `PastEvents`.
    past_events(push_twox resource: ResourceId): "ExecutionScore" / "Past";
    /// `ExecutionScore::Hearings`: what was shown of a disputed record's device so far, as `Hearing`.
    hearing(push_twox event: EventId, push_twox resource: ResourceId): "ExecutionScore" / "Hearings";
    /// `ExecutionScore::Replaced`: the wrong `EventRecord` that a referee replaced.
    replaced_record(push_twox event: EventId, push_twox resource: ResourceId): "ExecutionScore" / "Replaced";
    /// `ExecutionScore::Convictions`: in which epoch's committee an account signed a wrong record, u32.
    conviction(push_blake who: &AccountId, push_twox of: (EventId, ResourceId)): "ExecutionScore" / "Convictions";
    /// `Settlement::Disputes`: `Dispute`.
    dispute(push_twox event: EventId, push_twox resource: ResourceId): "Settlement" / "Disputes";
    /// `Settlement::Escrows`: what is held for an event.
    escrow(push_twox event: EventId): "Settlement" / "Escrows";
    /// `Settlement::Statements`: `Statement`.
    statement(push_twox event: EventId, push_twox resource: ResourceId): "Settlement" / "Statements";
    /// `Settlement::Totals`: claims, penalties and payments of an event.
    totals(push_twox event: EventId): "Settlement" / "Totals";
    /// `Settlement::Claimables`: money that a failed transfer left to be fetched.
    claimable(push_blake who: &AccountId): "Settlement" / "Claimables";
    /// `Supervision::Cases`: `Case`, while it is kept.
    case(push_twox id: CaseId): "Supervision" / "Cases";
    /// `Supervision::OutcomesOf`: `Outcomes`.
    outcomes(push_blake subject: &Subject): "Supervision" / "OutcomesOf";
    /// `Supervision::TalliesOf`: each organisation's part in an event, while it is kept.
    tallies(push_twox event: EventId): "Supervision" / "TalliesOf";
}

/// `Session::KeyOwner`: the validator that a session key of this type (such as `gran`) belongs to.
pub fn key_owner(key_type: [u8; 4], public: &PublicKey) -> Vec<u8> {
    let mut key = item("Session", "KeyOwner");
    push_twox(&mut key, &(key_type, &public[..]));
    key
}

/// Prefix of the keys of all convictions; the last 32 bytes are the validator's account.
pub fn vote_faults() -> Vec<u8> {
    item("Equivocation", "VoteFaults")
}

/// Area and direction of a key of `Dispatch::Orders`; `None` when it is none.
pub fn order_place(key: &[u8]) -> Option<(AreaId, Direction)> {
    let area = AreaId::decode(&mut key.get(40..42)?).ok()?;
    let direction = Direction::decode(&mut last_part(key, 1)?).ok()?;
    (order(area, direction) == key).then_some((area, direction))
}

/// Prefix of the keys of all commitments in an event.
pub fn commitments_of(event: EventId) -> Vec<u8> {
    let mut key = item("Bids", "Commitments");
    push_twox(&mut key, &event);
    key
}

/// Prefix of the keys of all disputes in an event; the last four bytes are the resource.
pub fn disputes_of(event: EventId) -> Vec<u8> {
    let mut key = item("Settlement", "Disputes");
    push_twox(&mut key, &event);
    key
}

/// Prefix of the keys of all price buckets of an event; the last four bytes are the index.
pub fn buckets_of(event: EventId) -> Vec<u8> {
    let mut key = item("Bids", "Buckets");
    push_twox(&mut key, &event);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> alloc::string::String {
        bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
    }

    #[test]
    fn values_have_the_keys_that_every_substrate_tool_knows() {
        // GIVEN keys published for every Substrate chain THEN ours equal them
        assert_eq!(hex(&timestamp_now()), "f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb");
        assert_eq!(hex(&system_number()), "26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac");
        assert_eq!(hex(&system_events()), "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7");
        assert_eq!(hex(&grandpa_authorities()), "5f9cc45b7a00c5899361e1c6099678dc5e0621c4869aa60c02be9adcc98a0d1d");
    }

    #[test]
    fn an_account_key_is_prefix_hash_and_account() {
        // GIVEN Alice's account
        let alice = AccountId::new(sp_keyring::Sr25519Keyring::Alice.public().0);
        // THEN the key equals the one that explorers show for her
        assert_eq!(
            hex(&account(&alice)),
            "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9\
             de1e86a9a8c739864cf3cc5ec2bea59fd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
        );
    }

    #[test]
    fn map_keys_end_in_their_encoded_parts() {
        // GIVEN keys of maps with one and two parts
        let event_key = event(EventId(7));
        let segments_key = segments(EventId(7), ResourceId(9));
        // THEN lengths and tails follow the hashers
        assert_eq!(event_key.len(), 32 + 8 + 4);
        assert_eq!(last_part(&event_key, 4), Some(&7u32.to_le_bytes()[..]));
        assert_eq!(segments_key.len(), 32 + 2 * (8 + 4));
        assert_eq!(last_part(&segments_key, 4), Some(&9u32.to_le_bytes()[..]));
        assert_eq!(&segments_key[32..44], &event_key[32..44]);
        assert_eq!(order(AreaId(1), Direction::Up).len(), 32 + 8 + 2 + 8 + 1);
        assert_eq!(rank_page((AreaId(1), Direction::Up), 3).len(), 32 + 8 + 3 + 8 + 2);
        assert_eq!(last_part(&[1, 2], 3), None);
        assert_eq!(order_place(&order(AreaId(258), Direction::Up)), Some((AreaId(258), Direction::Up)));
        assert_eq!(order_place(&event_key), None);
    }

    #[test]
    fn prefixes_start_the_keys_of_their_entries() {
        let who = AccountId::new([4; 32]);
        assert!(commitment(EventId(3), &(who.clone(), 0)).starts_with(&commitments_of(EventId(3))));
        assert!(bucket(EventId(3), 5).starts_with(&buckets_of(EventId(3))));
        assert!(!bucket(EventId(4), 5).starts_with(&buckets_of(EventId(3))));
        assert!(dispute(EventId(3), ResourceId(5)).starts_with(&disputes_of(EventId(3))));
        assert!(vote_fault(&who).starts_with(&vote_faults()));
        assert_eq!(last_part(&vote_fault(&who), 32), Some(&[4; 32][..]));
    }

    #[test]
    fn a_session_key_is_found_by_its_type_and_bytes() {
        // GIVEN a session key WHEN its owner's place is asked for
        let key = key_owner(*b"gran", &[7; 32]);
        // THEN it ends in the type and the key, as bytes behind their count
        let tail = [&b"gran"[..], &[32 << 2], &[7; 32]].concat();
        assert_eq!(last_part(&key, 37), Some(&tail[..]));
        assert_eq!(key.len(), 32 + 8 + 37);
    }
}
