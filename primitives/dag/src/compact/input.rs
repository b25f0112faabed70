//! Bytes of a packed form: read front to back, every number in its shortest form.

use codec::DecodeLimit;
use loadstone_core::{Hash, Signature};

use super::CompactFault;
use crate::readings::{pull_varint, push_varint};

/// Greatest nesting of a part that stands in plain SCALE.
const MAX_DEPTH: u32 = 12;

/// What is left to read.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn left(&self) -> usize {
        self.0.len()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], CompactFault> {
        if self.0.len() < count {
            return Err(CompactFault::Malformed);
        }
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CompactFault> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(CompactFault::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub fn byte(&mut self) -> Result<u8, CompactFault> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn check(&mut self) -> Result<[u8; 4], CompactFault> {
        self.array()
    }

    pub fn hash(&mut self) -> Result<Hash, CompactFault> {
        self.array().map(Hash)
    }

    pub fn signature(&mut self) -> Result<Signature, CompactFault> {
        self.array()
    }

    pub fn varint(&mut self) -> Result<u64, CompactFault> {
        match self.0.split_first() {
            Some((first, rest)) if *first < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*first))
            }
            _ => pull_varint(&mut self.0).map_err(|_| CompactFault::Malformed),
        }
    }

    /// A number that must fit in its type.
    pub fn number<N: TryFrom<u64>>(&mut self) -> Result<N, CompactFault> {
        N::try_from(self.varint()?).map_err(|_| CompactFault::Malformed)
    }

    /// What [`push_flagged`] wrote.
    pub fn flagged(&mut self) -> Result<(u64, bool), CompactFault> {
        let first = self.byte()?;
        let low = u64::from(first >> 1 & 0x3f);
        let rest = if first < 0x80 { 0 } else { self.varint()? };
        if (first >= 0x80 && rest == 0) || rest >> 58 != 0 {
            return Err(CompactFault::Malformed);
        }
        Ok((rest << 6 | low, first & 1 == 1))
    }

    /// A value in plain SCALE.
    pub fn plain<T: DecodeLimit>(&mut self) -> Result<T, CompactFault> {
        T::decode_with_depth_limit(MAX_DEPTH, &mut self.0).map_err(|_| CompactFault::Malformed)
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), CompactFault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(CompactFault::Malformed)
        }
    }
}

/// A varint whose first byte spends its lowest bit on a flag.
pub(super) fn push_flagged(out: &mut alloc::vec::Vec<u8>, value: u64, flag: bool) {
    let first = (value as u8 & 0x3f) << 1 | u8::from(flag);
    let rest = value >> 6;
    if rest == 0 {
        out.push(first);
    } else {
        out.push(first | 0x80);
        push_varint(out, rest);
    }
}
