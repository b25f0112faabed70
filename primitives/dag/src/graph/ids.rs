//! An index from ids to numbers that is written often and read seldom: sorted runs that double in length.
//!
//! Only the first eight bytes of an id are kept. Others may share them by much labour, so a reader
//! compares the whole id of each number that it gets.

use alloc::vec::Vec;

use loadstone_core::Hash;

/// Entries that are gathered before they are sorted.
const GATHERED: usize = 1_024;

type Entry = (u64, u32);

#[derive(Default)]
pub(crate) struct Ids {
    /// Each sorted; each at least twice as long as the next.
    runs: Vec<Vec<Entry>>,
    gathered: Vec<Entry>,
}

fn prefix(id: &Hash) -> u64 {
    id.as_bytes().iter().take(8).fold(0, |prefix, byte| prefix << 8 | u64::from(*byte))
}

impl Ids {
    pub fn insert(&mut self, id: &Hash, number: u32) {
        self.gathered.push((prefix(id), number));
        if self.gathered.len() >= GATHERED {
            self.sort();
        }
    }

    fn sort(&mut self) {
        let mut run = core::mem::take(&mut self.gathered);
        self.gathered.reserve_exact(GATHERED);
        while let Some(longer) = self.runs.pop() {
            if longer.len() >= 2 * run.len() {
                self.runs.push(longer);
                break;
            }
            run.extend(longer);
        }
        // Two or more sorted stretches: the stable sort merges them as they are.
        run.sort();
        self.runs.push(run);
    }

    /// Numbers whose ids begin as this one does.
    pub fn alike(&self, id: &Hash) -> impl Iterator<Item = u32> + '_ {
        let prefix = prefix(id);
        let sorted = self.runs.iter().flat_map(move |run| {
            let first = run.partition_point(|(other, _)| *other < prefix);
            run[first..].iter().take_while(move |(other, _)| *other == prefix)
        });
        sorted.chain(self.gathered.iter().filter(move |(other, _)| *other == prefix)).map(|(_, number)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_found_by_its_id() {
        // GIVEN ids of which every hundredth begins like one before
        let id = |number: u32| {
            let number = if number % 100 == 99 { number - 50 } else { number };
            Hash(sp_crypto_hashing::blake2_256(&number.to_le_bytes()))
        };
        let mut ids = Ids::default();
        for number in 0..5_000u32 {
            ids.insert(&id(number), number);
            // THEN each is found at any time, as is one of long ago
            for asked in [number, number / 2] {
                let mut found: Vec<u32> = ids.alike(&id(asked)).collect();
                found.sort();
                let same = (asked.saturating_sub(50)..=asked + 50).filter(|other| *other <= number);
                assert_eq!(found, same.filter(|other| id(*other) == id(asked)).collect::<Vec<_>>());
            }
        }
        // AND an id that was never inserted is not
        assert_eq!(ids.alike(&id(6_000)).count(), 0);
    }
}
