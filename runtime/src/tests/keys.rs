//! The raw keys that clients read equal the pallets' own.

use super::*;
use crate::{equivocation::VoteFaults, Runtime};
use frame_support::storage::storage_prefix;
use loadstone_core::{
    AnchorNumber, AreaId, CaseId, DeviceId, Direction, EventId, OrganisationId, ProgrammeId, ProgrammeVersion,
    ResourceId,
};
use loadstone_evidence::keys;
use loadstone_market::supervision::Subject;
use sp_core::crypto::KeyTypeId;

const EVENT: EventId = EventId(7);
const RESOURCE: ResourceId = ResourceId(11);
const DEVICE: DeviceId = DeviceId(11);
const AREA: AreaId = AreaId(3);
const ANCHOR: AnchorNumber = AnchorNumber(9);

fn who() -> AccountId {
    account("//AggregatorNorth")
}

#[test]
fn values_stand_where_clients_look() {
    // GIVEN the pallets' values WHEN their keys are compared with the clients' THEN they are equal
    assert_eq!(storage_prefix(b"System", b"Number").to_vec(), keys::system_number());
    assert_eq!(pallet_timestamp::Now::<Runtime>::hashed_key().to_vec(), keys::timestamp_now());
    assert_eq!(pallet_balances::TotalIssuance::<Runtime>::hashed_key().to_vec(), keys::total_issuance());
    assert_eq!(pallet_session::Validators::<Runtime>::hashed_key().to_vec(), keys::session_validators());
    assert_eq!(pallet_session::CurrentIndex::<Runtime>::hashed_key().to_vec(), keys::session_index());
    assert_eq!(pallet_grandpa::Authorities::<Runtime>::hashed_key().to_vec(), keys::grandpa_authorities());
    assert_eq!(pallet_grandpa::CurrentSetId::<Runtime>::hashed_key().to_vec(), keys::grandpa_set_id());
    assert_eq!(pallet_registry::NextResource::<Runtime>::hashed_key().to_vec(), keys::next_resource());
    assert_eq!(pallet_registry::ValidatorSet::<Runtime>::hashed_key().to_vec(), keys::validator_set());
    assert_eq!(pallet_bids::NextEvent::<Runtime>::hashed_key().to_vec(), keys::next_event());
    assert_eq!(pallet_dag_anchor::Epoch::<Runtime>::hashed_key().to_vec(), keys::epoch());
    assert_eq!(pallet_dag_anchor::Committee::<Runtime>::hashed_key().to_vec(), keys::committee());
    assert_eq!(pallet_dag_anchor::NextCommittee::<Runtime>::hashed_key().to_vec(), keys::next_committee());
    assert_eq!(pallet_dag_anchor::EpochStart::<Runtime>::hashed_key().to_vec(), keys::epoch_start());
    assert_eq!(pallet_dag_anchor::Latest::<Runtime>::hashed_key().to_vec(), keys::latest_anchor());
    assert_eq!(pallet_dag_anchor::Peaks::<Runtime>::hashed_key().to_vec(), keys::peaks());
    assert_eq!(pallet_execution_score::Awaiting::<Runtime>::hashed_key().to_vec(), keys::awaiting());
}

#[test]
fn accounts_and_the_registry_stand_where_clients_look() {
    // GIVEN the maps of the base and of the registry THEN their keys are the clients'
    assert_eq!(frame_system::Account::<Runtime>::hashed_key_for(who()), keys::account(&who()));
    assert_eq!(frame_system::BlockHash::<Runtime>::hashed_key_for(5), keys::block_hash(5));
    assert_eq!(pallet_balances::Holds::<Runtime>::hashed_key_for(who()), keys::holds(&who()));
    let owner = pallet_session::KeyOwner::<Runtime>::hashed_key_for((KeyTypeId(*b"gran"), vec![7; 32]));
    assert_eq!(owner, keys::key_owner(*b"gran", &[7; 32]));
    assert_eq!(VoteFaults::<Runtime>::hashed_key_for(who()), keys::vote_fault(&who()));
    assert_eq!(storage_prefix(b"Equivocation", b"VoteFaults").to_vec(), keys::vote_faults());
    assert_eq!(pallet_registry::Participants::<Runtime>::hashed_key_for(who()), keys::participant(&who()));
    assert_eq!(pallet_registry::Validators::<Runtime>::hashed_key_for(who()), keys::validator(&who()));
    assert_eq!(pallet_registry::Resources::<Runtime>::hashed_key_for(RESOURCE), keys::resource(RESOURCE));
    assert_eq!(pallet_registry::Devices::<Runtime>::hashed_key_for(DEVICE), keys::device(DEVICE));
    assert_eq!(pallet_registry::Customers::<Runtime>::hashed_key_for(RESOURCE), keys::customer(RESOURCE));
}

#[test]
fn bids_stand_where_clients_look() {
    // GIVEN the maps of bids THEN their keys are the clients'
    let (programme, version) = (ProgrammeId(2), ProgrammeVersion(3));
    assert_eq!(
        pallet_bids::Programmes::<Runtime>::hashed_key_for(programme, version),
        keys::programme(programme, version)
    );
    assert_eq!(pallet_bids::LatestVersion::<Runtime>::hashed_key_for(programme), keys::latest_version(programme));
    assert_eq!(
        pallet_bids::PotSpent::<Runtime>::hashed_key_for(programme, version),
        keys::pot_spent(programme, version)
    );
    assert_eq!(pallet_bids::Events::<Runtime>::hashed_key_for(EVENT), keys::event(EVENT));
    let batch = (who(), 3);
    assert_eq!(pallet_bids::Commitments::<Runtime>::hashed_key_for(EVENT, &batch), keys::commitment(EVENT, &batch));
    assert_eq!(pallet_bids::Bidders::<Runtime>::hashed_key_for(EVENT, who()), keys::bidder(EVENT, &who()));
    assert_eq!(
        pallet_bids::EventCustomers::<Runtime>::hashed_key_for(EVENT, RESOURCE),
        keys::event_customer(EVENT, RESOURCE)
    );
    let down = Direction::Down;
    assert_eq!(pallet_bids::Reserved::<Runtime>::hashed_key_for(RESOURCE, down), keys::reserved(RESOURCE, down));
    assert_eq!(pallet_bids::Segments::<Runtime>::hashed_key_for(EVENT, RESOURCE), keys::segments(EVENT, RESOURCE));
    assert_eq!(pallet_bids::Buckets::<Runtime>::hashed_key_for(EVENT, 4), keys::bucket(EVENT, 4));
    assert_eq!(pallet_bids::Clearings::<Runtime>::hashed_key_for(EVENT), keys::clearing(EVENT));
    assert_eq!(pallet_bids::EventResources::<Runtime>::hashed_key_for(EVENT, 4), keys::event_resource(EVENT, 4));
    assert_eq!(pallet_bids::EventResourceCount::<Runtime>::hashed_key_for(EVENT), keys::event_resource_count(EVENT));
}

#[test]
fn orders_and_anchors_stand_where_clients_look() {
    // GIVEN the maps of orders and anchors THEN their keys are the clients'
    let direction = Direction::Down;
    assert_eq!(pallet_dispatch::Orders::<Runtime>::hashed_key_for(AREA, direction), keys::order(AREA, direction));
    assert_eq!(
        pallet_dispatch::Availabilities::<Runtime>::hashed_key_for(RESOURCE, direction),
        keys::availability(RESOURCE, direction)
    );
    assert_eq!(
        pallet_dispatch::RankPages::<Runtime>::hashed_key_for((AREA, direction), 12),
        keys::rank_page((AREA, direction), 12)
    );
    assert_eq!(pallet_dag_anchor::Anchors::<Runtime>::hashed_key_for(ANCHOR), keys::anchor(ANCHOR));
    assert_eq!(pallet_dag_anchor::DeviceFaults::<Runtime>::hashed_key_for(DEVICE), keys::device_fault(DEVICE));
    assert_eq!(pallet_dag_anchor::PastCommittees::<Runtime>::hashed_key_for(6), keys::past_committee(6));
}

#[test]
fn scores_and_payments_stand_where_clients_look() {
    // GIVEN the maps of scores and payments THEN their keys are the clients'
    assert_eq!(pallet_execution_score::Cutoffs::<Runtime>::hashed_key_for(EVENT), keys::cutoff(EVENT));
    assert_eq!(
        pallet_execution_score::Records::<Runtime>::hashed_key_for(EVENT, RESOURCE),
        keys::record(EVENT, RESOURCE)
    );
    assert_eq!(pallet_execution_score::Histograms::<Runtime>::hashed_key_for(EVENT), keys::histogram(EVENT));
    assert_eq!(
        pallet_execution_score::Scores::<Runtime>::hashed_key_for(EVENT, RESOURCE),
        keys::score(EVENT, RESOURCE)
    );
    assert_eq!(pallet_execution_score::Credits::<Runtime>::hashed_key_for(RESOURCE), keys::credit(RESOURCE));
    assert_eq!(pallet_execution_score::Profiles::<Runtime>::hashed_key_for(RESOURCE), keys::profile(RESOURCE));
    assert_eq!(pallet_execution_score::Past::<Runtime>::hashed_key_for(RESOURCE), keys::past_events(RESOURCE));
    assert_eq!(
        pallet_execution_score::Hearings::<Runtime>::hashed_key_for(EVENT, RESOURCE),
        keys::hearing(EVENT, RESOURCE)
    );
    assert_eq!(
        pallet_execution_score::Replaced::<Runtime>::hashed_key_for(EVENT, RESOURCE),
        keys::replaced_record(EVENT, RESOURCE)
    );
    assert_eq!(
        pallet_execution_score::Convictions::<Runtime>::hashed_key_for(who(), (EVENT, RESOURCE)),
        keys::conviction(&who(), (EVENT, RESOURCE))
    );
    assert_eq!(pallet_settlement::Disputes::<Runtime>::hashed_key_for(EVENT, RESOURCE), keys::dispute(EVENT, RESOURCE));
    assert_eq!(pallet_settlement::Escrows::<Runtime>::hashed_key_for(EVENT), keys::escrow(EVENT));
    assert_eq!(
        pallet_settlement::Statements::<Runtime>::hashed_key_for(EVENT, RESOURCE),
        keys::statement(EVENT, RESOURCE)
    );
    assert_eq!(pallet_settlement::Totals::<Runtime>::hashed_key_for(EVENT), keys::totals(EVENT));
    assert_eq!(pallet_settlement::Claimables::<Runtime>::hashed_key_for(who()), keys::claimable(&who()));
}

#[test]
fn supervision_stands_where_clients_look() {
    // GIVEN what supervision keeps THEN its keys are the clients'
    assert_eq!(pallet_supervision::Rules::<Runtime>::hashed_key().to_vec(), keys::supervision_rules());
    assert_eq!(storage_prefix(b"Supervision", b"Cases").to_vec(), keys::cases());
    assert_eq!(storage_prefix(b"Supervision", b"Feeders").to_vec(), keys::feeders());
    assert_eq!(pallet_supervision::Cases::<Runtime>::hashed_key_for(CaseId(4)), keys::case(CaseId(4)));
    for subject in [Subject::Organisation(OrganisationId(3)), Subject::Participant(who()), Subject::Resource(RESOURCE)]
    {
        assert_eq!(pallet_supervision::OutcomesOf::<Runtime>::hashed_key_for(&subject), keys::outcomes(&subject));
    }
    assert_eq!(pallet_supervision::TalliesOf::<Runtime>::hashed_key_for(EVENT), keys::tallies(EVENT));
}
