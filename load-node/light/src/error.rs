//! What can go wrong between a load node and the chain.

/// Why the light client could not do what was asked. Every variant is worth a retry except
/// [`LightError::ChainSpec`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LightError {
    /// The chain specification was refused.
    #[error(
        "the chain specification is refused: {0}. Remedy: use the *raw* JSON specification that the validators run"
    )]
    ChainSpec(String),
    /// The client's task has ended.
    #[error("the light client has stopped")]
    Stopped,
    /// No peer served a valid proof in time.
    #[error("no peer served a valid storage proof. Remedy: check that the bootNodes are reachable")]
    Inaccessible,
    /// The subscription was renewed while the read was under way.
    #[error("the read was interrupted because the client re-synchronised")]
    Interrupted,
    /// Too many reads wait for the first verified head or for a free slot.
    #[error("too many reads are waiting for a verified head or a free slot")]
    Overloaded,
    /// The client answered something that does not fit the question.
    #[error("unexpected answer of the light client: {0}")]
    Unexpected(String),
}
