//! Events about people who log in.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::mac::{Block, Mac};
use super::process::user;

impl Mac {
    pub(super) fn session_event(&mut self) -> Block {
        let instigator = self.any_process().light();
        match self.random.below(5) {
            0 => ("login_window_session", self.login_window(&instigator)),
            1 => ("login_logout", self.login(&instigator)),
            2 => ("screen_sharing", self.screen_sharing(&instigator)),
            3 => ("open_ssh", self.open_ssh(&instigator)),
            _ => ("authentication", self.authentication(&instigator)),
        }
    }

    fn login_window(&mut self, instigator: &Value) -> Value {
        let change = self.random.text(&["login", "logout", "lock", "unlock"]);
        json!({ change: {
            "instigator": instigator,
            "user": user(false),
            "graphical_session": { "id": 257 },
        } })
    }

    fn login(&mut self, instigator: &Value) -> Value {
        match self.random.below(3) {
            0 => {
                json!({ "login": { "instigator": instigator, "success": true, "user": user(false) } })
            }
            1 => json!({ "login": {
                "instigator": instigator,
                "success": false,
                "failure_message": BASE64.encode(b"incorrect password"),
                "user": user(true),
            } }),
            _ => json!({ "logout": { "instigator": instigator, "user": user(false) } }),
        }
    }

    fn address(&mut self) -> Value {
        let address = format!("203.0.113.{}", 1 + self.random.below(254));
        json!({ "address": BASE64.encode(address.as_bytes()), "type": "TYPE_IPV4" })
    }

    fn screen_sharing(&mut self, instigator: &Value) -> Value {
        let source = self.address();
        let viewer = BASE64.encode(b"admin@example.com");
        match self.random.percent(60) {
            true => json!({ "attach": {
                "instigator": instigator,
                "success": self.random.percent(80),
                "source": source,
                "viewer": viewer,
                "authentication_type": BASE64.encode(b"Apple ID"),
                "authentication_user": user(false),
                "session_user": user(false),
                "existing_session": true,
                "graphical_session": { "id": 257 },
            } }),
            false => json!({ "detach": {
                "instigator": instigator,
                "source": source,
                "viewer": viewer,
                "graphical_session": { "id": 257 },
            } }),
        }
    }

    fn open_ssh(&mut self, instigator: &Value) -> Value {
        let source = self.address();
        let result = self.random.text(&[
            "RESULT_AUTH_SUCCESS",
            "RESULT_AUTH_FAIL_PASSWD",
            "RESULT_AUTH_FAIL_PUBKEY",
            "RESULT_INVALID_USER",
        ]);
        match self.random.percent(75) {
            true => json!({ "login": {
                "instigator": instigator,
                "result": result,
                "source": source,
                "user": user(self.random.percent(50)),
            } }),
            false => json!({ "logout": {
                "instigator": instigator, "source": source, "user": user(false),
            } }),
        }
    }

    fn authentication(&mut self, instigator: &Value) -> Value {
        let trigger = self.any_process().light();
        let (name, event) = match self.random.below(4) {
            0 => (
                "authentication_od",
                json!({
                    "instigator": instigator,
                    "trigger_process": trigger,
                    "record_type": "dsRecTypeStandard:Users",
                    "record_name": "anna",
                    "node_name": "/Local/Default",
                    "db_path": "/var/db/dslocal/nodes/Default",
                }),
            ),
            1 => (
                "authentication_touch_id",
                json!({
                    "instigator": instigator,
                    "trigger_process": trigger,
                    "mode": "MODE_VERIFICATION",
                    "user": user(false),
                }),
            ),
            2 => (
                "authentication_token",
                json!({
                    "instigator": instigator,
                    "trigger_process": trigger,
                    "pubkey_hash": self.random.hex().to_uppercase(),
                    "token_id": "com.apple.setoken:anna",
                    "kerberos_principal": "anna@EXAMPLE.COM",
                }),
            ),
            _ => (
                "authentication_auto_unlock",
                json!({
                    "instigator": instigator,
                    "user_info": user(false),
                    "type": "TYPE_MACHINE_UNLOCK",
                }),
            ),
        };
        json!({ "success": self.random.percent(85), name: event })
    }
}
