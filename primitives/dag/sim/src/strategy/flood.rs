//! Much of little use: forks by the dozen, garbage, oversized frames, and questions for everything.

use std::collections::BTreeMap;

use codec::Encode;
use loadstone_dag::{HistoryRequest, HistoryResponse, MemberMessage, Unit, Witness, WitnessRef, MAX_MEMBER_FRAME};
use rand::{Rng, RngCore};

use super::{pen::Line, Lair, Strategy};

/// Forked witnesses in an epoch.
const MAX_FORKS: usize = 120;

/// See the module's text.
#[derive(Default)]
pub struct Flood {
    ticks: u32,
    /// Forks of an epoch, which whoever asks for anything gets as well.
    forks: BTreeMap<u32, Vec<(Witness, Vec<Unit>)>>,
    /// The last fork of each member: an accomplice's fork names it, so that it is named by another.
    last: BTreeMap<(u32, u16), WitnessRef>,
}

impl Flood {
    /// A valid witness beside the member's own chain.
    fn fork(&mut self, lair: &mut Lair) {
        if self.forks.entry(lair.epoch).or_default().len() >= MAX_FORKS {
            return;
        }
        let skip = lair.rng.next_u32();
        // Each leaves out others of the newest, so that no two are the same.
        let allowed =
            |reference: &WitnessRef| skip >> (reference.member.0 % 32) & 1 == 0 || reference.level.0.is_multiple_of(2);
        let mut line = Line::default();
        line.turn(lair);
        let Some(level) = line.next_level(lair, &|_| true) else { return };
        let mut content = lair.view.stand_on(lair.content(level, None), &|_| true);
        content.latest.retain(allowed);
        let here = self.last.range((lair.epoch, 0)..(lair.epoch + 1, 0));
        let accomplice = here.map(|(_, last)| *last).find(|last| last.member != lair.me);
        if let Some(last) = accomplice.filter(|_| lair.rng.gen()) {
            content.parents.retain(|parent| parent.member != last.member);
            content.latest.retain(|latest| latest.member != last.member);
            content.latest.push(last);
            content.latest.sort();
        }
        if let Some(message) = line.put(lair, content, Vec::new()) {
            lair.kept.clear();
            self.last.extend(line.tip.map(|tip| ((lair.epoch, lair.seat), tip)));
            lair.broadcast(&message);
            if let MemberMessage::Witness(witness, units) = message {
                self.forks.entry(lair.epoch).or_default().push((witness, units));
            }
        }
    }

    fn garbage(lair: &mut Lair) {
        let mut bytes = vec![0; lair.rng.gen_range(0..300)];
        lair.rng.fill_bytes(&mut bytes);
        if lair.rng.gen() {
            // Garbage of the right beginning.
            bytes.splice(0..0, [lair.rng.gen_range(0..4)]);
        }
        let request = lair.rng.gen();
        lair.send_bytes(lair.others(), bytes, 0, request);
    }
}

impl Strategy for Flood {
    fn on_request(&mut self, lair: &mut Lair, honest: HistoryResponse) -> Option<HistoryResponse> {
        Some(match honest {
            HistoryResponse::Witnesses(mut witnesses) => {
                witnesses.extend(self.forks.get(&lair.epoch).into_iter().flatten().cloned());
                HistoryResponse::Witnesses(witnesses)
            }
            other => other,
        })
    }

    fn on_tick(&mut self, lair: &mut Lair) {
        self.ticks += 1;
        match self.ticks % 4 {
            0 => self.fork(lair),
            1 => Self::garbage(lair),
            2 if self.ticks % 40 == 2 => {
                let everything = HistoryRequest::Witnesses { epoch: lair.epoch, wanted: Vec::new(), known: Vec::new() };
                lair.send_bytes(lair.others(), everything.encode(), 0, true);
            }
            3 if self.ticks == 43 => lair.send_bytes(lair.others(), vec![0; MAX_MEMBER_FRAME + 1], 0, false),
            _ => {}
        }
    }
}
