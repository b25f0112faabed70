//! Packets under way, by the time at which they arrive.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A packet under way. Ordered by arrival, then by entry.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Microseconds since the start at which it arrives.
    pub due_us: u64,
    number: u64,
    /// The site that sent it.
    pub from: usize,
    /// The site that gets it.
    pub to: usize,
    /// The whole IP packet.
    pub packet: Box<[u8]>,
}

/// Packets under way, bounded in bytes for each sender: one that floods takes nobody else's room.
pub struct Queue {
    heap: BinaryHeap<Reverse<Waiting>>,
    entered: u64,
    bytes: Vec<usize>,
    bytes_max: usize,
}

impl Queue {
    /// An empty queue for `sites` senders with room for `bytes_max` each.
    pub fn new(sites: usize, bytes_max: usize) -> Self {
        Self { heap: BinaryHeap::new(), entered: 0, bytes: vec![0; sites], bytes_max }
    }

    /// Takes a copy of the packet in; answers false, and takes nothing, when its sender's room is full.
    pub fn push(&mut self, due_us: u64, from: usize, to: usize, packet: &[u8]) -> bool {
        let Some(bytes) = self.bytes.get_mut(from).filter(|bytes| **bytes + packet.len() <= self.bytes_max) else {
            return false;
        };
        *bytes += packet.len();
        self.heap.push(Reverse(Waiting { due_us, number: self.entered, from, to, packet: packet.into() }));
        self.entered += 1;
        true
    }

    /// When the next packet arrives, in microseconds since the start.
    pub fn next_due_us(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(waiting)| waiting.due_us)
    }

    /// The next packet that has arrived by `now_us`.
    pub fn pop(&mut self, now_us: u64) -> Option<Waiting> {
        if self.next_due_us()? > now_us {
            return None;
        }
        let Reverse(waiting) = self.heap.pop()?;
        if let Some(bytes) = self.bytes.get_mut(waiting.from) {
            *bytes -= waiting.packet.len();
        }
        Some(waiting)
    }

    /// Bytes that this sender has under way.
    pub fn bytes_of(&self, site: usize) -> usize {
        self.bytes.get(site).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_leave_when_due_and_those_of_one_time_in_the_order_of_entry() {
        // GIVEN packets of several times, two of them of the same
        let mut queue = Queue::new(2, 1_000);
        for (due, byte) in [(300, 3), (100, 1), (200, 2), (100, 9)] {
            assert!(queue.push(due, 0, 1, &[byte]));
        }
        assert_eq!(queue.next_due_us(), Some(100));
        // WHEN time goes on THEN each leaves at its time and none before
        let mut left = |now| std::iter::from_fn(|| queue.pop(now)).map(|each| each.packet[0]).collect::<Vec<_>>();
        assert!(left(99).is_empty());
        assert_eq!(left(250), [1, 9, 2]);
        assert_eq!(left(300), [3]);
    }

    #[test]
    fn a_sender_that_floods_fills_its_own_room_alone() {
        // GIVEN room for 100 bytes a sender
        let mut queue = Queue::new(2, 100);
        // WHEN one sends 150
        assert!(queue.push(5, 0, 1, &[0; 60]));
        assert!(!queue.push(6, 0, 1, &[0; 60]));
        // THEN the other still has its room
        assert!(queue.push(7, 1, 0, &[0; 100]));
        assert_eq!((queue.bytes_of(0), queue.bytes_of(1)), (60, 100));
        // and what has arrived makes room again
        assert!(queue.pop(5).is_some());
        assert!(queue.push(8, 0, 1, &[0; 100]));
    }
}
