//! What finality needs beside GRANDPA's own voter: patience, delivery, and a way out of standstill.
//!
//! A voter with nothing to vote for waits for a block ([`Patient`]), and every commit goes to every light client
//! ([`LightPeers`]).
//!
//! A voter asks for what it missed only when a peer announces a later round. Where validators stop in one
//! round, since too few are left, nobody announces anything for two minutes: one that came back a moment
//! before, and could complete the quorum, is not told where the others are. Votes that a cut link lost are
//! not sent again for five minutes.
//!
//! So when blocks go on and finality does not, the voter is made to begin anew with every peer, as if
//! connections had been lost and made again: it takes their last announcements in once more, asks for what it
//! lacks, and sends its votes again. Nothing changes in what is voted for or checked.

mod commits;
mod patient;
mod renewable;
mod watch;

pub use commits::{deliver, LightPeers};
pub use patient::Patient;
pub use renewable::{renewable, Renewable, Renewal};
pub use watch::{watch, Progress};

/// Where this crate logs.
const LOG: &str = "finality";
