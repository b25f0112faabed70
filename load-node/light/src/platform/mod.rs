//! What smoldot needs of the machine, on the tokio runtime that the light client is started in: no threads
//! of its own, so that a block costs no switches between them.

mod connect;
mod log;
mod socket;

use connect::connect;
use futures::future::{pending, ready, BoxFuture, Pending, Ready};
use rand::RngCore;
use smoldot_light::platform::{
    with_buffers::{self, WithBuffers},
    Address, ConnectionType, LogLevel, MultiStreamAddress, MultiStreamWebRtcConnection, PlatformRef,
    SubstreamDirection,
};
use socket::Socket;
use std::{
    borrow::Cow,
    convert::Infallible,
    fmt::Display,
    future::Future,
    io,
    pin::Pin,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    runtime::Handle,
    time::{sleep, sleep_until, Sleep},
};

/// Runs smoldot's tasks, timers and connections on a tokio runtime.
#[derive(Clone)]
pub(crate) struct TokioPlatform {
    runtime: Handle,
}

impl TokioPlatform {
    /// Takes the runtime that the caller runs in. Panics outside of one.
    pub(crate) fn current() -> Self {
        Self { runtime: Handle::current() }
    }
}

type Connecting = BoxFuture<'static, io::Result<Socket>>;

/// A connection, or an attempt at one, with smoldot's buffers around it.
pub(crate) struct Stream(Pin<Box<WithBuffers<Connecting, Socket, Instant>>>);

impl PlatformRef for TokioPlatform {
    type Delay = Sleep;
    type Instant = Instant;
    // Of WebRTC only, which this platform does not have.
    type MultiStream = Infallible;
    type Stream = Stream;
    type StreamConnectFuture = Ready<Stream>;
    type MultiStreamConnectFuture = Pending<MultiStreamWebRtcConnection<Infallible>>;
    type ReadWriteAccess<'a> = with_buffers::ReadWriteAccess<'a, Instant>;
    type StreamUpdateFuture<'a> = BoxFuture<'a, ()>;
    type StreamErrorRef<'a> = &'a io::Error;
    type NextSubstreamFuture<'a> = Pending<Option<(Stream, SubstreamDirection)>>;

    fn now_from_unix_epoch(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn fill_random_bytes(&self, buffer: &mut [u8]) {
        rand::thread_rng().fill_bytes(buffer);
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let _runtime = self.runtime.enter();
        sleep(duration)
    }

    fn sleep_until(&self, when: Instant) -> Sleep {
        let _runtime = self.runtime.enter();
        sleep_until(when.into())
    }

    /// tokio absorbs a task's panic; smoldot starts such tasks again where it can.
    fn spawn_task(&self, _name: Cow<str>, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    fn log<'a>(
        &self,
        level: LogLevel,
        target: &'a str,
        message: &'a str,
        values: impl Iterator<Item = (&'a str, &'a dyn Display)>,
    ) {
        log::log(level, target, message, values);
    }

    fn client_name(&self) -> Cow<'_, str> {
        env!("CARGO_PKG_NAME").into()
    }

    fn client_version(&self) -> Cow<'_, str> {
        env!("CARGO_PKG_VERSION").into()
    }

    fn supports_connection_type(&self, kind: ConnectionType) -> bool {
        matches!(
            kind,
            ConnectionType::TcpIpv4
                | ConnectionType::TcpIpv6
                | ConnectionType::TcpDns
                | ConnectionType::WebSocketIpv4 { .. }
                | ConnectionType::WebSocketIpv6 { .. }
                | ConnectionType::WebSocketDns { secure: false, .. }
        )
    }

    fn connect_stream(&self, address: Address) -> Ready<Stream> {
        ready(Stream(Box::pin(WithBuffers::new(connect(address)))))
    }

    fn connect_multistream(&self, _: MultiStreamAddress) -> Self::MultiStreamConnectFuture {
        pending()
    }

    fn open_out_substream(&self, connection: &mut Infallible) {
        match *connection {}
    }

    fn next_substream<'a>(&self, connection: &'a mut Infallible) -> Self::NextSubstreamFuture<'a> {
        match *connection {}
    }

    fn read_write_access<'a>(
        &self,
        stream: Pin<&'a mut Stream>,
    ) -> Result<Self::ReadWriteAccess<'a>, Self::StreamErrorRef<'a>> {
        stream.get_mut().0.as_mut().read_write_access(Instant::now())
    }

    fn wait_read_write_again<'a>(&self, stream: Pin<&'a mut Stream>) -> BoxFuture<'a, ()> {
        Box::pin(stream.get_mut().0.as_mut().wait_read_write_again(|when| sleep_until(when.into())))
    }
}

#[cfg(test)]
mod tests;
