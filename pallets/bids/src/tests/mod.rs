//! One file a behaviour.

mod cancelling;
mod clearing;
mod committing;
mod contracts;
mod customers;
mod gates;
mod opening;
mod pots;
mod programmes;
mod ranking;
mod revealing;
mod settling;
mod walk;
