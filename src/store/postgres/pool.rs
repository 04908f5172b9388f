//! Pools of connections.

use std::time::Duration;

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Pool, PoolConfig, QueueMode, RecyclingMethod,
    Runtime, Timeouts, Transaction,
};
use tokio_postgres::IsolationLevel;

use super::rule_stage;
use super::url::Address;
use crate::store::{Durability, QueryPurpose, StoreError, StoreResult};

/// Time limit for creating a connection, or for checking a connection before it is used again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Settings of every session. The function `pool` overrides some of these settings. Because of
/// `lock_timeout`, a session does not wait forever for a lock of a server that stopped responding.
const SESSION: &str = "SET client_min_messages = warning; SET jit = off; SET lock_timeout = '60s';
     SET idle_in_transaction_session_timeout = '60s';
     SET default_transaction_isolation = 'read committed';";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolUse {
    /// Connections for reads and small writes of one purpose.
    Read(QueryPurpose),
    /// A connection that changes policy or tokens. It has the table of staged rules.
    Policy,
    /// A connection that writes hosts or events, which it finds by their keys. Full scans are
    /// disabled, because a query plan that was chosen for a small table would be slow after the
    /// table has grown.
    WriteByKey,
    /// A connection that reads a whole database in key order, or fills a database. Its transaction
    /// may be idle while it waits for the other database.
    Move,
}

pub(super) fn pool(
    address: &Address,
    purpose: PoolUse,
    durability: Durability,
) -> StoreResult<Pool> {
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(address.config.clone(), address.tls.clone(), config);
    let mut session = SESSION.to_owned();
    if durability == Durability::Process {
        session.push_str("SET synchronous_commit = off;");
    }
    if let PoolUse::Read(purpose) = purpose {
        // Reads wait only briefly for a locked table. Few operations lock a whole table, for
        // example a migration.
        session.push_str("SET lock_timeout = '1500ms';");
        let deadline = purpose.bounds().deadline.unwrap_or_default().as_millis();
        session.push_str(&format!("SET statement_timeout = {deadline};"));
    }
    if purpose == PoolUse::Policy {
        session.push_str(rule_stage::STAGE);
    }
    if purpose == PoolUse::WriteByKey {
        session.push_str("SET lock_timeout = '1500ms';");
        session.push_str("SET enable_seqscan = off; SET enable_hashjoin = off;");
        session.push_str("SET enable_mergejoin = off;");
    }
    if purpose == PoolUse::Move {
        session.push_str("SET idle_in_transaction_session_timeout = 0;");
        session.push_str("SET enable_seqscan = off; SET enable_sort = off;");
        session.push_str("SET enable_bitmapscan = off; SET enable_hashjoin = off;");
        session.push_str("SET enable_mergejoin = off;");
    }
    let set_up = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let session = session.clone();
        Box::pin(async move { client.batch_execute(&session).await.map_err(HookError::Backend) })
    });
    let (size, wait) = match purpose {
        PoolUse::Read(purpose) => (purpose.bounds().readers, Some(purpose.bounds().patience)),
        // Each of these pools has one connection. Its users wait for it without a time limit,
        // because a large write, such as an import, may be using it.
        PoolUse::Policy | PoolUse::WriteByKey | PoolUse::Move => (1, None),
    };
    let mut limits = PoolConfig::new(size);
    limits.timeouts = Timeouts { wait, create: Some(PATIENCE), recycle: Some(PATIENCE) };
    // Prefers the connection that was used last, because it has prepared statements.
    limits.queue_mode = QueueMode::Lifo;
    let pool =
        Pool::builder(manager).config(limits).runtime(Runtime::Tokio1).post_create(set_up).build();
    pool.map_err(|error| StoreError::Database(error.to_string()))
}

/// A read-only transaction whose queries see one snapshot.
pub(super) async fn snapshot(client: &mut Client) -> StoreResult<Transaction<'_>> {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    Ok(transaction.read_only(true).start().await?)
}
