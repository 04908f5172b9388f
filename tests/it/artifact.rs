//! Generated files in the repository.

use std::path::Path;

/// Compares a file in the repository with the generated text. If `UPDATE_ARTIFACTS` is set, writes
/// the file first. `test` is the name of the calling test, for the error message.
pub(crate) fn compare(name: &str, generated: &str, test: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    #[expect(clippy::disallowed_methods, reason = "how a developer asks for new artifacts")]
    if std::env::var_os("UPDATE_ARTIFACTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "{name} is old: UPDATE_ARTIFACTS=1 cargo test --test it {test}"
    );
}
