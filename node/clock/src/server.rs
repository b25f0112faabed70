//! Answers other validators who ask what time it is.

use std::{collections::BTreeSet, sync::Arc};

use parking_lot::RwLock;
use sc_network::{config::IncomingRequest, request_responses::OutgoingResponse, PeerId};

use crate::{
    protocol::{answer, is_question},
    watch::Clock,
};

/// Answers for as long as the network runs. Strangers get nothing, nor does what is no question.
pub(crate) async fn serve(
    clock: Clock,
    admitted: Arc<RwLock<BTreeSet<PeerId>>>,
    questions: async_channel::Receiver<IncomingRequest>,
) {
    while let Ok(IncomingRequest { peer, payload, pending_response }) = questions.recv().await {
        if !admitted.read().contains(&peer) || !is_question(&payload) {
            continue;
        }
        let result = Ok(answer(clock.now().wall_us));
        let response = OutgoingResponse { result, reputation_changes: Vec::new(), sent_feedback: None };
        // The peer may have gone meanwhile.
        drop(pending_response.send(response));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{question, read_answer};
    use futures::channel::oneshot;

    #[tokio::test]
    async fn validators_are_told_the_time_and_others_nothing() {
        // GIVEN a server that knows one validator
        let (validator, stranger) = (PeerId::random(), PeerId::random());
        let (sender, questions) = async_channel::bounded(8);
        let clock = Clock::default();
        let admitted = Arc::new(RwLock::new(BTreeSet::from([validator])));
        let server = tokio::spawn(serve(clock, admitted, questions));
        let ask = |peer, payload| {
            let (pending_response, answer) = oneshot::channel();
            sender.try_send(IncomingRequest { peer, payload, pending_response }).unwrap();
            answer
        };
        // WHEN it, and a stranger, ask, and it sends what is no question
        let before = clock.now().wall_us;
        let told = ask(validator, question()).await.unwrap().result.unwrap();
        let (strange, wrong) = (ask(stranger, question()), ask(validator, vec![9; 8]));
        // THEN it is told the time, and no one else anything
        assert!((before..=clock.now().wall_us).contains(&read_answer(&told).unwrap()));
        assert!(strange.await.is_err() && wrong.await.is_err());
        // WHEN the network ends THEN so does the server
        drop(sender);
        server.await.unwrap();
    }
}
