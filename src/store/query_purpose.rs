//! The purpose of a query. Each purpose has its own readers and limits, so that a sync never waits
//! until an administrator's scan of a million events releases its reader.

use std::time::Duration;

tokio::task_local! {
    static QUERY_PURPOSE: QueryPurpose;
}

/// The purpose of a query. The server sets it once per request, with [`QueryPurpose::run`], and
/// every query of that request uses the right readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryPurpose {
    /// A host waits for its sync.
    Sync,
    /// An administrator waits for a page of the admin API.
    Admin,
    /// No one waits: start-up, expiry, retention, checks. This is the default.
    Background,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) readers: usize,
    /// How long a query waits for a reader.
    pub(super) patience: Duration,
    pub(super) deadline: Option<Duration>,
}

impl QueryPurpose {
    /// Runs `work`, whose queries are for this purpose.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        QUERY_PURPOSE.scope(self, work).await
    }

    pub(crate) fn current() -> Self {
        QUERY_PURPOSE.try_with(|purpose| *purpose).unwrap_or(Self::Background)
    }

    pub(super) const fn bounds(self) -> Bounds {
        match self {
            Self::Sync => Bounds {
                readers: 4,
                patience: Duration::from_secs(2),
                deadline: Some(Duration::from_secs(10)),
            },
            Self::Admin => Bounds {
                readers: 3,
                patience: Duration::from_secs(5),
                deadline: Some(Duration::from_secs(60)),
            },
            Self::Background => {
                Bounds { readers: 2, patience: Duration::from_secs(10), deadline: None }
            }
        }
    }
}
