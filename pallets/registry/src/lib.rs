//! Who takes part, with what load, under which keys: the door to everything else.
//!
//! The grid company's governance registers participants and appoints validators; an aggregator
//! registers its resources, each with the device that meters and actuates it; the regulator may freeze
//! a participant, whose calls every pallet then refuses.
//!
//! - **Participants.** Registration gives the account a provider reference, so that an account without
//!   money can sign and hold session keys. A participant that owns resources or validates stays.
//! - **Devices.** A resource has one device of the same number. A key signs for one device in one
//!   life: a key once used is never accepted again. `rotate_device_key` replaces a key within a life;
//!   `revoke_device` ends it at once; `renew_device` begins the next life, for instance after the
//!   device forked its own chain. Whoever must not renew is frozen by the regulator.
//! - **Customers.** A resource's owner may name the account behind the meter, with which it shares pay where a programme
//!   says so. It must be registered, since an account that is not can neither fetch a payment that failed nor spend
//!   one, and it stays registered while a resource names it. A change counts for events opened after it; the one before
//!   it is kept for the others.
//! - **Validators.** Every organisation holds strictly less than a third of the validators, so at
//!   least four of four organisations. Each has a weight of one. A new set is told to the session
//!   pallet when it plans the next session. What a former validator announced of itself stays until it
//!   leaves the registry, because the DAG's committee may outlive the session.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod customers;
mod directory;
mod genesis;
mod participants;
mod resources;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod validators;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use genesis::GenesisResource;
pub use pallet::*;
pub use weights::WeightInfo;

use loadstone_core::{AccountId, BoundedVec, ConstU32};

/// Most validators: the DAG's committee and its certificates are bounded by it.
pub const MAX_VALIDATORS: u32 = 64;

/// A validator set as governance names it.
pub type ValidatorList = BoundedVec<AccountId, ConstU32<MAX_VALIDATORS>>;

/// What benchmarks need of the runtime around the registry.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper {
    /// Gives the account session keys, whatever they are.
    fn set_session_keys(who: &AccountId);
}

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{Contains, Time},
    };
    use frame_system::pallet_prelude::*;
    use loadstone_core::{
        traits::Denial, AreaId, Customer, Device, DeviceId, Hash, Incarnation, OrganisationId, Participant, PublicKey,
        Resource, ResourceId, Role, ValidatorInfo, Watts,
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
    {
        /// Registers participants and appoints validators: the grid company's collective.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Accounts with session keys: the session pallet drops a validator without keys in silence,
        /// which could leave an organisation with a third of the weight.
        type SessionKeys: Contains<AccountId>;
        /// Chain time in Unix milliseconds.
        type Time: Time<Moment = u64>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
        /// Gives benchmarks their validators' session keys.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Registered accounts.
    #[pallet::storage]
    pub type Participants<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Participant>;

    /// Registered load.
    #[pallet::storage]
    pub type Resources<T: Config> = StorageMap<_, Twox64Concat, ResourceId, Resource>;

    /// Devices; each has the number of its resource.
    #[pallet::storage]
    pub type Devices<T: Config> = StorageMap<_, Twox64Concat, DeviceId, Device>;

    /// Every device key ever accepted, and whose it is or was.
    #[pallet::storage]
    pub type DeviceKeys<T: Config> = StorageMap<_, Blake2_128Concat, PublicKey, DeviceId>;

    /// Number of the next resource; also how many there are.
    #[pallet::storage]
    pub type NextResource<T: Config> = StorageValue<_, ResourceId, ValueQuery>;

    /// How many resources an account owns.
    #[pallet::storage]
    pub type ResourceCount<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, u32, ValueQuery>;

    /// With whom a resource's owner shares its pay; nothing where nobody ever was named.
    #[pallet::storage]
    pub type Customers<T: Config> = StorageMap<_, Twox64Concat, ResourceId, Customer>;

    /// How many resources name an account as their customer; nothing for none.
    #[pallet::storage]
    pub type CustomerCount<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, u32>;

    /// Validators, present and former, and where they are found.
    #[pallet::storage]
    pub type Validators<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, ValidatorInfo>;

    /// The validator set in force from the next planned session on; empty when the session pallet's
    /// genesis keys say who validates.
    #[pallet::storage]
    pub type ValidatorSet<T: Config> = StorageValue<_, ValidatorList, ValueQuery>;

    /// Whether the session pallet has yet to be told of the set.
    #[pallet::storage]
    pub type SetPending<T: Config> = StorageValue<_, bool, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account was registered.
        ParticipantRegistered { who: AccountId, role: Role, organisation: OrganisationId },
        /// An account left the registry.
        ParticipantRemoved { who: AccountId },
        /// The regulator froze a participant.
        ParticipantFrozen { who: AccountId, by: AccountId },
        /// The regulator lifted the freeze.
        ParticipantUnfrozen { who: AccountId, by: AccountId },
        /// A resource was registered with its device.
        ResourceRegistered { resource: ResourceId, owner: AccountId, area: AreaId },
        /// A device's key was replaced within its life.
        DeviceKeyRotated { device: DeviceId, key: PublicKey },
        /// A device's units are refused from now on.
        DeviceRevoked { device: DeviceId, by: AccountId },
        /// A device began its next life.
        DeviceRenewed { device: DeviceId, incarnation: Incarnation, key: PublicKey },
        /// Governance appointed another validator set.
        ValidatorsAppointed { validators: u32 },
        /// A validator announced where it is found.
        ValidatorAnnounced { validator: AccountId },
        /// A resource's owner named its customer, or nobody any more; for events opened later.
        CustomerNamed { resource: ResourceId, customer: Option<AccountId> },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The account is not registered.
        NotRegistered,
        /// The regulator froze the participant.
        ParticipantIsFrozen,
        /// The participant's role may not do this.
        RoleNotHeld,
        /// The account is registered already.
        AlreadyRegistered,
        /// A regulator may not freeze itself.
        SelfFreeze,
        /// The participant still owns resources.
        OwnsResources,
        /// The participant is in the validator set.
        IsValidator,
        /// The participant is the customer of a resource.
        IsCustomer,
        /// The resource has this customer already.
        SameCustomer,
        /// No such resource.
        UnknownResource,
        /// No such device.
        UnknownDevice,
        /// The resource belongs to another participant.
        NotOwner,
        /// A capacity is negative, both are zero, or one exceeds the span of the load's range.
        CapacityOutOfRange,
        /// The least possible reading exceeds the greatest.
        LoadRangeReversed,
        /// The key was used by a device before.
        DeviceKeyUsed,
        /// The device is revoked.
        DeviceIsRevoked,
        /// The device has used up its lives.
        IncarnationsExhausted,
        /// The numbers of resources are used up.
        ResourcesExhausted,
        /// Fewer than four validators.
        TooFewValidators,
        /// A validator is named twice.
        ValidatorTwice,
        /// A validator has no session keys.
        NoSessionKeys,
        /// An organisation would hold a third or more of the validators.
        OrganisationHoldsThird,
        /// The account is no validator, present or former.
        NotValidator,
    }

    impl<T> From<Denial> for Error<T> {
        fn from(denial: Denial) -> Self {
            match denial {
                Denial::NotRegistered => Self::NotRegistered,
                Denial::Frozen => Self::ParticipantIsFrozen,
                Denial::OtherRole => Self::RoleNotHeld,
            }
        }
    }

    /// What stands in the registry from the first block on.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Registered accounts.
        pub participants: Vec<(AccountId, Participant)>,
        /// Resources, numbered in this order from 0.
        pub resources: Vec<GenesisResource>,
        /// The validator set and where its members are found.
        pub validators: Vec<(AccountId, ValidatorInfo)>,
        #[serde(skip)]
        pub _config: PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            // A network with an unsound registry must not start: genesis is the one place to panic.
            if let Err(error) = self.try_build() {
                panic!("the registry's genesis is unsound: {error:?}");
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers an account. By governance.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_participant())]
        pub fn register_participant(origin: OriginFor<T>, who: AccountId, participant: Participant) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_register_participant(who, participant)
        }

        /// Freezes a participant or lifts its freeze. By the regulator.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::set_frozen())]
        pub fn set_frozen(origin: OriginFor<T>, who: AccountId, frozen: bool) -> DispatchResult {
            let regulator = Self::ensure_role(origin, Role::Regulator)?;
            Self::do_set_frozen(regulator, who, frozen)
        }

        /// Registers a resource in `area` and its device. By an aggregator, which owns both.
        ///
        /// Capacities are at least zero, one is positive, and none exceeds `load_max - load_min`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::register_resource())]
        pub fn register_resource(
            origin: OriginFor<T>,
            area: AreaId,
            device_key: PublicKey,
            capacity_down: Watts,
            capacity_up: Watts,
            load_min: Watts,
            load_max: Watts,
        ) -> DispatchResult {
            let owner = Self::ensure_role(origin, Role::Aggregator)?;
            let resource = GenesisResource { owner, area, device_key, capacity_down, capacity_up, load_min, load_max };
            Self::do_register_resource(resource)
        }

        /// Replaces a device's key within its life. By its owner.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::rotate_device_key())]
        pub fn rotate_device_key(origin: OriginFor<T>, device: DeviceId, key: PublicKey) -> DispatchResult {
            Self::ensure_device_owner(origin, device)?;
            Self::do_rotate_device_key(device, key)
        }

        /// Refuses a device's units from now on. By its owner or the regulator.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::revoke_device())]
        pub fn revoke_device(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
            let by = Self::ensure_owner_or_regulator(origin, device)?;
            Self::do_revoke_device(by, device)
        }

        /// Begins a device's next life with a new key, revoked or not. By its owner.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::renew_device())]
        pub fn renew_device(origin: OriginFor<T>, device: DeviceId, key: PublicKey) -> DispatchResult {
            Self::ensure_device_owner(origin, device)?;
            Self::do_renew_device(device, key)
        }

        /// Appoints the validators: distinct participants with session keys, each organisation with
        /// strictly less than a third. By governance; in force when the next session is planned.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::set_validators(validators.len() as u32))]
        pub fn set_validators(origin: OriginFor<T>, validators: ValidatorList) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_set_validators(validators)
        }

        /// Announces a validator's libp2p peer id and its gateway's address. By itself or governance.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::set_validator_info())]
        pub fn set_validator_info(
            origin: OriginFor<T>,
            validator: AccountId,
            peer: BoundedVec<u8, ConstU32<64>>,
            gateway: BoundedVec<u8, ConstU32<128>>,
        ) -> DispatchResult {
            if T::GovernanceOrigin::try_origin(origin.clone()).is_err() {
                Self::ensure_validator_itself(origin, &validator)?;
            }
            Self::do_set_validator_info(validator, peer, gateway)
        }

        /// Takes an account without resources and appointments off the registry, which no resource names as its
        /// customer. By governance.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::remove_participant())]
        pub fn remove_participant(origin: OriginFor<T>, who: AccountId) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_remove_participant(who)
        }

        /// Names the customer of a resource, a registered account, or nobody; for events opened later. By its owner.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::set_customer())]
        pub fn set_customer(origin: OriginFor<T>, resource: ResourceId, customer: Option<AccountId>) -> DispatchResult {
            let owner = Self::ensure_role(origin, Role::Aggregator)?;
            Self::do_set_customer(owner, resource, customer)
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// The account's participant record.
        pub fn participant_of(who: AccountId) -> Option<Participant> {
            Participants::<T>::get(who)
        }

        /// A resource with its device.
        pub fn resource_of(id: ResourceId) -> Option<(Resource, Device)> {
            let resource = Resources::<T>::get(id)?;
            let device = Devices::<T>::get(resource.device)?;
            Some((resource, device))
        }

        /// With whom a resource's owner shares its pay, now and before the last change.
        pub fn customer_of(id: ResourceId) -> Customer {
            Customers::<T>::get(id).unwrap_or_default()
        }

        /// The appointed validators and where they are found.
        pub fn validators() -> Vec<(AccountId, ValidatorInfo)> {
            let infos = ValidatorSet::<T>::get().into_iter();
            infos.filter_map(|who| Validators::<T>::get(&who).map(|info| (who, info))).collect()
        }
    }
}
