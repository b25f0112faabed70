//! One device's connection: frames in, messages out, closed at the first breach of the rules.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

use codec::Encode;
use futures::{SinkExt, StreamExt};
use loadstone_core::AreaId;
use loadstone_dag::{decode_device_message, DeviceMessage, GatewayMessage, Refusal, MAX_DEVICE_FRAME, WIRE_VERSION};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_tungstenite::{
    accept_async_with_config,
    tungstenite::{
        protocol::{frame::coding::CloseCode, CloseFrame, WebSocketConfig},
        Bytes, Error, Message,
    },
    WebSocketStream,
};

use super::{quota::Bucket, Inbound, Peer, Shared};
use crate::capsules::Sent;

/// Time that a device has for the WebSocket handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Time that the network has to take a message.
const SEND: Duration = Duration::from_secs(10);

/// Time that a device has to take notice of being turned away.
const FAREWELL: Duration = Duration::from_secs(1);

/// Greatest number of messages sent before the socket is flushed.
const SEND_BATCH: usize = 256;

/// Greatest length of the reason in a close frame.
const MAX_REASON: usize = 123;

type Socket = WebSocketStream<TcpStream>;

/// Why a connection ends.
enum End {
    /// The device closed it or the network did.
    Gone,
    /// The device broke a rule; it is told which.
    Breach(Refusal, &'static str),
    /// This node is no member; the device is told who is.
    Elsewhere(Vec<String>),
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 * 1_024)
        .write_buffer_size(8 * 1_024)
        .max_write_buffer_size(1_024 * 1_024)
        .max_message_size(Some(MAX_DEVICE_FRAME))
        .max_frame_size(Some(MAX_DEVICE_FRAME))
}

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, address: SocketAddr, shared: &Shared) {
    // Confirmations are small and wanted at once.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Ok(mut socket)) = timeout(HANDSHAKE, accept_async_with_config(stream, Some(limits()))).await else {
        return;
    };
    let (peer, messages) = shared.hub.join(address.ip());
    shared.counters.set_connections(shared.hub.connections() as u64);
    let end = talk(&mut socket, &peer, messages, shared).await;
    shared.hub.leave(&peer);
    shared.counters.set_connections(shared.hub.connections() as u64);
    let frame = match end {
        End::Gone => return,
        End::Breach(refusal, reason) => {
            shared.counters.refuse(&refusal);
            log::debug!(target: crate::LOG, "closed the connection of {address}: {reason}");
            CloseFrame { code: CloseCode::Policy, reason: reason.into() }
        }
        End::Elsewhere(gateways) => CloseFrame { code: CloseCode::Again, reason: pointer(&gateways).into() },
    };
    drop(timeout(SEND, socket.close(Some(frame))).await);
    // Unread frames would turn the close into a reset, and the reason would be lost.
    drop(timeout(FAREWELL, async { while let Some(Ok(_)) = socket.next().await {} }).await);
}

/// Where a device should go instead, as far as a close frame has room.
fn pointer(gateways: &[String]) -> String {
    let mut reason = String::from("no member in this epoch; members' gateways:");
    for gateway in gateways {
        if reason.len() + 1 + gateway.len() > MAX_REASON {
            break;
        }
        reason.push(' ');
        reason.push_str(gateway);
    }
    reason
}

async fn talk(socket: &mut Socket, peer: &Peer, mut messages: mpsc::Receiver<GatewayMessage>, shared: &Shared) -> End {
    let plate = shared.door.read();
    let Some(member) = plate.member else { return End::Elsewhere(plate.elsewhere) };
    let hello = GatewayMessage::Hello { version: WIRE_VERSION, genesis: shared.genesis, member };
    if send(socket, [hello]).await.is_err() {
        return End::Gone;
    }
    let rate = shared.config.frame_rate;
    let mut bucket = Bucket::new(rate, Instant::now());
    let mut heard = Instant::now();
    let mut watch = tokio::time::interval(shared.config.idle / 2);
    watch.tick().await;
    let (mut capsules, mut areas, mut sent) = (shared.capsules.watch(), peer.areas(), Sent::default());
    // What is there already is news to this connection.
    capsules.mark_changed();
    loop {
        tokio::select! {
            frame = socket.next() => {
                heard = Instant::now();
                let end = match frame {
                    Some(Ok(Message::Binary(bytes))) if bucket.take(1, rate, heard) => take(&bytes, peer, shared),
                    Some(Ok(Message::Binary(_))) => Some(End::Breach(Refusal::Busy, "too many frames")),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    Some(Ok(Message::Text(_) | Message::Frame(_))) => Some(End::Breach(Refusal::Malformed, "only binary frames")),
                    Some(Err(Error::Capacity(_))) => Some(End::Breach(Refusal::Oversize, "the frame is too large")),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Some(End::Gone),
                };
                if let Some(end) = end {
                    return end;
                }
            }
            message = messages.recv() => {
                let Some(first) = message else { return End::Gone };
                let mut batch = vec![first];
                while batch.len() < SEND_BATCH {
                    let Ok(next) = messages.try_recv() else { break };
                    batch.push(next);
                }
                if send(socket, batch).await.is_err() {
                    return End::Gone;
                }
            }
            true = changed(&mut capsules, &mut areas) => {
                let frames = shared.capsules.lacking(&mut sent, &areas.borrow_and_update());
                if send_frames(socket, frames).await.is_err() {
                    return End::Gone;
                }
            }
            _ = watch.tick() => {
                if heard.elapsed() > shared.config.idle {
                    return End::Gone;
                }
                if !matches!(timeout(SEND, socket.send(Message::Ping(Vec::new().into()))).await, Ok(Ok(()))) {
                    return End::Gone;
                }
            }
        }
    }
}

/// Decodes one frame and hands it on. Returns why the connection must end, if it must.
fn take(bytes: &[u8], peer: &Peer, shared: &Shared) -> Option<End> {
    let Ok(message) = decode_device_message(bytes) else {
        return Some(End::Breach(Refusal::Malformed, "the frame does not decode"));
    };
    let inbound = match message {
        DeviceMessage::Submit(units) => Inbound::Submit(peer.clone(), units),
        DeviceMessage::Prove(slots) => Inbound::Prove(peer.clone(), slots),
    };
    match shared.inbound.try_send(inbound) {
        Ok(()) => None,
        Err(mpsc::error::TrySendError::Full(Inbound::Submit(peer, units))) => {
            for unit in units {
                shared.counters.refuse(&Refusal::Busy);
                peer.send(GatewayMessage::Refused(unit.content.slot, Refusal::Busy));
            }
            None
        }
        // The device asks again anyway.
        Err(mpsc::error::TrySendError::Full(Inbound::Prove(..))) => None,
        Err(mpsc::error::TrySendError::Closed(_)) => Some(End::Gone),
    }
}

/// Waits for another capsule or area; `false` when neither can come any more.
async fn changed(capsules: &mut watch::Receiver<u64>, areas: &mut watch::Receiver<BTreeSet<AreaId>>) -> bool {
    tokio::select! {
        Ok(()) = capsules.changed() => true,
        Ok(()) = areas.changed() => true,
        else => false,
    }
}

async fn send(socket: &mut Socket, messages: impl IntoIterator<Item = GatewayMessage>) -> Result<(), ()> {
    send_frames(socket, messages.into_iter().map(|message| message.encode().into())).await
}

async fn send_frames(socket: &mut Socket, frames: impl IntoIterator<Item = Bytes>) -> Result<(), ()> {
    let sending = async {
        for frame in frames {
            socket.feed(Message::Binary(frame)).await?;
        }
        socket.flush().await
    };
    matches!(timeout(SEND, sending).await, Ok(Ok(()))).then_some(()).ok_or(())
}
