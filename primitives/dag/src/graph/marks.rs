//! Sets of dense numbers as blocks of 64 bits: units are mostly voted for, certified and settled in the
//! order of their numbers, so that most of what is done with them is done for 64 at once.

use alloc::vec::Vec;

/// A few numbers, by block. A block may stand here twice, a number may not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks(Vec<(u32, u64)>);

/// Block and bit of a number.
pub(crate) fn place(number: u32) -> (u32, u64) {
    (number / 64, 1 << (number % 64))
}

/// Numbers of the bits set in a block.
pub(crate) fn numbers(block: u32, mut mask: u64) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros())?;
        mask &= mask - 1;
        Some(block * 64 + bit)
    })
}

impl Marks {
    /// Of distinct numbers in any order.
    pub fn of(mut numbers: Vec<u32>) -> Self {
        numbers.sort_unstable();
        let mut blocks: Vec<(u32, u64)> = Vec::with_capacity(numbers.len() / 32 + 1);
        for (block, bit) in numbers.into_iter().map(place) {
            match blocks.last_mut() {
                Some((last, mask)) if *last == block => *mask |= bit,
                _ => blocks.push((block, bit)),
            }
        }
        blocks.shrink_to_fit();
        Self(blocks)
    }

    pub fn push(&mut self, block: u32, mask: u64) {
        if mask != 0 {
            self.0.push((block, mask));
        }
    }

    pub fn blocks(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.0.iter().copied()
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|(_, mask)| mask.count_ones() as usize).sum()
    }

    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.blocks().flat_map(|(block, mask)| numbers(block, mask))
    }
}

/// A growing set of numbers, one bit each.
#[derive(Clone, Default)]
pub(crate) struct BitSet(Vec<u64>);

impl BitSet {
    pub fn contains(&self, number: u32) -> bool {
        let (block, bit) = place(number);
        self.block(block) & bit != 0
    }

    /// Returns whether the number is new.
    pub fn insert(&mut self, number: u32) -> bool {
        let (block, bit) = place(number);
        let is_new = self.block(block) & bit == 0;
        self.insert_block(block, bit);
        is_new
    }

    /// All bits of a block.
    pub fn block(&self, block: u32) -> u64 {
        self.0.get(block as usize).copied().unwrap_or_default()
    }

    pub fn insert_block(&mut self, block: u32, mask: u64) {
        let block = block as usize;
        if block >= self.0.len() {
            self.0.resize(block + 1, 0);
        }
        self.0[block] |= mask;
    }
}
