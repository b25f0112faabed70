//! Decoding of everything that comes from outside, under limits of size, depth and count; and the
//! frames between members, which carry witnesses in their packed form.

use alloc::{vec, vec::Vec};

use codec::{Decode, DecodeLimit, Encode};
use loadstone_core::{Hash, Level, MemberIndex};

use crate::{
    compact::{header, pack_witnesses, push_witness, unpack_witnesses},
    unpack_witness, AnchorUnits, CompactFault, DeviceMessage, HistoryRequest, HistoryResponse, Known, MemberMessage,
    Named, Refusal, Unit, HEADS_CHUNK, MAX_DEVICE_FRAME, MAX_MEMBERS, MAX_MEMBER_FRAME, MAX_UNIT_BYTES,
};

/// Greatest nesting of a message; the deepest, a witness's units in a history response, takes 8.
const MAX_DEPTH: u32 = 12;

/// Greatest number of units or slots in one frame of a device.
pub const MAX_FRAME_UNITS: usize = 256;

/// Greatest number of witnesses or anchors asked for at once.
pub const MAX_WANTED: usize = 512;

/// Greatest number of witnesses in one answer.
pub const MAX_SERVED: usize = 2_048;

/// Greatest number of units in one answer: 1 MiB holds fewer.
pub const MAX_SERVED_UNITS: usize = 16_384;

/// Greatest encoded size of an anchor with its units in bytes.
pub const MAX_ANCHOR_UNITS_BYTES: usize = 256 * 1_024 * 1_024;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeFault {
    /// More bytes than a message may have.
    TooLong,
    /// Not the encoding of a message, or followed by something else.
    Malformed,
    /// A list in it is longer than allowed.
    TooMany,
}

fn decode<T: Decode>(bytes: &[u8], longest: usize) -> Result<T, DecodeFault> {
    if bytes.len() > longest {
        return Err(DecodeFault::TooLong);
    }
    T::decode_all_with_depth_limit(MAX_DEPTH, &mut &bytes[..]).map_err(|_| DecodeFault::Malformed)
}

fn at_most(count: usize, limit: usize) -> Result<(), DecodeFault> {
    if count > limit {
        return Err(DecodeFault::TooMany);
    }
    Ok(())
}

/// A unit; its form is not checked further.
pub fn decode_unit(bytes: &[u8]) -> Result<Unit, Refusal> {
    decode(bytes, MAX_UNIT_BYTES).map_err(|fault| match fault {
        DecodeFault::TooLong => Refusal::Oversize,
        _ => Refusal::Malformed,
    })
}

/// A frame from a device.
pub fn decode_device_message(bytes: &[u8]) -> Result<DeviceMessage, DecodeFault> {
    let message = decode(bytes, MAX_DEVICE_FRAME)?;
    let count = match &message {
        DeviceMessage::Submit(units) => units.len(),
        DeviceMessage::Prove(slots) => slots.len(),
    };
    at_most(count, MAX_FRAME_UNITS)?;
    Ok(message)
}

/// First byte of a frame between members that goes on with plain SCALE.
const PLAIN: u8 = 0;

/// First byte of a frame between members that goes on with packed witnesses.
const PACKED: u8 = 1;

/// What a notification turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "the large variant is the common one: a box would cost an allocation a message"
)]
pub enum Decoded {
    /// A message.
    Message(MemberMessage),
    /// A witness that can't be rebuilt from what the receiver holds: see [`Unresolved`].
    Unresolved(Unresolved),
}

/// A witness whose frame leaves out what the receiver does not hold, or holds otherwise.
///
/// That is no breach of the rules: the sender believed what is not so, usually because another message
/// is late or was lost. The frame may be tried again once the member has taken more in, but not for
/// long; then, or at once, [`Unresolved::request`] goes to whoever sent the frame, one at a time. The
/// answer carries the witness in full, and goes to the member as any other answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Committee epoch of the witness.
    pub epoch: u32,
    /// Its author, as the frame says; no signature was checked.
    pub member: MemberIndex,
    /// Its level.
    pub level: Level,
    /// The first thing found missing; `None` when all was there but something is not what was left out.
    pub missing: Option<Named>,
}

impl Unresolved {
    /// Asks for the author's witnesses from this level on, and for nothing else, in a committee of `members`.
    pub fn request(&self, members: u16) -> HistoryRequest {
        let others = (0..members.min(MAX_MEMBERS as u16)).map(MemberIndex).filter(|member| *member != self.member);
        let mut known: Vec<_> = others.map(|member| (member, Level(u32::MAX))).collect();
        known.extend(self.level.0.checked_sub(1).map(|below| (self.member, Level(below))));
        HistoryRequest::Witnesses { epoch: self.epoch, wanted: Vec::new(), known }
    }
}

/// A notification for members who hold what `knows` answers with.
pub fn encode_member_message(message: &MemberMessage, knows: &impl Known) -> Vec<u8> {
    let MemberMessage::Witness(witness, units) = message else { return plain_frame(message) };
    let mut frame = vec![PACKED];
    push_witness(witness, units, knows, &mut frame);
    frame
}

/// A notification from a member, rebuilt with what `resolve` answers.
pub fn decode_member_message(bytes: &[u8], genesis: &Hash, resolve: &impl Known) -> Result<Decoded, DecodeFault> {
    let (kind, rest) = open_frame(bytes)?;
    if kind == PACKED {
        return decode_witness(rest, genesis, resolve);
    }
    let message = decode(rest, MAX_MEMBER_FRAME)?;
    match &message {
        MemberMessage::Witness(..) => return Err(DecodeFault::Malformed),
        MemberMessage::Propose(proposal, ..) => at_most(proposal.frontier.len(), MAX_MEMBERS)?,
        MemberMessage::SignAnchor(..) | MemberMessage::SignRecords(..) => {}
    }
    Ok(Decoded::Message(message))
}

fn decode_witness(bytes: &[u8], genesis: &Hash, resolve: &impl Known) -> Result<Decoded, DecodeFault> {
    let missing = match unpack_witness(bytes, genesis, resolve) {
        Ok((witness, units)) => return Ok(Decoded::Message(MemberMessage::Witness(witness, units))),
        Err(CompactFault::Unknown(name)) => Some(name),
        Err(CompactFault::Mismatch) => None,
        Err(fault) => return Err(fault.into()),
    };
    let header = header(bytes)?;
    Ok(Decoded::Unresolved(Unresolved { epoch: header.epoch, member: header.member, level: header.level, missing }))
}

impl From<CompactFault> for DecodeFault {
    fn from(fault: CompactFault) -> Self {
        match fault {
            CompactFault::TooMany => Self::TooMany,
            CompactFault::Malformed | CompactFault::Unknown(_) | CompactFault::Mismatch => Self::Malformed,
        }
    }
}

fn plain_frame(message: &impl Encode) -> Vec<u8> {
    let mut frame = Vec::with_capacity(1 + message.size_hint());
    frame.push(PLAIN);
    message.encode_to(&mut frame);
    frame
}

/// The first byte of a frame, and what follows it.
fn open_frame(bytes: &[u8]) -> Result<(u8, &[u8]), DecodeFault> {
    if bytes.len() > MAX_MEMBER_FRAME {
        return Err(DecodeFault::TooLong);
    }
    match bytes.split_first() {
        Some((kind, rest)) if *kind == PLAIN || *kind == PACKED => Ok((*kind, rest)),
        _ => Err(DecodeFault::Malformed),
    }
}

/// A request from a member.
pub fn decode_history_request(bytes: &[u8]) -> Result<HistoryRequest, DecodeFault> {
    let request = decode(bytes, MAX_MEMBER_FRAME)?;
    match &request {
        HistoryRequest::Witnesses { wanted, known, .. } => {
            at_most(wanted.len(), MAX_WANTED)?;
            at_most(known.len(), MAX_MEMBERS)?;
        }
        HistoryRequest::Anchors(wanted) => at_most(wanted.len(), MAX_WANTED)?,
        HistoryRequest::Heads { .. } | HistoryRequest::Units { .. } => {}
    }
    Ok(request)
}

/// An answer to a request. Its witnesses leave out only what the answer itself says.
pub fn encode_history_response(response: &HistoryResponse, genesis: &Hash) -> Vec<u8> {
    let HistoryResponse::Witnesses(witnesses) = response else { return plain_frame(response) };
    let mut frame = vec![PACKED];
    pack_witnesses(witnesses, genesis, &mut frame);
    frame
}

/// A member's answer to a request.
pub fn decode_history_response(bytes: &[u8], genesis: &Hash) -> Result<HistoryResponse, DecodeFault> {
    let (kind, rest) = open_frame(bytes)?;
    if kind == PACKED {
        return Ok(HistoryResponse::Witnesses(unpack_witnesses(rest, genesis)?));
    }
    let response = decode(rest, MAX_MEMBER_FRAME)?;
    match &response {
        HistoryResponse::Witnesses(_) => return Err(DecodeFault::Malformed),
        HistoryResponse::Anchors(anchors) => {
            at_most(anchors.len(), MAX_WANTED)?;
            anchors.iter().try_for_each(|anchor| at_most(anchor.frontier.len(), MAX_MEMBERS))?;
        }
        HistoryResponse::Heads { chunk, .. } => at_most(chunk.len(), HEADS_CHUNK)?,
        HistoryResponse::Units(units) => at_most(units.len(), MAX_SERVED_UNITS)?,
    }
    Ok(response)
}

/// An anchor's units as an auditor gets them.
pub fn decode_anchor_units(bytes: &[u8]) -> Result<AnchorUnits, DecodeFault> {
    decode(bytes, MAX_ANCHOR_UNITS_BYTES)
}
