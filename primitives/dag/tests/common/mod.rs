//! What the tests share: a fast signature scheme, devices, and a network in memory.
#![allow(dead_code)] // Each test binary uses another part of it.

pub mod build;
pub mod crypto;
pub mod device;
pub mod world;
