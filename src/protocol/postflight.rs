//! Postflight: the client reports the result of the sync.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::message::messages;
use super::words::SyncType;

messages! {
    read with "lenient::read";

    #[derive(Eq)]
    pub struct PostflightRequest {
        pub rules_received: u32 | "rulesReceived",
        /// The number of received rules that the client understood.
        pub rules_processed: u32 | "rulesProcessed",
        /// The machine ID, which is also in the URL.
        pub machine_id: String | "machineId",
        /// Sent by 2025.1 and later versions.
        pub sync_type: Option<SyncType> as "syncType" | "sync_type",
        /// The hash of the client's rules after the sync (2025.7 and later).
        pub rules_hash: String as "rulesHash" | "rules_hash",
    }
}

/// An empty message, which clients before 2024.6 do not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostflightResponse {}

#[cfg(test)]
mod tests {
    use super::super::{Format, read_request, write};
    use super::*;

    #[test]
    fn a_request_is_written_with_the_keys_that_clients_print() {
        let request = PostflightRequest {
            rules_received: 3,
            rules_processed: 2,
            machine_id: "M1".to_owned(),
            sync_type: Some(SyncType::CleanAll),
            rules_hash: "h".to_owned(),
        };
        let body = concat!(
            r#"{"rules_received":3,"rules_processed":2,"machine_id":"M1","#,
            r#""syncType":"CLEAN_ALL","rulesHash":"h"}"#,
        );
        assert_eq!(write(Format::Json, &request).unwrap(), body.as_bytes());
        assert_eq!(
            read_request::<PostflightRequest>(Format::Json, body.as_bytes()).unwrap(),
            request
        );
        let unlike = br#"{"rulesReceived":"3","rules_processed":2.0,"machineId":"M1","sync_type":3,
            "rules_hash":"h"}"#;
        assert_eq!(read_request::<PostflightRequest>(Format::Json, unlike).unwrap(), request);
    }

    #[test]
    fn zeros_are_left_out() {
        assert_eq!(write(Format::Json, &PostflightRequest::default()).unwrap(), b"{}");
        assert_eq!(write(Format::Json, &PostflightResponse {}).unwrap(), b"{}");
    }
}
