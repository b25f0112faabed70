//! Objects in the store: small ones in memory, segments by way of a local file.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, Write},
    sync::Arc,
};

use blake2::{digest::consts::U32, Blake2b, Digest};
use bytes::Bytes;
use futures::TryStreamExt;
use loadstone_core::Hash;
use object_store::{
    local::LocalFileSystem, path::Path, GetResultPayload, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    WriteMultipart,
};

use crate::ArchiveError;

/// Greatest manifest or page in bytes.
const MAX_SMALL: u64 = 64 << 20;

/// Bytes of a part of an upload; stores ask for at least 5 MiB.
const PART: usize = 8 << 20;

/// Parts of one upload under way at once.
const PARTS_AT_ONCE: usize = 2;

/// Running BLAKE2b-256.
#[derive(Clone, Default)]
pub(crate) struct Hasher(Blake2b<U32>);

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

pub(crate) fn hash_of(bytes: &[u8]) -> Hash {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.finish()
}

/// The folder that `place` names, which may not be there yet.
///
/// # Errors
/// [`ArchiveError::Place`] when it can never be an archive: another kind of URL, nothing at all, or a file.
pub fn folder_of(place: &str) -> Result<&std::path::Path, ArchiveError> {
    let folder = match place.split_once("://") {
        Some(("file", path)) if path.starts_with('/') => path,
        Some(_) => "",
        None => place,
    };
    if folder.is_empty() || std::path::Path::new(folder).is_file() {
        return Err(ArchiveError::Place(place.into()));
    }
    Ok(std::path::Path::new(folder))
}

/// The store at `place`: a folder, which is made if it is not there, or a `file://` URL of one. What is
/// written to it is durable when the write returns.
pub fn open_store(place: &str) -> Result<Arc<dyn ObjectStore>, ArchiveError> {
    let folder = folder_of(place)?;
    let failed = |error| ArchiveError::Folder { place: place.into(), error };
    std::fs::create_dir_all(folder).map_err(failed)?;
    Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)))
}

/// Whole bytes of a small object; `None` when it is not there.
pub(crate) async fn read_small(store: &dyn ObjectStore, name: &str) -> Result<Option<Bytes>, ArchiveError> {
    let found = match store.get(&Path::from(name)).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if found.meta.size > MAX_SMALL {
        return Err(ArchiveError::damaged(name, format!("it has {} bytes", found.meta.size)));
    }
    Ok(Some(found.bytes().await?))
}

/// Writes an object that must not exist. Whether it did not.
pub(crate) async fn create(store: &dyn ObjectStore, name: &str, bytes: Vec<u8>) -> Result<bool, ArchiveError> {
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match store.put_opts(&Path::from(name), bytes.into(), options).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Writes an object whose name says what is in it, so that writing it again changes nothing.
pub(crate) async fn put(store: &dyn ObjectStore, name: &str, bytes: Vec<u8>) -> Result<(), ArchiveError> {
    store.put(&Path::from(name), bytes.into()).await?;
    Ok(())
}

/// Removes an object, which may be gone already.
pub(crate) async fn remove(store: &dyn ObjectStore, name: &Path) -> Result<(), ArchiveError> {
    match store.delete(name).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// All objects of a folder.
pub(crate) async fn list(store: &dyn ObjectStore, folder: &str) -> Result<Vec<Path>, ArchiveError> {
    let found = store.list(Some(&Path::from(folder)));
    Ok(found.map_ok(|meta| meta.location).try_collect().await?)
}

/// Sizes of all objects of a folder in bytes.
pub(crate) async fn sizes(store: &dyn ObjectStore, folder: &str) -> Result<BTreeMap<String, u64>, ArchiveError> {
    let found = store.list(Some(&Path::from(folder)));
    Ok(found.map_ok(|meta| (meta.location.to_string(), meta.size)).try_collect().await?)
}

/// Objects of a folder whose names come after `name`.
pub(crate) async fn list_after(store: &dyn ObjectStore, folder: &str, name: &str) -> Result<Vec<Path>, ArchiveError> {
    let found = store.list_with_offset(Some(&Path::from(folder)), &Path::from(name));
    Ok(found.map_ok(|meta| meta.location).try_collect().await?)
}

/// Sends a local file from its start.
pub(crate) async fn upload(store: &dyn ObjectStore, name: &str, mut file: File) -> Result<(), ArchiveError> {
    file.rewind()?;
    let mut upload = WriteMultipart::new_with_chunk_size(store.put_multipart(&Path::from(name)).await?, PART);
    loop {
        let part;
        (file, part) = blocking(move || {
            let mut part = Vec::with_capacity(PART);
            let mut limited = file.take(PART as u64);
            limited.read_to_end(&mut part)?;
            Ok((limited.into_inner(), part))
        })
        .await?;
        if part.is_empty() {
            break;
        }
        upload.wait_for_capacity(PARTS_AT_ONCE).await?;
        upload.put(part.into());
    }
    upload.finish().await?;
    Ok(())
}

/// Brings an object of at most `longest` bytes into a local file, and says its size and hash. A store
/// on the local disk lends its own file.
pub(crate) async fn download(
    store: &dyn ObjectStore,
    name: &str,
    longest: u64,
) -> Result<(File, u64, Hash), ArchiveError> {
    let found = match store.get(&Path::from(name)).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Err(ArchiveError::Missing(name.into())),
        Err(error) => return Err(error.into()),
    };
    if found.meta.size > longest {
        return Err(ArchiveError::damaged(name, format!("it has {} bytes", found.meta.size)));
    }
    match found.payload {
        GetResultPayload::File(file, _) => blocking(move || hash_file(file)).await,
        GetResultPayload::Stream(mut parts) => {
            let (mut file, mut hasher, mut size) = (tempfile::tempfile()?, Hasher::default(), 0u64);
            while let Some(part) = parts.try_next().await? {
                size += part.len() as u64;
                if size > longest {
                    return Err(ArchiveError::damaged(name, format!("it is longer than {longest} bytes")));
                }
                hasher.update(&part);
                file = blocking(move || file.write_all(&part).map(|()| file)).await?;
            }
            Ok((file, size, hasher.finish()))
        }
    }
}

fn hash_file(mut file: File) -> std::io::Result<(File, u64, Hash)> {
    let (mut hasher, mut size, mut part) = (Hasher::default(), 0u64, vec![0; 1 << 20]);
    file.rewind()?;
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            return Ok((file, size, hasher.finish()));
        }
        hasher.update(&part[..read]);
        size += read as u64;
    }
}

/// Runs file work where it does not hold up other tasks.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ArchiveError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(ended) => Err(ArchiveError::Scratch(std::io::Error::other(ended))),
    }
}
