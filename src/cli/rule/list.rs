//! `nicelist rule list`.

use clap::Args;

use crate::api::{RuleQuery, RuleView};
use crate::cli::arg::{Expiry, Words, revision};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::ListView;
use crate::client::Client;
use crate::rule::{PolicyKind, Revision, RuleType, Scope, Target};

/// List rules
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
#[command(after_long_help = "\
Examples:
  nicelist rule list
  nicelist rule list --scope tag:eng --policy block
  nicelist rule list --type teamid -o csv > teams.csv
  nicelist rule list --expires-before 7d
  nicelist rule list --at 41 --scope tag:eng")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    view: ListView<RuleView>,
}

/// Selects rules.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Show only rules for this target
    #[arg(long, value_name = "TYPE:IDENTIFIER")]
    target: Option<Target>,
    /// Show only rules of this scope: fleet, or group:, tag:, user: or host:NAME
    #[arg(long)]
    scope: Option<Scope>,
    /// Show only rules of this type
    #[arg(long = "type", value_name = "TYPE")]
    #[arg(value_parser = Words::<RuleType>::new(RuleType::ALL.map(RuleType::word)))]
    rule_type: Option<RuleType>,
    /// Show only rules with this policy
    #[arg(long)]
    #[arg(value_parser = Words::<PolicyKind>::new(PolicyKind::ALL.map(PolicyKind::word)))]
    policy: Option<PolicyKind>,
    /// Show only rules from this source (exact match)
    #[arg(long)]
    source: Option<String>,
    /// Show only rules with this text in the identifier, comment or ticket
    #[arg(long)]
    text: Option<String>,
    /// Show only rules that expire within a duration such as 7d, or before a date or time such as
    /// 2027-01-31
    #[arg(long, value_name = "WHEN")]
    expires_before: Option<Expiry>,
    /// Show the rules of this revision; nicelist history lists revisions
    #[arg(long, value_name = "REVISION", value_parser = revision)]
    at: Option<Revision>,
}

impl Filter {
    fn is_given(&self) -> bool {
        let Self { target, scope, rule_type, policy, source, text, expires_before, at } = self;
        let texts = [source, text].into_iter().any(Option::is_some);
        texts
            || target.is_some()
            || scope.is_some()
            || rule_type.is_some()
            || policy.is_some()
            || expires_before.is_some()
            || at.is_some()
    }

    pub(super) async fn query(
        self,
        context: &Context,
        client: &Client,
    ) -> Result<RuleQuery, CliError> {
        let Self { target, scope, rule_type, policy, source, text, expires_before, at } = self;
        let scope = context.optional_scope(client, scope).await?;
        let now = context.ui.now();
        let expires_before = expires_before.map(|time| time.resolve_start(now)).transpose()?;
        let (limit, cursor) = (None, None);
        Ok(RuleQuery {
            target,
            scope,
            rule_type,
            policy,
            source,
            text,
            expires_before,
            at,
            limit,
            cursor,
        })
    }
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let nothing = match args.filter.is_given() {
        true => "no rules match",
        false => "no rules yet. Add one: nicelist rule add POLICY TARGET",
    };
    let list = context.ui.arranged(&args.view.arrangement, nothing)?;
    let client = context.client().await?;
    let query = args.filter.query(context, &client).await?;
    list.pages(client.rules(&query)).await
}
