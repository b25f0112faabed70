//! One file a behaviour.

mod devices;
mod genesis;
mod participants;
mod resources;
mod validators;
