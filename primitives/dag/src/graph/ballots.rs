//! Which members marked which numbers, until marks of more than two thirds of the weight settle a number.
//!
//! A row holds a word for each member, with a bit for each number of the row's block: a member's votes
//! for 64 units are taken in with one instruction, and counted with a few.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use loadstone_core::MemberIndex;

use super::marks::{place, BitSet, Marks};
use crate::{Committee, MemberSet, MAX_MEMBERS};

/// Rows in a vector before the older half goes to the tree; more than are under way at full load.
const SPAN: usize = 1 << 11;

/// Rows without a mark at the vector's front that are worth moving all others for.
const SLACK: usize = 64;

/// Marks by number and member. The marks of a settled number are dropped: that can't be undone.
#[derive(Clone)]
pub(crate) struct Ballots {
    members: usize,
    /// Rows of recent blocks, one after another, the first `dead` of which are over.
    recent: Vec<u64>,
    dead: usize,
    /// Block of the first living row.
    start: u32,
    /// Rows of blocks before it.
    old: BTreeMap<u32, Vec<u64>>,
    settled: BitSet,
}

impl Ballots {
    pub fn new(committee: &Committee) -> Self {
        let members = usize::from(committee.size());
        Self { members, recent: Vec::new(), dead: 0, start: 0, old: BTreeMap::new(), settled: BitSet::default() }
    }

    /// Takes marks of a member; returns the numbers that they settle.
    pub fn add(&mut self, committee: &Committee, member: MemberIndex, marks: &Marks) -> Marks {
        let mut won = Marks::default();
        for (block, mask) in marks.blocks() {
            let open = mask & !self.settled.block(block);
            if open == 0 {
                continue;
            }
            let Some(row) = self.row_mut(block) else { continue };
            let Some(word) = row.get_mut(usize::from(member.0)) else { continue };
            *word |= open;
            let settled = committee.quorums(row, open);
            self.settle(block, settled);
            won.push(block, settled);
        }
        won
    }

    /// What [`Ballots::add`] would return for each in turn, without changing anything.
    pub fn preview<'a>(&self, committee: &Committee, all: impl IntoIterator<Item = (MemberIndex, &'a Marks)>) -> Marks {
        let mut won = Marks::default();
        let mut added = Self { members: self.members, start: self.start, ..Self::new(committee) };
        for (member, marks) in all {
            for (block, mask) in marks.blocks() {
                let open = mask & !self.settled.block(block) & !added.settled.block(block);
                if open == 0 {
                    continue;
                }
                let mut sum = [0; MAX_MEMBERS];
                let Some(row) = added.row_mut(block) else { continue };
                let Some(word) = row.get_mut(usize::from(member.0)) else { continue };
                *word |= open;
                let held = self.row(block).unwrap_or_default();
                let sum = &mut sum[..row.len().min(MAX_MEMBERS)];
                for (at, word) in sum.iter_mut().enumerate() {
                    *word = row[at] | held.get(at).copied().unwrap_or_default();
                }
                let settled = committee.quorums(sum, open);
                added.settled.insert_block(block, settled);
                won.push(block, settled);
            }
        }
        won
    }

    /// Settles numbers of a block, whoever marked them.
    pub fn settle(&mut self, block: u32, mask: u64) {
        if mask != 0 {
            self.settled.insert_block(block, mask);
            self.forget(block, mask);
        }
    }

    /// Drops the marks of numbers of a block.
    pub fn forget(&mut self, block: u32, mask: u64) {
        let Some(at) = block.checked_sub(self.start) else {
            let Some(row) = self.old.get_mut(&block) else { return };
            row.iter_mut().for_each(|word| *word &= !mask);
            if row.iter().all(|word| *word == 0) {
                self.old.remove(&block);
            }
            return;
        };
        let from = (self.dead + at as usize) * self.members;
        let Some(row) = self.recent.get_mut(from..from + self.members) else { return };
        row.iter_mut().for_each(|word| *word &= !mask);
        self.advance();
    }

    /// Leaves rows without marks behind.
    fn advance(&mut self) {
        let is_over = |row: &[u64]| row.iter().all(|word| *word == 0);
        while self.recent.get(self.dead * self.members..(self.dead + 1) * self.members).is_some_and(is_over) {
            self.dead += 1;
            self.start += 1;
        }
        if self.dead * self.members == self.recent.len() {
            self.recent.clear();
            self.dead = 0;
        } else if self.dead >= SLACK && 2 * self.dead * self.members > self.recent.len() {
            self.recent.drain(..self.dead * self.members);
            self.dead = 0;
        }
    }

    fn row(&self, block: u32) -> Option<&[u64]> {
        match block.checked_sub(self.start) {
            None => self.old.get(&block).map(Vec::as_slice),
            Some(at) => {
                let from = (self.dead + at as usize) * self.members;
                self.recent.get(from..from + self.members)
            }
        }
    }

    /// The block's row, empty if it had none.
    fn row_mut(&mut self, block: u32) -> Option<&mut [u64]> {
        if self.recent.is_empty() && self.start < block {
            self.start = block;
        }
        if self.recent.len() > (self.dead + SPAN) * self.members {
            self.age();
        }
        let members = self.members;
        let Some(at) = block.checked_sub(self.start) else {
            return Some(self.old.entry(block).or_insert_with(|| vec![0; members]));
        };
        let from = (self.dead + at as usize) * members;
        if self.recent.len() < from + members {
            self.recent.resize(from + members, 0);
        }
        self.recent.get_mut(from..from + members)
    }

    fn age(&mut self) {
        let middle = (self.dead + SPAN / 2) * self.members;
        let rows = self.recent[self.dead * self.members..middle].chunks(self.members);
        for (row, block) in rows.zip(self.start..).filter(|(row, _)| row.iter().any(|word| *word != 0)) {
            self.old.insert(block, row.to_vec());
        }
        self.recent.drain(..middle);
        self.start += (SPAN / 2) as u32;
        self.dead = 0;
    }

    /// Numbers of this block that are settled.
    pub fn settled(&self, block: u32) -> u64 {
        self.settled.block(block)
    }

    pub fn is_settled(&self, number: u32) -> bool {
        self.settled.contains(number)
    }

    /// Members that marked a number that is not settled.
    pub fn members(&self, number: u32) -> MemberSet {
        let (block, bit) = place(number);
        let row = self.row(block).unwrap_or_default();
        let marked = (0..).map(MemberIndex).zip(row).filter(|(_, word)| **word & bit != 0);
        marked.fold(MemberSet::default(), |set, (member, _)| set.with(MemberSet::of(member)))
    }
}
