//! Lies at the end of an epoch: two final witnesses, none, witnesses after the last, wrong heads.

use std::collections::BTreeSet;

use loadstone_core::Hash;
use loadstone_dag::{AnchorProposal, MemberMessage, Unit, Witness};

use super::{Lair, Strategy};

/// See the module's text.
#[derive(Default)]
pub struct Finals {
    told: BTreeSet<(u16, u32)>,
}

impl Finals {
    /// The honest final goes to one half, another one to the other half, and then a witness after it.
    fn two_finals(lair: &mut Lair, witness: Witness, units: Vec<Unit>) {
        let mut other = witness.content.clone();
        other.level = other.level.next();
        other.parents.clear();
        other.latest = lair.view.oldest(loadstone_core::Level(1));
        other.latest.retain(|reference| reference.member != lair.me);
        let (other, reference) = lair.witness(other, &[]);
        lair.send(lair.side(0), &MemberMessage::Witness(witness, units), 0);
        lair.send(lair.side(1), &MemberMessage::Witness(other, Vec::new()), 0);
        let mut after = lair.content(reference.level.next(), Some(reference));
        after.latest = lair.view.newest(lair.me, &|_| true);
        after.last = true;
        let (after, _) = lair.witness(after, &[]);
        // What our own machine holds is the honest final: the others it needs not serve.
        lair.kept.clear();
        lair.broadcast(&MemberMessage::Witness(after, Vec::new()));
    }

    fn wrong_heads(lair: &mut Lair, mut proposal: AnchorProposal) {
        proposal.anchor.heads = Some(Hash::repeat_byte(9));
        let signature = lair.sign_anchor(&proposal.anchor);
        lair.broadcast(&MemberMessage::Propose(proposal, lair.me, signature));
    }
}

impl Strategy for Finals {
    fn on_send(&mut self, lair: &mut Lair, message: MemberMessage) {
        match message {
            MemberMessage::Witness(witness, units) if witness.content.last => {
                if !self.told.insert((lair.seat, lair.epoch)) {
                    return;
                }
                // Every third tells nobody.
                match lair.seat % 3 {
                    0 => {}
                    _ => Self::two_finals(lair, witness, units),
                }
            }
            MemberMessage::Propose(proposal, ..) if proposal.anchor.closes_epoch() => {
                Self::wrong_heads(lair, proposal);
            }
            other => lair.broadcast(&other),
        }
    }
}
