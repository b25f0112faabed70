//! Tips far behind, on as few and as old witnesses as the rules allow.

use std::collections::BTreeMap;

use loadstone_core::Level;
use loadstone_dag::{CheckedUnit, MemberSet, Unit, WitnessContent};

use super::{pen::Line, Lair, Strategy};

/// Levels that the member stays behind.
const BEHIND: u32 = 12;

/// See the module's text.
#[derive(Default)]
pub struct Lazy {
    lines: BTreeMap<u16, (Line, Vec<CheckedUnit>)>,
}

/// Drops parents as long as the rest is a quorum.
fn few_parents(lair: &Lair, mut content: WitnessContent) -> WitnessContent {
    let below = content.level.0 - 1;
    let own = content.previous.filter(|previous| previous.level.0 == below);
    let is_quorum = |content: &WitnessContent| {
        let named = own.iter().chain(&content.parents);
        lair.committee.is_quorum(named.fold(MemberSet::default(), |set, r| set.with(MemberSet::of(r.member))))
    };
    for position in (0..content.parents.len()).rev() {
        let dropped = content.parents.remove(position);
        if !is_quorum(&content) {
            content.parents.insert(position, dropped);
        }
    }
    content.latest.clear();
    content
}

impl Strategy for Lazy {
    fn writes_itself(&self) -> bool {
        true
    }

    fn on_units(&mut self, lair: &mut Lair, units: Vec<CheckedUnit>) -> Vec<CheckedUnit> {
        self.lines.entry(lair.seat).or_default().1.extend(units);
        Vec::new()
    }

    fn on_tick(&mut self, lair: &mut Lair) {
        let (line, queue) = self.lines.entry(lair.seat).or_default();
        line.turn(lair);
        let message = if lair.closing {
            line.end(lair, &|_| true)
        } else {
            let after = line.tip.map_or(Level(1), |tip| tip.level.next());
            let old = Level(lair.view.top().0.saturating_sub(BEHIND));
            let levels = lair.view.quorum_levels(lair.committee, &|_| true);
            let Some(level) = levels.into_iter().map(Level::next).find(|level| *level >= after) else { return };
            if level > old {
                return;
            }
            let content = lair.view.stand_on(lair.content(level, line.tip), &|_| true);
            let content = few_parents(lair, content);
            let units: Vec<Unit> = queue.drain(..).map(CheckedUnit::into_unit).collect();
            line.put(lair, content, units)
        };
        if let Some(message) = message {
            lair.broadcast(&message);
        }
    }
}
