//! The partitions of events. One partition has the events that were received in one week. Events
//! without such a partition are in the default partition.

use std::collections::HashSet;

use deadpool_postgres::{Client, GenericClient};

use crate::store::StoreResult;
use crate::store::postgres::locks::Lock;
use crate::store::postgres::query;

/// A week, in milliseconds. With weekly partitions, a query for one event searches fewer partitions
/// than with daily partitions.
const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;
const TABLES: [&str; 2] = ["event", "event_body"];

/// A week, by its number since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Week(i64);

impl Week {
    pub(super) fn of(millisecond: i64) -> Self {
        Self(millisecond.div_euclid(WEEK))
    }

    /// The first millisecond of the week.
    pub(super) fn begins(self) -> i64 {
        self.0.saturating_mul(WEEK)
    }

    /// The first millisecond after the week.
    pub(super) fn ends(self) -> i64 {
        self.begins().saturating_add(WEEK)
    }

    pub(super) fn partition(self, table: &str) -> String {
        // A minus sign would have to be quoted everywhere. Nothing was received before 1970.
        format!("{table}_w{}", self.0.max(0))
    }

    fn is_nameable(self) -> bool {
        self.0 >= 0
    }
}

/// Creates the missing partitions of these weeks. A week that already has events in the default
/// partition gets no separate partition.
pub(super) async fn ensure(client: &mut Client, weeks: &HashSet<Week>) -> StoreResult<()> {
    let on = client.transaction().await?;
    Lock::Events.take(&on).await?;
    make(&on, weeks).await?;
    Ok(on.commit().await?)
}

/// Like [`ensure`], in a transaction that already has the events lock.
pub(super) async fn make(on: &impl GenericClient, weeks: &HashSet<Week>) -> StoreResult<()> {
    let there = all(on).await?;
    for week in weeks.iter().filter(|week| week.is_nameable() && !there.contains(week)) {
        let sql = "SELECT 1 FROM event_default WHERE received >= $1 AND received < $2 LIMIT 1";
        if !query(on, sql, &[&week.begins(), &week.ends()]).await?.is_empty() {
            continue;
        }
        for table in TABLES {
            let sql = format!(
                "CREATE TABLE {} PARTITION OF {table} FOR VALUES FROM ({}) TO ({})",
                week.partition(table),
                week.begins(),
                week.ends()
            );
            on.batch_execute(&sql).await?;
        }
    }
    Ok(())
}

/// The weeks that have partitions, the oldest first.
pub(super) async fn all(on: &impl GenericClient) -> StoreResult<Vec<Week>> {
    let sql =
        "SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'event'::regclass";
    let mut weeks = Vec::new();
    for row in query(on, sql, &[]).await? {
        let name: &str = row.try_get(0)?;
        let number = name.strip_prefix("event_w").and_then(|number| number.parse().ok());
        weeks.extend(number.map(Week));
    }
    weeks.sort_unstable();
    Ok(weeks)
}

pub(super) async fn drop_week(on: &impl GenericClient, week: Week) -> StoreResult<()> {
    for table in TABLES {
        on.batch_execute(&format!("DROP TABLE IF EXISTS {}", week.partition(table))).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_lie_side_by_side() {
        let week = Week::of(1_790_000_000_000);
        assert!(week.begins() <= 1_790_000_000_000 && 1_790_000_000_000 < week.ends());
        assert_eq!(Week::of(week.ends()).begins(), week.ends());
        assert_eq!(Week::of(week.begins() - 1).ends(), week.begins());
        assert_eq!(week.partition("event"), "event_w2959");
        assert!(!Week::of(-1).is_nameable() && Week::of(0).is_nameable());
    }
}
