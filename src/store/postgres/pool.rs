//! Connections: made when they are needed, given back, made anew when they broke.

use std::time::Duration;

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Pool, PoolConfig, QueueMode, RecyclingMethod,
    Runtime, Timeouts, Transaction,
};
use tokio_postgres::IsolationLevel;

use super::commit;
use super::url::Address;
use crate::store::{Durability, Purpose, StoreError, StoreResult};

/// How long to wait for a connection that others have, or that is being made.
const PATIENCE: Duration = Duration::from_secs(5);

/// What each session is told first. Nobody waits forever: not for a lock that another server
/// holds, and not for a server that holds one and has gone silent.
const SESSION: &str = "SET client_min_messages = warning; SET jit = off; SET lock_timeout = '60s';
     SET idle_in_transaction_session_timeout = '60s';
     SET default_transaction_isolation = 'read committed';";

/// What connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A few that read, for a purpose.
    Read(Purpose),
    /// One that changes policy, with the table that this takes.
    Policy,
    /// One that writes else.
    Write,
    /// One that writes rows which it finds by their key, a few at a time. A plan that was made
    /// when the table was small must not scan it when it is large.
    WriteByKey,
    /// One that reads or writes everything, by key, for as long as the other side takes.
    Move,
}

/// Connections of one use.
pub(super) fn pool(address: &Address, purpose: Use, durability: Durability) -> StoreResult<Pool> {
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(address.config.clone(), address.tls.clone(), config);
    let mut session = SESSION.to_owned();
    if durability == Durability::Process {
        session.push_str("SET synchronous_commit = off;");
    }
    if let Use::Read(purpose) = purpose {
        // Nothing but a migration or an administrator locks a whole table.
        session.push_str("SET lock_timeout = '1500ms';");
        let deadline = purpose.bounds().deadline.unwrap_or_default().as_millis();
        session.push_str(&format!("SET statement_timeout = {deadline};"));
    }
    if matches!(purpose, Use::Write | Use::WriteByKey) {
        session.push_str("SET lock_timeout = '1500ms';");
    }
    if purpose == Use::Policy {
        session.push_str(commit::STAGE);
    }
    if purpose == Use::WriteByKey {
        session.push_str("SET enable_seqscan = off; SET enable_hashjoin = off;");
        session.push_str("SET enable_mergejoin = off;");
    }
    if purpose == Use::Move {
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
        Use::Read(purpose) => (purpose.bounds().readers, Some(purpose.bounds().patience)),
        // The one queue for writing is as long as what is written takes: a large import.
        Use::Policy | Use::Write | Use::WriteByKey | Use::Move => (1, None),
    };
    let mut limits = PoolConfig::new(size);
    limits.timeouts = Timeouts { wait, create: Some(PATIENCE), recycle: Some(PATIENCE) };
    // What was used last has its statements ready.
    limits.queue_mode = QueueMode::Lifo;
    let pool =
        Pool::builder(manager).config(limits).runtime(Runtime::Tokio1).post_create(set_up).build();
    pool.map_err(|error| StoreError::Database(error.to_string()))
}

/// A transaction whose queries all see the same moment.
pub(super) async fn snapshot(client: &mut Client) -> StoreResult<Transaction<'_>> {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    Ok(transaction.read_only(true).start().await?)
}
