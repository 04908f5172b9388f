//! `nicelist rule edit`.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use tempfile::NamedTempFile;

use crate::api::{RevisionQuery, RuleChange, RuleQuery};
use crate::cli::arg::ChangeArgs;
use crate::cli::change::{self, Edit};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::{self, Bounded};
use crate::cli::ui::Ui;
use crate::client::Client;
use crate::format::{Content, Defaults, File, manifest};
use crate::rule::{Revision, Rule, RuleDraft, RuleField, Scope, Target};
use crate::shell::{argument, command_with_file};

const DEFAULT_EDITOR: &str = if cfg!(windows) { "notepad" } else { "vi" };
/// Maximum scopes in an error.
const MOST_SCOPES: usize = 10;
/// Maximum bytes of the edited text.
const LARGEST_TEXT: u64 = 1024 * 1024;

/// Edit a rule in your editor
///
/// The editor is $VISUAL, $EDITOR or vi. If you delete a line, the rule loses that field. If the
/// text does not change or the editor fails, nothing is saved. If the rule is invalid, nicelist
/// offers to open the editor again, with the errors at the top of the text. If the rule cannot be
/// saved, nicelist keeps your text in a file.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule edit teamid:EQHXZ8M8AV
  nicelist rule edit signingid:EQHXZ8M8AV:com.google.Chrome --scope tag:eng \\
      -m \"longer message\"
  EDITOR=nano nicelist rule edit teamid:EQHXZ8M8AV --dry-run")]
pub(crate) struct EditArgs {
    /// Target of the rule, such as teamid:EQHXZ8M8AV
    #[arg(value_name = "TARGET")]
    target: Target,
    /// Scope of the rule; required if several scopes have a rule for the target
    #[arg(long)]
    scope: Option<Scope>,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(context: &Context, args: EditArgs) -> Result<(), CliError> {
    let EditArgs { target, scope, change: ChangeArgs { reason, force, dry_run } } = args;
    let ui = &context.ui;
    let client = context.client_to_change(dry_run).await?;
    let scope = context.optional_scope(&client, scope).await?;
    // The revision is read before the rule. If someone changes the rule after that, the server
    // refuses this edit as a conflict.
    let base = newest_revision(&client).await?;
    let before = only_rule(&client, &target, scope).await?;
    let text = EditedText::of(&before)?;
    let Some(after) = edited(context, &text, &before)? else {
        ui.status("the text was not changed; nothing was stored");
        return Ok(());
    };
    let name = after.target().to_string();
    let edit = Edit { label: format!("{name} in {}", after.scope()), name };
    let change = RuleChange {
        message: reason,
        base,
        dry_run,
        force,
        put: vec![RuleDraft::from(after).into()],
        reset: RuleField::ALL.to_vec(),
        ..RuleChange::default()
    };
    match client.change_rules(&change).await {
        Ok(answer) => change::show(ui, &answer, [edit], dry_run),
        Err(error) => Err(text.kept(error.into())),
    }
}

async fn newest_revision(client: &Client) -> Result<Option<Revision>, CliError> {
    let query = RevisionQuery { limit: Some(1), ..RevisionQuery::default() };
    let newest = client.revisions(&query).first().await?;
    Ok(newest.first().map(|newest| newest.record.revision))
}

/// The rule for the target in the scope, or in the only scope that has one.
async fn only_rule(
    client: &Client,
    target: &Target,
    scope: Option<Scope>,
) -> Result<Rule, CliError> {
    let place = scope.as_ref().map_or("any scope".to_owned(), |scope| format!("the scope {scope}"));
    let (of_target, limit) = (Some(target.clone()), Some(MOST_SCOPES + 1));
    let query = RuleQuery { target: of_target, scope, limit, ..RuleQuery::default() };
    let mut pages = client.rules(&query);
    let mut found: Vec<RuleDraft> = Vec::new();
    while found.len() <= MOST_SCOPES
        && let Some(page) = pages.next().await?
    {
        found.extend(page.into_iter().map(|view| view.rule));
    }
    let name = target.to_string();
    let quoted = argument(&name);
    if found.len() > 1 {
        let scopes: Vec<&str> = found.iter().map(|rule| rule.scope.as_str()).collect();
        return Err(several_scopes(&name, &scopes));
    }
    let Some(only) = found.pop() else {
        return Err(CliError::failed(format!("no rule for {target} in {place}"))
            .hint(format!("to add one: nicelist rule add POLICY {quoted}")));
    };
    Rule::try_from(only).map_err(|error| {
        CliError::failed(format!("this nicelist cannot read the rule for {target}"))
            .because([error.to_string()])
    })
}

/// The error if several scopes have a rule. Shows the first of them.
fn several_scopes(target: &str, scopes: &[&str]) -> CliError {
    let shown = scopes.iter().copied().take(MOST_SCOPES).collect::<Vec<_>>().join(", ");
    let (count, shown) = match scopes.len() > MOST_SCOPES {
        true => (format!("more than {MOST_SCOPES}"), format!("{shown} and more")),
        false => (scopes.len().to_string(), shown),
    };
    let scope = argument(scopes.first().copied().unwrap_or("SCOPE"));
    CliError::usage(format!("{count} scopes have a rule for {target}"))
        .because([shown])
        .hint(format!("nicelist rule edit {} --scope {scope}", argument(target)))
}

/// Opens the editor until the text is a valid rule or the user gives up. `None` if it was not
/// changed.
fn edited(context: &Context, text: &EditedText, before: &Rule) -> Result<Option<Rule>, CliError> {
    let ui = &context.ui;
    let editor = context.env.editor.as_deref().unwrap_or(DEFAULT_EDITOR);
    loop {
        let bytes = text.edit(editor)?;
        if below_errors(&bytes) == text.original {
            return Ok(None);
        }
        match read(ui, bytes, before) {
            Ok(rule) => return Ok(Some(rule)),
            Err(Invalid { error, faults }) if ui.can_ask() => {
                ui.fault(&error.message);
                if let Err(refused) = ui.confirm("Edit the text again?", false) {
                    return Err(text.kept(refused));
                }
                let faults = if faults.is_empty() { vec![error.message] } else { faults };
                text.put_errors(&faults)?;
            }
            Err(Invalid { error, .. }) => return Err(text.kept(error)),
        }
    }
}

/// Why an edited text is not accepted.
struct Invalid {
    error: CliError,
    faults: Vec<String>,
}

impl From<CliError> for Invalid {
    fn from(error: CliError) -> Self {
        Self { error, faults: Vec::new() }
    }
}

/// Reads the rule in the text. Its target and scope must be the same as before.
fn read(ui: &Ui, bytes: Vec<u8>, before: &Rule) -> Result<Rule, Invalid> {
    let file = File { name: "rule.toml".to_owned(), bytes };
    let mut parsed = manifest::read(&[file], &Defaults::default());
    if let Err(error) = policy_files::refuse_faults(ui, &parsed) {
        let faults = parsed.faults.into_iter().map(|remark| remark.text).collect();
        return Err(Invalid { error, faults });
    }
    let (Some(placed), None) = (parsed.rules.pop(), parsed.rules.pop()) else {
        return Err(CliError::input("the text must contain exactly one rule").into());
    };
    let rule = placed.rule;
    if (rule.target(), rule.scope()) != (before.target(), before.scope()) {
        let message = format!(
            "the target and the scope of a rule cannot be edited; expected {} in {}",
            before.target(),
            before.scope()
        );
        let error = CliError::input(message);
        return Err(error
            .hint("to move a rule, use nicelist rule add and nicelist rule remove")
            .into());
    }
    Ok(rule)
}

/// The beginning of the lines with errors, which are at the top of the text.
const ERROR: &str = "# error: ";

/// The text below the lines with errors.
fn below_errors(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while rest.starts_with(ERROR.as_bytes()) {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        rest = &rest[end..];
    }
    rest
}

/// A rule in a file, for the editor.
struct EditedText {
    file: NamedTempFile,
    original: Vec<u8>,
}

impl EditedText {
    fn of(rule: &Rule) -> Result<Self, CliError> {
        let rules = [rule.clone()];
        let written = manifest::write(Content { rules: &rules, settings: &[], tags: &[] });
        let mut original =
            b"# Save this file to store the rule. To erase a field, delete its line.\n\
            # To change nothing, leave the file as it is.\n\
            # Fields: policy, cel, message, url, button_label, app_name, comment, ticket, source,\n\
            # expires.\n\n"
                .to_vec();
        original.extend(written.files.into_iter().flat_map(|file| file.bytes));
        let mut file =
            tempfile::Builder::new().prefix("nicelist-rule-").suffix(".toml").tempfile()?;
        file.write_all(&original)?;
        Ok(Self { file, original })
    }

    /// Opens the editor and reads the text again.
    fn edit(&self, editor: &str) -> Result<Vec<u8>, CliError> {
        // The shell runs the editor, as in git, because VISUAL or EDITOR may contain options.
        let status = command_with_file(editor, self.file.path()).status()?;
        if !status.success() {
            return Err(CliError::failed(format!("the editor `{editor}` failed: {status}"))
                .hint("nothing was stored; to use another editor, set VISUAL or EDITOR"));
        }
        self.text().map_err(CliError::from)
    }

    /// The current text. Editors may replace the file, so it is opened by its path.
    fn text(&self) -> io::Result<Vec<u8>> {
        Bounded::new(fs::File::open(self.file.path())?, LARGEST_TEXT).read_all()
    }

    /// Writes errors at the top of the text, in place of earlier ones.
    fn put_errors(&self, errors: &[String]) -> io::Result<()> {
        let text = self.text()?;
        let lines = errors.iter().flat_map(|error| error.lines());
        let mut new: Vec<u8> =
            lines.map(|line| format!("{ERROR}{line}\n")).collect::<String>().into();
        new.extend_from_slice(below_errors(&text));
        fs::write(self.file.path(), new)
    }

    /// Saves the text, and adds its path to the error.
    fn kept(&self, error: CliError) -> CliError {
        match self.keep() {
            Ok(path) => {
                let path = path.display().to_string();
                let quoted = argument(&path);
                error.hint(format!(
                    "your text is in {path}; to store it: nicelist apply -f \
                    {quoted}"
                ))
            }
            Err(failed) => error.because([format!("your text could not be saved: {failed}")]),
        }
    }

    fn keep(&self) -> io::Result<PathBuf> {
        let (mut file, path) =
            tempfile::Builder::new().prefix("nicelist-rule-").suffix(".toml").tempfile()?.keep()?;
        file.write_all(&self.text()?)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_10_scopes_are_shown() {
        let names: Vec<String> = (0..=MOST_SCOPES).map(|number| format!("tag:t{number}")).collect();
        let scopes: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = several_scopes("teamid:H3ZC9YV6RK", &scopes[..MOST_SCOPES]);
        assert_eq!(error.message, "10 scopes have a rule for teamid:H3ZC9YV6RK");
        assert!(error.causes[0].ends_with("tag:t8, tag:t9"), "{:?}", error.causes);
        let error = several_scopes("teamid:H3ZC9YV6RK", &scopes);
        assert_eq!(error.message, "more than 10 scopes have a rule for teamid:H3ZC9YV6RK");
        assert!(error.causes[0].ends_with("tag:t8, tag:t9 and more"), "{:?}", error.causes);
        assert_eq!(error.hints, ["nicelist rule edit teamid:H3ZC9YV6RK --scope tag:t0"]);
    }
}
