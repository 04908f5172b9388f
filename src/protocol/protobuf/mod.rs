//! Messages as protobuf. The structs are the same as for JSON, and tables list the numbers of their
//! fields.
//!
//! prost reads and writes keys and numbers, and skips unknown fields. Structs with prost's derived
//! `Message` would copy every string in a page of rules, and would not limit the length of lists. A
//! list item can be as small as two bytes, so even a small body can contain a long list.

mod field;
mod tables;

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};

#[derive(Debug, thiserror::Error)]
pub enum ProtobufError {
    /// The bytes are cut off or not protobuf, or a field has the wrong type.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// A field is longer than the remaining bytes.
    #[error("field {0} is cut off")]
    CutOff(u32),
    #[error("field {0} is not UTF-8")]
    NotText(u32),
    #[error("field {field} is a list of more than {most} items")]
    TooMany { field: u32, most: usize },
}

/// The fields of a message by their numbers (sync/v1.proto of Santa's protocol).
pub trait Fields {
    /// Appends the fields that do not have their default value.
    fn write_fields(&self, to: &mut Vec<u8>);

    /// Reads one field from the start of `from`. The caller has already read the field's key.
    /// Returns false and reads nothing if the message does not have this field.
    ///
    /// # Errors
    /// For example, when the bytes are not a value of the field's type.
    fn read_field(
        &mut self,
        number: u32,
        wire: WireType,
        from: &mut &[u8],
    ) -> Result<bool, ProtobufError>;
}

/// Declares the number and name of each field of a message. The field's type implements reading and
/// writing (`field.rs`).
macro_rules! fields {
    ($($message:ty { $($number:literal $name:ident),* $(,)? })+) => {
        $(impl Fields for $message {
            fn write_fields(&self, to: &mut Vec<u8>) {
                $(self.$name.write($number, to);)*
            }

            fn read_field(
                &mut self,
                number: u32,
                wire: WireType,
                from: &mut &[u8],
            ) -> Result<bool, ProtobufError> {
                match number {
                    $($number => self.$name.read(number, wire, from)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        })+
    };
}
use fields;

pub(super) fn write(message: &impl Fields) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.write_fields(&mut bytes);
    bytes
}

/// Unknown fields are ignored.
pub(super) fn read<M: Fields + Default>(bytes: &[u8]) -> Result<M, ProtobufError> {
    let mut message = M::default();
    merge(&mut message, bytes)?;
    Ok(message)
}

/// Reads fields into a message. List items are appended to the lists of the message.
fn merge(message: &mut impl Fields, mut bytes: &[u8]) -> Result<(), ProtobufError> {
    while !bytes.is_empty() {
        let (number, wire) = decode_key(&mut bytes)?;
        if !message.read_field(number, wire, &mut bytes)? {
            skip_field(wire, number, &mut bytes, DecodeContext::default())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
