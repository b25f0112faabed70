//! `health`: how a running node stands, told through a socket beside its store that only its user may open.

use anyhow::{ensure, Context};
use loadstone_core::Watts;
use loadstone_load_core::NodeState;
use serde::Serialize;
use serde_json::Value;
use std::{
    fs::Permissions,
    io::{ErrorKind, Read},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::UnixListener;

/// How long the node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Greatest size of an answer in bytes.
const MAX_ANSWER_BYTES: u64 = 65_536;

/// What a running node says of itself.
#[derive(Debug, Serialize)]
pub struct Health {
    /// Its name.
    pub name: String,
    /// The file that it runs, links followed; ends with ` (deleted)` once that was replaced. Upgrades tell versions by it.
    pub program: Option<PathBuf>,
    /// Whether it can follow orders and hand in readings now.
    pub ready: bool,
    /// The level that it holds, in watts.
    pub setpoint_w: Option<Watts>,
    /// How it stands.
    #[serde(flatten)]
    pub state: NodeState,
}

/// Where the node of a store answers.
fn socket_of(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".health.sock");
    name.into()
}

/// Where health checks come in; nowhere, if there can be no socket: that stops no regulation.
pub struct Checks(Option<UnixListener>);

impl Checks {
    /// Begins to answer for the node of a store.
    pub fn of(store: &Path) -> Self {
        let listener = listen(store);
        if let Err(error) = &listener {
            tracing::warn!(target: "node", error = format!("{error:#}"), "health checks are not answered");
        }
        Self(listener.ok())
    }

    /// The next check. Cancel-safe.
    pub async fn next(&self) -> tokio::net::UnixStream {
        match &self.0 {
            Some(listener) => loop {
                match listener.accept().await {
                    Ok((stream, _)) => return stream,
                    // Too many open files, for example: it goes on when there are fewer.
                    Err(_) => tokio::time::sleep(PATIENCE).await,
                }
            },
            None => std::future::pending().await,
        }
    }
}

/// A socket that a killed run has left is replaced. The ledger's own lock makes sure that no other node runs on this store.
fn listen(store: &Path) -> anyhow::Result<UnixListener> {
    let path = socket_of(store);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", path.display()));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path).with_context(|| {
        format!(
            "cannot listen at {}. Remedy: a shorter path for `store`, in a folder that may be written",
            path.display()
        )
    })?;
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).context("cannot protect the health socket")?;
    Ok(listener)
}

/// The socket goes away with the node.
pub fn remove(store: &Path) {
    // A socket that stays is replaced by the next run.
    let _ = std::fs::remove_file(socket_of(store));
}

/// Asks the running node of a store.
///
/// # Errors
/// When no node answers in time.
pub fn ask(store: &Path) -> anyhow::Result<Value> {
    let path = socket_of(store);
    let stream = UnixStream::connect(&path)
        .with_context(|| format!("no node answers at {}. Remedy: start it, or look into its log", path.display()))?;
    stream.set_read_timeout(Some(PATIENCE)).context("cannot wait for an answer")?;
    let mut text = String::new();
    stream
        .take(MAX_ANSWER_BYTES)
        .read_to_string(&mut text)
        .context("the node does not answer. Remedy: restart it if that stays so")?;
    ensure!(!text.is_empty(), "the node closed without an answer");
    serde_json::from_str(&text).context("the node's answer does not read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn a_node_answers_and_a_socket_that_was_left_is_replaced() {
        // GIVEN a socket that a killed run has left
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        drop(listen(&store).unwrap());
        assert!(ask(&store).unwrap_err().to_string().contains("Remedy"));
        // WHEN a node listens there THEN it answers
        let listener = listen(&store).unwrap();
        let asked = tokio::task::spawn_blocking(move || ask(&store));
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(br#"{"ready":true}"#).await.unwrap();
        drop(stream);
        assert_eq!(asked.await.unwrap().unwrap()["ready"], true);
    }
}
