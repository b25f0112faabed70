//! Decoding of everything that comes from outside, under limits of size, depth and count.

use codec::{Decode, DecodeLimit};

use crate::{
    AnchorUnits, DeviceMessage, HistoryRequest, HistoryResponse, MemberMessage, Refusal, Unit, Witness,
    MAX_DEVICE_FRAME, MAX_MEMBERS, MAX_MEMBER_FRAME, MAX_UNIT_BYTES, MAX_WITNESS_UNITS,
};

/// Greatest nesting of a message; the deepest, a witness's units in a history response, takes 8.
const MAX_DEPTH: u32 = 12;

/// Greatest number of units or slots in one frame of a device.
pub const MAX_FRAME_UNITS: usize = 256;

/// Greatest number of witnesses or anchors asked for at once.
pub const MAX_WANTED: usize = 512;

/// Greatest number of witnesses in one answer.
pub const MAX_SERVED: usize = 2_048;

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

/// A notification from a member.
pub fn decode_member_message(bytes: &[u8]) -> Result<MemberMessage, DecodeFault> {
    let message = decode(bytes, MAX_MEMBER_FRAME)?;
    match &message {
        MemberMessage::Witness(witness, units) => witness_counts(witness, units)?,
        MemberMessage::Propose(proposal, ..) => at_most(proposal.frontier.len(), MAX_MEMBERS)?,
        MemberMessage::SignAnchor(..) | MemberMessage::SignRecords(..) => {}
    }
    Ok(message)
}

/// A request from a member.
pub fn decode_history_request(bytes: &[u8]) -> Result<HistoryRequest, DecodeFault> {
    let request = decode(bytes, MAX_MEMBER_FRAME)?;
    match &request {
        HistoryRequest::Witnesses { wanted, known } => {
            at_most(wanted.len(), MAX_WANTED)?;
            at_most(known.len(), MAX_MEMBERS)?;
        }
        HistoryRequest::Anchors(wanted) => at_most(wanted.len(), MAX_WANTED)?,
    }
    Ok(request)
}

/// A member's answer to a request.
pub fn decode_history_response(bytes: &[u8]) -> Result<HistoryResponse, DecodeFault> {
    let response = decode(bytes, MAX_MEMBER_FRAME)?;
    match &response {
        HistoryResponse::Witnesses(witnesses) => {
            at_most(witnesses.len(), MAX_SERVED)?;
            witnesses.iter().try_for_each(|(witness, units)| witness_counts(witness, units))?;
        }
        HistoryResponse::Anchors(anchors) => {
            at_most(anchors.len(), MAX_WANTED)?;
            anchors.iter().try_for_each(|anchor| at_most(anchor.frontier.len(), MAX_MEMBERS))?;
        }
    }
    Ok(response)
}

/// An anchor's units as an auditor gets them.
pub fn decode_anchor_units(bytes: &[u8]) -> Result<AnchorUnits, DecodeFault> {
    decode(bytes, MAX_ANCHOR_UNITS_BYTES)
}

fn witness_counts(witness: &Witness, units: &[Unit]) -> Result<(), DecodeFault> {
    at_most(witness.content.parents.len(), MAX_MEMBERS)?;
    at_most(witness.content.latest.len(), MAX_MEMBERS)?;
    at_most(witness.content.units.len(), MAX_WITNESS_UNITS)?;
    at_most(units.len(), MAX_WITNESS_UNITS)
}
