//! What the tests share: a fast signature scheme, and units and witnesses written by hand.
#![allow(dead_code)] // Each test binary uses another part of it.

pub mod build;
pub mod cluster;
pub mod crypto;
