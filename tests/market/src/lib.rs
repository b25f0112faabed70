//! Every programme in `chain-specs/programmes`, and every pricing mode, through the whole runtime: signed transactions in
//! whole blocks, anchored units of real loads, records by the code that members run, and money to the micro-yuan.
//!
//! What is expected stands in `published`: formulas as they were published, in arithmetic of their own.
#![cfg(test)]

mod baselines;
mod cases;
mod chain;
mod conduct;
mod contracts;
mod ledger;
mod market;
mod meters;
mod modes;
mod money;
mod presets;
mod properties;
mod published;
mod walk;
