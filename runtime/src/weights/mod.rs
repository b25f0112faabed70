//! Weights of the machine, and of pallets that bring none of their own for it.

pub mod machine;
pub mod origin_restriction;
