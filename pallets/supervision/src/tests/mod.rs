//! One file for each behaviour.

mod cases;
mod convictions;
mod organisations;
mod reports;
mod resources;
mod rules;
mod walks;
