//! Power, energy, money, ratios and time.

use codec::{CompactAs, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Money in micro-yuan (10^-6 CNY), as the balances pallet counts it.
pub type Balance = u128;

/// One yuan.
pub const YUAN: Balance = 1_000_000;

/// Basis points in one.
pub const BASIS_POINTS: u32 = 10_000;

/// Milliseconds in an hour.
pub const HOUR_MS: u64 = 3_600_000;

/// Power in watts; consumption is positive.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Watts(pub i64);

/// Energy in watt-hours; consumption is positive.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct WattHours(pub i64);

/// Price in micro-yuan per kilowatt-hour.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    CompactAs,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Price(pub u64);

/// Ratio in basis points (10^-4); above 10,000 where a rule allows more than one.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    CompactAs,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct BasisPoints(pub u32);

/// A moment in Unix milliseconds.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    CompactAs,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl BasisPoints {
    /// The whole.
    pub const ONE: Self = Self(BASIS_POINTS);

    /// `part / whole` rounded down and capped at `u32::MAX`; zero when `whole` is zero.
    pub fn ratio(part: u128, whole: u128) -> Self {
        if whole == 0 {
            return Self(0);
        }
        Self(u32::try_from(part.saturating_mul(BASIS_POINTS as u128) / whole).unwrap_or(u32::MAX))
    }
}

impl Millis {
    /// The moment `ms` later; saturates at the end of time.
    pub const fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; zero when `earlier` lies in the future.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Which way load is regulated.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Consume less (peak cut).
    Down,
    /// Consume more (valley filling).
    Up,
}

macro_rules! unit {
    ($($name:ident: $unit:literal),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $unit), self.0)
            }
        }
    )*};
}

unit!(Watts: "W", WattHours: "Wh", Price: "µCNY/kWh", BasisPoints: "bp", Millis: "ms");
