//! A map from dense numbers of which only the recent ones matter: a vector that moves on.
//!
//! Units and slots are numbered in order of acceptance, and what is noted of them is dropped once it
//! is settled, mostly in the same order. What lags far behind the rest moves to a tree.

use alloc::collections::{BTreeMap, VecDeque};

/// Numbers that the vector spans before its older half goes to the tree; more than are under way at full load.
const SPAN: usize = 1 << 17;

/// Maps numbers to values; a number without an entry has the default value.
#[derive(Clone, Default)]
pub(crate) struct Window<T> {
    /// Number of the vector's front. Entries below it are in the tree.
    start: u32,
    recent: VecDeque<T>,
    old: BTreeMap<u32, T>,
}

impl<T: Copy + Default + PartialEq> Window<T> {
    pub fn get(&self, number: u32) -> T {
        let value = match number.checked_sub(self.start) {
            Some(at) => self.recent.get(at as usize),
            None => self.old.get(&number),
        };
        value.copied().unwrap_or_default()
    }

    pub fn set(&mut self, number: u32, value: T) {
        if self.recent.is_empty() && self.start < number {
            self.start = number;
        }
        let Some(at) = number.checked_sub(self.start) else {
            self.old.insert(number, value);
            return;
        };
        let at = at as usize;
        if at >= self.recent.len() {
            self.recent.resize(at + 1, T::default());
        }
        self.recent[at] = value;
        if self.recent.len() > SPAN {
            self.age();
        }
    }

    /// Removes the entry; returns what it was.
    pub fn clear(&mut self, number: u32) -> T {
        let Some(at) = number.checked_sub(self.start) else { return self.old.remove(&number).unwrap_or_default() };
        let before = self.recent.get_mut(at as usize).map(core::mem::take).unwrap_or_default();
        while self.recent.front() == Some(&T::default()) {
            self.recent.pop_front();
            self.start += 1;
        }
        before
    }

    fn age(&mut self) {
        let half = self.recent.len() / 2;
        let start = self.start;
        let moved = self.recent.drain(..half).enumerate().filter(|(_, value)| *value != T::default());
        self.old.extend(moved.map(|(at, value)| (start + at as u32, value)));
        self.start += half as u32;
    }

    /// The lowest number with an entry.
    pub fn first(&self) -> Option<u32> {
        let recent = || self.recent.iter().position(|value| *value != T::default());
        self.old.first_key_value().map(|(number, _)| *number).or_else(|| recent().map(|at| self.start + at as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_a_tree_of_everything() {
        // GIVEN numbers that mostly rise, with stragglers and jumps beyond the vector's span
        let mut window = Window::default();
        let mut tree = BTreeMap::new();
        let mut state = 1u64;
        for round in 0..400_000u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let back = (state >> 33) as u32 % if state >> 60 == 0 { 300_000 } else { 2_000 };
            let number = (round + round / 100_000 * 50_000).saturating_sub(back);
            if state >> 32 & 3 == 0 {
                // WHEN entries are removed
                assert_eq!(window.clear(number), tree.remove(&number).unwrap_or_default());
            } else {
                window.set(number, round + 1);
                tree.insert(number, round + 1);
            }
            // THEN both say the same of any number
            let other = number.wrapping_add(state as u32 % 100);
            assert_eq!(window.get(other), tree.get(&other).copied().unwrap_or_default());
        }
        assert_eq!(window.first(), tree.first_key_value().map(|(number, _)| *number));
    }
}
