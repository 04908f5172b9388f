//! The variables, functions and constants that Santa provides to CEL expressions (santa.cel.v1).

use std::sync::LazyLock;

use crate::cel::{Expression, Schema};

/// The string functions that are called on a value (cel-cpp's strings extension).
const STRING_METHODS: [&str; 12] = [
    "charAt",
    "format",
    "indexOf",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "replace",
    "reverse",
    "split",
    "substring",
    "trim",
    "upperAscii",
];

/// The string functions that are not called on a value.
const STRING_FUNCTIONS: [&str; 1] = ["strings.quote"];

/// The names that an expression can use: fields of the program (`target`), variables about its
/// execution, functions, and the possible results.
pub fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let schema = Schema::standard().message(
            "target",
            ["signing_time", "secure_signing_time", "signing_id", "team_id", "is_platform_binary"],
        );
        let variables = ["args", "envs", "euid", "cwd", "path"];
        let schema = variables.into_iter().fold(schema, Schema::variable);
        schema.methods(STRING_METHODS).functions(STRING_FUNCTIONS).constants([
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

/// The first version of Santa (year and number) that can compile an expression. None if the first
/// version with CEL (2025.6) compiles it.
pub fn first_version(expression: &Expression) -> Option<(u16, u16)> {
    expression.uses().iter().filter_map(|name| since(name)).max()
}

/// The first version of Santa that supports a name from [`Expression::uses`]. None if the first
/// version with CEL supports the name.
fn since(name: &str) -> Option<(u16, u16)> {
    if let Some(function) = name.strip_suffix("()") {
        let is_of_strings =
            STRING_METHODS.contains(&function) || STRING_FUNCTIONS.contains(&function);
        return is_of_strings.then_some((2025, 8));
    }
    match name {
        "euid" | "cwd" => Some((2025, 12)),
        "target.signing_id" => Some((2026, 2)),
        "path" | "target.team_id" | "target.is_platform_binary" => Some((2026, 3)),
        "SILENT_GUI_BLOCKLIST" | "SILENT_TTY_BLOCKLIST" => Some((2026, 6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w1_every_string_function_of_santas_cookbook_is_accepted_from_2025_8_on() {
        let expressions = [
            "args.join(' ').contains('--remote')",
            "args[0].split('=')[0] == '--x'",
            "args.exists(arg, arg.lowerAscii() == '--headless')",
            "args[0].upperAscii() == 'X'",
            "args[0].replace('a', 'b') == 'b'",
            "args[0].indexOf('x') > 0 && args[0].lastIndexOf('x') > 1",
            "args[0].substring(0, 2) == '--'",
            "args[0].charAt(0) == '-'",
            "args[0].trim() == '' || args[0].reverse() == 'x'",
            "strings.quote(args[0]) != ''",
            "'%s'.format([args[0]]) == 'x'",
        ];
        for source in expressions {
            let expression = Expression::parse(source, schema()).unwrap();
            assert_eq!(first_version(&expression), Some((2025, 8)), "{source}");
        }
    }

    #[test]
    fn w1_the_newest_name_decides_and_old_names_need_nothing() {
        let first = |source| first_version(&Expression::parse(source, schema()).unwrap());
        assert_eq!(first("args.join(' ') == path"), Some((2026, 3)));
        assert_eq!(first("args.size() > 1 && args[0].startsWith('x')"), None);
        assert_eq!(first("args.exists(join, join == 'x')"), None, "a variable of that name");
    }
}
