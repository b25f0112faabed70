//! Connections to gateways: WebSocket, one task each, opened when first needed.
//!
//! A gateway is trusted with nothing. What it says is bounded before it is decoded, and handed to the
//! state machine, which believes proofs only.

use codec::{DecodeLimit, Encode};
use futures::{SinkExt, StreamExt};
use loadstone_core::Hash;
use loadstone_dag::{DeviceMessage, GatewayMessage, MAX_DEVICE_FRAME, WIRE_VERSION};
use std::time::Duration;
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout, Instant},
};
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{protocol::WebSocketConfig, Message},
    MaybeTlsStream, WebSocketStream,
};

/// Commands that wait for a connection at most; units in dropped ones are sent again by the outbox.
const COMMAND_QUEUE: usize = 256;

/// Time for connecting, and again for the greeting.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// First and greatest pause between attempts.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// A connection that lived this long starts again with the first pause.
const STABLE: Duration = Duration::from_secs(30);

/// Silence after which a connection is probed; twice as long ends it.
const PROBE: Duration = Duration::from_secs(15);

/// Greatest nesting of a message.
const MAX_DEPTH: u32 = 12;

/// What happened at a gateway.
#[derive(Debug)]
pub enum GatewayEvent {
    /// Connected, and it serves our chain.
    Up,
    /// Not connected, with the reason.
    Down(String),
    /// It said something.
    Said(Box<GatewayMessage>),
}

enum Command {
    Connect,
    Send(DeviceMessage),
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// All gateways of a node.
pub struct Gateways {
    commands: Vec<mpsc::Sender<Command>>,
}

impl Gateways {
    /// Prepares a task for each address; nothing is connected yet. Events name gateways by position.
    pub fn start(urls: &[String], genesis: Hash) -> (Self, mpsc::Receiver<(usize, GatewayEvent)>) {
        let (events, receiver) = mpsc::channel(1_024);
        let commands = urls.iter().enumerate().map(|(place, url)| {
            let (sender, queue) = mpsc::channel(COMMAND_QUEUE);
            let link = Link { place, url: url.clone(), genesis, queue, events: events.clone() };
            tokio::spawn(link.run());
            sender
        });
        (Self { commands: commands.collect() }, receiver)
    }

    /// Connects to a gateway, unless it is connected.
    pub fn connect(&self, gateway: usize) {
        self.command(gateway, Command::Connect);
    }

    /// Sends to a gateway, connecting first where needed.
    pub fn send(&self, gateway: usize, message: DeviceMessage) {
        self.command(gateway, Command::Send(message));
    }

    /// A full queue drops the command: the outbox sends every unit again until it is anchored.
    fn command(&self, gateway: usize, command: Command) {
        if let Some(queue) = self.commands.get(gateway) {
            if queue.try_send(command).is_err() {
                tracing::debug!(target: "gateway", gateway, "the queue is full");
            }
        }
    }
}

struct Link {
    place: usize,
    url: String,
    genesis: Hash,
    queue: mpsc::Receiver<Command>,
    events: mpsc::Sender<(usize, GatewayEvent)>,
}

impl Link {
    async fn run(mut self) {
        let mut pause = BACKOFF.0;
        while let Some(first) = self.queue.recv().await {
            let started = Instant::now();
            let reason = match self.open().await {
                Ok(socket) => {
                    if self.tell(GatewayEvent::Up).await.is_err() {
                        return;
                    }
                    self.serve(socket, first).await
                }
                Err(reason) => reason,
            };
            if self.tell(GatewayEvent::Down(reason)).await.is_err() {
                return;
            }
            pause = if started.elapsed() >= STABLE { BACKOFF.0 } else { (pause * 2).min(BACKOFF.1) };
            sleep(pause).await;
        }
    }

    async fn tell(&self, event: GatewayEvent) -> Result<(), ()> {
        self.events.send((self.place, event)).await.map_err(|_| ())
    }

    /// Connects and checks the greeting.
    async fn open(&self) -> Result<Socket, String> {
        let limits =
            WebSocketConfig::default().max_message_size(Some(MAX_DEVICE_FRAME)).max_frame_size(Some(MAX_DEVICE_FRAME));
        let connecting = connect_async_with_config(self.url.as_str(), Some(limits), true);
        let (mut socket, _) = timeout(CONNECT_TIME, connecting)
            .await
            .map_err(|_| "no connection within five seconds".to_owned())?
            .map_err(|error| error.to_string())?;
        let greeting = timeout(CONNECT_TIME, socket.next()).await.map_err(|_| "no greeting within five seconds")?;
        match greeting {
            Some(Ok(Message::Binary(frame))) => self.check_greeting(&decode(&frame)?)?,
            Some(Err(error)) => return Err(error.to_string()),
            _ => return Err("the gateway closed before its greeting".into()),
        }
        Ok(socket)
    }

    fn check_greeting(&self, greeting: &GatewayMessage) -> Result<(), String> {
        match greeting {
            GatewayMessage::Hello { version, .. } if *version != WIRE_VERSION => {
                Err(format!("the gateway speaks version {version} of the protocol, this node {WIRE_VERSION}"))
            }
            GatewayMessage::Hello { genesis, .. } if *genesis != self.genesis => {
                Err(format!("the gateway serves another chain: genesis {genesis:?}"))
            }
            GatewayMessage::Hello { .. } => Ok(()),
            _ => Err("the gateway did not greet first".into()),
        }
    }

    /// Carries messages both ways until the connection ends; returns why.
    async fn serve(&mut self, mut socket: Socket, first: Command) -> String {
        if let Err(error) = write(&mut socket, first).await {
            return error;
        }
        let mut probed = false;
        loop {
            tokio::select! {
                command = self.queue.recv() => match command {
                    Some(command) => if let Err(error) = write(&mut socket, command).await {
                        return error;
                    },
                    None => return "the node stops".into(),
                },
                frame = timeout(PROBE, socket.next()) => match frame {
                    Err(_) if probed => return "the gateway is silent".into(),
                    Err(_) => {
                        probed = true;
                        if let Err(error) = socket.send(Message::Ping(Vec::new().into())).await {
                            return error.to_string();
                        }
                    }
                    Ok(frame) => {
                        probed = false;
                        if let Err(reason) = self.take(frame).await {
                            return reason;
                        }
                    }
                },
            }
        }
    }

    async fn take(&self, frame: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> Result<(), String> {
        match frame {
            Some(Ok(Message::Binary(frame))) => {
                let said = GatewayEvent::Said(Box::new(decode(&frame)?));
                self.tell(said).await.map_err(|()| "the node stops".to_owned())
            }
            Some(Ok(Message::Close(_))) | None => Err("the gateway closed the connection".into()),
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error.to_string()),
        }
    }
}

async fn write(socket: &mut Socket, command: Command) -> Result<(), String> {
    match command {
        Command::Connect => Ok(()),
        Command::Send(message) => {
            socket.send(Message::Binary(message.encode().into())).await.map_err(|error| error.to_string())
        }
    }
}

fn decode(frame: &[u8]) -> Result<GatewayMessage, String> {
    if frame.len() > MAX_DEVICE_FRAME {
        return Err("the gateway sent a frame beyond the limit".into());
    }
    GatewayMessage::decode_all_with_depth_limit(MAX_DEPTH, &mut &frame[..])
        .map_err(|_| "the gateway sent a frame that does not decode".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::MemberIndex;
    use tokio::net::TcpListener;

    async fn gateway(version: u16, genesis: Hash) -> (String, tokio::task::JoinHandle<Option<Vec<u8>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let hello = GatewayMessage::Hello { version, genesis, member: MemberIndex(0) };
            socket.send(Message::Binary(hello.encode().into())).await.unwrap();
            match socket.next().await {
                Some(Ok(Message::Binary(frame))) => Some(frame.to_vec()),
                _ => None,
            }
        });
        (url, task)
    }

    #[tokio::test]
    async fn a_gateway_of_our_chain_gets_our_message() {
        // GIVEN a gateway of our chain WHEN we send before we are connected
        let genesis = Hash::repeat_byte(1);
        let (url, task) = gateway(WIRE_VERSION, genesis).await;
        let (gateways, mut events) = Gateways::start(&[url], genesis);
        gateways.send(0, DeviceMessage::Prove(Vec::new()));
        // THEN the connection is opened and the message arrives
        assert!(matches!(events.recv().await, Some((0, GatewayEvent::Up))));
        assert_eq!(task.await.unwrap(), Some(DeviceMessage::Prove(Vec::new()).encode()));
    }

    #[tokio::test]
    async fn strangers_are_left_with_a_reason() {
        for (version, genesis, reason) in
            [(WIRE_VERSION + 1, Hash::repeat_byte(1), "version"), (WIRE_VERSION, Hash::repeat_byte(2), "another chain")]
        {
            // GIVEN a gateway of another version or chain
            let (url, _task) = gateway(version, genesis).await;
            let (gateways, mut events) = Gateways::start(&[url], Hash::repeat_byte(1));
            // WHEN we connect THEN we leave, and say why
            gateways.connect(0);
            let event = events.recv().await;
            assert!(matches!(&event, Some((0, GatewayEvent::Down(text))) if text.contains(reason)), "{event:?}");
        }
    }

    #[test]
    fn frames_that_do_not_decode_are_refused() {
        assert!(decode(&[9, 9, 9]).is_err());
        assert!(decode(&vec![0; MAX_DEVICE_FRAME + 1]).is_err());
    }
}
