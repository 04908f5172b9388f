//! Santa's wire format: messages in JSON and protobuf, body encodings and client generations.
//!
//! Each stage of a sync has one file with its request and its response. The server and the
//! simulated client use the same structs. Requests are read leniently, because clients differ
//! (`lenient.rs`). Responses are read strictly, as a real client reads them (`strict.rs`).

mod body;
mod dialect;
mod event;
mod format;
pub mod generation;
mod json;
mod lenient;
mod message;
mod postflight;
mod preflight;
mod protobuf;
mod rule;
mod strict;
mod words;

pub use body::{BodyError, ContentEncoding, decode, decode_request, encode, found_encoding};
pub use dialect::{Dialect, write_page};
pub use event::{
    Certificate, Entitlement, EntitlementInfo, Event, EventUploadRequest, EventUploadResponse,
    FileAccessEvent, Process,
};
pub use format::{Format, Message, MessageError, Wire, read_answer, read_request, write};
pub use postflight::{PostflightRequest, PostflightResponse};
pub use preflight::{MediaPolicy, PreflightRequest, PreflightResponse};
pub use protobuf::ProtobufError;
pub use rule::{Rule, RuleDownloadRequest, RuleDownloadResponse};
pub use words::{
    ClientMode, Decision, FileAccessAction, FileAccessDecision, Open, PolicyName, RuleType,
    SigningStatus, SyncType, Word,
};

/// Whether a field has its default value. Clients leave out such fields.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
