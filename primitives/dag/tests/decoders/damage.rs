//! Damage to the bytes of a message: flips, cuts, insertions, splices, and lengths blown up.

use proptest::{collection::vec, prelude::*, sample::Index};

/// One act.
#[derive(Clone, Debug)]
pub enum Damage {
    Flip(Index, u8),
    Set(Index, u8),
    Cut(Index, usize),
    Insert(Index, Vec<u8>),
    /// From here on as in the other message from there on.
    Splice(Index, Index),
    /// The bytes between two places once more.
    Repeat(Index, Index),
    /// Replaces a byte by the beginning of a great length, as SCALE writes it or as a varint.
    Blow(Index, usize),
}

const LENGTHS: [&[u8]; 5] =
    [&[0xfe, 0xff, 0xff, 0xff], &[0x03, 0xff, 0xff, 0xff, 0xff], &[0xfd, 0xff], &[0xff; 10], &[0xff, 0xff, 0xff, 0x7f]];

fn act() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        2 => (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        2 => (place(), 1usize..80).prop_map(|(at, count)| Damage::Cut(at, count)),
        2 => (place(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        2 => (place(), place()).prop_map(|(at, from)| Damage::Splice(at, from)),
        1 => (place(), place()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        2 => (place(), 0..LENGTHS.len()).prop_map(|(at, which)| Damage::Blow(at, which)),
    ]
}

/// Up to three acts; sometimes none.
pub fn damage() -> impl Strategy<Value = Vec<Damage>> {
    vec(act(), 0..4)
}

/// `bytes` after all of it; `other` is what is spliced in.
pub fn apply(mut bytes: Vec<u8>, other: &[u8], acts: &[Damage]) -> Vec<u8> {
    for act in acts {
        let at = |index: &Index, bytes: &[u8]| index.index(bytes.len() + 1);
        match act {
            Damage::Flip(index, bit) if !bytes.is_empty() => {
                let place = index.index(bytes.len());
                bytes[place] ^= 1 << bit;
            }
            Damage::Set(index, byte) if !bytes.is_empty() => {
                let place = index.index(bytes.len());
                bytes[place] = *byte;
            }
            Damage::Cut(index, count) => {
                let from = at(index, &bytes);
                bytes.drain(from..bytes.len().min(from + count));
            }
            Damage::Insert(index, more) => {
                let place = at(index, &bytes);
                bytes.splice(place..place, more.iter().copied());
            }
            Damage::Splice(index, from) => {
                bytes.truncate(at(index, &bytes));
                bytes.extend_from_slice(&other[at(from, other)..]);
            }
            Damage::Repeat(from, to) => {
                let (from, to) = (at(from, &bytes), at(to, &bytes));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(from.min(to)..from.min(to), part);
            }
            Damage::Blow(index, which) if !bytes.is_empty() => {
                let place = index.index(bytes.len());
                bytes.splice(place..place + 1, LENGTHS[*which].iter().copied());
            }
            Damage::Flip(..) | Damage::Set(..) | Damage::Blow(..) => {}
        }
    }
    bytes
}
