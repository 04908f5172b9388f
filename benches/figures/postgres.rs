//! A PostgreSQL cluster to measure on, as its package comes, and what it costs.

use std::time::Duration;

use crate::cluster::{self, Disk};
use crate::process;

/// A cluster of this run's own.
pub(crate) struct Cluster {
    cluster: cluster::Cluster,
    postmaster: String,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let cluster = cluster::Cluster::new(Disk::Careful);
        cluster.start();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let backend: i32 = runtime.block_on(async {
            cluster.create("figures", "TEMPLATE template0").await;
            let client = cluster.connect("postgres").await;
            client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
        });
        Self { cluster, postmaster: process::parent(&backend.to_string()) }
    }

    /// An empty database.
    pub(crate) fn url(&self) -> String {
        self.cluster.url("figures")
    }

    /// CPU of all its processes so far.
    pub(crate) fn cpu(&self) -> Duration {
        process::family_cpu(&self.postmaster)
    }
}
