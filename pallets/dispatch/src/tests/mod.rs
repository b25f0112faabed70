//! One file a behaviour.

mod declaring;
mod emergencies;
mod epochs;
mod events;
mod releasing;
mod reliability;
mod suspending;
