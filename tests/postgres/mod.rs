//! PostgreSQL for tests. The tests of one process share a cluster, in which they create new
//! databases. Some tests start a cluster of their own.
//!
//! The PostgreSQL programs come from the system's package, which `tests/run --tools` installs, or
//! from `PATH`. Without these programs, the tests fail.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use std::{fs, net};

use nicelist::store::{self, Durability, Store};
use tokio_postgres::{Client, NoTls};

const ADMIN: &str = "nicelist";
/// PostgreSQL refuses to run as root. If the tests run as root, PostgreSQL runs as this user.
const SERVICE: &str = "postgres";
/// A migrated database that [`Database::new`] copies.
const TEMPLATE: &str = "template_of_tests";

/// Whether commits survive a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    /// Commits may be lost in a crash, but tests are faster.
    Fast,
    Durable,
}

/// A PostgreSQL cluster in its own folder. When this process ends for any reason, or the value is
/// dropped, the cluster is stopped and the folder is deleted.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    disk: Disk,
    /// A process that cleans up when its standard input is closed.
    _keeper: Mutex<Child>,
}

impl Cluster {
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| {
            let cluster = Self::new(Disk::Fast);
            cluster.start();
            cluster
        })
    }

    /// A cluster that has not been started yet.
    pub(crate) fn new(disk: Disk) -> Self {
        let programs = programs();
        let folder =
            tempfile::Builder::new().prefix("nicelist-postgres-").tempdir().unwrap().keep();
        if let Some((user, group)) = service() {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let clean_up = "read -r end; \"$1/pg_ctl\" -D \"$2/data\" -m immediate stop; rm -rf \"$2\"";
        let mut keeper = command(Path::new("sh"));
        keeper.args(["-c", clean_up, "sh"]).arg(&programs).arg(&folder);
        let keeper = keeper.process_group(0).stdin(Stdio::piped()).spawn().unwrap();
        // The port is free now. Another process is unlikely to use it within a second.
        let port = net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { programs, folder, port, disk, _keeper: Mutex::new(keeper) };
        cluster.run("initdb", &["-U", ADMIN, "-A", "trust", "-E", "UTF8", "--no-sync"]);
        cluster
    }

    pub(crate) fn start(&self) {
        self.start_with("");
    }

    /// Starts the cluster with TLS and a certificate for `localhost`.
    pub(crate) fn start_with_tls(&self) {
        for (name, text) in [
            ("server.pem", include_str!("tls/server.pem")),
            ("server.key", include_str!("tls/server.key")),
        ] {
            let path = self.folder.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((user, group)) = service() {
                chown(&path, Some(user), Some(group)).unwrap();
            }
        }
        let folder = self.folder.display();
        let [certificate, key] = ["cert", "key"].map(|what| format!("-c ssl_{what}_file={folder}"));
        self.start_with(&format!("-c ssl=on {certificate}/server.pem {key}/server.key"));
    }

    fn start_with(&self, more: &str) {
        let unsafe_options = match self.disk {
            Disk::Fast => "-c fsync=off -c full_page_writes=off",
            Disk::Durable => "",
        };
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=400 {unsafe_options} {more}",
            self.port,
            self.folder.display()
        );
        let log = self.folder.join("log");
        self.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Stops the cluster as a crash would.
    pub(crate) fn crash(&self) {
        self.run("pg_ctl", &["-w", "-m", "immediate", "stop"]);
    }

    /// Suspends all processes of the cluster until the result is dropped.
    pub(crate) fn suspend(&self) -> Suspended<'_> {
        self.signal("STOP");
        Suspended(self)
    }

    fn signal(&self, name: &str) {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        let script =
            "kill -\"$1\" \"$2\" $(ps -A -o pid=,ppid= | awk -v p=\"$2\" '$2 == p {print $1}')";
        let mut kill = Command::new("sh");
        assert!(kill.args(["-c", script, "sh", name, pid]).status().unwrap().success());
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let data = self.folder.join("data");
        self.execute(program, &[&["-D", data.to_str().unwrap()], arguments].concat());
    }

    fn execute(&self, program: &str, arguments: &[&str]) {
        let mut command = command(&self.programs.join(program));
        command.args(arguments).stdin(Stdio::null());
        let status = command.status().unwrap();
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(status.success(), "{program} {arguments:?}: {status}\n{}", log());
    }

    pub(crate) fn url(&self, database: &str) -> String {
        self.url_of(ADMIN, database)
    }

    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) async fn connect(&self, database: &str) -> Client {
        let (client, connection) =
            tokio_postgres::connect(&self.url(database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub(crate) async fn run_sql(&self, database: &str, sql: &str) {
        let client = self.connect(database).await;
        client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Creates a database. `how` is appended to the SQL statement.
    pub(crate) async fn create(&self, name: &str, how: &str) {
        let client = self.connect("postgres").await;
        let sql = format!("CREATE DATABASE {name} {how}");
        // The last connection to the template may still be closing.
        for _ in 0..200 {
            match client.batch_execute(&sql).await {
                Ok(()) => return,
                Err(error)
                    if error.code() == Some(&tokio_postgres::error::SqlState::OBJECT_IN_USE) =>
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{sql}: {error:?}"),
            }
        }
        panic!("{sql}: the template is in use");
    }
}

pub(crate) struct Suspended<'a>(&'a Cluster);

impl Drop for Suspended<'_> {
    fn drop(&mut self) {
        self.0.signal("CONT");
    }
}

pub(crate) struct Database {
    pub(crate) cluster: &'static Cluster,
    pub(crate) name: String,
}

impl Database {
    /// A new database with nicelist's schema.
    pub(crate) async fn new() -> Self {
        static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        let cluster = Cluster::shared();
        MADE.get_or_init(|| async {
            // If possible, the default collation is for US English, to show that nicelist does not
            // depend on the collation.
            let client = cluster.connect("postgres").await;
            let by_language = format!(
                "CREATE DATABASE {TEMPLATE} TEMPLATE template0
                 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
            );
            if client.batch_execute(&by_language).await.is_err() {
                cluster.create(TEMPLATE, "TEMPLATE template0").await;
            }
            drop(store::open(&cluster.url(TEMPLATE), Durability::Power).await.unwrap());
        })
        .await;
        Self::with(&format!("TEMPLATE {TEMPLATE}")).await
    }

    /// A database without tables.
    pub(crate) async fn empty() -> Self {
        Self::with("TEMPLATE template0").await
    }

    /// A database that is created with `how` appended to the SQL statement.
    pub(crate) async fn with(how: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let cluster = Cluster::shared();
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        cluster.create(&name, how).await;
        Self { cluster, name }
    }

    pub(crate) fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    pub(crate) async fn open(&self) -> std::sync::Arc<dyn Store> {
        store::open(&self.url(), Durability::Power).await.unwrap()
    }

    pub(crate) async fn run_sql(&self, sql: &str) {
        self.cluster.run_sql(&self.name, sql).await;
    }

    pub(crate) fn dump(&self) {
        let file = format!("--file={}", self.dump_file());
        self.cluster.execute("pg_dump", &["--format=custom", &file, &self.url()]);
    }

    pub(crate) async fn restore(&self) {
        let rename = format!("ALTER DATABASE {name} RENAME TO {name}_replaced", name = self.name);
        self.cluster.run_sql("postgres", &rename).await;
        self.cluster.create(&self.name, "TEMPLATE template0").await;
        let into = format!("--dbname={}", self.url());
        self.cluster.execute("pg_restore", &["--exit-on-error", &into, &self.dump_file()]);
    }

    fn dump_file(&self) -> String {
        format!("{}/{}.dump", self.cluster.folder.display(), self.name)
    }

    /// Drops the database and closes its connections.
    pub(crate) async fn drop(self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        self.cluster.run_sql("postgres", &sql).await;
    }
}

/// A command that runs as a user that PostgreSQL accepts.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_remove("PGDATA").env_remove("PGPORT").env_remove("PGHOST").env("LC_ALL", "C");
    command.stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    if let Some((user, group)) = service() {
        command.uid(user).gid(group);
    }
    command
}

/// The folder with the PostgreSQL programs: the newest version from the system's packages, or a
/// folder in `PATH`.
fn programs() -> PathBuf {
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = packaged.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin")))
    });
    let mut found: Vec<(u32, PathBuf)> = packaged.collect();
    #[expect(clippy::disallowed_methods, reason = "programs are found where the system has them")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path).map(|folder| (0, folder)));
    found.retain(|(_, folder)| ["initdb", "pg_ctl"].iter().all(|it| folder.join(it).is_file()));
    let newest = found.into_iter().max_by_key(|(version, _)| *version);
    let Some((_, folder)) = newest else {
        panic!(
            "PostgreSQL is missing, which these tests need: run `tests/run --tools`, or on Debian \
             `apt-get install postgresql`"
        )
    };
    folder
}

/// The user and group IDs that PostgreSQL must run as. `None` if it can run as the current user.
fn service() -> Option<(u32, u32)> {
    static IDS: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *IDS.get_or_init(|| {
        let id = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            text.trim().parse::<u32>().unwrap_or_else(|_| panic!("there is no user {SERVICE}"))
        };
        (id(&["-u"]) == 0).then(|| (id(&["-u", SERVICE]), id(&["-g", SERVICE])))
    })
}
