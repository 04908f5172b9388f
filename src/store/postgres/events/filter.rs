//! What is looked for, as SQL.

use crate::store::EventFilter;
use crate::store::postgres::codes;
use crate::store::postgres::filter::Conditions;
use crate::store::postgres::having::like;
use crate::store::postgres::rows::clean;

/// What a filter says.
pub(super) fn conditions(filter: &EventFilter) -> Conditions {
    let EventFilter { kinds, machine, user, decisions, blocked, since, until, path, signer, text } =
        filter;
    let mut all = Conditions::default();
    if !kinds.is_empty() {
        let kinds: Vec<i64> = kinds.iter().map(|kind| codes::event_kind(*kind)).collect();
        all.and("kind = ANY ($)", kinds);
    }
    if let Some(machine) = machine {
        all.and_text("machine = $", machine.as_str());
    }
    if let Some(user) = user {
        all.and_text("\"user\" = $", user);
    }
    if !decisions.is_empty() {
        let words: Vec<String> =
            decisions.iter().map(|word| clean(word).to_ascii_lowercase()).collect();
        all.and("lower(decision) = ANY ($)", words);
    }
    if *blocked {
        all.add("blocked = 1");
    }
    if let Some(since) = since {
        all.and("received >= $", since.as_millisecond());
    }
    if let Some(until) = until {
        all.and("received < $", until.as_millisecond());
    }
    if let Some(path) = path {
        let pattern = like(path.as_str());
        let pattern = if path.is_whole() { pattern } else { pattern + "%" };
        all.and("(path LIKE $ OR file LIKE $)", pattern);
    }
    if let Some(signer) = signer {
        all.and_text(SIGNED_BY, signer);
    }
    if let Some(text) = text {
        all.and_text(HAS_TEXT, &text.to_ascii_lowercase());
    }
    all
}

/// Clients before 2024 give the signing id without its team.
const SIGNED_BY: &str = "(team_id = upper($::text COLLATE \"C\") OR signing_id = $
    OR signing_id = team_id || ':' || $ OR team_id || ':' || signing_id = $
    OR signing_id = 'platform:' || $ OR certificate = lower($::text COLLATE \"C\")
    OR strpos(lower(signer), lower($::text COLLATE \"C\")) > 0)";

/// A line break cannot be searched for, nor is one in what is searched.
const HAS_TEXT: &str = "strpos(lower(path || E'\\n' || sha256 || E'\\n' || signing_id
    || E'\\n' || team_id || E'\\n' || rule || E'\\n' || file), $::text) > 0";
