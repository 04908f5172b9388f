//! Serial numbers that several hosts report.

use deadpool_postgres::GenericClient;

use super::text::clean;
use super::{codes, count, query};
use crate::store::query::{MOST_HOSTS_OF_SERIAL, SharedSerial};
use crate::store::{StoreResult, bounds};

pub(super) async fn shared(
    on: &impl GenericClient,
    serial: Option<&str>,
    limit: usize,
) -> StoreResult<Vec<SharedSerial>> {
    let serial = serial.map(|serial| clean(serial).to_ascii_lowercase());
    let sql = "SELECT upper(lower(serial)), count(*),
            (array_agg(machine ORDER BY machine))[1:$4] AS machines
        FROM host
        WHERE serial <> '' AND octet_length(serial) <= $1
            AND ($2::text IS NULL OR lower(serial) = $2)
        GROUP BY lower(serial) HAVING count(*) > 1 ORDER BY 1 LIMIT $3";
    let most = i32::try_from(bounds::NAME).unwrap_or(i32::MAX);
    let machines = i32::try_from(MOST_HOSTS_OF_SERIAL).unwrap_or(i32::MAX);
    let rows = query(on, sql, &[&most, &serial, &codes::limit(limit), &machines]).await?;
    let read = |row: &tokio_postgres::Row| {
        let machines: Vec<String> = row.try_get("machines")?;
        let machines = machines
            .into_iter()
            .map(|machine| machine.parse().map_err(|error| codes::corrupt("machine ID", &error)));
        Ok(SharedSerial {
            serial: row.try_get(0)?,
            hosts: count(row, 1)?,
            machines: machines.collect::<StoreResult<_>>()?,
        })
    };
    rows.iter().map(read).collect()
}
