//! A macro that declares messages, with the JSON spellings of their fields.

/// Declares structs that are read with a function of `lenient.rs` or `strict.rs`.
///
/// `name: Type as "key" | "other"`: the field is written as `key`, or as `name` if no `key` is
/// given. The other spellings are read, too. Fields with their default value are not written, as in
/// clients.
macro_rules! messages {
    (
        read with $read:literal;
        $(
            $(#[$outer:meta])*
            pub struct $name:ident $(<$life:lifetime>)? {
                $(
                    $(#[$inner:meta])*
                    pub $field:ident: $type:ty $(as $key:literal)? $(| $alias:literal)*,
                )*
            }
        )+
    ) => {$(
        $(#[$outer])*
        #[derive(Debug, Clone, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default)]
        pub struct $name $(<$life>)? {
            $(
                $(#[$inner])*
                $(#[serde(rename = $key)])?
                $(#[serde(alias = $alias)])*
                #[serde(deserialize_with = $read, skip_serializing_if = "super::is_zero")]
                pub $field: $type,
            )*
        }
    )+};
}
pub(super) use messages;
