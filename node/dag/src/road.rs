//! The way to the other members, behind one trait: messages that may be lost, questions that may go unanswered.
//!
//! A road carries bytes. What they mean is read by the verifier and the history server, off the road's task.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::future::BoxFuture;
use loadstone_core::{AccountId, Member, MemberIndex, ValidatorInfo};

/// A node's identity on the network, in the bytes that stand on chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerKey(pub Vec<u8>);

/// Whom this node speaks with, and which member speaks through which peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    members: BTreeMap<MemberIndex, PeerKey>,
    /// Validators that are no members are served history, so that they can catch up before their epoch.
    peers: BTreeMap<PeerKey, Option<MemberIndex>>,
}

impl Roster {
    /// The validators' peers as they stand on chain, without this node's own. A peer that two members
    /// announce counts for the first.
    pub fn new(committee: &[Member], validators: &[(AccountId, ValidatorInfo)], own: &PeerKey) -> Self {
        let mut roster = Self::default();
        for (account, info) in validators {
            let peer = PeerKey(info.peer.to_vec());
            if peer == *own || peer.0.is_empty() {
                continue;
            }
            let place = (0u16..).zip(committee).find(|(_, member)| member.account == *account);
            let member = place.map(|(index, _)| MemberIndex(index));
            match (roster.peers.get(&peer), member) {
                (Some(Some(first)), Some(index)) if *first <= index => continue,
                (Some(Some(first)), Some(_)) => drop(roster.members.remove(&first.clone())),
                (Some(_), None) => continue,
                _ => {}
            }
            if let Some(index) = member {
                roster.members.insert(index, peer.clone());
            }
            roster.peers.insert(peer, member);
        }
        roster
    }

    /// The member behind a peer.
    pub fn member(&self, peer: &PeerKey) -> Option<MemberIndex> {
        self.peers.get(peer).copied().flatten()
    }

    /// The peer of a member.
    pub fn peer(&self, member: MemberIndex) -> Option<&PeerKey> {
        self.members.get(&member)
    }

    /// Whether the peer is a validator's, and so may ask for history.
    pub fn admits(&self, peer: &PeerKey) -> bool {
        self.peers.contains_key(peer)
    }

    /// Everyone who is admitted.
    pub fn peers(&self) -> impl Iterator<Item = &PeerKey> {
        self.peers.keys()
    }
}

/// What happened on the road.
#[derive(Debug)]
pub enum LinkEvent {
    /// A member's stream is open.
    Opened(MemberIndex),
    /// A member said something: an encoded `MemberMessage`, if it plays by the rules.
    Message(MemberIndex, Vec<u8>),
}

/// The way to the other members.
#[async_trait]
pub trait Road: Send {
    /// This node's own peer.
    fn own_peer(&self) -> PeerKey;
    /// Admits exactly the roster's peers from now on.
    fn set_roster(&mut self, roster: Roster);
    /// Members with an open stream.
    fn connected(&self) -> Vec<MemberIndex>;
    /// Sends to every member with an open stream.
    fn broadcast(&mut self, message: Vec<u8>);
    /// Asks `member` for history. `None` when it can't be asked or does not answer.
    fn request(&self, member: MemberIndex, request: Vec<u8>) -> BoxFuture<'static, Option<Vec<u8>>>;
    /// The next event; `None` when the network has stopped. Loses nothing when it is dropped.
    async fn next(&mut self) -> Option<LinkEvent>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{BoundedVec, OrganisationId};

    fn validator(index: u8, peer: &[u8]) -> (AccountId, ValidatorInfo) {
        let info = ValidatorInfo {
            organisation: OrganisationId(index.into()),
            peer: BoundedVec::truncate_from(peer.to_vec()),
            gateway: BoundedVec::default(),
        };
        (AccountId::new([index; 32]), info)
    }

    fn member(index: u8) -> Member {
        Member {
            account: AccountId::new([index; 32]),
            organisation: OrganisationId(index.into()),
            key: [index; 32],
            weight: 1,
        }
    }

    #[test]
    fn a_roster_has_the_announced_peers_of_others() {
        // GIVEN members 0 to 3: 1 is ourselves, 2 announced nothing, 3 claims the peer of 0; and a validator
        // that is no member
        let committee: Vec<_> = (0..4).map(member).collect();
        let peers: [&[u8]; 5] = [b"zero", b"own", b"", b"zero", b"guest"];
        let mut validators: Vec<_> = (0..5).zip(peers).map(|(index, peer)| validator(index, peer)).collect();
        let key = |bytes: &[u8]| PeerKey(bytes.to_vec());
        for _ in 0..2 {
            let roster = Roster::new(&committee, &validators, &key(b"own"));
            // THEN a peer speaks for one member, and the guest for none, in whatever order they are listed
            assert_eq!(roster.member(&key(b"zero")), Some(MemberIndex(0)));
            assert_eq!(roster.peer(MemberIndex(0)), Some(&key(b"zero")));
            assert_eq!([1, 2, 3].map(|index| roster.peer(MemberIndex(index)).is_none()), [true; 3]);
            assert!(roster.admits(&key(b"guest")) && roster.member(&key(b"guest")).is_none());
            assert!(!roster.admits(&key(b"own")) && !roster.admits(&key(b"")) && roster.peers().count() == 2);
            validators.reverse();
        }
    }
}
