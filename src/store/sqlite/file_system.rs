//! Functions of the operating system for the database files. On Windows, a new file is only as
//! private as its folder.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};

/// Distinguishes the files of a machine. On Unix, the numbers of a file's device and inode.
pub(super) type FileId = (u64, u64);

#[cfg(unix)]
pub(super) fn file_id(found: &Metadata) -> FileId {
    (found.dev(), found.ino())
}

/// When the file was created. This is precise enough, because SQLite keeps its files open, and
/// Windows prevents the deletion and replacement of open files.
#[cfg(not(unix))]
pub(super) fn file_id(found: &Metadata) -> FileId {
    let created = found.created().ok();
    let since = created.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or((0, 0), |since| (since.as_secs(), u64::from(since.subsec_nanos())))
}

pub(super) fn file_id_at(path: &Path) -> io::Result<FileId> {
    fs::metadata(path).map(|found| file_id(&found))
}

/// Creates a folder, and missing folders above it. On Unix, only the owner can open new folders.
pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder.recursive(true).create(folder)
}

/// On Unix, makes files that are created with these options readable only by their owner.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    options.mode(0o600);
    options
}

/// Gives a file the owner and group of another file, because root may restore a database that
/// belongs to the server's user.
#[cfg(unix)]
pub(super) fn copy_owner(from: &Metadata, to: &Path) -> io::Result<()> {
    let own = fs::metadata(to)?;
    if (from.uid(), from.gid()) == (own.uid(), own.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(to, Some(from.uid()), Some(from.gid()))
}

#[cfg(not(unix))]
pub(super) fn copy_owner(_: &Metadata, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a rename in a folder durable. Does nothing on Windows, where a folder cannot be opened
/// like a file.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { fs::File::open(folder)?.sync_all() }
}

/// The free bytes of a folder's disk that this process's user may use.
#[cfg(unix)]
pub(super) fn disk_free(folder: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(folder).ok()?;
    #[expect(clippy::useless_conversion, reason = "the types differ between systems")]
    let (blocks, size) =
        (u64::try_from(found.blocks_available()).ok()?, u64::try_from(found.fragment_size()).ok()?);
    Some(blocks.saturating_mul(size))
}

#[cfg(not(unix))]
pub(super) fn disk_free(_: &Path) -> Option<u64> {
    None
}
