//! Saves hosts, several in one transaction.

use std::collections::HashSet;

use deadpool_postgres::{Client, GenericClient};

use crate::fleet::Host;
use crate::store::StoreResult;
use crate::store::host_groups::StateColumns;
use crate::store::postgres::locks::Lock;
use crate::store::postgres::text::{clean, clean_json};
use crate::store::postgres::writer::Batch;
use crate::store::postgres::{codes, query};

/// A host's row, saved only if its version is unchanged.
pub(in crate::store::postgres) struct Save {
    machine: String,
    version: i64,
    serial: String,
    hostname: String,
    primary_user: String,
    first_seen: i64,
    sync: String,
    facts: String,
    state: StateColumns,
}

impl Save {
    /// Returns None if no row can have this version.
    pub(in crate::store::postgres) fn new(host: &Host, version: u64) -> StoreResult<Option<Self>> {
        let Ok(version) = i64::try_from(version) else { return Ok(None) };
        Ok(Some(Self {
            machine: host.machine.as_str().to_owned(),
            version,
            serial: clean(&host.facts.serial).into_owned(),
            hostname: clean(&host.facts.hostname).into_owned(),
            primary_user: clean(&host.facts.primary_user).into_owned(),
            first_seen: host.first_seen.as_millisecond(),
            sync: codes::json(&host.sync)?,
            // PostgreSQL queries this JSON, so it must not contain NUL.
            facts: clean_json(codes::json(&host.facts)?),
            state: StateColumns::of(host)?,
        }))
    }
}

const UPDATE_ONE: &str = "UPDATE host SET version = version + 1, serial = $3, hostname = $4,
        primary_user = $5, first_seen = $6, sync = $7, facts = $8, state_key = $9, syncing = $10,
        seen = $11
    WHERE machine = $1 AND version = $2 RETURNING machine";
const UPDATE: &str = "UPDATE host AS h SET version = h.version + 1, serial = n.serial,
        hostname = n.hostname, primary_user = n.primary_user, first_seen = n.first_seen,
        sync = n.sync, facts = n.facts, state_key = n.state_key, syncing = n.syncing,
        seen = n.seen
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])
        AS n (machine, version, serial, hostname, primary_user, first_seen, sync, facts, state_key,
              syncing, seen)
    WHERE h.machine = n.machine AND h.version = n.version RETURNING h.machine";
const INSERT: &str = "INSERT INTO host (machine, version, serial, hostname, primary_user, tags,
                                        first_seen, sync, facts, state_key, syncing, seen)
    SELECT machine, version + 1 + coalesce((SELECT convert_from(value, 'UTF8')::bigint FROM meta
                                            WHERE key = 'forgotten'), 0),
           serial, hostname, primary_user, '[]', first_seen, sync, facts, state_key, syncing, seen
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])
        AS n (machine, version, serial, hostname, primary_user, first_seen, sync, facts, state_key,
              syncing, seen)
    ON CONFLICT DO NOTHING RETURNING machine";

pub(in crate::store::postgres) struct Saves;

impl Batch for Saves {
    const LARGEST_GROUP: usize = 512;
    const QUEUE: usize = 4096;

    type Job = Save;
    type Answer = bool;

    async fn write(&self, client: &mut Client, jobs: &[Save]) -> StoreResult<Vec<bool>> {
        let rounds = rounds(jobs);
        if let [only] = &rounds[..]
            && only.iter().all(|place| jobs[*place].version > 0)
        {
            let saved = statement(client, UPDATE, jobs, only).await?;
            return Ok((0..jobs.len())
                .map(|place| saved.contains(&*jobs[place].machine))
                .collect());
        }
        let on = client.transaction().await?;
        // Waits while a host is being forgotten, because the versions of its row must not be used
        // again.
        Lock::Hosts.share(&on).await?;
        let mut answers = vec![false; jobs.len()];
        for round in &rounds {
            let (new, known): (Vec<usize>, Vec<usize>) =
                round.iter().partition(|place| jobs[**place].version == 0);
            // Both statements are sent without waiting for the first result.
            let (made, changed) = tokio::join!(
                statement(&on, INSERT, jobs, &new),
                statement(&on, UPDATE, jobs, &known)
            );
            for (places, saved) in [(new, made?), (known, changed?)] {
                for place in places {
                    answers[place] = saved.contains(&*jobs[place].machine);
                }
            }
        }
        on.commit().await?;
        Ok(answers)
    }
}

/// Splits jobs into rounds, each sorted by host. A round has at most one job of each host. Usually
/// there is only one round.
fn rounds(jobs: &[Save]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<(HashSet<&str>, Vec<usize>)> = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        let free = rounds.iter_mut().find(|(seen, _)| !seen.contains(&*job.machine));
        match free {
            Some((seen, places)) => {
                seen.insert(&job.machine);
                places.push(place);
            }
            None => rounds.push((HashSet::from([&*job.machine]), vec![place])),
        }
    }
    let ordered = |(_, mut places): (_, Vec<usize>)| {
        places.sort_unstable_by_key(|place| &jobs[*place].machine);
        places
    };
    rounds.into_iter().map(ordered).collect()
}

async fn statement(
    on: &impl GenericClient,
    sql: &str,
    jobs: &[Save],
    places: &[usize],
) -> StoreResult<HashSet<String>> {
    fn column<'a, T>(jobs: &'a [Save], places: &[usize], of: fn(&'a Save) -> T) -> Vec<T> {
        places.iter().map(|place| of(&jobs[*place])).collect()
    }
    if places.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = match places {
        [only] if sql == UPDATE => {
            let Save { machine, version, serial, hostname, .. } = &jobs[*only];
            let Save { primary_user, first_seen, sync, facts, .. } = &jobs[*only];
            let StateColumns { state_key, syncing, seen } = &jobs[*only].state;
            let row: super::super::Values<'_> = &[
                machine,
                version,
                serial,
                hostname,
                primary_user,
                first_seen,
                sync,
                facts,
                state_key,
                syncing,
                seen,
            ];
            query(on, UPDATE_ONE, row).await?
        }
        _ => {
            let row: super::super::Values<'_> = &[
                &column(jobs, places, |job| &*job.machine),
                &column(jobs, places, |job| job.version),
                &column(jobs, places, |job| &*job.serial),
                &column(jobs, places, |job| &*job.hostname),
                &column(jobs, places, |job| &*job.primary_user),
                &column(jobs, places, |job| job.first_seen),
                &column(jobs, places, |job| &*job.sync),
                &column(jobs, places, |job| &*job.facts),
                &column(jobs, places, |job| job.state.state_key),
                &column(jobs, places, |job| job.state.syncing),
                &column(jobs, places, |job| job.state.seen),
            ];
            query(on, sql, row).await?
        }
    };
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_host_comes_twice_in_a_round() {
        let job = |machine: &str| {
            let host = Host::new(machine.parse().unwrap(), jiff::Timestamp::UNIX_EPOCH);
            Save::new(&host, 1).unwrap().unwrap()
        };
        let jobs = ["b", "a", "b", "c", "b", "a"].map(job);
        assert_eq!(rounds(&jobs), [vec![1, 0, 3], vec![5, 2], vec![4]]);
        assert!(
            Save::new(&Host::new("m".parse().unwrap(), jiff::Timestamp::UNIX_EPOCH), u64::MAX)
                .unwrap()
                .is_none()
        );
    }
}
