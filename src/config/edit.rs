//! Changes a configuration file, and keeps its comments and layout.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::error::{ConfigError, ConfigProblem};
use super::file::{ConfigFile, read_text};
use super::key::{CONTEXTS, Name};
use super::origin::{Origin, Source};

/// The text of a new configuration file: every setting, explained and commented out.
pub const DEFAULT_TEXT: &str = include_str!("default.toml");

/// Writes [`DEFAULT_TEXT`] to a new file at `path`. On Unix, only its owner can read it.
///
/// # Errors
/// The file exists or cannot be written.
pub fn init(path: &Path) -> Result<(), ConfigError> {
    let written = directory_of(path).and_then(|()| create(path));
    match written.and_then(|mut file| file.write_all(DEFAULT_TEXT.as_bytes())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(ConfigError::Exists { path: path.to_owned() })
        }
        Err(source) => Err(ConfigError::Write { path: path.to_owned(), source }),
    }
}

/// Sets a setting in the file at `path`. Creates the file if it does not exist.
///
/// # Errors
/// The file cannot be read or written, the file or the value is invalid, or the value conflicts
/// with other settings in the file. The file then remains unchanged.
pub fn set(path: &Path, name: &Name, value: &str) -> Result<(), ConfigError> {
    edit(path, |document| {
        keep_comments_above(document);
        insert(document.as_table_mut(), name, value)
    })
}

/// Removes a setting from the file at `path`. Returns whether the file had it.
///
/// # Errors
/// The file cannot be read or written, is not TOML, or is invalid without the setting.
pub fn unset(path: &Path, name: &Name) -> Result<bool, ConfigError> {
    let mut was_there = false;
    edit(path, |document| {
        let table: Option<&mut dyn TableLike> = match &name.context {
            None => Some(document.as_table_mut()),
            Some(context) => document
                .get_mut(CONTEXTS)
                .and_then(Item::as_table_like_mut)
                .and_then(|contexts| contexts.get_mut(context))
                .and_then(Item::as_table_like_mut),
        };
        was_there = table.is_some_and(|table| table.remove(name.key.as_str()).is_some());
        Ok(())
    })?;
    Ok(was_there)
}

fn edit(
    path: &Path,
    change: impl FnOnce(&mut DocumentMut) -> Result<(), ConfigProblem>,
) -> Result<(), ConfigError> {
    let before = match fs::File::open(path).and_then(read_text) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(ConfigError::Read { path: path.to_owned(), source }),
    };
    let invalid = |problem| {
        let origin = Origin::new(Source::User, path.display().to_string());
        ConfigError::Invalid { origin, problem }
    };
    let mut document: DocumentMut = before
        .parse()
        .map_err(|error: toml_edit::TomlError| invalid(ConfigProblem::toml(error.message())))?;
    change(&mut document).map_err(invalid)?;
    let after = document.to_string();
    ConfigFile::parse(Source::User, path, &after)?;
    if after == before { Ok(()) } else { replace(path, &after) }
}

/// In a file that contains only comments, ensures that new settings are added below them.
fn keep_comments_above(document: &mut DocumentMut) {
    if document.is_empty() {
        let comments = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing("");
        document.as_table_mut().decor_mut().set_prefix(comments);
    }
}

fn insert(table: &mut dyn TableLike, name: &Name, value: &str) -> Result<(), ConfigProblem> {
    let table = match &name.context {
        None => table,
        Some(context) => {
            let contexts = table.entry(CONTEXTS).or_insert_with(|| {
                let mut contexts = Table::new();
                contexts.set_implicit(true);
                Item::Table(contexts)
            });
            let contexts = as_table(contexts, CONTEXTS)?;
            as_table(contexts.entry(context).or_insert(Item::Table(Table::new())), context)?
        }
    };
    let mut value = Value::from(value);
    let item = table.entry(name.key.as_str()).or_insert(Item::None);
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
    Ok(())
}

fn as_table<'a>(item: &'a mut Item, key: &str) -> Result<&'a mut dyn TableLike, ConfigProblem> {
    let found = item.type_name();
    let wrong = ConfigProblem::Type { key: key.to_owned(), wanted: "a table", found };
    item.as_table_like_mut().ok_or(wrong)
}

/// Replaces the file at `path` atomically. On Unix, only the owner can read the new file. If the
/// path is a link, its target is replaced.
fn replace(path: &Path, text: &str) -> Result<(), ConfigError> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    write(&target, text).map_err(|source| ConfigError::Write { path: path.to_owned(), source })
}

fn write(target: &Path, text: &str) -> io::Result<()> {
    directory_of(target)?;
    let temporary = next_to(target);
    let written = create(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, target)
    });
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written
}

fn directory_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn next_to(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes `before` to a file, applies `change`, and returns the new text of the file.
    fn changed(before: &str, change: impl FnOnce(&Path)) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, before).unwrap();
        change(&path);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "something is left over");
        fs::read_to_string(&path).unwrap()
    }

    fn after_set(before: &str, name: &str, value: &str) -> String {
        changed(before, |path| set(path, &name.parse().unwrap(), value).unwrap())
    }

    fn after_unset(before: &str, name: &str) -> (bool, String) {
        let mut was_there = false;
        let after =
            changed(before, |path| was_there = unset(path, &name.parse().unwrap()).unwrap());
        (was_there, after)
    }

    #[test]
    fn set_changes_one_value_and_no_comment() {
        let before = "# mine\noutput = 'csv' # for now\n\n# where\n[contexts.a]\n\
                      # here\nserver = 'https://x'\n";
        assert_eq!(after_set(before, "output", "json"), before.replace("'csv'", "\"json\""));
        assert_eq!(
            after_set(before, "contexts.a.server", "https://y"),
            before.replace("'https://x'", "\"https://y\"")
        );
    }

    #[test]
    fn set_adds_what_is_missing() {
        assert_eq!(after_set("", "output", "json"), "output = \"json\"\n");
        assert_eq!(
            after_set("color = 'auto'\n", "contexts.a.database", "sqlite:x"),
            "color = 'auto'\n\n[contexts.a]\ndatabase = \"sqlite:x\"\n"
        );
        let added = after_set("contexts = { a = {} }\n", "contexts.a.database", "sqlite:x");
        assert!(added.starts_with("contexts = {") && added.contains("sqlite:x"), "{added}");
    }

    #[test]
    fn set_goes_below_the_comments_of_an_untouched_file() {
        let after = after_set(DEFAULT_TEXT, "output", "json");
        assert_eq!(after, format!("{DEFAULT_TEXT}output = \"json\"\n"));
    }

    #[test]
    fn a_wrong_value_changes_nothing() {
        for (name, value) in [("output", "xml"), ("contexts.a.token", "x"), ("server", "nowhere")] {
            let before = "[contexts.a]\ntoken_command = 'x'\n";
            let after = changed(before, |path| {
                assert!(set(path, &name.parse().unwrap(), value).is_err(), "{name}");
            });
            assert_eq!(after, before);
        }
    }

    #[test]
    fn unset_removes_and_says_so() {
        assert_eq!(after_unset("output = 'csv'\n", "output"), (true, String::new()));
        assert_eq!(after_unset("# a\n", "contexts.a.server"), (false, "# a\n".to_owned()));
        let (was_there, after) =
            after_unset("[contexts.a]\nserver = 'https://x'\n", "contexts.a.server");
        assert_eq!((was_there, after.as_str()), (true, "[contexts.a]\n"));
    }

    #[test]
    fn init_makes_directories_and_spares_what_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/config.toml");
        init(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), DEFAULT_TEXT);
        assert!(matches!(init(&path), Err(ConfigError::Exists { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_changed_file_is_its_owners_alone_and_a_link_stays_a_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&real, "").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        symlink(&real, &link).unwrap();
        set(&link, &"token".parse().unwrap(), "x").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "token = \"x\"\n");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn every_example_of_the_default_text_would_be_accepted() {
        let live = DEFAULT_TEXT.lines().filter_map(|line| line.strip_prefix("# "));
        let live: Vec<_> =
            live.filter(|line| line.contains(" = \"") || line.starts_with('[')).collect();
        let one_place = live.iter().filter(|line| !line.contains("/var/lib"));
        let text = one_place.copied().collect::<Vec<_>>().join("\n");
        let file = ConfigFile::parse(Source::User, Path::new("default.toml"), &text).unwrap();
        assert_eq!(file.contexts().count(), 2);
        assert_eq!(file.layer.output.unwrap().value, crate::config::Output::default());
        assert_eq!(file.layer.color.unwrap().value, crate::config::Color::default());
    }
}
