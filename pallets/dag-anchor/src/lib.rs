//! Anchors of the DAG ledger: who the committee is, which history it certified, who broke the rules.
//!
//! # Process
//!
//! 1. The committee of DAG epoch 0 is the validator set of the genesis session, with each validator's
//!    DAG session key and one vote each. It stays as it is when later sessions bring other validators
//!    or keys: changing it needs the closing of a DAG epoch, which this version does not have.
//! 2. Members sign an anchor off chain: the units that became certified since the anchor before. Any
//!    of them submits it with signatures of more than two thirds of the weight, as an unsigned call
//!    that costs nobody a fee or a quota ([`Call::submit_anchor`]). Cheap checks come before
//!    signatures, and the pool holds one candidate for each number.
//! 3. An accepted anchor becomes [`Latest`]; it is kept in [`Anchors`] for a while and as a leaf of
//!    [`Peaks`] for ever, so that old readings are proved from the newest head. A notice in the
//!    header's digest tells light clients, and [`Config::OnAnchor`] tells the pallets that wait.
//! 4. Two units in one slot of a device's chain, or two witnesses of one member at one level, convict
//!    their signer. Any participant reports them; each slot or level counts once.
//!
//! An anchor exists for its readers when its block is final; the pallet itself knows no finality.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod anchors;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod committee;
pub mod crypto;
mod faults;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

pub use crypto::{AuthorityId, KEY_TYPE};
pub use faults::{DeviceFault, MemberFault};
pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::{boxed::Box, vec::Vec};
    use codec::Encode;
    use frame_support::{pallet_prelude::*, traits::Time};
    use frame_system::{ensure_authorized, pallet_prelude::*};
    use loadstone_core::{
        traits::{Directory, OnAnchor},
        AccountId, AnchorNumber, BoundedVec, DeviceId, Hash, Incarnation, Level, Member, MemberIndex, MmrPeaks,
        OrganisationId, Sequence,
    };
    use loadstone_dag::{Anchor, BoundedCertificate, Unit, Witness, MAX_MEMBERS};
    use sp_runtime::traits::Convert;

    /// The committee in order of member index.
    pub type Members = BoundedVec<Member, ConstU32<{ MAX_MEMBERS as u32 }>>;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
    {
        /// Chain time in Unix milliseconds.
        type Time: Time<Moment = u64>;
        /// Participants, and devices with their keys.
        type Directory: Directory;
        /// The legal person behind a validator; `None` when it is unknown.
        type OrganisationOf: Convert<AccountId, Option<OrganisationId>>;
        /// Told of each accepted anchor. Its weight is its own: it registers what it uses.
        type OnAnchor: OnAnchor;
        /// How many of the newest anchors are kept in full; at least 2.
        #[pallet::constant]
        type KeepAnchors: Get<u32>;
        /// Priority of an anchor in the transaction pool: above every ordinary call.
        #[pallet::constant]
        type Priority: Get<TransactionPriority>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
        /// Puts in place what the benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: benchmarking::BenchmarkHelper;
    }

    /// The committee of epoch 0, in order of member index.
    #[pallet::storage]
    pub type Committee<T> = StorageValue<_, Members, ValueQuery>;

    /// The newest accepted anchor; none before the first.
    #[pallet::storage]
    pub type Latest<T> = StorageValue<_, Anchor>;

    /// The newest [`Config::KeepAnchors`] anchors.
    #[pallet::storage]
    pub type Anchors<T> = StorageMap<_, Twox64Concat, AnchorNumber, Anchor>;

    /// Mountain range over the hashes of all accepted anchors; anchor n is leaf n - 1.
    #[pallet::storage]
    pub type Peaks<T> = StorageValue<_, MmrPeaks, ValueQuery>;

    /// Devices that signed two units for one slot.
    #[pallet::storage]
    pub type DeviceFaults<T> = StorageMap<_, Twox64Concat, DeviceId, DeviceFault>;

    /// Members that signed two witnesses at one level.
    #[pallet::storage]
    pub type MemberFaults<T> = StorageMap<_, Twox64Concat, MemberIndex, MemberFault>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        #[serde(skip)]
        #[doc(hidden)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        /// Sessions may be built before the registry, when organisations are still unknown: they are
        /// looked up again here.
        fn build(&self) {
            Pallet::<T>::name_organisations();
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The committee was taken from the genesis session.
        CommitteeFormed { members: u32 },
        /// An anchor was accepted.
        AnchorAccepted { number: AnchorNumber, hash: Hash, units: u32, readings: u64 },
        /// A device was convicted of two units in one slot.
        DeviceForkReported { device: DeviceId, incarnation: Incarnation, sequence: Sequence, reporter: AccountId },
        /// A member was convicted of two witnesses at one level.
        MemberForkReported { member: MemberIndex, level: Level, reporter: AccountId },
    }

    #[pallet::error]
    #[derive(PartialEq, Eq)]
    pub enum Error<T> {
        /// The anchor's number is that of an accepted anchor.
        AnchorNumberStale,
        /// The anchor's number is not the next one.
        AnchorNumberAhead,
        /// The anchor does not extend the latest one.
        ParentMismatch,
        /// The anchor belongs to another committee epoch.
        EpochMismatch,
        /// The anchor holds no units.
        NoUnits,
        /// The anchor claims more readings or acknowledgements than its units can hold.
        CountsExceedUnits,
        /// The certificate names a member twice, out of order, or one that does not exist.
        CertificateMembersInvalid,
        /// The certificate's members hold no more than two thirds of the weight.
        CertificateBelowQuorum,
        /// A signature of the certificate does not verify.
        CertificateSignatureInvalid,
        /// The range of anchors is full.
        RangeFull,
        /// The caller is not registered.
        NotRegistered,
        /// The caller is frozen.
        ParticipantFrozen,
        /// The evidence exceeds the limits of a unit or witness.
        EvidenceTooLarge,
        /// The two statements are the same.
        EvidenceIdentical,
        /// The two statements are not for the same slot, or not for the same member, epoch and level.
        EvidenceUnrelated,
        /// No such device is registered.
        UnknownDevice,
        /// The device is at another incarnation.
        IncarnationMismatch,
        /// No such member sits in the committee.
        UnknownMember,
        /// A signature of the evidence does not verify under the accused's key.
        EvidenceSignatureInvalid,
        /// This slot or level, or a later one of the same signer, was reported before.
        AlreadyReported,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::KeepAnchors::get() >= 2, "KeepAnchors must keep the latest anchor and its parent");
            let most = T::WeightInfo::authorize_submit_anchor(MAX_MEMBERS as u32)
                .saturating_add(T::WeightInfo::submit_anchor());
            let room = <T as frame_system::Config>::BlockWeights::get().max_block;
            assert!(most.all_lt(room), "an anchor with a full certificate must fit into a block");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Accepts the next anchor under a certificate of the committee.
        ///
        /// Unsigned and free: [`frame_system::AuthorizeCall`] admits it by the certificate, so that
        /// nothing but the committee's weight stands behind it. The signatures were verified against
        /// this very state just before; what is cheap is checked again.
        ///
        /// # Errors
        /// Those of the anchor and its certificate, see [`Error`].
        #[pallet::call_index(0)]
        #[pallet::weight((<T as Config>::WeightInfo::submit_anchor(), DispatchClass::Operational))]
        #[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_submit_anchor(certificate.len() as u32))]
        #[pallet::authorize(Pallet::<T>::authorize_anchor)]
        pub fn submit_anchor(origin: OriginFor<T>, anchor: Anchor, certificate: BoundedCertificate) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::check_anchor(&anchor)?;
            Self::check_quorum(&certificate)?;
            Self::accept(anchor)
        }

        /// Convicts a device of two different units in one slot of its present incarnation. Signed by
        /// any participant that is not frozen; evidence that holds costs no quota.
        ///
        /// # Errors
        /// [`Error::AlreadyReported`] for a slot at or before the last one reported of the device, so
        /// that each slot counts at most once; otherwise what is wrong with the evidence.
        #[pallet::call_index(1)]
        #[pallet::weight(<T as Config>::WeightInfo::report_device_fork(
            (first.encoded_size() + second.encoded_size()) as u32
        ))]
        pub fn report_device_fork(
            origin: OriginFor<T>,
            first: Box<Unit>,
            second: Box<Unit>,
        ) -> DispatchResultWithPostInfo {
            let reporter = ensure_signed(origin)?;
            Self::ensure_participant(&reporter)?;
            let slot = Self::convict_device(&first, &second)?;
            Self::deposit_event(Event::DeviceForkReported {
                device: slot.device,
                incarnation: slot.incarnation,
                sequence: slot.sequence,
                reporter,
            });
            Ok(Pays::No.into())
        }

        /// Convicts a committee member of two different witnesses at one level. Signed by any
        /// participant that is not frozen; evidence that holds costs no quota.
        ///
        /// # Errors
        /// [`Error::AlreadyReported`] for a level at or below the last one reported of the member, so
        /// that each level counts at most once; otherwise what is wrong with the evidence.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::report_member_fork(
            (first.encoded_size() + second.encoded_size()) as u32
        ))]
        pub fn report_member_fork(
            origin: OriginFor<T>,
            first: Box<Witness>,
            second: Box<Witness>,
        ) -> DispatchResultWithPostInfo {
            let reporter = ensure_signed(origin)?;
            Self::ensure_participant(&reporter)?;
            let (member, level) = Self::convict_member(&first, &second)?;
            Self::deposit_event(Event::MemberForkReported { member, level, reporter });
            Ok(Pays::No.into())
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// The committee in order of member index.
        pub fn committee() -> Vec<Member> {
            Committee::<T>::get().into_inner()
        }

        /// The newest accepted anchor.
        pub fn latest() -> Option<Anchor> {
            Latest::<T>::get()
        }

        /// An accepted anchor, while it is kept.
        pub fn anchor(number: AnchorNumber) -> Option<Anchor> {
            Anchors::<T>::get(number)
        }

        /// Root of the mountain range over all accepted anchors.
        pub fn range_root() -> Hash {
            Peaks::<T>::get().root()
        }
    }
}
