//! Why a database cannot be written to, and its health and size.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum WriteFault {
    #[error("its file was deleted or moved while the server was running")]
    FileMissing,
    #[error("its file was replaced by another file")]
    FileReplaced,
    #[error(
        "its write-ahead log (the -wal file) was deleted or replaced while the server was \
        running"
    )]
    LogMissing,
    #[error("its disk is full")]
    DiskFull,
    #[error("its disk cannot be written to")]
    DiskFailed,
    /// The database is read-only, because of its file or its mount, or because it is a PostgreSQL
    /// standby.
    #[error("it is read-only")]
    Protected,
    #[error("the writer thread has stopped; restart the server")]
    WriterStopped,
    #[error("a write has not finished for 30 seconds")]
    WriterStuck,
}

impl WriteFault {
    /// A stable name for scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FileMissing => "database-file-missing",
            Self::FileReplaced => "database-file-replaced",
            Self::LogMissing => "database-log-missing",
            Self::DiskFull => "disk-full",
            Self::DiskFailed => "disk-failed",
            Self::Protected => "database-read-only",
            Self::WriterStopped => "writer-stopped",
            Self::WriterStuck => "writer-stuck",
        }
    }
}

/// The health of a database, checked without writing to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Free bytes of the database's disk. None for PostgreSQL and on Windows.
    pub disk_free: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseSize {
    /// Bytes of the SQLite file and its log, or of the PostgreSQL database.
    pub bytes: u64,
    /// Free bytes of the database's disk. None for PostgreSQL and on Windows.
    pub disk_free: Option<u64>,
}
