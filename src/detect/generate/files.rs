//! Events about files.

use serde_json::{Value, json};

use super::mac::{Block, Mac};
use super::process::file;

const PATHS: &[&str] = &[
    "/Users/anna/project/src/main.c",
    "/Users/anna/project/build/main.o",
    "/Users/anna/Documents/report.pdf",
    "/Users/anna/Library/Preferences/com.example.browser.plist",
    "/Users/anna/Library/Caches/com.example.browser/Cache.db",
    "/Users/anna/Library/LaunchAgents/com.example.agent.plist",
    "/Users/anna/.zshrc",
    "/Users/anna/.ssh/authorized_keys",
    "/Library/LaunchDaemons/com.example.helper.plist",
    "/private/tmp/install.sh",
    "/private/tmp/payload",
    "/private/etc/sudoers.d/example",
    "/private/var/log/system.log",
    "/private/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/cache-1",
];

/// Files that a file-access policy protects.
const PROTECTED: &[(&str, &str)] = &[
    ("/Users/anna/Library/Keychains/login.keychain-db", "keychains"),
    ("/Users/anna/Library/Application Support/Example Browser/Default/Cookies", "cookies"),
    ("/Users/anna/.ssh/id_ed25519", "ssh-keys"),
];

const ACCESS_TYPES: &[&str] =
    &["ACCESS_TYPE_OPEN", "ACCESS_TYPE_RENAME", "ACCESS_TYPE_UNLINK", "ACCESS_TYPE_CREATE"];

impl Mac {
    pub(super) fn file_event(&mut self) -> Block {
        let instigator = self.any_process().light();
        let path = self.random.text(PATHS);
        let target = self.random.text(PATHS);
        let mut event = json!({ "instigator": instigator });
        let kind = match self.random.below(100) {
            0..45 => {
                event["target"] = file(path, false);
                event["modified"] = self.random.percent(60).into();
                "close"
            }
            45..62 => {
                event["source"] = file(path, false);
                event["target"] = target.into();
                event["target_existed"] = self.random.percent(20).into();
                "rename"
            }
            62..78 => {
                event["target"] = file(path, false);
                "unlink"
            }
            78..81 => {
                event["file1"] = file(path, false);
                event["file2"] = file(target, false);
                "exchangedata"
            }
            81..89 => {
                event["source"] = file(path, false);
                event["target"] = target.into();
                self.random.text(&["link", "clone", "copyfile"])
            }
            _ => return ("file_access", self.file_access()),
        };
        if kind == "copyfile" {
            event["target_existed"] = self.random.percent(20).into();
            event["mode"] = 420.into();
            event["flags"] = 15.into();
        }
        (kind, event)
    }

    fn file_access(&mut self) -> Value {
        let (path, policy) = self.random.pick(PROTECTED, PROTECTED[0]);
        let decision = match self.random.percent(30) {
            true => "POLICY_DECISION_DENIED",
            false => "POLICY_DECISION_ALLOWED_AUDIT_ONLY",
        };
        json!({
            "instigator": self.any_process().full(),
            "target": file(path, false),
            "policy_version": "v1",
            "policy_name": policy,
            "access_type": self.random.text(ACCESS_TYPES),
            "policy_decision": decision,
            "operation_id": self.random.uuid(),
        })
    }
}
