//! The purpose of a query. Each purpose has its own readers and limits, so that a sync does not
//! wait for a reader that an administrator's long query uses.

use std::time::Duration;

tokio::task_local! {
    static QUERY_PURPOSE: QueryPurpose;
}

/// The server sets the purpose of each request with [`QueryPurpose::run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryPurpose {
    /// A host waits for its sync.
    Sync,
    /// A client of the admin API waits for a response.
    Admin,
    /// The default, for example for start-up, expiry, retention and checks.
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
    /// Runs `work` with this purpose for its queries.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        QUERY_PURPOSE.scope(self, work).await
    }

    pub(crate) fn current() -> Self {
        QUERY_PURPOSE.try_with(|purpose| *purpose).unwrap_or(Self::Background)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Admin => "admin",
            Self::Background => "background",
        }
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
