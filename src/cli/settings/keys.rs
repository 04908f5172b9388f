//! Names of settings, and errors about unknown names.

use crate::cli::error::CliError;
use crate::cli::ui::wrap;
use crate::fleet::{Setting, SettingError, SettingKey};

/// The width of help texts. With their indent, they fit a terminal of 80 columns.
const HELP_WIDTH: usize = 72;

/// Reads `KEY=VALUE`.
pub(super) fn setting(text: &str) -> Result<Setting, CliError> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(CliError::input(format!("`{text}` has no value"))
            .hint("expected KEY=VALUE, as in client-mode=lockdown"));
    };
    Setting::parse_named(key, value).map_err(|error| refused(key.trim(), &error))
}

/// Reads the name of a setting.
pub(super) fn key(text: &str) -> Result<SettingKey, CliError> {
    text.parse().map_err(|error| refused(text, &error))
}

fn refused(key: &str, error: &SettingError) -> CliError {
    match error {
        SettingError::UnknownKey(_) => {
            let refused = CliError::input(error.to_string());
            match nearest(key) {
                Some(nearest) => refused.hint(format!("did you mean {nearest}?")),
                None => refused.hint("nicelist settings set --help lists all settings"),
            }
        }
        SettingError::Value { .. }
        | SettingError::IntervalTooShort(_)
        | SettingError::IntervalTooLong(_)
        | SettingError::FleetOnly(_) => CliError::input(format!("{key}: {error}")),
    }
}

/// The setting with the most similar name, if it is similar enough.
fn nearest(key: &str) -> Option<SettingKey> {
    let key = key.to_ascii_lowercase().replace('_', "-");
    let far = |known: &SettingKey| strsim::damerau_levenshtein(&key, known.name());
    let nearest = SettingKey::ALL.iter().min_by_key(|known| far(known))?;
    (far(nearest) <= nearest.name().len().div_ceil(3)).then_some(*nearest)
}

/// `examples`, followed by all settings with their help.
pub(super) fn help(examples: &str) -> String {
    let indented = |key: &SettingKey| {
        let lines = wrap(key.help(), HELP_WIDTH).join("\n      ");
        format!("\n  {key}\n      {lines}")
    };
    format!("{examples}\n\nSettings:{}", SettingKey::ALL.iter().map(indented).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_key_gets_the_nearest_name() {
        let hints = |text: &str| setting(text).unwrap_err().hints;
        assert_eq!(hints("clientmode=lockdown"), ["did you mean client-mode?"]);
        assert_eq!(hints("Full_Sync_Intervall=5m"), ["did you mean full-sync-interval?"]);
        assert!(hints("zebra=1")[0].contains("--help"));
    }

    #[test]
    fn a_wrong_value_names_its_key() {
        let error = setting("full-sync-interval=30s").unwrap_err();
        assert!(error.message.starts_with("full-sync-interval: `30s` is too short"));
        assert_eq!(error.kind.exit_code(), 5);
        assert!(setting("client-mode").unwrap_err().hints[0].contains("KEY=VALUE"));
    }

    #[test]
    fn values_may_have_equals_signs() {
        let setting = setting("event-detail-url=https://it.example/?a=b").unwrap();
        assert_eq!(setting.value(), "https://it.example/?a=b");
    }
}
