//! A PostgreSQL cluster for measurements, and its CPU time.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::SinkExt as _;

use crate::cluster::{self, Disk};
use crate::import::hash;
use crate::process;

const CHUNK: usize = 64 * 1024;
const SCHEMA: &str = include_str!("../../src/store/postgres/migrations/0001_initial.sql");

pub(crate) struct Cluster {
    cluster: cluster::Cluster,
    postmaster: String,
    runtime: tokio::runtime::Runtime,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let cluster = cluster::Cluster::new(Disk::Durable);
        cluster.start();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let backend: i32 = runtime.block_on(async {
            let client = cluster.connect("postgres").await;
            client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
        });
        Self { cluster, postmaster: process::parent(&backend.to_string()), runtime }
    }

    /// Creates an empty database and returns its URL.
    pub(crate) fn database(&self, name: &str) -> String {
        self.runtime.block_on(self.cluster.create(name, "TEMPLATE template0"));
        self.cluster.url(name)
    }

    /// The time to insert rules into a new database with our schema: one transaction with a raw
    /// COPY and one upsert.
    pub(crate) fn raw_copy(&self, name: &str, rows: u64) -> Duration {
        self.database(name);
        let mut lines = String::new();
        for number in 0..rows {
            let _ = writeln!(lines, "1\t{}\t0\tpackage {number}", hash(number));
        }
        let lines = Bytes::from(lines);
        self.runtime.block_on(async {
            let mut client = self.cluster.connect(name).await;
            client.batch_execute(SCHEMA).await.unwrap();
            let start = Instant::now();
            let tx = client.transaction().await.unwrap();
            let stage = "CREATE TEMP TABLE stage (rule_type bigint, identifier text COLLATE \"C\",
                 policy bigint, comment text COLLATE \"C\") ON COMMIT DROP";
            tx.batch_execute(stage).await.unwrap();
            let sink = tx.copy_in("COPY stage FROM STDIN").await.unwrap();
            let mut sink = std::pin::pin!(sink);
            for from in (0..lines.len()).step_by(CHUNK) {
                let chunk = lines.slice(from..lines.len().min(from + CHUNK));
                sink.send(chunk).await.unwrap();
            }
            assert_eq!(sink.finish().await.unwrap(), rows);
            let upsert = "INSERT INTO rule (rule_type, identifier, scope, made, policy, comment)
                 SELECT rule_type, identifier, 1, 1, policy, comment FROM stage
                 ORDER BY rule_type, identifier
                 ON CONFLICT (rule_type, identifier, scope) WHERE ended IS NULL
                 DO UPDATE SET policy = excluded.policy, comment = excluded.comment";
            tx.batch_execute(upsert).await.unwrap();
            tx.commit().await.unwrap();
            start.elapsed()
        })
    }

    /// CPU time of all processes of the cluster since they started.
    pub(crate) fn cpu(&self) -> Duration {
        process::family_cpu(&self.postmaster)
    }
}
