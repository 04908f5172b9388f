//! The environment of a command: its settings, its output, and the client for its server.

use std::path::Path;

use super::arg::Globals;
use super::error::CliError;
use super::local::{self, Effect};
use super::log::{self, LogDefaults, LogFormat};
use super::pem;
use super::ui::{EnteredCommand, Filter, OutputOptions, Pager, Ui};
use crate::client::{Authorities, Client, ClientError};
use crate::config::{
    Backend, CaFile, Credential, DatabaseUrl, Environment, Files, Output, Paths, Secret, ServerUrl,
    Settings, Source, arguments,
};
use crate::fleet::Clock;
use crate::rule::{MachineId, Scope};
use crate::shell::argument;

pub(crate) struct Context {
    pub(crate) ui: Ui,
    pub(crate) settings: Settings,
    pub(crate) env: Environment,
}

impl Context {
    /// Reads the environment and the configuration files. With `repairs`, a file that is invalid or
    /// cannot be read only causes a warning, and no file is used.
    pub(crate) fn open(
        globals: Globals,
        defaults: LogDefaults,
        repairs: bool,
    ) -> Result<Self, CliError> {
        let (quiet, verbose, raw_cells) = (globals.quiet, globals.verbose, globals.raw);
        let env = Environment::read()?;
        let pager = Pager::of(&env).filter(|_| !globals.no_pager);
        let (files, invalid) = match Files::load(&Paths::of(&env)) {
            Ok(files) => (files, None),
            Err(error) if repairs => (Files::default(), Some(error)),
            Err(error) => return Err(error.into()),
        };
        let filter = globals.jq.as_deref().map(Filter::parse).transpose()?;
        let chosen = globals.output;
        let settings = Settings::resolve(globals.flags(), &env, &files)?;
        let color = settings.color.value;
        let is_dumb = env.dumb_terminal;
        let format = match (&filter, chosen) {
            (None, _) => settings.output.value,
            (Some(_), None) => Output::Json,
            (Some(_), Some(json @ (Output::Json | Output::Jsonl))) => json,
            (Some(_), Some(other)) => {
                let message =
                    format!("--jq requires JSON output, but the output format is {other}");
                return Err(CliError::usage(message).hint("leave out -o, or use json or jsonl"));
            }
        };
        let logs_messages = defaults.format == LogFormat::Json;
        let options =
            OutputOptions { format, color, quiet, raw_cells, is_dumb, logs_messages, pager };
        let ui = Ui::new(options, Clock::System).filtered(filter);
        let entered = EnteredCommand::of(arguments());
        let ui = ui.with_command(&options_to_repeat(&settings), entered);
        let log_filter = env.log.as_deref().unwrap_or(defaults.filter);
        log::start(log_filter, defaults.format, verbose)?;
        if let Some(error) = invalid {
            ui.warn(error.to_string());
        }
        settings.warnings.iter().for_each(|warning| ui.warn(warning.to_string()));
        Ok(Self { ui, settings, env })
    }

    pub(crate) fn block_on(
        &self,
        command: impl Future<Output = Result<(), CliError>>,
    ) -> Result<(), CliError> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
    }

    /// A client for the configured server or local database. The command only reads.
    pub(crate) async fn client(&self) -> Result<Client, CliError> {
        self.open_client(Effect::None).await
    }

    /// A client for a command that changes something unless it is a dry run.
    pub(crate) async fn client_to_change(&self, dry_run: bool) -> Result<Client, CliError> {
        self.open_client(if dry_run { Effect::DryRun } else { Effect::Change }).await
    }

    async fn open_client(&self, effect: Effect) -> Result<Client, CliError> {
        match self.settings.backend()? {
            Backend::Local { database, is_chosen } => {
                if effect == Effect::Change && !is_chosen {
                    self.warn_of_unchosen(database);
                }
                local::open(&self.ui, database, self.env.user.as_deref(), effect).await
            }
            Backend::Server { url, credential, ca } => {
                let token = credential.as_ref().map(Credential::obtain).transpose()?;
                server_client(url, token.as_ref(), ca.as_ref())
            }
        }
    }

    /// Replaces a host name, or a unique prefix, with the machine ID of the host. A serial number
    /// is kept. Warns if no host is found. The name is then used as a machine ID or serial number.
    pub(crate) async fn scope(&self, client: &Client, scope: Scope) -> Result<Scope, CliError> {
        let (resolved, is_known) = resolve(client, scope).await?;
        if let (Scope::Host(name), false) = (&resolved, is_known) {
            self.warn_of_unknown_host(name);
        }
        Ok(resolved)
    }

    pub(crate) async fn optional_scope(
        &self,
        client: &Client,
        scope: Option<Scope>,
    ) -> Result<Option<Scope>, CliError> {
        match scope {
            Some(scope) => self.scope(client, scope).await.map(Some),
            None => Ok(None),
        }
    }

    /// Does the same as `scope` for rules, without the warning, because the server sends it.
    pub(crate) async fn scope_of_rules(
        &self,
        client: &Client,
        scope: Scope,
    ) -> Result<Scope, CliError> {
        resolve(client, scope).await.map(|(resolved, _)| resolved)
    }

    /// A user who forgot `--server` may change a database that no server uses.
    fn warn_of_unchosen(&self, database: &DatabaseUrl) {
        self.ui
            .warn(format!("no server is configured: this changes the local database {database}"));
        self.ui.hint("to use a server: nicelist config set server URL");
        let database = database.to_string();
        let quoted = argument(&database);
        self.ui.hint(format!("to keep this database: nicelist config set database {quoted}"));
    }

    fn warn_of_unknown_host(&self, name: &MachineId) {
        self.ui.warn(format!(
            "no known host matches `{name}`; using it as a machine ID or serial number"
        ));
        self.ui.hint("nicelist host list lists the known hosts");
    }
}

/// The options that select the server of this command, for commands that users paste. A token is
/// not repeated.
fn options_to_repeat(settings: &Settings) -> String {
    let given = settings.entries().into_iter().filter_map(|entry| {
        let repeated = matches!(entry.key, "context" | "server" | "database" | "ca");
        let value = entry.value.filter(|_| repeated && entry.source == Some(Source::Flag))?;
        Some(format!(" --{} {}", entry.key, argument(&value)))
    });
    given.collect()
}

/// A client for a server.
pub(super) fn server_client(
    url: &ServerUrl,
    token: Option<&Secret>,
    ca: Option<&CaFile>,
) -> Result<Client, CliError> {
    let ca = ca.map(|ca| authorities(ca.path())).transpose()?;
    Ok(Client::http(url.as_url(), token.map(Secret::expose), ca)?)
}

/// A scope with a machine ID instead of a name, and whether a host has that name.
async fn resolve(client: &Client, scope: Scope) -> Result<(Scope, bool), CliError> {
    let Scope::Host(name) = &scope else { return Ok((scope, true)) };
    match client.host(name.as_str()).await {
        Ok(host) if host.serial.eq_ignore_ascii_case(name.as_str()) => {
            Ok((host.serial.to_ascii_uppercase().parse().map_or(scope, Scope::Host), true))
        }
        Ok(host) => Ok((Scope::Host(host.machine), true)),
        Err(ClientError::Problem(problem)) if problem.code == crate::api::Code::NotFound => {
            Ok((scope, false))
        }
        // The name is kept. The server accepts a serial number that several hosts share.
        Err(ClientError::Problem(problem)) if problem.code == crate::api::Code::Ambiguous => {
            Ok((scope, true))
        }
        Err(error) => Err(error.into()),
    }
}

fn authorities(path: &Path) -> Result<Authorities, CliError> {
    Authorities::from_pem(&pem::read(path)?).ok_or_else(|| pem::no_certificate(path))
}
