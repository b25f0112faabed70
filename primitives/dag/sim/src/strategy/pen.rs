//! Writing a chain of witnesses by hand, as honest members will accept it.

use loadstone_core::{AnchorNumber, Level};
use loadstone_dag::{witness_form, MemberMessage, Unit, WitnessContent, WitnessRef};

use super::Lair;

/// A chain of witnesses of one member in one epoch; starts over with the next.
#[derive(Clone, Debug, Default)]
pub struct Line {
    epoch: u32,
    /// Its newest witness.
    pub tip: Option<WitnessRef>,
    base: AnchorNumber,
    /// Its final witness was written.
    pub ended: bool,
}

impl Line {
    /// Forgets the epoch before.
    pub fn turn(&mut self, lair: &Lair) {
        if self.epoch != lair.epoch {
            *self = Self { epoch: lair.epoch, ..Self::default() };
        }
    }

    /// The level that an honest member would reach next.
    pub fn next_level(&self, lair: &Lair, allowed: &dyn Fn(&WitnessRef) -> bool) -> Option<Level> {
        let levels = lair.view.quorum_levels(lair.committee, allowed);
        let next = levels.last().map_or(Level(1), |level| level.next());
        self.tip.is_none_or(|tip| tip.level < next).then_some(next)
    }

    /// A witness at this level on all that is allowed.
    pub fn write(
        &mut self,
        lair: &mut Lair,
        level: Level,
        allowed: &dyn Fn(&WitnessRef) -> bool,
        units: Vec<Unit>,
    ) -> Option<MemberMessage> {
        let content = lair.view.stand_on(lair.content(level, self.tip), allowed);
        self.put(lair, content, units)
    }

    /// The final witness.
    pub fn end(&mut self, lair: &mut Lair, allowed: &dyn Fn(&WitnessRef) -> bool) -> Option<MemberMessage> {
        let level = self.tip.map_or(Level(1), |tip| tip.level.next());
        let mut content = lair.content(level, self.tip);
        content.latest = lair.view.newest(lair.me, allowed);
        content.last = true;
        self.put(lair, content, Vec::new())
    }

    /// Signs the content and goes on from it, if honest members would take its form.
    pub fn put(&mut self, lair: &mut Lair, content: WitnessContent, units: Vec<Unit>) -> Option<MemberMessage> {
        if self.ended {
            return None;
        }
        self.base = self.base.max(content.base);
        let content = WitnessContent { base: self.base, ..content };
        witness_form(&content, lair.committee).ok()?;
        self.ended = content.last;
        let (witness, reference) = lair.witness(content, &units);
        self.tip = Some(reference);
        Some(MemberMessage::Witness(witness, units))
    }
}
