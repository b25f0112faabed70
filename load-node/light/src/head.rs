//! A verified finalised head, and the part of a block header that a load node reads.

use codec::{Compact, Decode, Input};
use loadstone_core::{BlockNumber, ChangeNotice, Hash, CHANGE_ENGINE_ID};
use std::time::Instant;

/// Engine id of Aura's pre-runtime digest, which holds the slot.
const AURA_ENGINE_ID: [u8; 4] = *b"aura";

/// Engine id of GRANDPA's digest items, and the first bytes of those that announce another authority set:
/// a scheduled change and a forced one.
const GRANDPA_ENGINE_ID: [u8; 4] = *b"FRNK";
const SET_CHANGES: [u8; 2] = [1, 2];

/// Greatest number of digest items read from a header; blocks of this chain have fewer than ten.
const MAX_DIGEST_ITEMS: u32 = 256;

/// Greatest size of one digest item's data in bytes.
const MAX_DIGEST_BYTES: u32 = 65_536;

/// When finality was verified, by both of the machine's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Monotonic clock.
    pub instant: Instant,
    /// Wall clock, Unix milliseconds.
    pub unix_ms: u64,
}

/// A finalised block whose finality this machine has verified itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: BlockNumber,
    /// Hash of its header.
    pub hash: Hash,
    /// Aura slot, when the header carries one: slot x slot duration is the chain time, rounded down
    /// to the slot.
    pub slot: Option<u64>,
    /// What changed in the block.
    pub notices: Vec<ChangeNotice>,
    /// Whether the block announces another authority set.
    pub set_changed: bool,
    /// Blocks between the head before and this one were not shown, so notices may have been missed.
    pub after_gap: bool,
    /// When finality was verified here.
    pub seen: Seen,
}

/// A header that does not decode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the block header does not decode")]
pub struct HeaderError;

impl From<codec::Error> for HeaderError {
    fn from(_: codec::Error) -> Self {
        Self
    }
}

/// What a header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) number: BlockNumber,
    pub(crate) slot: Option<u64>,
    pub(crate) notices: Vec<ChangeNotice>,
    pub(crate) set_changed: bool,
}

/// Reads a SCALE-encoded header.
pub(crate) fn decode_header(mut bytes: &[u8]) -> Result<Said, HeaderError> {
    let input = &mut bytes;
    let _parent = <[u8; 32]>::decode(input)?;
    let number = Compact::<BlockNumber>::decode(input)?.0;
    let _state_root = <[u8; 32]>::decode(input)?;
    let _extrinsics_root = <[u8; 32]>::decode(input)?;
    let items = Compact::<u32>::decode(input)?.0;
    if items > MAX_DIGEST_ITEMS {
        return Err(HeaderError);
    }
    let mut said = Said { number, ..Said::default() };
    for _ in 0..items {
        match decode_item(input)? {
            Item::Consensus(CHANGE_ENGINE_ID, data) => said.notices.extend(ChangeNotice::decode(&mut &data[..])),
            Item::Consensus(GRANDPA_ENGINE_ID, data) => {
                said.set_changed |= data.first().is_some_and(|kind| SET_CHANGES.contains(kind));
            }
            Item::PreRuntime(AURA_ENGINE_ID, data) => said.slot = u64::decode(&mut &data[..]).ok(),
            _ => {}
        }
    }
    Ok(said)
}

enum Item {
    Consensus([u8; 4], Vec<u8>),
    PreRuntime([u8; 4], Vec<u8>),
    Other,
}

/// One digest item; the variants' numbers are those of Substrate's `DigestItem`.
fn decode_item(input: &mut &[u8]) -> Result<Item, HeaderError> {
    Ok(match input.read_byte()? {
        0 => {
            decode_data(input)?;
            Item::Other
        }
        4 => Item::Consensus(Decode::decode(input)?, decode_data(input)?),
        5 => {
            let _engine = <[u8; 4]>::decode(input)?;
            decode_data(input)?;
            Item::Other
        }
        6 => Item::PreRuntime(Decode::decode(input)?, decode_data(input)?),
        8 => Item::Other,
        _ => return Err(HeaderError),
    })
}

fn decode_data(input: &mut &[u8]) -> Result<Vec<u8>, HeaderError> {
    let length = Compact::<u32>::decode(input)?.0;
    if length > MAX_DIGEST_BYTES || length as usize > input.len() {
        return Err(HeaderError);
    }
    let (data, rest) = input.split_at(length as usize);
    *input = rest;
    Ok(data.to_vec())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use codec::Encode;
    use loadstone_core::{AreaId, Direction};

    /// A header as Substrate encodes it, with a slot, a notice, a foreign item and a seal.
    pub(crate) fn header(number: u32, slot: u64, notice: Option<ChangeNotice>) -> Vec<u8> {
        let mut bytes = ([1u8; 32], Compact(number), [2u8; 32], [3u8; 32]).encode();
        let items = 3 + notice.is_some() as u32;
        Compact(items).encode_to(&mut bytes);
        (6u8, AURA_ENGINE_ID, slot.encode()).encode_to(&mut bytes);
        (4u8, *b"FRNK", vec![9u8; 5]).encode_to(&mut bytes);
        if let Some(notice) = notice {
            (4u8, CHANGE_ENGINE_ID, notice.encode()).encode_to(&mut bytes);
        }
        (5u8, AURA_ENGINE_ID, vec![7u8; 64]).encode_to(&mut bytes);
        bytes
    }

    #[test]
    fn slot_and_notices_come_out_of_the_digest() {
        // GIVEN a header with our notice among other engines' items
        let notice = ChangeNotice::Order(AreaId(3), Direction::Down);
        let bytes = header(77, 123_456, Some(notice));
        // WHEN it is decoded THEN number, slot and notice are there
        let said = Said { number: 77, slot: Some(123_456), notices: vec![notice], set_changed: false };
        assert_eq!(decode_header(&bytes), Ok(said));
        let said = Said { number: 1, slot: Some(5), ..Said::default() };
        assert_eq!(decode_header(&header(1, 5, None)), Ok(said));
    }

    #[test]
    fn a_change_of_the_authority_set_is_seen() {
        // GIVEN a header with GRANDPA's digest item of each kind THEN two of them announce another set
        for (kind, is_change) in [(1, true), (2, true), (3, false), (4, false), (5, false)] {
            let mut bytes = ([1u8; 32], Compact(7u32), [2u8; 32], [3u8; 32]).encode();
            (Compact(1u32), 4u8, GRANDPA_ENGINE_ID, vec![kind, 0, 0]).encode_to(&mut bytes);
            assert_eq!(decode_header(&bytes).map(|said| said.set_changed), Ok(is_change));
        }
    }

    #[test]
    fn cut_headers_and_huge_lengths_are_errors() {
        // GIVEN a good header WHEN it is cut anywhere THEN it is refused and nothing panics
        let bytes = header(77, 123_456, None);
        for end in 0..bytes.len() {
            assert!(decode_header(&bytes[..end]).is_err());
        }
        // GIVEN a digest that claims four billion items
        let mut huge = ([1u8; 32], Compact(7u32), [2u8; 32], [3u8; 32]).encode();
        Compact(u32::MAX).encode_to(&mut huge);
        // THEN it is refused before anything is allocated
        assert!(decode_header(&huge).is_err());
    }
}
