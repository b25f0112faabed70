//! The embedded light client: verified finalised heads and verified storage, over smoldot.
//!
//! smoldot checks every GRANDPA justification and every storage proof, so nothing that comes out of
//! this crate rests on a gateway's word. A caller sees two things only: a stream of finalised
//! [`Head`]s and [`LightClient::read`].

mod client;
mod error;
mod follow;
mod head;
mod platform;

pub use client::{HeadStream, LightClient, StorageAnswer};
pub use error::LightError;
pub use head::{Head, HeaderError, Seen};
