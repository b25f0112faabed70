//! A validator that votes for two blocks in one round of GRANDPA: its node's peers report it, the chain counts
//! it, and the validator leaves the set if a sound one remains.
//!
//! There is no stake to slash. What a consortium can take from a validator is its vote, and the record stays.
//! The key's owner is looked up in state, so a report must come before the validator has other keys in force.

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use codec::Encode;
    use frame_support::{pallet_prelude::*, traits::ConstU64};
    use frame_system::{offchain::CreateBare, pallet_prelude::BlockNumberFor};
    use loadstone_core::AccountId;
    use pallet_session::Pallet as Session;
    use sp_consensus_grandpa::{check_equivocation_proof, EquivocationProof, SetId, KEY_TYPE};
    use sp_session::MembershipProof;
    use sp_staking::offence::OffenceReportSystem;

    /// A validator's equivocations.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
    pub struct VoteFault {
        /// Rounds reported.
        pub count: u32,
        /// Authority set of the last round reported.
        pub set: SetId,
        /// The last round reported.
        pub round: u64,
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>, AccountId = AccountId>
        + pallet_grandpa::Config<KeyOwnerProof = MembershipProof>
        + pallet_registry::Config
        + pallet_session::Config<ValidatorId = AccountId>
        + CreateBare<pallet_grandpa::Call<Self>>
    {
    }

    /// Validators that were convicted. Counting in rising order of rounds keeps one small entry for each.
    #[pallet::storage]
    pub type VoteFaults<T> = StorageMap<_, Twox64Concat, AccountId, VoteFault>;

    #[pallet::event]
    #[pallet::generate_deposit(fn deposit_event)]
    pub enum Event<T: Config> {
        /// A validator voted for two blocks in one round; whether it leaves the set.
        ValidatorEquivocated { validator: AccountId, set: SetId, round: u64, dismissed: bool },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The votes do not exclude each other, or are not signed by that key.
        InvalidEvidence,
        /// Nobody has registered that key.
        UnknownKey,
        /// This round or a later one was reported before.
        AlreadyReported,
    }

    type Proof<T> = EquivocationProof<<T as frame_system::Config>::Hash, BlockNumberFor<T>>;

    impl<T: Config> Pallet<T> {
        /// The validator, if the evidence convicts one and is new. The signatures come last.
        fn convict(proof: &Proof<T>) -> Result<AccountId, Error<T>> {
            let key: &[u8] = proof.offender().as_ref();
            let validator = Session::<T>::key_owner(KEY_TYPE, key).ok_or(Error::<T>::UnknownKey)?;
            let place = (proof.set_id(), proof.round());
            let known = VoteFaults::<T>::get(&validator);
            ensure!(known.is_none_or(|fault| (fault.set, fault.round) < place), Error::<T>::AlreadyReported);
            ensure!(check_equivocation_proof(proof.clone()), Error::<T>::InvalidEvidence);
            Ok(validator)
        }

        fn punish(validator: AccountId, set: SetId, round: u64) {
            let count = VoteFaults::<T>::get(&validator).map_or(0, |fault| fault.count).saturating_add(1);
            VoteFaults::<T>::insert(&validator, VoteFault { count, set, round });
            let dismissed = pallet_registry::Pallet::<T>::dismiss(&validator);
            Self::deposit_event(Event::ValidatorEquivocated { validator, set, round, dismissed });
        }
    }

    impl<T: Config, Reporter> OffenceReportSystem<Reporter, (Proof<T>, MembershipProof)> for Pallet<T> {
        /// Blocks for which a report stays in the pool.
        type Longevity = ConstU64<1_000>;

        fn publish_evidence((proof, owner): (Proof<T>, MembershipProof)) -> Result<(), ()> {
            let call = pallet_grandpa::Call::<T>::report_equivocation_unsigned {
                equivocation_proof: alloc::boxed::Box::new(proof),
                key_owner_proof: owner,
            };
            sp_io::offchain::submit_transaction(T::create_bare(call.into()).encode())
        }

        fn check_evidence((proof, _): (Proof<T>, MembershipProof)) -> Result<(), TransactionValidityError> {
            Self::convict(&proof).map(drop).map_err(|error| match error {
                Error::AlreadyReported => InvalidTransaction::Stale.into(),
                _ => InvalidTransaction::BadProof.into(),
            })
        }

        fn process_evidence(_: Reporter, (proof, _): (Proof<T>, MembershipProof)) -> DispatchResult {
            let validator = Self::convict(&proof)?;
            Self::punish(validator, proof.set_id(), proof.round());
            Ok(())
        }
    }
}
