//! The numbers of the fields, message by message (santa.sync.v1, which never changes a number).
//!
//! Fields for North Pole Security's own servers are left out, except the push tokens. The field
//! `event_detail_button_label` of rules is also left out, because its number is unknown. Clients
//! that sync in protobuf therefore show the default label.

use prost::encoding::WireType;

use super::super::preflight::{MediaPolicyCases, RemountCase};
use super::super::{
    Certificate, Entitlement, EntitlementInfo, Event, EventUploadRequest, EventUploadResponse,
    FileAccessEvent, PostflightRequest, PostflightResponse, PreflightRequest, PreflightResponse,
    Process, Rule, RuleDownloadRequest, RuleDownloadResponse,
};
use super::field::Field;
use super::{Fields, ProtobufError, fields};

fields! {
    PreflightRequest {
        1 serial_num,
        2 hostname,
        3 os_version,
        4 os_build,
        5 model_identifier,
        6 santa_version,
        7 primary_user,
        8 push_notification_token,
        9 client_mode,
        10 request_clean_sync,
        11 binary_rule_count,
        12 certificate_rule_count,
        13 compiler_rule_count,
        14 transitive_rule_count,
        15 teamid_rule_count,
        16 signingid_rule_count,
        17 cdhash_rule_count,
        18 machine_id,
        19 push_notification_sync,
        20 sip_status,
        21 primary_user_groups,
        22 rules_hash,
    }

    PreflightResponse {
        1 client_mode,
        2 sync_type,
        3 batch_size,
        4 enable_bundles,
        5 enable_transitive_rules,
        6 enable_all_event_upload,
        7 disable_unknown_event_upload,
        8 full_sync_interval,
        9 push_notification_full_sync_interval,
        10 push_notification_global_rule_sync_deadline,
        11 allowed_path_regex,
        12 blocked_path_regex,
        13 block_usb_mount,
        14 remount_usb_mode,
        15 override_file_access_action,
        21 push_token,
        26 event_detail_url,
        27 event_detail_text,
        33 push_issuer_token,
        36 removable_media_policy,
        37 encrypted_removable_media_policy,
        1000 enabled_transitive_whitelisting,
        1001 transitive_whitelisting_enabled,
        1002 bundles_enabled,
        1003 fcm_full_sync_interval,
        1004 fcm_global_rule_sync_deadline,
        1005 whitelist_regex,
        1006 blacklist_regex,
        1007 clean_sync,
    }

    MediaPolicyCases { 1 allow, 2 block, 3 remount }

    RemountCase { 1 flags }

    EventUploadRequest { 1 events, 2 machine_id, 4 file_access_events }

    EventUploadResponse { 1 event_upload_bundle_binaries }

    Event {
        1 file_sha256,
        2 file_path,
        3 file_name,
        4 executing_user,
        5 execution_time,
        6 logged_in_users,
        7 current_sessions,
        8 decision,
        9 file_bundle_id,
        10 file_bundle_path,
        11 file_bundle_executable_rel_path,
        12 file_bundle_name,
        13 file_bundle_version,
        14 file_bundle_version_string,
        15 file_bundle_hash,
        16 file_bundle_hash_millis,
        17 file_bundle_binary_count,
        18 pid,
        19 ppid,
        20 parent_name,
        21 team_id,
        22 signing_id,
        23 cdhash,
        24 quarantine_data_url,
        25 quarantine_referer_url,
        26 quarantine_timestamp,
        27 quarantine_agent_bundle_id,
        28 signing_chain,
        29 entitlement_info,
        30 cs_flags,
        31 signing_status,
        32 secure_signing_time,
        33 signing_time,
        34 static_rule,
    }

    Certificate { 1 sha256, 2 cn, 3 org, 4 ou, 5 valid_from, 6 valid_until }

    EntitlementInfo { 1 entitlements_filtered, 2 entitlements }

    Entitlement { 1 key, 2 value }

    FileAccessEvent {
        1 rule_version,
        2 rule_name,
        3 target,
        4 process_chain,
        5 access_time,
        6 decision,
    }

    Process {
        1 file_path,
        2 cdhash,
        3 file_sha256,
        4 signing_id,
        5 team_id,
        6 pid,
        7 signing_chain,
    }

    RuleDownloadRequest { 1 cursor, 2 machine_id }

    Rule<'_> {
        1 identifier,
        2 policy,
        3 rule_type,
        4 custom_msg,
        5 custom_url,
        6 file_bundle_hash,
        7 file_bundle_binary_count,
        8 notification_app_name,
        9 cel_expr,
        1000 sha256,
    }

    PostflightRequest {
        1 rules_received,
        2 rules_processed,
        3 machine_id,
        4 sync_type,
        5 rules_hash,
    }
}

/// Not declared with `fields!`, because an empty cursor counts as absent.
impl Fields for RuleDownloadResponse<'_> {
    fn write_fields(&self, to: &mut Vec<u8>) {
        self.rules.write(1, to);
        self.cursor.write(2, to);
    }

    fn read_field(
        &mut self,
        number: u32,
        wire: WireType,
        from: &mut &[u8],
    ) -> Result<bool, ProtobufError> {
        match number {
            1 => self.rules.read(number, wire, from)?,
            2 => {
                self.cursor.read(number, wire, from)?;
                self.cursor.take_if(|cursor| cursor.is_empty());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Fields for PostflightResponse {
    fn write_fields(&self, _: &mut Vec<u8>) {}

    fn read_field(&mut self, _: u32, _: WireType, _: &mut &[u8]) -> Result<bool, ProtobufError> {
        Ok(false)
    }
}
