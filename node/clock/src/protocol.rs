//! The validators' own protocol for asking what time it is: one byte there, eight bytes back.

use std::time::Duration;

use sc_network::{config::IncomingRequest, NetworkBackend, ProtocolName};
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;

use crate::sample::MAX_TIME_US;

/// Version of question and answer, which is all that a question says.
const VERSION: u8 = 1;

/// Greatest question and answer in bytes.
const MAX_BYTES: u64 = 8;

/// Questions of all validators that may wait for an answer. Further ones get none.
const QUEUE: usize = 64;

/// Time for an answer. A slower one says too little.
const TIMEOUT: Duration = Duration::from_secs(2);

/// This node's ends of the protocol, for [`crate::start`].
pub struct ClockProtocol {
    pub(crate) questions: async_channel::Receiver<IncomingRequest>,
    pub(crate) name: ProtocolName,
}

/// The protocol's configuration, for `FullNetworkConfiguration`, and this node's ends of it.
pub fn protocol<Block: BlockT<Hash = H256>, N: NetworkBackend<Block, H256>>(
    genesis: H256,
) -> (N::RequestResponseProtocolConfig, ClockProtocol) {
    let name: ProtocolName = format!("/{}/loadstone/clock/1", hex::encode(genesis)).into();
    let (inbound, questions) = async_channel::bounded(QUEUE);
    let config = N::request_response_config(name.clone(), Vec::new(), MAX_BYTES, MAX_BYTES, TIMEOUT, Some(inbound));
    (config, ClockProtocol { questions, name })
}

/// The question.
pub(crate) fn question() -> Vec<u8> {
    vec![VERSION]
}

/// Whether these bytes ask for the time.
pub(crate) fn is_question(bytes: &[u8]) -> bool {
    *bytes == [VERSION]
}

/// The answer: Unix time in microseconds, little-endian.
pub(crate) fn answer(wall_us: i64) -> Vec<u8> {
    wall_us.to_le_bytes().to_vec()
}

/// What the answer says; `None` for bytes that are none, and for times that can't be.
pub(crate) fn read_answer(bytes: &[u8]) -> Option<i64> {
    let wall_us = i64::from_le_bytes(bytes.try_into().ok()?);
    (0..=MAX_TIME_US).contains(&wall_us).then_some(wall_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_the_time_and_anything_else_is_none() {
        // GIVEN a time WHEN it is answered THEN it is read
        assert_eq!(read_answer(&answer(1_750_000_000_123_456)), Some(1_750_000_000_123_456));
        // GIVEN other bytes THEN nothing is
        assert_eq!(read_answer(&[]), None);
        assert_eq!(read_answer(&[0; 7]), None);
        assert_eq!(read_answer(&[0; 9]), None);
        assert_eq!(read_answer(&answer(-1)), None);
        assert_eq!(read_answer(&[0xff; 8]), None);
        assert_eq!(read_answer(&answer(i64::MAX)), None);
    }

    #[test]
    fn a_question_is_its_version() {
        // GIVEN the question, none, and one of another version THEN the first alone is one, within the bounds
        assert!(is_question(&question()) && question().len() as u64 <= MAX_BYTES);
        assert!(!is_question(&[]) && !is_question(&[2]) && !is_question(&[VERSION, VERSION]));
        assert_eq!(answer(0).len() as u64, MAX_BYTES);
    }
}
