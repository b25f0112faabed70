//! Open connections by address, so that no one address holds them all.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;

/// Counts places that are taken; cheap to clone.
#[derive(Clone, Default)]
pub struct Places(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// A taken place; given back when dropped.
pub struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    /// A place for a connection from `address`, unless `most` are open from there.
    pub fn take(&self, address: IpAddr, most: usize) -> Option<Place> {
        let mut taken = self.0.lock();
        let count = taken.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock();
        match taken.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_can_not_take_everything() {
        // GIVEN two places an address
        let places = Places::default();
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let (first, second) = (places.take(here, 2), places.take(here, 2));
        assert!(first.is_some() && second.is_some());
        // THEN a third from there is turned away, and another address is not
        assert!(places.take(here, 2).is_none());
        assert!(places.take(there, 2).is_some());
        // WHEN one is given back THEN it can be taken again, and nothing is kept of an address without any
        drop(first);
        assert!(places.take(here, 2).is_some());
        drop(second);
        assert!(places.0.lock().is_empty());
    }
}
