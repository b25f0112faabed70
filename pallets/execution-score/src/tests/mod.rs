//! One file for each behaviour.

mod cutoff;
mod records;
mod scoring;
