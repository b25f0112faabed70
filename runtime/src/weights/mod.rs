//! Weights of pallets that bring none of their own for this runtime's database.

pub mod origin_restriction;
