//! One file for each behaviour.

mod anchors;
mod committee;
mod epochs;
mod faults;
