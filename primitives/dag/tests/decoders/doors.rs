//! Every decoder behind one face, with what must hold of whatever it lets in.

use codec::Encode;
use loadstone_dag::{
    decode_anchor_units, decode_device_message, decode_history_request, decode_history_response, decode_member_message,
    decode_unit, encode_history_response, encode_member_message, pack_unit, pack_witness, unpack_unit, unpack_witness,
    Decoded,
};

use super::{
    counting::most_held,
    known::{Asked, GENESIS},
};

/// Bytes that a decoder may hold at most for each byte that it is given, and besides.
const HELD_PER_BYTE: usize = 24;
const HELD_BESIDES: usize = 32 * 1_024;

/// What became of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are a message, and its only encoding.
    Taken,
    /// They leave out what the receiver does not hold.
    Unresolved,
    /// They are no message.
    Refused,
}

/// A decoder and the encoder that answers to it, which says what the bytes should have been.
pub type Door = fn(&[u8]) -> (Outcome, Option<Vec<u8>>);

/// By the name under which the corpus keeps bytes for it.
pub const DOORS: [(&str, Door); 8] = [
    ("unit", |bytes| taken(decode_unit(bytes).ok().map(|unit| unit.encode()))),
    ("device", |bytes| taken(decode_device_message(bytes).ok().map(|message| message.encode()))),
    ("request", |bytes| taken(decode_history_request(bytes).ok().map(|request| request.encode()))),
    ("anchor", |bytes| taken(decode_anchor_units(bytes).ok().map(|anchor| anchor.encode()))),
    ("answer", |bytes| {
        let decoded = decode_history_response(bytes, &GENESIS).ok();
        taken(decoded.map(|response| encode_history_response(&response, &GENESIS)))
    }),
    ("member", |bytes| {
        let asked = Asked::default();
        match decode_member_message(bytes, &GENESIS, &asked) {
            Ok(Decoded::Message(message)) => taken(Some(encode_member_message(&message, &asked.again()))),
            Ok(Decoded::Unresolved(_)) => (Outcome::Unresolved, None),
            Err(_) => taken(None),
        }
    }),
    ("packedunit", |bytes| {
        let asked = Asked::default();
        taken(unpack_unit(bytes, &asked).ok().map(|unit| pack_unit(&unit, &asked.again())))
    }),
    ("packedwitness", |bytes| {
        let asked = Asked::default();
        let unpacked = unpack_witness(bytes, &GENESIS, &asked).ok();
        taken(unpacked.map(|(witness, units)| pack_witness(&witness, &units, &asked.again())))
    }),
];

fn taken(encoded: Option<Vec<u8>>) -> (Outcome, Option<Vec<u8>>) {
    (if encoded.is_some() { Outcome::Taken } else { Outcome::Refused }, encoded)
}

/// The door of this name.
pub fn door(name: &str) -> Door {
    DOORS.iter().find(|(known, _)| *known == name).expect("a known door").1
}

/// Holds bytes against a door: what gets in has no other encoding, and nobody takes much memory.
pub fn hold_against(name: &str, bytes: &[u8]) -> Outcome {
    let ((outcome, again), held) = most_held(|| door(name)(bytes));
    assert!(again.is_none_or(|again| again == bytes), "{name}: {bytes:02x?} has another encoding");
    let bound = HELD_BESIDES + HELD_PER_BYTE * bytes.len();
    assert!(held <= bound, "{name}: {held} bytes held for {} in {bytes:02x?}", bytes.len());
    outcome
}
