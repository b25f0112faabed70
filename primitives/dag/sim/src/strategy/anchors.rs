//! Wrong anchors, and right ones that come late and hold little.

use loadstone_core::{Hash, Level, MemberIndex};
use loadstone_dag::{frontier_hash, Anchor, AnchorProposal, Certificate, MemberMessage};
use rand::Rng;

use super::{Lair, Strategy};
use crate::seats::SeatSet;

/// Proposes, signs and submits what is not so.
pub struct FalseAnchors;

/// Something close to the truth that is not true.
fn bend(lair: &mut Lair, mut proposal: AnchorProposal) -> AnchorProposal {
    let anchor = &mut proposal.anchor;
    match lair.rng.gen_range(0..6) {
        0 => anchor.root = Hash::repeat_byte(1),
        1 => anchor.readings += 1,
        2 => anchor.units = anchor.units.saturating_sub(1),
        3 => anchor.heads = anchor.heads.map_or(Some(Hash::repeat_byte(2)), |_| None),
        4 => anchor.number = anchor.number.next(),
        _ => {
            proposal.frontier.pop();
            anchor.frontier = frontier_hash(&proposal.frontier);
        }
    }
    proposal
}

impl FalseAnchors {
    fn spread(lair: &mut Lair, proposal: AnchorProposal) {
        let lie = bend(lair, proposal);
        let signature = lair.sign_anchor(&lie.anchor);
        let hash = lie.anchor.hash();
        lair.broadcast(&MemberMessage::Propose(lie, lair.me, signature));
        // And a signature in another member's name.
        let other = MemberIndex((lair.me.0 + 1) % lair.committee.size());
        lair.broadcast(&MemberMessage::SignAnchor(hash, other, signature));
    }
}

impl Strategy for FalseAnchors {
    fn on_send(&mut self, lair: &mut Lair, message: MemberMessage) {
        match message {
            MemberMessage::Propose(proposal, ..) => Self::spread(lair, proposal),
            other => lair.broadcast(&other),
        }
    }

    fn on_hear(&mut self, lair: &mut Lair, from: u16, message: &MemberMessage) {
        let MemberMessage::Propose(proposal, ..) = message else { return };
        if lair.villains.contains(from) {
            // Whatever one of us proposes, all of us sign.
            let signature = lair.sign_anchor(&proposal.anchor);
            lair.broadcast(&MemberMessage::SignAnchor(proposal.anchor.hash(), lair.me, signature));
        } else if lair.rng.gen_ratio(1, 4) {
            Self::spread(lair, proposal.clone());
        }
    }

    fn on_submit(&mut self, lair: &mut Lair, anchor: Anchor, mut certificate: Certificate) {
        let lie = Anchor { root: Hash::repeat_byte(3), ..anchor.clone() };
        lair.submitted.push((lie, certificate.clone()));
        // The right anchor, with one signature for two members.
        if let Some((_, signature)) = certificate.first().copied() {
            certificate.iter_mut().for_each(|(_, other)| *other = signature);
        }
        lair.submitted.push((anchor, certificate));
    }
}

/// Hears some of the others only, so that its frontiers are the smallest that are right, and shows
/// them as late as it can.
pub struct StaleAnchors;

impl Strategy for StaleAnchors {
    fn faces(&self, all: SeatSet, halves: [SeatSet; 2], villains: SeatSet) -> Vec<SeatSet> {
        // Leaves out as many honest members as there are Byzantine ones.
        let left_out: SeatSet = halves[0].iter().take(villains.len()).collect();
        vec![all.without(left_out)]
    }

    fn on_send(&mut self, lair: &mut Lair, message: MemberMessage) {
        match &message {
            MemberMessage::Propose(proposal, ..) => {
                let late = lair.rng.gen_range(100..2_500);
                lair.send(lair.others(), &message, late);
                self.oldest(lair, proposal.clone());
            }
            // Its own signature comes too late to be of use.
            MemberMessage::SignAnchor(..) => lair.send(lair.others(), &message, 3_000),
            _ => lair.broadcast(&message),
        }
    }
}

impl StaleAnchors {
    /// The same anchor on the oldest frontier of all.
    fn oldest(&self, lair: &mut Lair, proposal: AnchorProposal) {
        let frontier = lair.view.oldest(Level(1));
        let anchor = Anchor { frontier: frontier_hash(&frontier), ..proposal.anchor };
        let signature = lair.sign_anchor(&anchor);
        lair.broadcast(&MemberMessage::Propose(AnchorProposal { anchor, frontier }, lair.me, signature));
    }
}
