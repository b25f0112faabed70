//! The load node's decisions, driven by hand: a chain, a disk and gateways made of plain values.

mod autonomy;
mod bench;
mod capsules;
mod facts;
mod gateways;
mod orders;
mod units;
