//! Lines out of whatever chunks they come in.

/// The longest line.
const LINE_BYTES: usize = 256;

/// A line that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line has at most {LINE_BYTES} bytes, and is text")]
pub struct NoLine;

/// The beginning of a line that has not ended yet.
#[derive(Default)]
pub struct Lines {
    begun: Vec<u8>,
    /// The line has become too long; the rest of it is dropped.
    too_long: bool,
}

impl Lines {
    /// The lines that end in this chunk.
    pub fn take(&mut self, chunk: &[u8]) -> Vec<Result<String, NoLine>> {
        let mut ended = Vec::new();
        for byte in chunk {
            if *byte == b'\n' {
                let line = String::from_utf8(std::mem::take(&mut self.begun)).map_err(|_| NoLine);
                ended.push(if std::mem::take(&mut self.too_long) { Err(NoLine) } else { line });
            } else if self.begun.len() < LINE_BYTES {
                self.begun.push(*byte);
            } else {
                self.too_long = true;
            }
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole_and_what_is_none_is_refused() {
        // GIVEN a line in two chunks, one too long, and one that is no text
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"cut "), []);
        assert_eq!(lines.take(b"a\nstats\n"), [Ok("cut a".into()), Ok("stats".into())]);
        // WHEN they end THEN each is answered by itself, and the next one is read as ever
        assert_eq!(lines.take(&[b'x'; 10_000]), []);
        assert_eq!(lines.take(b"\n\xff\nheal\n"), [Err(NoLine), Err(NoLine), Ok("heal".into())]);
    }
}
