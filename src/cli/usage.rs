//! Tips in errors about invalid command lines.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Adds a tip for common mistakes. Removes clap's tip to pass an unknown option as a value, because
/// no value begins with two hyphens.
pub(super) fn with_tips(mut error: Error) -> Error {
    let mut tips = match error.remove(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(tips)) => tips,
        _ => Vec::new(),
    };
    tips.retain(|tip| !tip.to_string().contains(" as a value, use "));
    if let Some(tip) = tip(&error) {
        // Clap suggests an option with a similar name, which has another meaning.
        error.remove(ContextKind::SuggestedArg);
        tips.push(StyledStr::from(tip));
    }
    if !tips.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

fn tip(error: &Error) -> Option<String> {
    let command = match error.get(ContextKind::Usage)? {
        ContextValue::StyledStr(usage) => command_in(&usage.to_string()),
        _ => return None,
    };
    let has = |kind, expected: &str| match error.get(kind) {
        Some(ContextValue::String(text)) => text == expected,
        Some(ContextValue::Strings(texts)) => texts.iter().any(|text| text.starts_with(expected)),
        _ => false,
    };
    match (error.kind(), command.as_str()) {
        (ErrorKind::UnknownArgument, "host tag" | "host untag")
            if has(ContextKind::InvalidArg, "--tag") =>
        {
            Some(format!(
                "to select the hosts that have a tag: nicelist {command} --with-tag NAME TAG"
            ))
        }
        (ErrorKind::UnknownArgument, "rule list" | "rule export")
            if has(ContextKind::InvalidArg, "--tag") =>
        {
            Some(format!("to select the rules for a tag: nicelist {command} --scope tag:NAME"))
        }
        (ErrorKind::InvalidSubcommand, "tag") if has(ContextKind::InvalidSubcommand, "show") => {
            Some("to show all tags: nicelist tag list".to_owned())
        }
        (ErrorKind::MissingRequiredArgument, "plan") if has(ContextKind::InvalidArg, "--file") => {
            Some("to compare the manifest in the folder policy: nicelist plan -f policy".to_owned())
        }
        (ErrorKind::MissingRequiredArgument, "export")
            if has(ContextKind::InvalidArg, "--file") =>
        {
            Some("to write to stdout: nicelist export -f -".to_owned())
        }
        (ErrorKind::MissingRequiredArgument, "rollback") => {
            Some("to list the revisions: nicelist history".to_owned())
        }
        _ => None,
    }
}

/// The command in a usage line, such as `rule list` in `Usage: nicelist rule list [OPTIONS]`.
fn command_in(usage: &str) -> String {
    let words = usage.trim_start_matches("Usage:").split_whitespace().skip(1);
    let names = words.take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    names.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    fn refused(line: &str) -> String {
        let words = line.split_whitespace();
        with_tips(command().try_get_matches_from(words).unwrap_err()).to_string()
    }

    #[test]
    fn common_mistakes_have_a_tip() {
        for (line, tip) in [
            ("nicelist host tag --tag eng canary", "nicelist host tag --with-tag NAME TAG"),
            ("nicelist rule list --tag eng", "nicelist rule list --scope tag:NAME"),
            ("nicelist tag show eng", "nicelist tag list"),
            ("nicelist plan", "nicelist plan -f policy"),
            ("nicelist export", "nicelist export -f -"),
            ("nicelist rollback", "nicelist history"),
        ] {
            let error = refused(line);
            assert!(error.contains(tip), "{line}: {error}");
            assert_eq!(error.matches("tip: ").count(), 1, "{line}: {error}");
        }
    }

    #[test]
    fn an_unknown_option_is_not_proposed_as_a_value() {
        for line in ["nicelist rule show --x", "nicelist rule remove --x", "nicelist --x"] {
            let error = refused(line);
            assert!(error.contains("unexpected argument '--x'"), "{error}");
            assert!(!error.contains("as a value"), "{error}");
        }
    }
}
