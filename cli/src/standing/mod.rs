//! Standing offers: declared once in a file, and rolled into each event that fits.
//!
//! Nobody may learn a price before the gate closes, so the chain can't hold offers that serve more than one event. The
//! aggregator's own program holds them: it seals them anew for each event, with a fresh salt, and reveals them after the
//! gate. Its state folder and the chain together say what is left to do, so it may be stopped at any moment.

pub mod advance;
pub mod check;
mod choice;
mod course;
pub mod fit;
pub mod folder;
pub mod journal;
mod look;
pub mod offers;
pub mod outcome;
pub mod runner;
pub mod steps;
