//! Files that commands read and write.
//!
//! What is written appears whole or not at all: a full disk must not leave an empty bundle behind, nor
//! destroy the file that stood there before.

use crate::fault::Fault;
use anyhow::{Context as _, Result};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
};

/// Mode of a file that everyone may read, as far as the umask lets them.
const OPEN: u32 = 0o666;

/// Mode of a file for its owner alone.
const PRIVATE: u32 = 0o600;

/// Writes `bytes` into `path`, in place of what stands there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, OPEN).with_context(|| format!("can't write {}", path.display()))
}

/// Writes `bytes` into `path` for its owner alone, in place of what stands there.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, PRIVATE).with_context(|| format!("can't write {}", path.display()))
}

/// The text in `path`.
///
/// # Errors
/// [`Fault::Usage`] when there is no such file, or it holds something else than text.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|_| Fault::Usage(format!("{} holds no text", path.display())).into())
}

/// The bytes in `path`.
///
/// # Errors
/// [`Fault::Usage`] when there is no such file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    read_up_to(path, u64::MAX)
}

/// The first bytes in `path`, at most so many.
///
/// # Errors
/// [`Fault::Usage`] when there is no such file.
pub fn read_up_to(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let filled = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    match filled {
        Ok(_) => Ok(bytes),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
            Err(Fault::Usage(format!("can't read {}: {error}", path.display())).into())
        }
        failed => failed.map(|_| bytes).with_context(|| format!("can't read {}", path.display())),
    }
}

/// `path` with `ending` behind its name.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Gives a file another name, which it keeps through a loss of power.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let path = match fs::metadata(path) {
        // A pipe or a terminal can't be renamed over.
        Ok(found) if !found.is_file() => return OpenOptions::new().write(true).open(path)?.write_all(bytes),
        // Behind a link stands the file that is meant.
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let draft = with_ending(&path, &format!(".{}.part", process::id()));
    let written = fill(&draft, bytes, mode).and_then(|()| rename(&draft, &path));
    if written.is_err() {
        // The first error says what went wrong; a draft that never came to be can't be removed.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn fill(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::code;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_replaced_whole_and_leaves_no_draft() {
        // GIVEN a file that is written twice
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("unit.bundle");
        write(&path, b"one").expect("written");
        write_private(&path, b"two").expect("written");
        // THEN the second stands there, for its owner alone, and nothing else
        assert_eq!(fs::read(&path).expect("read"), b"two");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["unit.bundle"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing() {
        // GIVEN a folder where a file is to be, and a folder that does not exist
        let folder = tempfile::tempdir().expect("a folder");
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).expect("made");
        // THEN writing fails, names the path and leaves no draft
        let error = write(&taken, b"one").expect_err("a folder").to_string();
        assert!(error.contains("taken"), "{error}");
        assert!(write(&folder.path().join("missing/file"), b"one").is_err());
        assert_eq!(names(folder.path()), ["taken"]);
    }

    #[test]
    fn a_link_keeps_pointing_at_its_file() {
        // GIVEN a link to a file
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, b"one").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        // WHEN the link is written
        write(&link, b"two").expect("written");
        // THEN the file behind it has changed
        assert_eq!(fs::read(&file).expect("read"), b"two");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    }

    #[test]
    fn text_is_told_from_other_bytes() {
        // GIVEN bytes that are no text
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bytes");
        fs::write(&path, [0xff, 0xfe]).expect("written");
        // THEN reading them is wrong usage
        assert_eq!(code(&read_text(&path).expect_err("no text")), 2);
    }

    #[test]
    fn a_file_that_is_not_there_is_wrong_usage_and_named() {
        // GIVEN a missing file, and a folder in its place
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().join("missing"), folder.path().to_owned()] {
            // THEN reading it is wrong usage, and the text names it
            let error = read(&path).expect_err("no file");
            assert_eq!(code(&error), 2);
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
        // GIVEN a file that is longer than what is looked at THEN its beginning is read
        let path = folder.path().join("long");
        fs::write(&path, [7; 100]).expect("written");
        assert_eq!(read_up_to(&path, 10).expect("read"), [7; 10]);
    }
}
