//! One file a behaviour.

mod customers;
mod devices;
mod genesis;
mod participants;
mod resources;
mod validators;
