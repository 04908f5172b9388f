//! Events about disks, persistence, privacy, malware and the network.

use serde_json::{Value, json};

use super::mac::{Block, Mac, time};
use super::process::{file, sha256, user};

impl Mac {
    pub(super) fn system_event(&mut self) -> Block {
        let instigator = self.any_process().light();
        match self.random.below(20) {
            0..2 => ("disk", self.disk()),
            2..4 => ("bundle", self.bundle()),
            4..6 => (
                "allowlist",
                json!({
                    "instigator": instigator,
                    "target": file("/Users/anna/project/build/main", true),
                }),
            ),
            6 => ("codesigning_invalidated", json!({ "instigator": instigator })),
            7 => (
                "gatekeeper_override",
                json!({
                    "instigator": instigator,
                    "target": file("/Users/anna/Downloads/installer", true),
                    "code_signature": self.other_signature(),
                }),
            ),
            8..11 => ("launch_item", self.launch_item(&instigator)),
            11..14 => ("tcc_modification", self.privacy_change(&instigator)),
            14 => ("xprotect", self.malware(&instigator)),
            15..19 => ("network_activity", self.network()),
            _ => {
                let change = self.random.text(&["TYPE_SUSPEND", "TYPE_RESUME"]);
                let target = self.any_process().full();
                (
                    "proc_suspend_resume",
                    json!({ "instigator": instigator, "target": target, "type": change }),
                )
            }
        }
    }

    fn disk(&mut self) -> Value {
        let action = ["ACTION_APPEARED", "ACTION_DISAPPEARED", "ACTION_BLOCKED"];
        json!({
            "action": self.random.text(&action),
            "mount": "/Volumes/USB",
            "volume": "USB",
            "bsd_name": "disk4s1",
            "fs": "exfat",
            "model": "SanDisk Ultra",
            "serial": self.random.hex(),
            "bus": "USB",
            "appearance": time(self.now_ms),
            "mount_from": "/dev/disk4s1",
            "encrypted": self.random.percent(30),
        })
    }

    fn bundle(&mut self) -> Value {
        let name = self.random.text(&["Example Browser", "Example Editor", "Example Chat"]);
        let hash = |text: &str| json!({ "type": "HASH_ALGO_SHA256", "hash": sha256(text) });
        let path = format!("/Applications/{name}.app");
        let program = format!("{path}/Contents/MacOS/{name}");
        json!({
            "file_hash": hash(&program),
            "bundle_hash": hash(&path),
            "bundle_name": name,
            "bundle_id": format!("com.example.{}", name.to_lowercase().replace(' ', "-")),
            "bundle_path": path,
            "path": program,
        })
    }

    fn launch_item(&mut self, instigator: &Value) -> Value {
        let types = ["ITEM_TYPE_AGENT", "ITEM_TYPE_DAEMON", "ITEM_TYPE_LOGIN_ITEM"];
        json!({
            "instigator": instigator,
            "action": self.random.text(&["ACTION_ADD", "ACTION_REMOVE"]),
            "trigger_process": self.any_process().light(),
            "registrant_id": self.any_process().id.json(),
            "item_type": self.random.text(&types),
            "legacy": true,
            "managed": false,
            "item_user": user(false),
            "item_path": "/Library/LaunchDaemons/com.example.helper.plist",
            "app_path": "/Applications/Example Chat.app",
            "executable_path": "/Applications/Example Chat.app/Contents/MacOS/helper",
        })
    }

    fn privacy_change(&mut self, instigator: &Value) -> Value {
        let services = [
            "kTCCServiceSystemPolicyAllFiles",
            "kTCCServiceAccessibility",
            "kTCCServiceScreenCapture",
        ];
        let events = ["EVENT_TYPE_CREATE", "EVENT_TYPE_MODIFY", "EVENT_TYPE_DELETE"];
        let rights = ["AUTHORIZATION_RIGHT_DENIED", "AUTHORIZATION_RIGHT_ALLOWED"];
        json!({
            "instigator": instigator,
            "service": self.random.text(&services),
            "identity": "com.apple.Terminal",
            "identity_type": "IDENTITY_TYPE_BUNDLE_ID",
            "event_type": self.random.text(&events),
            "authorization_right": self.random.text(&rights),
            "authorization_reason": "AUTHORIZATION_REASON_USER_SET",
            "trigger_process": self.any_process().light(),
            "responsible_process": self.any_process().light(),
        })
    }

    fn malware(&mut self, instigator: &Value) -> Value {
        let incident = self.random.uuid();
        match self.random.percent(50) {
            true => json!({ "detected": {
                "instigator": instigator,
                "signature_version": "5287",
                "malware_identifier": "MACOS.EXAMPLE.A",
                "incident_identifier": incident,
                "detected_path": "/private/tmp/payload",
            } }),
            false => json!({ "remediated": {
                "instigator": instigator,
                "signature_version": "5287",
                "malware_identifier": "MACOS.EXAMPLE.A",
                "incident_identifier": incident,
                "action_type": "path_delete",
                "success": true,
                "result_description": "removed",
                "remediated_path": "/private/tmp/payload",
                "remediated_process_id": self.any_process().id.json(),
            } }),
        }
    }

    fn network(&mut self) -> Value {
        let process = self.any_process().full();
        let count = 1 + self.random.below(3);
        let flows: Vec<Value> = (0..count).map(|_| self.flow()).collect();
        json!({ "processes": [{ "process": process, "flows": flows }] })
    }

    fn flow(&mut self) -> Value {
        let hosts = ["cdn.example.com", "api.example.com", "updates.example.net"];
        json!({
            "id": self.random.hex(),
            "hash": self.random.hex(),
            "remote_address": format!("203.0.113.{}", 1 + self.random.below(254)),
            "remote_port": self.random.pick(&[443, 80, 22, 8080], 443),
            "remote_hostname": self.random.text(&hosts),
            "local_address": "192.0.2.10",
            "local_port": 49_152 + self.random.below(16_000),
            "protocol": 6,
            "socket_family": "SOCKET_FAMILY_INET",
            "direction": "DIRECTION_OUTBOUND",
            "bytes_inbound": self.random.below(100_000).to_string(),
            "bytes_outbound": self.random.below(10_000).to_string(),
            "start_time": time(self.now_ms - 5_000),
            "close_time": time(self.now_ms),
            "decision": "DECISION_ALLOW",
        })
    }
}
