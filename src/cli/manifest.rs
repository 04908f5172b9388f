//! Reads a policy from files and sends it, for `plan` and `apply`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::error::CliError;
use super::policy_files::{self, FileNames, ReadArgs};
use super::ui::Ui;
use crate::api::{Detail, PolicyAnswer, PolicyRequest, Problem, SettingView};
use crate::client::{Client, ClientError};
use crate::format::{Location, ParsedPolicy};
use crate::rule::{ChangeMessage, Revision, RuleDraft, Scope};
use crate::shell::argument;

#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// Manifest: a TOML file or a folder; other formats are accepted too
    #[arg(short, long, value_name = "PATH")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    read: ReadArgs,
    /// Delete everything the files do not mention
    #[arg(long)]
    pub(crate) prune: bool,
}

impl PolicyArgs {
    /// The options as they are written on a command line.
    pub(crate) fn options(&self) -> String {
        let Self { file, read: ReadArgs { from, configuration }, prune } = self;
        let mut options = format!("-f {}", argument(&file.display().to_string()));
        if let Some(from) = from {
            options += &format!(" --from {from}");
        }
        if let Some(configuration) = configuration {
            options += &format!(" --configuration {}", argument(configuration));
        }
        if *prune {
            options += " --prune";
        }
        options
    }
}

/// The policy in files as a request.
pub(crate) struct ManifestRequest {
    request: PolicyRequest,
    names: FileNames,
    tags: Vec<Location>,
    settings: Vec<Location>,
    rules: Vec<Location>,
}

impl ManifestRequest {
    /// Reads the files. Shows notes, and fails if there are faults.
    pub(crate) fn read(ui: &Ui, args: &PolicyArgs) -> Result<Self, CliError> {
        let PolicyArgs { file, read, prune } = args;
        let progress = ui.progress(None, format!("reading {}", policy_files::name_of(file)));
        let parsed = read_policy(ui, file, read)?;
        drop(progress);
        let mut policy = Self {
            request: PolicyRequest { prune: *prune, ..PolicyRequest::default() },
            names: FileNames::of(&parsed),
            tags: Vec::with_capacity(parsed.tags.len()),
            settings: Vec::with_capacity(parsed.settings.len()),
            rules: Vec::with_capacity(parsed.rules.len()),
        };
        for placed in parsed.tags {
            policy.tags.push(placed.location);
            policy.request.tags.push(placed.tag);
        }
        for placed in parsed.settings {
            let (key, value) = (placed.setting.key(), placed.setting.value());
            policy.settings.push(placed.location);
            policy.request.settings.push(SettingView { scope: placed.scope, key, value });
        }
        if parsed.rules.iter().any(|placed| placed.rule.expires.is_some()) {
            ui.note_zone();
        }
        for placed in parsed.rules {
            policy.rules.push(placed.location);
            policy.request.rules.push(RuleDraft::from(placed.rule));
        }
        Ok(policy)
    }

    /// Replaces host names in scopes with machine IDs.
    pub(crate) async fn find_hosts(
        &mut self,
        context: &Context,
        client: &Client,
    ) -> Result<(), CliError> {
        let mut found: HashMap<Scope, Scope> = HashMap::new();
        let PolicyRequest { settings, rules, .. } = &mut self.request;
        for scope in settings.iter_mut().map(|setting| &mut setting.scope) {
            *scope = machine(context, client, &mut found, scope.clone()).await?;
        }
        for rule in rules.iter_mut().filter(|rule| rule.scope.starts_with("host:")) {
            if let Ok(scope) = rule.scope.parse() {
                rule.scope = machine(context, client, &mut found, scope).await?.to_string();
            }
        }
        Ok(())
    }

    /// Whether the request contains no tags, settings or rules.
    pub(crate) fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.settings.is_empty() && self.rules.is_empty()
    }

    /// Sets the reason, and whether errors of lint are ignored.
    pub(crate) fn set_reason(&mut self, reason: Option<ChangeMessage>, force: bool) {
        self.request.message = reason;
        self.request.force = force;
    }

    /// Sends the request. Errors about a part of it have its location in the files.
    pub(crate) async fn send(
        &mut self,
        client: &Client,
        base: Option<Revision>,
        dry_run: bool,
    ) -> Result<PolicyAnswer, ClientError> {
        self.request.base = base;
        self.request.dry_run = dry_run;
        client.change_policy(&self.request).await.map_err(|error| match error {
            ClientError::Problem(problem) => ClientError::Problem(self.with_locations(problem)),
            ClientError::Unreachable { .. }
            | ClientError::OutcomeUnknown { .. }
            | ClientError::Answer { .. } => error,
        })
    }

    fn with_locations(&self, problem: Problem) -> Problem {
        let details: Vec<Detail> =
            problem.details.iter().map(|detail| self.with_location(detail)).collect();
        // The message about a single fault ends with its detail.
        let message = match (problem.details.as_slice(), details.as_slice()) {
            ([sent], [located]) => {
                let start = problem.message.strip_suffix(&sent.to_string());
                start.map(|start| format!("{start}{located}"))
            }
            _ => None,
        };
        let message = message.unwrap_or_else(|| problem.message.clone());
        Problem { message, details, ..problem }
    }

    fn with_location(&self, detail: &Detail) -> Detail {
        let field = detail.field.as_deref().unwrap_or_default();
        let (places, field) = match field.split_once('.') {
            Some(("tags", field)) => (&self.tags, field),
            Some(("settings", field)) => (&self.settings, field),
            _ => (&self.rules, field),
        };
        match detail.index.and_then(|index| places.get(index)) {
            None => detail.clone(),
            Some(place) => {
                let place = self.names.place(*place);
                let field = if field.is_empty() { place } else { format!("{place}: {field}") };
                Detail { index: None, field: Some(field), message: detail.message.clone() }
            }
        }
    }
}

/// The scope with the machine ID of its host. A hardware UUID is already a machine ID.
async fn machine(
    context: &Context,
    client: &Client,
    found: &mut HashMap<Scope, Scope>,
    scope: Scope,
) -> Result<Scope, CliError> {
    match &scope {
        Scope::Host(name) if !name.is_uuid() => {}
        Scope::Fleet | Scope::Group(_) | Scope::Tag(_) | Scope::User(_) | Scope::Host(_) => {
            return Ok(scope);
        }
    }
    if let Some(known) = found.get(&scope) {
        return Ok(known.clone());
    }
    let machine = context.scope(client, scope.clone()).await?;
    found.insert(scope, machine.clone());
    Ok(machine)
}

fn read_policy(ui: &Ui, file: &Path, args: &ReadArgs) -> Result<ParsedPolicy, CliError> {
    let (format, policy) = policy_files::read_whole(file, args)?;
    policy_files::refuse_configuration(
        args.configuration.as_deref(),
        format,
        &policy_files::name_of(file),
    )?;
    policy_files::warn_of_notes(ui, &policy);
    policy_files::refuse_faults(ui, &policy)?;
    Ok(policy)
}
