//! Lets a supermajority of the council act as Root: runtime upgrades and emergency repairs.
//!
//! There is no sudo key. What only Root may do (new code, storage repairs, `grandpa.note_stalled`)
//! is carried out by a motion of the council whose call is [`Call::act_as_root`].

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use alloc::boxed::Box;
    use frame_support::{
        dispatch::{DispatchResultWithPostInfo, GetDispatchInfo, PostDispatchInfo},
        pallet_prelude::*,
        traits::UnfilteredDispatchable,
        weights::Weight,
    };
    use frame_system::{pallet_prelude::*, RawOrigin};

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// A call that Root may make.
        type Call: Parameter + UnfilteredDispatchable<RuntimeOrigin = Self::RuntimeOrigin> + GetDispatchInfo;
        /// Who may act as Root.
        type MandateOrigin: EnsureOrigin<Self::RuntimeOrigin>;
    }

    #[pallet::event]
    #[pallet::generate_deposit(fn deposit_event)]
    pub enum Event<T: Config> {
        /// The council acted as Root.
        ActedAsRoot { result: DispatchResult },
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Makes `call` as Root, past every filter. By a supermajority of the council.
        ///
        /// The outcome of `call` stands in the event; its failure does not undo the motion.
        #[pallet::call_index(0)]
        #[pallet::weight({
            let info = call.get_dispatch_info();
            (info.call_weight.saturating_add(overhead::<T>()), info.class)
        })]
        pub fn act_as_root(origin: OriginFor<T>, call: Box<<T as Config>::Call>) -> DispatchResultWithPostInfo {
            T::MandateOrigin::ensure_origin(origin)?;
            let result = call.dispatch_bypass_filter(RawOrigin::Root.into());
            Self::deposit_event(Event::ActedAsRoot { result: result.map(|_| ()).map_err(|error| error.error) });
            Ok(PostDispatchInfo::default())
        }
    }

    /// What the call adds to the one that it makes: an event.
    fn overhead<T: Config>() -> Weight {
        T::DbWeight::get().reads_writes(1, 1)
    }
}
