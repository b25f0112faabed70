//! Says why the node can't go on, for people: one text with its causes, and with the path it is about.

use loadstone_core::with_causes;
use sc_cli::Error;
use sc_service::Error as ServiceError;
use std::path::Path;

/// The error as a text for people.
pub fn explain(error: &Error) -> String {
    match error {
        Error::Input(text) | Error::Service(ServiceError::Other(text)) => text.clone(),
        Error::Application(inner) | Error::Service(ServiceError::Application(inner)) => with_causes(inner.as_ref()),
        // Substrate's own text advises a command that makes the node key alone, without session keys.
        Error::NetworkKeyNotFound(path) => format!(
            "a validator needs a network key of its own, but there is none at {}: make its keys with `loadstone-node \
             validator-keys`, with the same --chain and --base-path as here",
            path.display()
        ),
        other => with_causes(other),
    }
}

/// Names what an error of the file system is about, since the error itself does not.
pub fn about(what: &str, path: &Path, error: impl Into<Error>) -> Error {
    match error.into() {
        Error::Io(inner)
        | Error::KeyStorage(sc_keystore::Error::Io(inner))
        | Error::Service(
            ServiceError::Io(inner)
            | ServiceError::Keystore(sc_keystore::Error::Io(inner))
            | ServiceError::Network(sc_network::error::Error::Io(inner)),
        ) => Error::Input(format!("{what} {}: {inner}", path.display())),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("the gateway can't listen")]
    struct Outer(#[source] io::Error);

    #[test]
    fn an_error_is_told_once_with_its_causes_and_without_the_names_of_types() {
        // GIVEN an error of a part of the node, with a cause
        let outer = Outer(io::Error::other("the port is taken"));
        // WHEN it is told
        let text = explain(&Error::Service(ServiceError::Application(Box::new(outer))));
        // THEN the text holds both, and nothing of how they are wrapped
        assert_eq!(text, "the gateway can't listen: the port is taken");
        // WHEN a text is told that wraps nothing
        let text = explain(&Error::Input("no such thing".into()));
        // THEN it stands alone
        assert_eq!(text, "no such thing");
    }

    #[test]
    fn an_error_of_the_file_system_names_the_path() {
        // GIVEN errors as the node and its service report them
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        for error in [Error::Io(missing()), Error::Service(ServiceError::Io(missing()))] {
            // WHEN it is known what they are about
            let text = explain(&about("the data folder", Path::new("/nowhere"), error));
            // THEN the text says so
            assert!(text.starts_with("the data folder /nowhere: "), "{text}");
        }
    }
}
