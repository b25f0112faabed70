//! Serves members that miss history: the state machine knows what, the database has the bodies.

use std::sync::Arc;

use codec::Encode;
use loadstone_dag::{decode_history_request, Member};
use parking_lot::{Mutex, RwLock};
use sc_network::{config::IncomingRequest, request_responses::OutgoingResponse};

use super::{crypto::MemberCrypto, network::Roster, store::Store};

/// Answers requests for as long as the network runs; strangers get nothing.
pub async fn serve(
    member: Arc<Mutex<Member<MemberCrypto>>>,
    store: Arc<Store>,
    roster: Arc<RwLock<Roster>>,
    requests: async_channel::Receiver<IncomingRequest>,
) {
    while let Ok(request) = requests.recv().await {
        if roster.read().member(&request.peer).is_none() {
            continue;
        }
        let (member, store) = (member.clone(), store.clone());
        // Reading and encoding up to 4 MiB must not hold a worker thread.
        let work = move || {
            let asked = decode_history_request(&request.payload).map_err(|_| ());
            let result = asked.map(|asked| member.lock().serve(&asked, &*store)).map(|answer| answer.encode());
            let response = OutgoingResponse { result, reputation_changes: Vec::new(), sent_feedback: None };
            // The peer may have gone meanwhile.
            drop(request.pending_response.send(response));
        };
        if let Err(error) = tokio::task::spawn_blocking(work).await {
            log::error!(target: super::LOG, "serving history died: {error}");
        }
    }
}
