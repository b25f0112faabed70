//! Units whose signatures were checked not long ago, so that none is checked twice.
//!
//! A device may hand a unit to several gateways, and then several witnesses bring it. Id and signature
//! both count: the id does not cover the signature.

use std::sync::Arc;

use loadstone_core::{Hash, Signature};
use parking_lot::Mutex;

/// Units remembered; each has one place, where it takes another's.
const PLACES: usize = 1 << 16;

/// The id of a unit and its good signature, if the place is taken.
type Place = Option<(Hash, Signature)>;

/// A bounded memory of good signatures; cheap to clone.
#[derive(Clone)]
pub struct Vouched(Arc<Mutex<Vec<Place>>>);

impl Default for Vouched {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(vec![None; PLACES])))
    }
}

fn place(id: &Hash) -> usize {
    let bytes = id.as_bytes();
    usize::from(u16::from_le_bytes([bytes[0], bytes[1]])) % PLACES
}

impl Vouched {
    /// Which of the units are remembered, in their order.
    pub fn which<'a>(&self, units: impl Iterator<Item = (Hash, &'a Signature)>) -> Vec<bool> {
        let places = self.0.lock();
        let is_known = |(id, signature): (Hash, &Signature)| {
            places[place(&id)].as_ref().is_some_and(|(known, good)| *known == id && good == signature)
        };
        units.map(is_known).collect()
    }

    /// Remembers units whose signatures hold.
    pub fn add<'a>(&self, units: impl Iterator<Item = (Hash, &'a Signature)>) {
        let mut places = self.0.lock();
        for (id, signature) in units {
            places[place(&id)] = Some((id, *signature));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_known_by_id_and_signature() {
        // GIVEN a unit that was vouched for, and one that takes the place of another
        let vouched = Vouched::default();
        let id = |last: u8| {
            let mut id = Hash::repeat_byte(3);
            id.0[31] = last;
            id
        };
        let (good, bad) = ([1; 64], [2; 64]);
        vouched.add([(id(1), &good)].into_iter());
        // THEN neither the same id with another signature nor another id is known
        let units = [(id(1), &good), (id(1), &bad), (id(2), &good)];
        assert_eq!(vouched.which(units.into_iter()), vec![true, false, false]);
        vouched.add([(id(2), &good)].into_iter());
        assert_eq!(vouched.which(units.into_iter()), vec![false, false, true]);
    }
}
