//! A connected socket, as smoldot's buffers want to read and write it.

use futures::{
    io::{AsyncRead, AsyncWrite, BufReader, BufWriter},
    ready,
};
use smoldot::libp2p::websocket::Connection;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::TcpStream,
};

/// TCP under the traits of `futures`.
pub(super) struct Tcp(pub(super) TcpStream);

impl AsyncRead for Tcp {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut bytes = ReadBuf::new(bytes);
        ready!(Pin::new(&mut self.get_mut().0).poll_read(cx, &mut bytes))?;
        Poll::Ready(Ok(bytes.filled().len()))
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write_vectored(cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    /// Ends the own direction only: what the other end still says can be read.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

/// TCP, or WebSocket over it.
pub(super) enum Socket {
    Tcp(Tcp),
    /// Buffered, since a frame's header and payload are read and written one by one.
    WebSocket(Connection<BufReader<BufWriter<Tcp>>>),
}

/// What waits in a connection's buffers before the system is asked again, each way. A validator sends frames
/// of some twenty bytes, ten at a time.
const BUFFER_BYTES: usize = 4_096;

impl Socket {
    /// Makes of a connection what a WebSocket's handshake begins with.
    pub(super) fn buffered(tcp: Tcp) -> BufReader<BufWriter<Tcp>> {
        BufReader::with_capacity(BUFFER_BYTES, BufWriter::with_capacity(BUFFER_BYTES, tcp))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, bytes),
            Self::WebSocket(connection) => read_all(connection, cx, bytes),
        }
    }
}

/// Reads every frame that is there: each call costs smoldot a turn through all of its layers. An error behind
/// the first frame stays in the connection and comes with the next call.
fn read_all(
    connection: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    bytes: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut length = ready!(Pin::new(&mut *connection).poll_read(cx, bytes))?;
    while length > 0 && length < bytes.len() {
        match Pin::new(&mut *connection).poll_read(cx, &mut bytes[length..]) {
            Poll::Ready(Ok(more)) if more > 0 => length += more,
            _ => break,
        }
    }
    Poll::Ready(Ok(length))
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::WebSocket(connection) => Pin::new(connection).poll_write(cx, bytes),
        }
    }

    /// A WebSocket gets all that waits as one frame; smoldot lets no more than 128 KiB wait.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::WebSocket(connection) => match slices {
                [one] => Pin::new(connection).poll_write(cx, one),
                many => {
                    let frame: Vec<u8> = many.iter().flat_map(|slice| slice.iter().copied()).collect();
                    Pin::new(connection).poll_write(cx, &frame)
                }
            },
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::WebSocket(connection) => Pin::new(connection).poll_flush(cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_close(cx),
            Self::WebSocket(connection) => Pin::new(connection).poll_close(cx),
        }
    }
}
