//! Connections against a peer on loopback, through smoldot's own interface.

use super::*;
use futures::{SinkExt, StreamExt};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

type Access<'a> = with_buffers::ReadWriteAccess<'a, Instant>;

/// One end of a connection as smoldot drives it.
struct Driven {
    platform: TokioPlatform,
    stream: Stream,
}

impl Driven {
    async fn connect(address: Address<'_>) -> Self {
        let platform = TokioPlatform::current();
        let stream = platform.connect_stream(address).await;
        Self { platform, stream }
    }

    /// Gives `turn` access again and again until it says `Some`; the error is the stream's.
    async fn until<T>(&mut self, mut turn: impl FnMut(&mut Access) -> Option<T>) -> Result<T, String> {
        timeout(PATIENCE, async {
            loop {
                let access = self.platform.read_write_access(Pin::new(&mut self.stream));
                let mut access = access.map_err(|error| error.to_string())?;
                if let Some(result) = turn(&mut access) {
                    return Ok(result);
                }
                drop(access);
                self.platform.wait_read_write_again(Pin::new(&mut self.stream)).await;
            }
        })
        .await
        .unwrap()
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut written = false;
        self.until(|access| {
            let room = access.write_bytes_queueable.unwrap_or(0);
            if !written && room >= bytes.len() {
                // In two pieces, as smoldot's layers do.
                let (head, tail) = bytes.split_at(bytes.len() / 2);
                access.write_out(head.to_vec());
                access.write_out(tail.to_vec());
                written = true;
                return None;
            }
            (written && access.write_bytes_queued == 0).then_some(())
        })
        .await
    }

    async fn read(&mut self, count: usize) -> Result<Vec<u8>, String> {
        self.until(|access| access.incoming_bytes_take(count).ok().flatten()).await
    }

    /// Ends the own direction, and waits until the peer has ended the other one.
    async fn finish(&mut self) -> Result<(), String> {
        self.until(|access| {
            access.close_write();
            access.expected_incoming_bytes.is_none().then_some(())
        })
        .await
    }
}

#[tokio::test]
async fn bytes_pass_both_ways_over_tcp_and_each_direction_ends_by_itself() {
    // GIVEN a peer that answers once it has seen the end of what we say
    let (listener, address) = listener().await;
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        stream.write_all(b"hello").await.unwrap();
        stream.read_to_end(&mut said).await.unwrap();
        stream.write_all(b"good bye").await.unwrap();
        said
    });
    // WHEN we speak, end our direction and go on reading
    let mut driven = Driven::connect(Address::TcpIp { ip: LOCAL, port: address.port() }).await;
    assert_eq!(driven.read(5).await.unwrap(), b"hello");
    driven.write(&[7; 100_000]).await.unwrap();
    driven.finish().await.unwrap();
    // THEN the peer has all, and so have we
    assert_eq!(peer.await.unwrap(), [7; 100_000]);
    assert_eq!(driven.read(8).await.unwrap(), b"good bye");
}

#[tokio::test]
async fn a_name_is_looked_up() {
    // GIVEN a peer and a name for it
    let (listener, address) = listener().await;
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream
    });
    // WHEN we connect by name THEN we reach it
    let mut driven = Driven::connect(Address::TcpDns { hostname: "localhost", port: address.port() }).await;
    assert_eq!(driven.read(5).await.unwrap(), b"hello");
    drop(peer.await.unwrap());
}

/// A WebSocket peer that sends `frames` in one burst, then gives `expect` bytes back and in how many frames they came.
async fn burst(stream: TcpStream, frames: Vec<Vec<u8>>, expect: usize) -> (Vec<u8>, usize) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    for frame in frames {
        socket.feed(Message::Binary(frame.into())).await.unwrap();
    }
    socket.flush().await.unwrap();
    let (mut said, mut count) = (Vec::new(), 0);
    while said.len() < expect {
        said.extend_from_slice(&socket.next().await.unwrap().unwrap().into_data());
        count += 1;
    }
    (said, count)
}

#[tokio::test]
async fn a_burst_of_frames_is_one_read_and_what_waits_is_one_frame() {
    // GIVEN a WebSocket peer that sends many small frames at once, and one beyond every buffer
    let (listener, address) = listener().await;
    let mut frames = vec![vec![1u8; 20]; 30];
    frames.push(vec![2u8; 100_000]);
    let peer = tokio::spawn(async move { burst(listener.accept().await.unwrap().0, frames, 9_000).await });
    // WHEN we read them and say something in two pieces
    let mut driven = Driven::connect(Address::WebSocketIp { ip: LOCAL, port: address.port() }).await;
    let read = driven.read(100_600).await.unwrap();
    driven.write(&[3; 9_000]).await.unwrap();
    // THEN no byte is missing, and the peer has one frame
    assert_eq!(read, [vec![1u8; 600], vec![2u8; 100_000]].concat());
    assert_eq!(timeout(PATIENCE, peer).await.unwrap().unwrap(), (vec![3; 9_000], 1));
    // AND the error behind the last frame comes after it, and stays
    let error = driven.until(|_| None::<()>).await.unwrap_err();
    assert_eq!(driven.until(|_| None::<()>).await.unwrap_err(), error);
}

#[tokio::test]
async fn refused_connections_and_foreign_servers_are_errors() {
    // GIVEN a port where nobody listens, and one that speaks no WebSocket
    let (listener, address) = listener().await;
    let (closed, nobody) = self::listener().await;
    drop(closed);
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await.unwrap();
        stream
    });
    // WHEN we connect THEN the streams fail
    let mut refused = Driven::connect(Address::TcpIp { ip: LOCAL, port: nobody.port() }).await;
    assert!(refused.until(|_| None::<()>).await.unwrap_err().contains("refused"));
    let mut foreign = Driven::connect(Address::WebSocketIp { ip: LOCAL, port: address.port() }).await;
    assert!(foreign.until(|_| None::<()>).await.is_err());
    drop(peer.await.unwrap());
    // AND so does one of a kind that has no support
    let secure = Address::WebSocketDns { hostname: "localhost", port: 1, secure: true };
    assert!(!TokioPlatform::current().supports_connection_type((&secure).into()));
    assert!(Driven::connect(secure).await.until(|_| None::<()>).await.is_err());
}

#[tokio::test]
async fn a_task_that_panics_takes_nothing_along() {
    // GIVEN a platform WHEN a task panics THEN later tasks run, and timers as well
    let platform = TokioPlatform::current();
    platform.spawn_task("bad".into(), async { std::panic::resume_unwind(Box::new("a task's panic")) });
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let delay = platform.sleep(Duration::from_millis(5));
    platform.spawn_task("good".into(), async move {
        delay.await;
        let _ = sender.send(7);
    });
    assert_eq!(timeout(PATIENCE, receiver).await.unwrap(), Ok(7));
}
