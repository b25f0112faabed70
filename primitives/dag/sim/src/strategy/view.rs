//! Witnesses at hand, and what a new one may name so that honest members accept it.

use std::collections::{BTreeMap, BTreeSet};

use loadstone_core::{Hash, Level, MemberIndex};
use loadstone_dag::{Committee, MemberSet, Witness, WitnessContent, WitnessRef};

use crate::keys::GENESIS;

/// Accepted witnesses of one epoch by level and author.
#[derive(Default)]
pub struct View {
    levels: BTreeMap<Level, BTreeMap<MemberIndex, Vec<WitnessRef>>>,
    newest: BTreeMap<MemberIndex, Vec<WitnessRef>>,
    known: BTreeSet<Hash>,
    last: BTreeSet<Hash>,
}

impl View {
    /// Takes a witness in; returns how it is named.
    pub fn add(&mut self, witness: &Witness) -> WitnessRef {
        let content = &witness.content;
        let hash = content.payload(&GENESIS).hash();
        let reference = WitnessRef { member: content.member, level: content.level, hash };
        if self.known.insert(hash) {
            self.levels.entry(content.level).or_default().entry(content.member).or_default().push(reference);
            self.newest.entry(content.member).or_default().push(reference);
        }
        if content.last {
            self.last.insert(hash);
        }
        reference
    }

    /// Levels from the lowest at which witnesses of a quorum are at hand that `allowed` lets pass.
    pub fn quorum_levels(&self, committee: &Committee, allowed: &dyn Fn(&WitnessRef) -> bool) -> Vec<Level> {
        let is_quorum = |members: &BTreeMap<MemberIndex, Vec<WitnessRef>>| {
            let some = members.iter().filter(|(_, refs)| refs.iter().any(allowed));
            committee.is_quorum(some.fold(MemberSet::default(), |set, (member, _)| set.with(MemberSet::of(*member))))
        };
        self.levels.iter().filter(|(_, members)| is_quorum(members)).map(|(level, _)| *level).collect()
    }

    /// One allowed witness of each other member at this level.
    pub fn at_level(&self, level: Level, me: MemberIndex, allowed: &dyn Fn(&WitnessRef) -> bool) -> Vec<WitnessRef> {
        let members = self.levels.get(&level).into_iter().flatten().filter(|(member, _)| **member != me);
        members.filter_map(|(_, refs)| refs.iter().find(|reference| allowed(reference)).copied()).collect()
    }

    /// The highest allowed witness of each other member.
    pub fn newest(&self, me: MemberIndex, allowed: &dyn Fn(&WitnessRef) -> bool) -> Vec<WitnessRef> {
        let members = self.newest.iter().filter(|(member, _)| **member != me);
        let highest = |refs: &Vec<WitnessRef>| {
            refs.iter().filter(|reference| allowed(reference)).max_by_key(|reference| reference.level).copied()
        };
        members.filter_map(|(_, refs)| highest(refs)).collect()
    }

    /// Makes the content one level above `below`, naming all that is allowed there and the newest of the rest.
    pub fn stand_on(&self, mut content: WitnessContent, allowed: &dyn Fn(&WitnessRef) -> bool) -> WitnessContent {
        content.parents = match content.level.0.checked_sub(1) {
            Some(below) if below > 0 => self.at_level(Level(below), content.member, allowed),
            _ => Vec::new(),
        };
        let newest = self.newest(content.member, allowed);
        content.latest = newest.into_iter().filter(|reference| !content.parents.contains(reference)).collect();
        content
    }

    /// The oldest witness of each member, from a level on.
    pub fn oldest(&self, from: Level) -> Vec<WitnessRef> {
        let mut found: BTreeMap<MemberIndex, WitnessRef> = BTreeMap::new();
        for (member, refs) in self.levels.range(from..).flat_map(|(_, members)| members) {
            if let Some(first) = refs.first() {
                found.entry(*member).or_insert(*first);
            }
        }
        found.into_values().collect()
    }

    /// Final witnesses, one a member.
    pub fn finals(&self) -> Vec<WitnessRef> {
        let last = |refs: &Vec<WitnessRef>| refs.iter().find(|reference| self.last.contains(&reference.hash)).copied();
        self.newest.values().filter_map(last).collect()
    }

    /// The highest level.
    pub fn top(&self) -> Level {
        self.levels.last_key_value().map(|(level, _)| *level).unwrap_or_default()
    }
}
