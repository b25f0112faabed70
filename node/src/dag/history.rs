//! Passes validators' questions for missing history on to the service.

use std::sync::Arc;

use loadstone_dag_node::{HistoryServer, PeerKey, Roster};
use parking_lot::RwLock;
use sc_network::{config::IncomingRequest, request_responses::OutgoingResponse};

/// Answers requests for as long as the network runs; strangers get nothing.
pub async fn serve(
    server: HistoryServer,
    roster: Arc<RwLock<Roster>>,
    requests: async_channel::Receiver<IncomingRequest>,
) {
    while let Ok(request) = requests.recv().await {
        if !roster.read().admits(&PeerKey(request.peer.to_bytes())) {
            continue;
        }
        let server = server.clone();
        // Reading and encoding up to 4 MiB must not hold a worker thread.
        let work = move || {
            let result = server.answer(&request.payload).ok_or(());
            let response = OutgoingResponse { result, reputation_changes: Vec::new(), sent_feedback: None };
            // The peer may have gone meanwhile.
            drop(request.pending_response.send(response));
        };
        if let Err(error) = tokio::task::spawn_blocking(work).await {
            log::error!(target: super::LOG, "serving history died: {error}");
        }
    }
}
