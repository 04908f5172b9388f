//! PostgreSQL for tests: a cluster of this run's own, which ends with the run, and a fresh
//! database for each test.
//!
//! The programs are those of the system's package (`tests/run --tools` installs it). A machine
//! without them fails these tests: they would prove nothing.
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

/// The user of the cluster who may do everything.
const ADMIN: &str = "nicelist";
/// The user whom PostgreSQL runs as where tests run as root: it refuses to be root.
const SERVICE: &str = "postgres";
/// A database that was migrated, of which tests get copies.
const TEMPLATE: &str = "template_of_tests";

/// What a commit survives in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    /// Only the end of the run matters.
    Careless,
    /// What was answered is there after a crash.
    Careful,
}

/// A PostgreSQL cluster in a folder of its own. It is stopped and its folder removed when this
/// process ends, however it does.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    disk: Disk,
    /// Waits for the end of its input, and cleans up.
    _keeper: Mutex<Child>,
}

impl Cluster {
    /// The cluster that all tests of this process share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| {
            let cluster = Self::new(Disk::Careless);
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
        // Free now, and hardly taken by another within a second.
        let port = net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { programs, folder, port, disk, _keeper: Mutex::new(keeper) };
        cluster.run("initdb", &["-U", ADMIN, "-A", "trust", "-E", "UTF8", "--no-sync"]);
        cluster
    }

    /// Starts the cluster, and returns when it takes connections.
    pub(crate) fn start(&self) {
        self.start_with("");
    }

    /// The same with TLS, for the host `localhost`.
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
        let careless = match self.disk {
            Disk::Careless => "-c fsync=off -c full_page_writes=off",
            Disk::Careful => "",
        };
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=400 {careless} {more}",
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

    /// Stops all processes of the cluster where they are, until the result is dropped.
    pub(crate) fn hang(&self) -> Hung<'_> {
        self.signal("STOP");
        Hung(self)
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

    /// The URL of a database, as the user who may do everything.
    pub(crate) fn url(&self, database: &str) -> String {
        self.url_of(ADMIN, database)
    }

    /// The URL of a database, as some user.
    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// A connection to a database.
    pub(crate) async fn connect(&self, database: &str) -> Client {
        let (client, connection) =
            tokio_postgres::connect(&self.url(database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Runs SQL in a database.
    pub(crate) async fn run_sql(&self, database: &str, sql: &str) {
        let client = self.connect(database).await;
        client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Makes a database that is as its template.
    pub(crate) async fn create(&self, name: &str, how: &str) {
        let client = self.connect("postgres").await;
        let sql = format!("CREATE DATABASE {name} {how}");
        // Who used the template last may not be quite gone.
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

/// A cluster that does not respond.
pub(crate) struct Hung<'a>(&'a Cluster);

impl Drop for Hung<'_> {
    fn drop(&mut self) {
        self.0.signal("CONT");
    }
}

/// A database of one test.
pub(crate) struct Database {
    pub(crate) cluster: &'static Cluster,
    pub(crate) name: String,
}

impl Database {
    /// A database with our schema and nothing in it.
    pub(crate) async fn new() -> Self {
        static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        let cluster = Cluster::shared();
        MADE.get_or_init(|| async {
            // Texts are in the order of a language, where the system can: ours are not to be.
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

    /// A database with nothing in it at all.
    pub(crate) async fn empty() -> Self {
        Self::with("TEMPLATE template0").await
    }

    /// A database that is made in some way.
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

    /// Runs SQL in it.
    pub(crate) async fn run_sql(&self, sql: &str) {
        self.cluster.run_sql(&self.name, sql).await;
    }

    /// Writes a backup of it.
    pub(crate) fn dump(&self) {
        let file = format!("--file={}", self.dump_file());
        self.cluster.execute("pg_dump", &["--format=custom", &file, &self.url()]);
    }

    /// Restores the backup into a new database of the same name.
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

    /// Drops it, whoever is connected still.
    pub(crate) async fn drop(self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        self.cluster.run_sql("postgres", &sql).await;
    }
}

/// A program that is run as a user whom PostgreSQL takes.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_remove("PGDATA").env_remove("PGPORT").env_remove("PGHOST").env("LC_ALL", "C");
    command.stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    if let Some((user, group)) = service() {
        command.uid(user).gid(group);
    }
    command
}

/// Where the programs are: the newest that the system's package brought, or those in the path.
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

/// The ids of the user whom PostgreSQL runs as; nothing if it can run as whoever this is.
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
