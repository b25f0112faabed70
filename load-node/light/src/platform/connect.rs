//! From an address to a connected socket.

use super::socket::{Socket, Tcp};
use futures::future::{BoxFuture, FutureExt};
use smoldot::libp2p::websocket::{websocket_client_handshake, Config};
use smoldot_light::platform::Address;
use std::{io, net::SocketAddr};
use tokio::net::{TcpStream, ToSocketAddrs};

/// Connects to `address`: TCP, or WebSocket over TCP, by IP address or by name. A name's addresses are tried
/// one after the other. Errors: of the network, a refused handshake, or a kind of address without support.
pub(super) fn connect(address: Address) -> BoxFuture<'static, io::Result<Socket>> {
    match address {
        Address::TcpIp { ip, port } => tcp((ip, port)).boxed(),
        Address::TcpDns { hostname, port } => tcp((hostname.to_owned(), port)).boxed(),
        Address::WebSocketIp { ip, port } => {
            let place = SocketAddr::from((ip, port));
            websocket(place, place.to_string()).boxed()
        }
        Address::WebSocketDns { hostname, port, secure: false } => {
            websocket((hostname.to_owned(), port), format!("{hostname}:{port}")).boxed()
        }
        Address::WebSocketDns { secure: true, .. } => {
            async { Err(io::Error::new(io::ErrorKind::Unsupported, "no WebSocket over TLS")) }.boxed()
        }
    }
}

async fn open(place: impl ToSocketAddrs) -> io::Result<Tcp> {
    let stream = TcpStream::connect(place).await?;
    // Messages are small and waited for; without it they are only slower.
    let _ = stream.set_nodelay(true);
    Ok(Tcp(stream))
}

async fn tcp(place: impl ToSocketAddrs) -> io::Result<Socket> {
    Ok(Socket::Tcp(open(place).await?))
}

/// `host` is what the handshake's header of that name says.
async fn websocket(place: impl ToSocketAddrs, host: String) -> io::Result<Socket> {
    let tcp_socket = Socket::buffered(open(place).await?);
    let connection = websocket_client_handshake(Config { tcp_socket, host: &host, url: "/" }).await?;
    Ok(Socket::WebSocket(connection))
}
