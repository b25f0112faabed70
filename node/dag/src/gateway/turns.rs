//! Whose units are checked next: owners take turns, so that nobody waits for another's flood.

use std::collections::{BTreeMap, VecDeque};

/// What waits, by owner, in order of arrival.
pub struct Turns<K, T> {
    queues: BTreeMap<K, VecDeque<T>>,
    /// Owners with something that waits, in the order of their turns.
    order: VecDeque<K>,
    waiting: usize,
    most: usize,
}

impl<K: Ord + Clone, T> Turns<K, T> {
    /// Nothing waits, and never more than `most`.
    pub fn new(most: usize) -> Self {
        Self { queues: BTreeMap::new(), order: VecDeque::new(), waiting: 0, most }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Lets an item wait. When there are too many, the newest of the owner with the most gives way and is returned.
    pub fn push(&mut self, owner: K, item: T) -> Option<T> {
        let queue = self.queues.entry(owner.clone()).or_default();
        if queue.is_empty() {
            self.order.push_back(owner);
        }
        queue.push_back(item);
        self.waiting += 1;
        if self.waiting <= self.most {
            return None;
        }
        let longest = self.queues.iter().max_by_key(|(_, queue)| queue.len()).map(|(owner, _)| owner.clone())?;
        let displaced = self.queues.get_mut(&longest)?.pop_back();
        self.waiting -= usize::from(displaced.is_some());
        self.forget_if_empty(&longest);
        displaced
    }

    /// Up to `count` items, one of each owner in turn.
    pub fn draw(&mut self, count: usize) -> Vec<T> {
        let mut drawn = Vec::with_capacity(count.min(self.waiting));
        while drawn.len() < count {
            let Some(owner) = self.order.pop_front() else { break };
            let Some(queue) = self.queues.get_mut(&owner) else { continue };
            drawn.extend(queue.pop_front());
            if queue.is_empty() {
                self.queues.remove(&owner);
            } else {
                self.order.push_back(owner);
            }
        }
        self.waiting -= drawn.len();
        drawn
    }

    fn forget_if_empty(&mut self, owner: &K) {
        if self.queues.get(owner).is_some_and(VecDeque::is_empty) {
            self.queues.remove(owner);
            self.order.retain(|other| other != owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_take_turns_and_each_keeps_its_order() {
        // GIVEN one owner with many items and one with two that came last
        let mut turns = Turns::new(100);
        assert!((0..10).all(|item| turns.push('a', item).is_none()));
        assert!((20..22).all(|item| turns.push('b', item).is_none()));
        // THEN the second waits for nobody
        assert_eq!(turns.draw(5), vec![0, 20, 1, 21, 2]);
        assert_eq!(turns.draw(100), vec![3, 4, 5, 6, 7, 8, 9]);
        assert!(turns.is_empty() && turns.draw(1).is_empty());
    }

    #[test]
    fn who_has_the_most_gives_way() {
        // GIVEN no more room, nearly all of it one owner's
        let mut turns = Turns::new(4);
        (0..3).for_each(|item| assert_eq!(turns.push('a', item), None));
        assert_eq!(turns.push('b', 20), None);
        // WHEN others come THEN its newest goes; its own next is refused as well
        assert_eq!(turns.push('c', 30), Some(2));
        assert_eq!(turns.push('a', 3), Some(3));
        assert_eq!(turns.draw(9), vec![0, 20, 30, 1]);
        // WHEN there is room for one alone THEN a newcomer finds none, and leaves no trace
        let mut turns = Turns::new(1);
        assert_eq!(turns.push('b', 1), None);
        assert_eq!(turns.push('a', 2).into_iter().chain(turns.draw(2)).collect::<Vec<_>>().len(), 2);
        assert!(turns.is_empty());
    }
}
