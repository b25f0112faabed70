//! One file for each behaviour.

mod anchors;
mod committee;
mod faults;
