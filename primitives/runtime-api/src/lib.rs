//! Placeholder header, replaced in the next commit.
#![cfg_attr(not(feature = "std"), no_std)]
