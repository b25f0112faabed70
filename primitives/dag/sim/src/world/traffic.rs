//! What members say to each other, from bytes to bytes.

use std::rc::Rc;

use loadstone_core::MemberIndex;
use loadstone_dag::{heads_chunk, HistoryRequest, HistoryResponse, MemberMessage};

use super::{
    packet::{Checker, Content, Held, Note, Packet},
    queue::Event,
    Face, Life, World,
};
use crate::verdict::Verdict;

/// Times that a notification is tried again, and the time between them.
const ATTEMPTS: u8 = 3;
const RETRY_MS: u64 = 15;

impl World {
    /// Runs `act` with what is needed to check signatures.
    pub(super) fn checked<T>(&self, act: impl FnOnce(&Checker) -> T) -> T {
        let committee = |epoch: u32| self.chain.committee(epoch).map(|epoch| &epoch.committee);
        let device = |unit: &loadstone_dag::Unit| self.device_key(unit.content.slot.device);
        act(&Checker { scheme: self.plan.scheme, committee: &committee, device: &device })
    }

    /// Sends a notification to everybody in the face's committee whom it speaks to.
    pub(super) fn broadcast(&mut self, face: usize, message: &MemberMessage) {
        let packet = Rc::new(Packet::note(message, &Held(self.faces[face].member())));
        let Some(epoch) = self.chain.committee(self.faces[face].epoch()) else { return };
        for to in epoch.seats.clone() {
            self.send_note(face, to, packet.clone(), 0);
        }
    }

    /// Sends a notification to a seat, after a while.
    pub(super) fn send_note(&mut self, face: usize, to: u16, packet: Rc<Packet>, after_ms: u64) {
        let (from, ordinal) = (self.faces[face].seat, self.faces[face].ordinal);
        if to == from || !self.faces[face].hears.contains(to) {
            return;
        }
        self.count_message(&packet);
        for delay in self.network.delays(from, to, self.now) {
            let packet = packet.clone();
            self.queue.push(self.now + after_ms + delay, Event::Note { from, ordinal, to, packet });
        }
    }

    /// Sends a request to a seat.
    pub(super) fn send_request(&mut self, face: usize, to: u16, packet: Rc<Packet>) {
        let from = self.faces[face].seat;
        if to == from || !self.faces[face].hears.contains(to) {
            return;
        }
        self.count_message(&packet);
        if let Some(delay) = self.network.delays(from, to, self.now).pop() {
            self.queue.push(self.now + delay, Event::Request { from, face, to, packet });
        }
    }

    fn count_message(&mut self, packet: &Packet) {
        self.record.figures.messages += 1;
        self.record.figures.bytes += packet.bytes.len() as u64;
    }

    /// Faces of a seat that hear this face of another.
    fn hearing(&self, from: u16, ordinal: usize, to: u16) -> Vec<usize> {
        let villains = !self.plan.is_honest(from) && !self.plan.is_honest(to);
        let faces = self.faces_of(to);
        // Byzantine members with several faces keep their worlds apart.
        let apart = villains && faces.len() > 1;
        let hears = |face: &Face| face.hears.contains(from) && (!apart || face.ordinal == ordinal);
        faces.filter(|face| hears(&self.faces[*face])).collect()
    }

    pub(super) fn on_note(&mut self, from: u16, ordinal: usize, to: u16, packet: &Rc<Packet>) {
        for face in self.hearing(from, ordinal, to) {
            self.hear(face, from, packet, 0);
        }
    }

    /// Takes a notification in; one that can't be understood yet is tried again, then asked for in full.
    pub(super) fn hear(&mut self, face: usize, from: u16, packet: &Rc<Packet>, attempts: u8) {
        let epoch = self.faces[face].epoch();
        let Some(sitting) = self.chain.committee(epoch) else { return };
        let (Some(index), members) = (sitting.index_of(from), sitting.committee.size()) else { return };
        let content = self.checked(|checker| packet.open_note(checker, &Held(self.faces[face].member())));
        match content {
            Content::Note(note) => {
                if !self.is_honest(face) {
                    self.overhear(face, from, &note);
                }
                self.hand_in(face, epoch, index, *note);
            }
            Content::Unresolved(unresolved) if unresolved.epoch == epoch => match attempts {
                0..ATTEMPTS => {
                    let retry = Event::Again { from, face, packet: packet.clone(), attempts: attempts + 1 };
                    self.queue.push(self.now + RETRY_MS, retry);
                }
                _ => {
                    self.record.figures.in_full += 1;
                    let request = Packet::request(&unresolved.request(members));
                    self.send_request(face, from, Rc::new(request));
                }
            },
            Content::Garbage if self.plan.is_honest(from) => {
                let to = self.faces[face].seat;
                self.record.fail(Verdict::Diverged(format!("seat {to} can't make sense of what seat {from} sent")));
            }
            Content::Unresolved(_) | Content::Garbage => {}
        }
    }

    /// What a Byzantine member hears, its strategy hears too.
    fn overhear(&mut self, face: usize, from: u16, note: &Note) {
        let message = match note.clone() {
            Note::Witness(_, witness, units) => {
                let units = units.into_iter().map(loadstone_dag::CheckedUnit::into_unit).collect();
                MemberMessage::Witness(witness.witness().clone(), units)
            }
            Note::Propose(proposal, by, signature) => MemberMessage::Propose(proposal, by, signature),
            Note::Sign(hash, by, signature) => MemberMessage::SignAnchor(hash, by, signature),
        };
        self.scheme(face, |strategy, lair| strategy.on_hear(lair, from, &message));
    }

    /// Notes of another epoch are of no use to the state machine.
    fn hand_in(&mut self, face: usize, epoch: u32, from: MemberIndex, note: Note) {
        match note {
            Note::Witness(of, witness, units) if of == epoch => {
                self.with(face, |member, now| member.on_witness(from, witness, units, now));
            }
            Note::Propose(proposal, by, signature) if proposal.anchor.epoch == epoch => {
                self.with(face, |member, now| member.on_proposal(proposal, by, signature, now));
            }
            Note::Sign(hash, by, signature) => {
                self.with(face, |member, now| member.on_anchor_signature(hash, by, signature, now));
            }
            _ => {}
        }
    }

    pub(super) fn on_request(&mut self, from: u16, asker: usize, to: u16, packet: &Packet) {
        let Some(request) = packet.open_request() else { return };
        self.trace.add(self.now, || format!("seat {to} is asked by seat {from} {}", question(&request)));
        let ordinal = self.faces[asker].ordinal;
        let Some(face) = self.hearing(from, ordinal, to).first().copied() else { return };
        let Some(mut response) = self.answer(face, &request) else { return };
        if !self.is_honest(face) {
            let mut changed = None;
            self.scheme(face, |strategy, lair| changed = strategy.on_request(lair, response));
            let Some(answer) = changed else { return };
            response = answer;
        }
        let packet = Rc::new(Packet::response(&response));
        if self.is_honest(face) && packet.open_response().as_ref() != Some(&response) {
            self.record.fail(Verdict::Diverged(format!("an answer of seat {to} is not what it says once decoded")));
        }
        self.count_message(&packet);
        if let Some(delay) = self.network.delays(to, from, self.now).pop() {
            self.queue.push(self.now + delay, Event::Response { from: to, face: asker, packet });
        }
    }

    fn answer(&self, face: usize, request: &HistoryRequest) -> Option<HistoryResponse> {
        let face = &self.faces[face];
        match (request, &face.life) {
            (_, Life::Down) => None,
            (HistoryRequest::Heads { anchor, chunk }, _) => {
                let (chunk, proof) = face.disk.heads(anchor).and_then(|heads| heads_chunk(heads, *chunk))?;
                Some(HistoryResponse::Heads { chunk, proof })
            }
            (_, Life::Idle) => None,
            (request, Life::Member(member)) => Some(member.serve(request, &face.disk)),
        }
    }

    pub(super) fn on_response(&mut self, from: u16, face: usize, packet: &Packet) {
        let Some(response) = packet.open_response() else { return };
        self.trace.add(self.now, || {
            let to = self.faces[face].seat;
            format!("seat {to} is answered by seat {from} {}", answer(&response))
        });
        let epoch = self.faces[face].epoch();
        let index = self.chain.committee(epoch).and_then(|epoch| epoch.index_of(from));
        match (response, index) {
            (HistoryResponse::Witnesses(witnesses), Some(index)) => {
                let checked = self.checked(|checker| {
                    let here = witnesses.into_iter().filter(|(witness, _)| witness.content.epoch == epoch);
                    here.filter_map(|(witness, units)| checker.witness(witness, units).ok()).collect()
                });
                self.with(face, |member, now| member.on_witnesses(index, checked, now));
            }
            (HistoryResponse::Anchors(anchors), Some(index)) => {
                self.with(face, |member, now| member.on_anchors(index, anchors, now));
            }
            (HistoryResponse::Heads { chunk, proof }, _) => self.on_heads(face, chunk, &proof),
            _ => {}
        }
    }
}

fn question(request: &HistoryRequest) -> String {
    match request {
        HistoryRequest::Witnesses { wanted, known, .. } => {
            let wanted: Vec<String> =
                wanted.iter().map(|hash| format!("{hash:?}").chars().take(10).collect()).collect();
            let known: Vec<u32> = known.iter().map(|(_, level)| level.0).collect();
            format!("for witnesses {wanted:?}, knowing up to levels {known:?}")
        }
        HistoryRequest::Anchors(_) => "for an anchor".to_string(),
        HistoryRequest::Heads { chunk, .. } => format!("for chunk {chunk} of the heads"),
        HistoryRequest::Units { anchor, .. } => format!("for units of anchor {anchor}"),
    }
}

fn answer(response: &HistoryResponse) -> String {
    match response {
        HistoryResponse::Witnesses(witnesses) => {
            let name = |(witness, _): &(loadstone_dag::Witness, _)| {
                let content = &witness.content;
                format!("{}@{} of base {}", content.member, content.level, content.base)
            };
            format!("with witnesses {:?}", witnesses.iter().map(name).collect::<Vec<_>>())
        }
        HistoryResponse::Anchors(anchors) => format!("with {} anchors", anchors.len()),
        HistoryResponse::Heads { chunk, .. } => format!("with {} heads", chunk.len()),
        HistoryResponse::Units(units) => format!("with {} units", units.len()),
    }
}
