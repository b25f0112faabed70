//! Saying again what was said before, elsewhere, or by somebody else.

use std::collections::VecDeque;

use loadstone_core::Hash;
use loadstone_dag::{Anchor, Certificate, MemberMessage, Unit, Witness};
use rand::Rng;

use super::{Lair, Strategy};
use crate::keys::GENESIS;

/// Messages remembered.
const KEPT: usize = 256;

/// See the module's text.
#[derive(Default)]
pub struct Replay {
    heard: VecDeque<MemberMessage>,
    certificates: Vec<(Anchor, Certificate)>,
}

/// The witness as the member would have signed it on another chain or for another epoch.
fn from_elsewhere(lair: &Lair, witness: &Witness) -> Witness {
    let mut content = witness.content.clone();
    content.member = lair.me;
    let genesis = if content.level.0.is_multiple_of(2) { Hash::repeat_byte(8) } else { GENESIS };
    if genesis == GENESIS {
        content.epoch = content.epoch.wrapping_add(1);
    }
    Witness { signature: lair.sign(content.payload(&genesis).as_bytes()), content }
}

impl Replay {
    fn say_again(&mut self, lair: &mut Lair) {
        let Some(message) = self.heard.get(lair.rng.gen_range(0..self.heard.len().max(1))).cloned() else { return };
        if let MemberMessage::Witness(witness, units) = &message {
            let foreign = MemberMessage::Witness(from_elsewhere(lair, witness), units.clone());
            lair.broadcast(&foreign);
            // A unit signed for one witness's place, introduced a second time by another member.
            let again: Vec<Unit> = units.iter().take(2).cloned().collect();
            lair.send(lair.others(), &MemberMessage::Witness(witness.clone(), again), 50);
        }
        lair.broadcast(&message);
    }
}

impl Strategy for Replay {
    fn on_hear(&mut self, lair: &mut Lair, _from: u16, message: &MemberMessage) {
        if self.heard.len() < KEPT {
            self.heard.push_back(message.clone());
        } else if lair.rng.gen_ratio(1, 8) {
            let position = lair.rng.gen_range(0..KEPT);
            self.heard[position] = message.clone();
        }
    }

    fn on_submit(&mut self, lair: &mut Lair, anchor: Anchor, certificate: Certificate) {
        self.certificates.push((anchor.clone(), certificate.clone()));
        lair.submitted.push((anchor, certificate));
    }

    fn on_tick(&mut self, lair: &mut Lair) {
        if lair.rng.gen_ratio(1, 2) {
            self.say_again(lair);
        }
        if let Some(old) = self.certificates.first().filter(|_| lair.rng.gen_ratio(1, 8)) {
            lair.submitted.push(old.clone());
        }
    }
}
