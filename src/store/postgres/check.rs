//! Checks the checksums of rows. Pages are not checked here, because PostgreSQL checks them itself.

use super::url::Address;
use super::{open, pool, snapshot};
use crate::shell::argument;
use crate::store::{Durability, QueryPurpose, StoreResult, sql};

/// Checks all rules, settings and tags. Returns how many rows were checked, and the damage, if any.
pub(in crate::store) async fn whole(url: &str) -> StoreResult<(u64, Option<String>)> {
    let address = Address::of(url)?;
    let failed = |reason| address.cannot_be_opened(reason);
    let pool =
        pool::pool(&address, pool::PoolUse::Read(QueryPurpose::Background), Durability::Power)?;
    let mut client = pool.get().await.map_err(|error| failed(open::unopened(error)))?;
    let on = snapshot(&mut client).await?;
    let version = open::examine(&on).await?.version().map_err(failed)?;
    if version < open::NEWEST {
        return Err(failed(format!(
            "its schema is too old (schema {version}; this nicelist requires {}); update it: \
            nicelist database migrate --database {}",
            open::NEWEST,
            argument(&address.shown)
        )));
    }
    sql::check::all(&on).await
}
