//! One file for each behaviour.

mod cutoff;
mod past;
mod records;
mod scoring;
