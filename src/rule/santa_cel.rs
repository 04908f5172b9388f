//! The names that Santa gives to a rule's expression (santa.cel.v1).

use std::sync::LazyLock;

use crate::cel::Schema;

/// The schema of Santa's version 1 expressions: the program (`target`), how it is run, and the
/// verdicts that an expression may return.
#[must_use]
pub fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let schema = Schema::standard().message(
            "target",
            ["signing_time", "secure_signing_time", "signing_id", "team_id", "is_platform_binary"],
        );
        let variables = ["args", "envs", "euid", "cwd", "path"];
        variables.into_iter().fold(schema, Schema::variable).constants([
            "UNSPECIFIED",
            "ALLOWLIST",
            "ALLOWLIST_COMPILER",
            "BLOCKLIST",
            "SILENT_BLOCKLIST",
            "SILENT_GUI_BLOCKLIST",
            "SILENT_TTY_BLOCKLIST",
        ])
    });
    &SCHEMA
}
