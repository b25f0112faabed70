//! Anchors of the DAG ledger: who the committee is, which history it certified, who broke the rules.
//!
//! # Process
//!
//! 1. An epoch is the reign of one committee, and all that its members have to remember. The committee
//!    of epoch 0 is the validator set of the genesis session, with each validator's DAG session key and
//!    one vote each.
//! 2. Members sign an anchor off chain: the units that became certified since the anchor before. Any
//!    of them submits it with signatures of more than two thirds of the weight, as an unsigned call
//!    that costs nobody a fee or a quota ([`Call::submit_anchor`]). Cheap checks come before
//!    signatures, and the pool holds one candidate for each number.
//! 3. An accepted anchor becomes [`Latest`]; it is kept in [`Anchors`] for a while and as a leaf of
//!    [`Peaks`] for ever, so that old readings are proved from the newest head. A notice in the
//!    header's digest tells light clients, and [`Config::OnAnchor`] tells the pallets that wait.
//! 4. An epoch closes once [`NextCommittee`] is there: a session began with other validators or keys,
//!    or the epoch holds as much as members shall remember, or Root said so ([`Call::force_close`]).
//!    Members make their final witnesses; the closing anchor stands on more than two thirds of these
//!    and commits to the heads of all devices ([`Anchor::heads`]). With it the next epoch begins.
//!    Members that left keep their nodes running until then: their votes are needed.
//! 5. Two units in one slot of a device's chain convict the device. Two witnesses of one member at one
//!    level or after the same one, or one above its final one, convict the member, also when it sat in
//!    an epoch that is over. Any participant reports them; each slot or level counts once.
//!
//! An anchor exists for its readers when its block is final; the pallet itself knows no finality.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod anchors;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod committee;
pub mod crypto;
mod epochs;
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
    use alloc::boxed::Box;
    use codec::Encode;
    use frame_support::{pallet_prelude::*, traits::Time};
    use frame_system::{ensure_authorized, ensure_root, pallet_prelude::*};
    use loadstone_core::{
        traits::{Directory, OnAnchor, OnConviction},
        AccountId, AnchorNumber, BoundedVec, DeviceId, Hash, Incarnation, Level, Member, MmrPeaks, OrganisationId,
        Sequence,
    };
    use loadstone_dag::{Anchor, BoundedCertificate, LedgerState, Unit, Witness, MAX_MEMBERS};
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
        /// Told of each conviction, in the same way.
        type OnConviction: OnConviction;
        /// How many of the newest anchors are kept in full; at least 2.
        #[pallet::constant]
        type KeepAnchors: Get<u32>;
        /// Units that an epoch anchors before it closes.
        #[pallet::constant]
        type EpochUnits: Get<u64>;
        /// Anchors that an epoch makes before it closes.
        #[pallet::constant]
        type EpochAnchors: Get<u32>;
        /// How many past epochs' committees are kept, for evidence against their members; at least 1.
        #[pallet::constant]
        type KeepEpochs: Get<u32>;
        /// Blocks after the closing anchor in which the committee before may still certify records.
        #[pallet::constant]
        type Handover: Get<BlockNumberFor<Self>>;
        /// Priority of an anchor in the transaction pool: above every ordinary call.
        #[pallet::constant]
        type Priority: Get<TransactionPriority>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
        /// Puts in place what the benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: benchmarking::BenchmarkHelper;
    }

    /// The epoch in force.
    #[pallet::storage]
    pub type Epoch<T> = StorageValue<_, u32, ValueQuery>;

    /// The committee of the epoch in force, in order of member index.
    #[pallet::storage]
    pub type Committee<T> = StorageValue<_, Members, ValueQuery>;

    /// Who sits in the next epoch; there is one while the epoch in force is closing.
    #[pallet::storage]
    pub type NextCommittee<T> = StorageValue<_, Members>;

    /// The anchor that the epoch in force starts from: the closing one of the epoch before, or an
    /// ordinary one if that epoch was ended by [`Call::force_epoch`]. None in epoch 0.
    #[pallet::storage]
    pub type EpochStart<T> = StorageValue<_, Anchor>;

    /// Units anchored in the epoch in force.
    #[pallet::storage]
    pub type EpochUnits<T> = StorageValue<_, u64, ValueQuery>;

    /// Committees of the last [`Config::KeepEpochs`] epochs before the one in force.
    #[pallet::storage]
    pub type PastCommittees<T> = StorageMap<_, Twox64Concat, u32, Members>;

    /// The last block in which the committee before may certify records.
    #[pallet::storage]
    pub type HandoverEnd<T> = StorageValue<_, BlockNumberFor<T>>;

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

    /// Accounts whose keys signed witnesses that exclude each other, in whichever epochs.
    #[pallet::storage]
    pub type MemberFaults<T> = StorageMap<_, Blake2_128Concat, AccountId, MemberFault>;

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
        /// The first committee was taken from its session.
        CommitteeFormed { members: u32 },
        /// A session's validators are not seated: they are nobody, or an organisation has a third of them.
        CommitteeRefused { members: u32 },
        /// The epoch is closing: members make their final witnesses.
        EpochClosing { epoch: u32 },
        /// An epoch began.
        EpochBegan { epoch: u32, members: u32 },
        /// An anchor was accepted.
        AnchorAccepted { number: AnchorNumber, hash: Hash, units: u32, readings: u64 },
        /// A device was convicted of two units in one slot.
        DeviceForkReported { device: DeviceId, incarnation: Incarnation, sequence: Sequence, reporter: AccountId },
        /// A member was convicted of witnesses that exclude each other, the higher one at `level`.
        MemberForkReported { epoch: u32, member: AccountId, level: Level, reporter: AccountId },
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
        /// The anchor belongs to another epoch than the one in force.
        EpochMismatch,
        /// The anchor closes an epoch that is not closing.
        NotClosing,
        /// The anchor holds no units and closes no epoch.
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
        /// The epoch is closing already.
        AlreadyClosing,
        /// The caller is not registered.
        NotRegistered,
        /// The caller is frozen.
        ParticipantFrozen,
        /// The evidence exceeds the limits of a unit or witness.
        EvidenceTooLarge,
        /// The two statements are the same.
        EvidenceIdentical,
        /// The two statements don't exclude each other: they are for two slots, of two members, of two
        /// epochs, or both stand in one chain of witnesses.
        EvidenceUnrelated,
        /// No such device is registered.
        UnknownDevice,
        /// The device is at another incarnation.
        IncarnationMismatch,
        /// The epoch is yet to come, or so long over that its committee is forgotten.
        UnknownEpoch,
        /// No such member sat in the epoch's committee.
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
            assert!(T::KeepEpochs::get() >= 1, "KeepEpochs must keep the committee that hands over");
            assert!(T::EpochUnits::get() > 0 && T::EpochAnchors::get() > 0, "an epoch must have room for an anchor");
            let most = T::WeightInfo::authorize_submit_anchor(MAX_MEMBERS as u32)
                .saturating_add(T::WeightInfo::submit_anchor().max(T::WeightInfo::submit_closing_anchor()));
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
        /// Accepts the next anchor under a certificate of the committee. The closing anchor, which
        /// carries the devices' heads, begins the next epoch.
        ///
        /// Unsigned and free: [`frame_system::AuthorizeCall`] admits it by the certificate, so that
        /// nothing but the committee's weight stands behind it. The signatures were verified against
        /// this very state just before; what is cheap is checked again.
        ///
        /// # Errors
        /// Those of the anchor and its certificate, see [`Error`].
        #[pallet::call_index(0)]
        #[pallet::weight((Pallet::<T>::weight_of(anchor), DispatchClass::Operational))]
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

        /// Convicts a member of two different witnesses at one level of an epoch or after the same one,
        /// or of one above its final witness. Signed by any participant that is not frozen; evidence
        /// that holds costs no quota.
        ///
        /// # Errors
        /// [`Error::AlreadyReported`] for a level at or below the last one reported of the member's
        /// account, in that epoch or before, so that each level counts at most once; otherwise what
        /// is wrong with the evidence.
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
            let (epoch, member, level) = Self::convict_member(&first, &second)?;
            Self::deposit_event(Event::MemberForkReported { epoch, member, level, reporter });
            Ok(Pays::No.into())
        }

        /// Opens the closing of the epoch in force, with the same committee for the next one. By Root.
        ///
        /// For operators whose member is mute because its signing counter was lost: it takes part
        /// again in the next epoch.
        ///
        /// # Errors
        /// [`Error::AlreadyClosing`] when there is nothing left to open.
        #[pallet::call_index(3)]
        #[pallet::weight(<T as Config>::WeightInfo::force_close())]
        pub fn force_close(origin: OriginFor<T>) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(!NextCommittee::<T>::exists(), Error::<T>::AlreadyClosing);
            Self::open_closing(Committee::<T>::get());
            Ok(())
        }

        /// Begins the next epoch without a closing anchor, under the validators of the session in
        /// force. By Root, and only where a third of the committee is gone for good, so that nobody can
        /// close the epoch in order.
        ///
        /// The next epoch starts from the latest anchor as it is; members compute the devices' heads
        /// from the anchors themselves. What this costs: **units that were confirmed but not anchored
        /// are lost to the ledger until their devices send them again**, which devices do, since they
        /// keep every unit until they have verified its anchor. Until then a device that lies can
        /// have another unit in such a slot certified, so a confirmation of the epoch that ended so is
        /// no longer worth more than its anchor. The committee before certifies no records any more.
        #[pallet::call_index(4)]
        #[pallet::weight(<T as Config>::WeightInfo::force_epoch())]
        pub fn force_epoch(origin: OriginFor<T>) -> DispatchResult {
            ensure_root(origin)?;
            Self::begin_epoch();
            HandoverEnd::<T>::kill();
            Ok(())
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// The epoch in force, its committee, whether it closes, where it starts and how far it is.
        pub fn ledger() -> LedgerState {
            LedgerState {
                epoch: Epoch::<T>::get(),
                committee: Committee::<T>::get().into_inner(),
                closing: NextCommittee::<T>::exists(),
                start: EpochStart::<T>::get(),
                latest: Latest::<T>::get(),
            }
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
