//! The connections for reads and small writes, in a pool for each purpose.

use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Pool};
use tokio::time::timeout;

use super::listen::Pulse;
use super::pool::{self, PoolUse};
use super::tls::Tls;
use super::url::Address;
use crate::store::{Durability, Latencies, QueryPurpose, StoreError, StoreResult};

/// How long a server may take to accept the cancellation of a query.
const CANCEL: Duration = Duration::from_secs(2);

pub(super) struct Readers {
    sync: Pool,
    admin: Pool,
    background: Pool,
    tls: Tls,
    pub(super) latencies: Latencies,
}

impl Readers {
    pub(super) fn new(address: &Address, durability: Durability) -> StoreResult<Self> {
        let pool = |purpose| pool::pool(address, PoolUse::Read(purpose), durability);
        Ok(Self {
            sync: pool(QueryPurpose::Sync)?,
            admin: pool(QueryPurpose::Admin)?,
            background: pool(QueryPurpose::Background)?,
            tls: address.tls.clone(),
            latencies: Latencies::default(),
        })
    }

    pub(super) const fn background(&self) -> &Pool {
        &self.background
    }

    /// A connection for the current task's purpose.
    pub(super) async fn reader(&self, pulse: &Pulse) -> StoreResult<Reader> {
        let pool = match QueryPurpose::current() {
            QueryPurpose::Sync => &self.sync,
            QueryPurpose::Admin => &self.admin,
            QueryPurpose::Background => &self.background,
        };
        let started = Instant::now();
        let client = pulse.during(async { Ok(pool.get().await?) }).await?;
        let (tls, latencies) = (self.tls.clone(), self.latencies.clone());
        Ok(Reader { client: Some(client), tls, started, latencies })
    }
}

/// A connection for one operation. If it is dropped before [`Reader::finish`], its query is
/// canceled and the connection is not used again.
pub(super) struct Reader {
    client: Option<Client>,
    tls: Tls,
    started: Instant,
    latencies: Latencies,
}

impl Reader {
    pub(super) fn client(&mut self) -> StoreResult<&mut Client> {
        self.client.as_mut().ok_or_else(|| {
            StoreError::Database(
                "the connection was already \
            returned to the pool"
                    .to_owned(),
            )
        })
    }

    /// Returns the connection to the pool, unless the server does not respond on it.
    pub(super) fn finish<T>(mut self, answer: StoreResult<T>) -> StoreResult<T> {
        self.latencies.add(self.started);
        if !matches!(answer, Err(StoreError::Unreachable(_))) {
            drop(self.client.take());
        }
        answer
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(client) = self.client.take().map(Client::take) else { return };
        let (token, tls) = (client.cancel_token(), self.tls.clone());
        tokio::spawn(async move {
            // If this fails, the query ends at its deadline, if it has one.
            drop(timeout(CANCEL, token.cancel_query(tls)).await);
            drop(client);
        });
    }
}
