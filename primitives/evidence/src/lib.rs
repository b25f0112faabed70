//! Storage keys, finality and state proofs, and evidence bundles that verify offline.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod keys;
