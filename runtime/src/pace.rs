//! Length of a slot: settled at genesis for the network that the validators share, and never changed, since a
//! block's slot is its time divided by it.

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use crate::constants::{DEFAULT_SLOT_MILLIS, MAX_SLOT_MILLIS, MIN_SLOT_MILLIS};
    use frame_support::pallet_prelude::*;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    #[pallet::type_value]
    pub fn DefaultSlot() -> u64 {
        DEFAULT_SLOT_MILLIS
    }

    /// Length of a slot in milliseconds.
    #[pallet::storage]
    pub type SlotMillis<T> = StorageValue<_, u64, ValueQuery, DefaultSlot>;

    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// Length of a slot in milliseconds, 50 to 60,000.
        pub slot_ms: u64,
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self { slot_ms: DEFAULT_SLOT_MILLIS, _config: Default::default() }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let allowed = MIN_SLOT_MILLIS..=MAX_SLOT_MILLIS;
            assert!(allowed.contains(&self.slot_ms), "slotMs: a slot lasts {allowed:?} ms, not {}", self.slot_ms);
            SlotMillis::<T>::put(self.slot_ms);
        }
    }

    impl<T: Config> Get<u64> for Pallet<T> {
        fn get() -> u64 {
            SlotMillis::<T>::get()
        }
    }
}
