//! Message formats (JSON and protobuf), and functions that read and write messages.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::json;
use super::protobuf::{self, Fields, ProtobufError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON, the default of all clients.
    #[default]
    Json,
    /// Protobuf (2024.6 and later, with `SyncEnableProtoTransfer`).
    Protobuf,
}

impl Format {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/x-protobuf",
        }
    }

    /// Detects the format of a body. A body that begins with a brace is JSON. Otherwise, the
    /// `Content-Type` decides. Without a known type (2024.6 and 2024.7 always send
    /// `application/octet-stream`), an empty body is JSON and any other body is protobuf.
    ///
    /// No Santa protobuf message begins with a brace. White space before a brace does not mean
    /// JSON, because the key of a message's first field can be a line break.
    pub fn of(content_type: Option<&str>, body: &[u8]) -> Self {
        let named = content_type.map(|header| header.split(';').next().unwrap_or_default().trim());
        match (named, body.first()) {
            (_, Some(b'{')) => Self::Json,
            (Some(name), _) if name.eq_ignore_ascii_case("application/json") => Self::Json,
            (Some(name), _) if name.eq_ignore_ascii_case("application/x-protobuf") => {
                Self::Protobuf
            }
            (_, None) => Self::Json,
            (_, Some(_)) => Self::Protobuf,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wire {
    pub format: Format,
    pub gzip: bool,
}

pub trait Message: Serialize + DeserializeOwned + Default + Fields {}

impl<M: Serialize + DeserializeOwned + Default + Fields> Message for M {}

#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("not a valid message: {0}")]
    Json(#[from] serde_json::Error),
    #[error("not a valid protobuf message: {0}")]
    Protobuf(#[from] ProtobufError),
}

/// An empty body is an empty message.
///
/// # Errors
///
/// When the body is not a valid message of type `M`.
pub fn read_request<M: Message>(format: Format, body: &[u8]) -> Result<M, MessageError> {
    match format {
        Format::Json => Ok(json::read(body)?),
        Format::Protobuf => Ok(protobuf::read(body)?),
    }
}

/// Reads a server's response as a client does. An empty body is an empty message.
///
/// # Errors
///
/// When the body is not a valid message of type `M`.
pub fn read_answer<M: Message>(format: Format, body: &[u8]) -> Result<M, MessageError> {
    match format {
        Format::Json => Ok(json::read(json::without_prefix(body))?),
        Format::Protobuf => Ok(protobuf::read(body)?),
    }
}

/// # Errors
///
/// Never for the messages of `protocol`, which can always be written.
pub fn write<M: Message>(format: Format, message: &M) -> Result<Vec<u8>, MessageError> {
    match format {
        Format::Json => Ok(json::write(message)?),
        Format::Protobuf => Ok(protobuf::write(message)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PostflightRequest, PreflightRequest, PreflightResponse};
    use super::*;

    #[test]
    fn an_empty_body_is_an_empty_message_in_both_formats() {
        for (format, body) in [(Format::Json, &b" \n"[..]), (Format::Protobuf, b"")] {
            let request: PreflightRequest = read_request(format, body).unwrap();
            assert_eq!(request, PreflightRequest::default());
            let answer: PreflightResponse = read_answer(format, body).unwrap();
            assert_eq!(answer, PreflightResponse::default());
        }
    }

    #[test]
    fn nul_characters_that_pad_a_string_are_left_out() {
        let body = br##"{"os_build":"#1 SMP\u0000\u0000 x86_64\u0000","primary_user_groups":["a\u0000"]}"##;
        let request: PreflightRequest = read_request(Format::Json, body).unwrap();
        assert_eq!(request.os_build, "#1 SMP x86_64");
        assert_eq!(request.primary_user_groups, ["a"]);
        let body = b"\x0a\x03S\0\0";
        let request: PreflightRequest = read_request(Format::Protobuf, body).unwrap();
        assert_eq!(request.serial_num, "S");
    }

    #[test]
    fn only_objects_are_messages() {
        for body in ["[]", r#"["M1"]"#, "null", "7", r#""text""#, "{", "{}{}", "plain", "\"\\"] {
            let result = read_request::<PostflightRequest>(Format::Json, body.as_bytes());
            assert!(matches!(result, Err(MessageError::Json(_))), "{body}: {result:?}");
        }
    }

    #[test]
    fn a_prefix_against_script_inclusion_is_dropped_from_answers() {
        for body in [")]}'\n{\"batch_size\":7}", "])}{\"batch_size\":7}"] {
            let answer: PreflightResponse = read_answer(Format::Json, body.as_bytes()).unwrap();
            assert_eq!(answer.batch_size, Some(7));
        }
        assert!(read_request::<PreflightRequest>(Format::Json, b"])}{}").is_err());
    }

    #[test]
    fn the_body_overrides_the_content_type() {
        let (json, protobuf) = (b"{}".as_slice(), b"\x0a\x02C0".as_slice());
        let octets = Some("application/octet-stream");
        let cases = [
            (Some("application/json"), json, Format::Json),
            (Some("Application/JSON; charset=utf-8"), b" {}", Format::Json),
            (Some("application/json"), b"nonsense", Format::Json),
            (Some("application/x-protobuf"), protobuf, Format::Protobuf),
            (Some("application/x-protobuf"), b"", Format::Protobuf),
            (Some("application/x-protobuf"), json, Format::Json),
            (octets, json, Format::Json),
            (octets, protobuf, Format::Protobuf),
            (octets, b"", Format::Json),
            (None, json, Format::Json),
            (None, protobuf, Format::Protobuf),
            (None, b"", Format::Json),
        ];
        for (header, body, expected) in cases {
            assert_eq!(Format::of(header, body), expected, "{header:?} {body:?}");
        }
    }

    #[test]
    fn a_serial_number_of_123_letters_does_not_make_protobuf_look_like_json() {
        let request = PreflightRequest { serial_num: "x".repeat(123), ..Default::default() };
        let body = write(Format::Protobuf, &request).unwrap();
        assert_eq!(body[..2], *b"\n{");
        assert_eq!(Format::of(None, &body), Format::Protobuf);
    }
}
