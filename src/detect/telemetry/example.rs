//! An example of each field's value.

use super::{Field, FieldType, Schema};

/// Examples by the end of the path. If several match, the first one counts. An end with a dot also
/// matches after an underscore: `user.name` matches `real_user.name`.
const EXAMPLES: &[(&str, &str)] = &[
    ("bundle_hash.hash", "5d1c64f8b5f0a7f2a8c3a5f6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f80"),
    ("flows[].hash", "6b1f0c7d2e9a4358"),
    ("hash.hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("effective_user.name", "root"),
    ("user.name", "anna"),
    ("user_info.name", "anna"),
    ("group.name", "staff"),
    ("user.uid", "501"),
    ("user_info.uid", "501"),
    ("group.gid", "20"),
    ("working_directory.path", "/Users/anna"),
    ("script.path", "/Users/anna/Downloads/install.sh"),
    ("tty.path", "/dev/ttys001"),
    ("instigator.executable.path", "/bin/zsh"),
    ("execution.target.executable.path", "/usr/bin/curl"),
    ("executable.path", "/Applications/Safari.app/Contents/MacOS/Safari"),
    ("file_access.target.path", "/Users/anna/.ssh/id_ed25519"),
    ("bundle.path", "/Applications/Example.app/Contents/MacOS/Example"),
    ("close.target.path", "/Users/anna/Library/LaunchAgents/com.example.agent.plist"),
    ("unlink.target.path", "/private/var/log/system.log"),
    ("parent_id.pid", "1"),
    ("disk.serial", "4C530001230101117312"),
    ("entitlements[].key", "com.apple.security.cs.allow-jit"),
    ("entitlements[].value", "true"),
    ("flows[].id", "0a1b2c3d"),
    ("stat.mode", "33261"),
    ("copyfile.mode", "493"),
    ("machine_id", "C02XK0QWJG5H"),
    ("boot_session_uuid", "4E1F8C1A-7C39-4B8A-9F0B-2D6A5E3C7B10"),
    ("event_id", "2f7c1e0d9b8a46537f10c2d3e4b5a697"),
    ("args", "curl, -fsSL, https://example.com/install.sh"),
    ("envs", "HOME=/Users/anna, SHELL=/bin/zsh"),
    ("cdhash", "e4b7c3d1f0a9286b5c7d8e9fa0b1c2d3e4f50617"),
    ("signing_id", "com.apple.Safari"),
    ("team_id", "EQHXZ8M8AV"),
    ("common_name", "Developer ID Application: Example, Inc. (EQHXZ8M8AV)"),
    ("quarantine_url", "https://example.com/download/app.dmg"),
    ("original_path", "/Users/anna/Downloads/App.app"),
    ("explain", "signing ID rule"),
    ("path", "/private/tmp/payload"),
    ("target", "/Library/LaunchDaemons/com.example.helper.plist"),
    ("mount", "/Volumes/USB"),
    ("mount_from", "/dev/disk4s1"),
    ("volume", "USB"),
    ("bsd_name", "disk4s1"),
    ("fs", "apfs"),
    ("model", "SanDisk Ultra"),
    ("serial", "C02XK0QWJG5H"),
    ("bus", "USB"),
    ("dmg_path", "/Users/anna/Downloads/app.dmg"),
    ("bundle_name", "Example"),
    ("bundle_id", "com.example.app"),
    ("bundle_path", "/Applications/Example.app"),
    ("policy_name", "ssh-keys"),
    ("policy_version", "v3"),
    ("rule_name", "block-tracker"),
    ("operation_id", "7f3b2c91-0d4e-4a6f-8b5c-1e2d3f4a5b6c"),
    ("address", "203.0.113.7"),
    ("viewer", "admin@example.com"),
    ("authentication_type", "Apple ID"),
    ("failure_message", "incorrect password"),
    ("record_type", "dsRecTypeStandard:Users"),
    ("record_name", "anna"),
    ("node_name", "/Local/Default"),
    ("db_path", "/var/db/dslocal/nodes/Default"),
    ("pubkey_hash", "3A5F0C9B1D2E4F60718293A4B5C6D7E8F9010203"),
    ("token_id", "com.apple.setoken:anna"),
    ("kerberos_principal", "anna@EXAMPLE.COM"),
    ("item_path", "/Library/LaunchDaemons/com.example.helper.plist"),
    ("app_path", "/Applications/Example.app"),
    ("executable_path", "/Applications/Example.app/Contents/MacOS/helper"),
    ("service", "kTCCServiceSystemPolicyAllFiles"),
    ("identity", "com.apple.Terminal"),
    ("signature_version", "5287"),
    ("malware_identifier", "MACOS.ADLOAD.A"),
    ("incident_identifier", "9C1D4E5F-6A7B-4C8D-9E0F-1A2B3C4D5E6F"),
    ("detected_path", "/private/tmp/payload"),
    ("remediated_path", "/private/tmp/payload"),
    ("action_type", "remove"),
    ("result_description", "removed"),
    ("remote_hostname", "cdn.example.com"),
    ("remote_address", "203.0.113.7"),
    ("local_address", "192.0.2.10"),
    ("remote_port", "443"),
    ("local_port", "52144"),
    ("protocol", "6"),
    ("bytes_inbound", "18234"),
    ("bytes_outbound", "982"),
    ("pid", "4711"),
    ("pidversion", "9001"),
    ("original_parent_pid", "1"),
    ("group_id", "4711"),
    ("session_id", "100"),
    ("cs_flags", "570503953"),
    ("size", "334816"),
    ("signal", "9"),
    ("exit_status", "0"),
    ("rule_id", "17"),
];

/// An example of a field's value. `path` is the path of the field.
pub fn example(field: &Field, path: &str) -> String {
    let found = EXAMPLES.iter().find(|(end, _)| {
        path.strip_suffix(end).is_some_and(|before| {
            let is_part_of_name = before.ends_with('_') && end.contains('.');
            before.is_empty() || before.ends_with('.') || is_part_of_name
        })
    });
    if let Some((_, value)) = found {
        return (*value).to_owned();
    }
    match field.field_type {
        FieldType::Bool => "true".to_owned(),
        FieldType::Int32 | FieldType::Int64 | FieldType::Uint32 | FieldType::Uint64 => {
            "1".to_owned()
        }
        FieldType::Timestamp => "2026-11-30T09:15:42.104Z".to_owned(),
        FieldType::Enum(id) => {
            // The first value is always the unknown one.
            let values = &Schema::get().enum_type(id).values;
            values
                .get(1)
                .or(values.first())
                .map_or_else(String::new, |(_, name)| (*name).to_owned())
        }
        FieldType::String | FieldType::Bytes | FieldType::Message(_) => "text".to_owned(),
    }
}
