//! One file for each behaviour.

mod cutoff;
mod hearings;
mod past;
mod records;
mod scoring;
