//! The checks of a server on its own machine. Nothing is changed.

use std::fs::OpenOptions;
use std::path::Path;

use indicatif::HumanBytes;

use super::{CheckResult, certificate, descriptors, web};
use crate::api::DatabaseSize;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::local::{self, Effect};
use crate::cli::pem;
use crate::cli::serve::TlsArgs;
use crate::config::DatabaseUrl;
use crate::lab::probe::certificates_in;
use crate::server::maintenance::{Migrated, migrate, quick_check};
use crate::shell::argument;

const CONFIGURATION: &str = "configuration";
const TLS_FILES: &str = "tls files";
const DATABASE: &str = "database";
const WRITABLE: &str = "writable";
const SCHEMA: &str = "schema";
const INTEGRITY: &str = "integrity";
const DISK: &str = "disk";

/// Larger files are not checked for damage, because the check reads the whole file.
const LARGEST_CHECKED: u64 = 1 << 30;
/// Less free space than this is a warning. A server is not ready with less than 64 MiB.
const LITTLE_SPACE: u64 = 1 << 30;

pub(super) async fn checks(
    context: &Context,
    database: &DatabaseUrl,
    tls: &TlsArgs,
) -> Vec<CheckResult> {
    let mut results = vec![configuration(context, database)];
    results.extend(tls_files(context, tls));
    results.extend(descriptors::limit());
    if let Err(problem) = of_database(context, database, &mut results).await {
        results.push(problem);
    }
    results
}

/// An invalid configuration file is an error before any check runs.
fn configuration(context: &Context, database: &DatabaseUrl) -> CheckResult {
    let entry = context.settings.entries().into_iter().find(|entry| entry.key == "database");
    let origin = entry.and_then(|entry| entry.at).unwrap_or_default();
    CheckResult::ok(CONFIGURATION, format!("{database} ({origin})"))
}

fn tls_files(context: &Context, tls: &TlsArgs) -> Vec<CheckResult> {
    let Some(path) = tls.certificate() else {
        let found = "no --tls-cert is given, so no TLS files are checked";
        let fix = "nicelist doctor --tls-cert server.pem --tls-key server.key";
        return vec![CheckResult::skipped(TLS_FILES, found).fix(fix)];
    };
    let opened = match tls.open() {
        Ok(opened) => opened,
        Err(error) => return vec![CheckResult::failed(TLS_FILES, error)],
    };
    let chain = match pem::read(path) {
        Ok(text) => certificates_in(&text),
        Err(error) => return vec![CheckResult::failed(TLS_FILES, error)],
    };
    let mut results = vec![CheckResult::ok(TLS_FILES, "the private key matches the certificate")];
    let own = chain.first().map(|own| certificate::own(own, context.ui.now()));
    let doubt = opened.and_then(|opened| opened.doubt()).map(|doubt| {
        CheckResult::problem(certificate::CHECK, doubt)
            .fix("request a new certificate for servers and replace the file")
    });
    // A problem of the certificate has a better fix than a doubt.
    let is_problem = own.as_ref().is_some_and(CheckResult::is_problem);
    results.extend(if is_problem { own } else { doubt.or(own) });
    results.extend(certificate::gap(&chain).map(|gap| {
        CheckResult::problem(TLS_FILES, format!("{}: {gap}", path.display()))
            .fix("put the certificates into one file: cat server.pem intermediate.pem > chain.pem")
    }));
    results
}

/// Adds the results of the checks of a database.
///
/// # Errors
/// A problem after which the database cannot be read.
async fn of_database(
    context: &Context,
    database: &DatabaseUrl,
    results: &mut Vec<CheckResult>,
) -> Result<(), CheckResult> {
    if let Some(path) = database.path() {
        if !path.exists() {
            let found = format!("the database {database} does not exist");
            let shown = database.to_string();
            return Err(CheckResult::problem(DATABASE, found).fix(format!(
                "check the path first, because an empty server removes the rules from Macs; to \
                 create a new database: nicelist serve --database {}",
                argument(&shown)
            )));
        }
        results.push(writable(path));
    }
    results.push(schema(database).await?);
    results.push(integrity(database).await);
    let client = local::open(&context.ui, database, context.env.user.as_deref(), Effect::None);
    let client = client.await.map_err(|error| CheckResult::failed(DATABASE, error))?;
    let status = client.status_with_unreadable_rows().await;
    let status = status.map_err(|error| CheckResult::failed(DATABASE, CliError::from(error)))?;
    results.push(CheckResult::ok(DATABASE, format!("revision {}", status.revision)));
    results.extend(status.database.and_then(disk));
    results.extend(web::reasons(&status.readiness));
    Ok(())
}

/// Whether this user can write to the file and create files next to it, as SQLite must. The mode of
/// the file is checked, too, because root can write to every file.
fn writable(path: &Path) -> CheckResult {
    let shown = argument(&path.display().to_string()).into_owned();
    let fix = format!("run doctor as the user of the server, or: chmod u+w {shown}");
    let is_protected = path.metadata().is_ok_and(|found| found.permissions().readonly());
    if is_protected {
        let found = format!("the database file {} is read-only", path.display());
        return CheckResult::problem(WRITABLE, found).fix(fix);
    }
    if let Err(error) = OpenOptions::new().append(true).open(path) {
        let found = format!("cannot write to the database file {}: {error}", path.display());
        return CheckResult::problem(WRITABLE, found).fix(fix);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match tempfile::tempfile_in(folder) {
        Ok(_) => CheckResult::ok(WRITABLE, "the file and its folder"),
        Err(error) => {
            let found = format!("cannot create files in {}: {error}", folder.display());
            let folder = argument(&folder.display().to_string()).into_owned();
            CheckResult::problem(WRITABLE, found)
                .fix(format!("run doctor as the user of the server, or: chmod u+wx {folder}"))
        }
    }
}

/// # Errors
/// The problem, if the database cannot be opened, for example because it is newer.
async fn schema(database: &DatabaseUrl) -> Result<CheckResult, CheckResult> {
    let shown = argument(&database.to_string()).into_owned();
    let Migrated { from, to } = migrate(&database.expose(), true).await.map_err(|error| {
        let message = error.to_string();
        let fix = match message.contains("newer nicelist") {
            true => {
                "install the version that created the database; to show the installed version: \
                     nicelist version"
                    .to_owned()
            }
            false => format!("nicelist database check --database {shown}"),
        };
        CheckResult::problem(DATABASE, message).fix(fix)
    })?;
    if from == to {
        return Ok(CheckResult::ok(SCHEMA, format!("schema {to} is current")));
    }
    let found = format!("schema {from} is older than schema {to}, which this nicelist uses");
    Ok(CheckResult::warning(SCHEMA, found)
        .fix(format!("nicelist database migrate --database {shown}")))
}

async fn integrity(database: &DatabaseUrl) -> CheckResult {
    let shown = argument(&database.to_string()).into_owned();
    let bytes = database.path().and_then(|path| path.metadata().ok()).map(|file| file.len());
    if bytes.is_some_and(|bytes| bytes > LARGEST_CHECKED) {
        return CheckResult::skipped(INTEGRITY, "the file is larger than 1 GiB")
            .fix(format!("nicelist database check --database {shown}"));
    }
    match quick_check(&database.expose()).await {
        Ok(None) => CheckResult::ok(INTEGRITY, "no damage found"),
        Ok(Some(damage)) => {
            CheckResult::problem(INTEGRITY, format!("the database is damaged: {damage}"))
                .fix("stop the server and restore a backup: nicelist database restore BACKUP")
        }
        Err(error) => CheckResult::problem(INTEGRITY, error.to_string())
            .fix(format!("nicelist database check --database {shown}")),
    }
}

fn disk(size: DatabaseSize) -> Option<CheckResult> {
    let free = size.disk_free?;
    let found = format!("{} used, {} free", HumanBytes(size.bytes), HumanBytes(free));
    if free >= LITTLE_SPACE {
        return Some(CheckResult::ok(DISK, found));
    }
    Some(
        CheckResult::warning(DISK, found)
            .fix("free up disk space for the database, or move the database: df -h"),
    )
}
