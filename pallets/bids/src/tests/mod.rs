//! One file a behaviour.

mod cancelling;
mod clearing;
mod committing;
mod contracts;
mod gates;
mod opening;
mod programmes;
mod ranking;
mod revealing;
mod settling;
mod walk;
