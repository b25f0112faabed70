//! A validator that votes twice is convicted by its own signatures, once for each round.

use super::*;
use crate::{equivocation::VoteFaults, Equivocation, Grandpa, Registry, Runtime, RuntimeEvent};
use finality_grandpa::{Message, Prevote};
use frame_support::{assert_err, assert_ok};
use sp_consensus_grandpa::{
    localized_payload, AuthorityId, Equivocation as Votes, EquivocationProof, OpaqueKeyOwnershipProof,
};
use sp_core::ed25519;
use sp_runtime::DispatchResult;
use sp_session::MembershipProof;
use sp_staking::offence::OffenceReportSystem;

type Proof = EquivocationProof<H256, u32>;

const SET: u64 = 0;

/// Prevotes for blocks of these marks, signed by the key at `path` for `signed` and said to be of `round`.
fn votes(path: &str, signed: u64, round: u64, marks: [u8; 2]) -> Proof {
    let pair = ed25519::Pair::from_string(path, None).expect("a development path");
    let vote = |mark: u8| {
        let prevote = Prevote { target_hash: H256::repeat_byte(mark), target_number: 9u32 };
        let payload = localized_payload(signed, SET, &Message::Prevote(prevote.clone()));
        (prevote, pair.sign(&payload).into())
    };
    let (first, second, identity): (_, _, AuthorityId) = (vote(marks[0]), vote(marks[1]), pair.public().into());
    let votes = finality_grandpa::Equivocation { round_number: round, identity, first, second };
    EquivocationProof::new(SET, Votes::Prevote(votes))
}

fn report(proof: Proof) -> DispatchResult {
    let owner = MembershipProof { session: 0, trie_nodes: Vec::new(), validator_count: 4 };
    Equivocation::process_evidence(None::<AccountId>, (proof, owner))
}

#[test]
fn two_votes_in_a_round_are_counted_once_and_told() {
    demo().execute_with(|| {
        // GIVEN two prevotes of one validator for different blocks WHEN they are reported
        let validator = account("//CityGrid//validator");
        assert_ok!(report(votes("//CityGrid//grandpa", 5, 5, [1, 2])));
        // THEN its fault is counted, and since three are no sound set it stays until there is another
        let fault = VoteFaults::<Runtime>::get(&validator).expect("convicted");
        assert_eq!((fault.count, fault.set, fault.round), (1, SET, 5));
        assert!(pallet_registry::ValidatorSet::<Runtime>::get().contains(&validator));
        let told = crate::equivocation::Event::ValidatorEquivocated { validator, set: SET, round: 5, dismissed: false };
        System::assert_last_event(RuntimeEvent::Equivocation(told));
        // WHEN the same or an earlier round is reported THEN it is refused, and a later one is counted
        assert_err!(
            report(votes("//CityGrid//grandpa", 5, 5, [2, 1])),
            crate::equivocation::Error::<Runtime>::AlreadyReported
        );
        assert_ok!(report(votes("//CityGrid//grandpa", 6, 6, [1, 2])));
    });
}

#[test]
fn evidence_that_proves_nothing_is_refused() {
    demo().execute_with(|| {
        // GIVEN two votes for the same block, a stranger's votes, and signatures of another round
        let unproven = || crate::equivocation::Error::<Runtime>::InvalidEvidence;
        assert_err!(report(votes("//CityGrid//grandpa", 5, 5, [1, 1])), unproven());
        assert_err!(
            report(votes("//Nobody//grandpa", 5, 5, [1, 2])),
            crate::equivocation::Error::<Runtime>::UnknownKey
        );
        assert_err!(report(votes("//CityGrid//grandpa", 5, 6, [1, 2])), unproven());
        // THEN nobody is convicted
        assert_eq!(VoteFaults::<Runtime>::iter().count(), 0);
    });
}

#[test]
fn a_node_can_name_the_owner_of_every_voters_key() {
    demo().execute_with(|| {
        // GIVEN the voters WHEN a node asks for the proof of ownership THEN there is one, and none of a stranger
        use sp_consensus_grandpa::runtime_decl_for_grandpa_api::GrandpaApi;
        let proof = |key: AuthorityId| -> Option<OpaqueKeyOwnershipProof> {
            <Runtime as GrandpaApi<crate::Block>>::generate_key_ownership_proof(SET, key)
        };
        assert!(Grandpa::grandpa_authorities().into_iter().all(|(key, _)| proof(key).is_some()));
        assert!(proof(ed25519::Public::from_raw([9; 32]).into()).is_none());
        assert!(Registry::validators().len() == 4);
    });
}
