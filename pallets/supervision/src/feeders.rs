//! Which meters measure others, too.

use crate::{AreaFeeders, Config, Error, Event, Feeders, Pallet};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use loadstone_core::{traits::Directory, ResourceId};
use loadstone_market::supervision::feeder::Nodes;

/// Whether nodes are named in strictly rising order, at least one, and not the feeder itself.
pub(crate) fn are_sound(feeder: ResourceId, nodes: &Nodes) -> bool {
    match nodes {
        Nodes::Area => true,
        Nodes::Named(named) => {
            let rises = named.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
            !named.is_empty() && rises && !named.contains(&feeder)
        }
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_declare_feeder(feeder: ResourceId, nodes: Nodes) -> DispatchResult {
        let area = T::Directory::resource(feeder).ok_or(Error::<T>::UnknownResource)?.area;
        ensure!(are_sound(feeder, &nodes), Error::<T>::UnsoundNodes);
        let known = AreaFeeders::<T>::get(area);
        match nodes {
            Nodes::Area => {
                ensure!(known.is_none_or(|known| known == feeder), Error::<T>::AreaHasFeeder);
                AreaFeeders::<T>::insert(area, feeder);
            }
            Nodes::Named(_) if known == Some(feeder) => AreaFeeders::<T>::remove(area),
            Nodes::Named(_) => {}
        }
        Feeders::<T>::insert(feeder, nodes);
        Self::deposit_event(Event::FeederDeclared { feeder });
        Ok(())
    }

    pub(crate) fn do_remove_feeder(feeder: ResourceId) -> DispatchResult {
        let nodes = Feeders::<T>::take(feeder).ok_or(Error::<T>::NoFeeder)?;
        let area = T::Directory::resource(feeder).ok_or(Error::<T>::UnknownResource)?.area;
        if nodes == Nodes::Area {
            AreaFeeders::<T>::remove(area);
        }
        Self::deposit_event(Event::FeederRemoved { feeder });
        Ok(())
    }
}
