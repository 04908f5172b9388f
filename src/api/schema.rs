//! OpenAPI schemas of types that do not derive their schema, for example because the derived schema
//! would be wrong.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::value::Error as ValueError;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, Object, Ref, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use super::{ExpiresIn, RulePatch};
use crate::fleet::{
    Ancestor, CleanSync, ClientMode, Decision, EventId, EventKind, Membership, ProgramId, Role,
    RuleCounts, SettingKey, SigningLink, TagDescription, TokenName,
};
use crate::rule::{
    Candidate, ChangeMessage, Counts, FieldChange, MachineId, Outcome, PolicyKind, Program,
    Revision, RevisionRecord, RevisionSummary, RuleDifference, RuleDraft, RuleField, RuleKey,
    RuleType, Ruling, Scope, SigningStatus, StepResult, TagName, Target,
};

/// A name contains at least one character that is not a space, and no control characters.
const NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
const SCOPE: &str = r"^(fleet|tag:[A-Za-z0-9][A-Za-z0-9._-]{0,62}|(group|user|host):[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]{0,254})$";
const TAG: &str = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
const TARGET: &str = r"^((binary|certificate):[0-9A-Fa-f]{64}|cdhash:[0-9A-Fa-f]{40}|teamid:[A-Za-z0-9]{10}|signingid:(platform|[A-Za-z0-9]{10}):[^\s\x00-\x1f\x7f-\x9f]+)$";
/// A token name has no colon, no control characters, no invisible characters, no spaces at the
/// beginning or end, and is not `.` or `..`.
const TOKEN: &str = "^(?!\\.{1,2}$)[^ :\\x00-\\x1f\\x7f-\\xa0\\xad\\u061c\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufe00-\\ufe0f\\ufeff\\ufff9-\\ufffb]+( +[^ :\\x00-\\x1f\\x7f-\\xa0\\xad\\u061c\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufe00-\\ufe0f\\ufeff\\ufff9-\\ufffb]+)*$";

type Property = (&'static str, RefOr<Schema>);

fn plain(kind: Type, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(kind)).description(Some(description))
}

fn text(description: &str) -> RefOr<Schema> {
    plain(Type::String, description).into()
}

/// A text or `null`.
fn optional_text(description: &str) -> RefOr<Schema> {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(kinds).description(Some(description)).into()
}

fn optional_time(description: &str) -> RefOr<Schema> {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    let time = ObjectBuilder::new().schema_type(kinds).description(Some(description));
    time.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
}

fn count(description: &str) -> RefOr<Schema> {
    number(description, 0, u64::MAX).into()
}

fn small_count(description: &str) -> RefOr<Schema> {
    number(description, 0, u64::from(u32::MAX)).into()
}

/// The schema that utoipa has for a type, with this description.
fn derived<T: PartialSchema>(description: &str) -> RefOr<Schema> {
    let mut schema = T::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.description = Some(description.to_owned());
    }
    schema
}

fn number(description: &str, least: i64, most: u64) -> Object {
    let number = plain(Type::Integer, description).minimum(Some(least));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    number.maximum(Some(most)).build()
}

fn matching(description: &str, pattern: &str) -> Object {
    plain(Type::String, description).pattern(Some(pattern)).build()
}

fn list(description: &str, items: impl Into<RefOr<Schema>>) -> RefOr<Schema> {
    let items: RefOr<Schema> = items.into();
    ArrayBuilder::new().items(items).description(Some(description)).into()
}

fn words<'a>(description: &str, words: impl IntoIterator<Item = &'a str>) -> Object {
    plain(Type::String, description).enum_values(Some(words)).build()
}

/// A reference to the schema of a type, with this description.
fn of<T: ToSchema>(description: &str) -> RefOr<Schema> {
    Ref::builder()
        .ref_location_from_schema_name(T::name())
        .description(Some(description))
        .build()
        .into()
}

/// An object that may have additional properties, unless it is passed to [`closed`].
fn object(
    description: &str,
    required: &[&str],
    properties: impl IntoIterator<Item = Property>,
) -> ObjectBuilder {
    let object = plain(Type::Object, description);
    let object =
        properties.into_iter().fold(object, |object, (name, schema)| object.property(name, schema));
    required.iter().fold(object, |object, name| object.required(*name))
}

/// An object that must not have additional properties.
fn closed(object: ObjectBuilder) -> Object {
    object.additional_properties(Some(AdditionalProperties::FreeForm(false))).build()
}

/// Records the words of an enum, without reading a value.
struct Words<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Words<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(ValueError::custom("not an enum"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ValueError> {
        *self.0 = variants;
        Err(ValueError::custom("only its words are wanted"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The schema of an enum, with the words that serde accepts for it.
fn words_of<T: for<'de> Deserialize<'de>>(description: &str) -> Object {
    let mut found: &'static [&'static str] = &[];
    // This always fails after the words are recorded.
    drop(T::deserialize(Words(&mut found)));
    words(description, found.iter().copied())
}

fn client_mode() -> Object {
    let modes = [ClientMode::Monitor, ClientMode::Lockdown, ClientMode::Standalone];
    words("What Santa does with programs without a rule", modes.map(ClientMode::word))
}

/// The properties that a rule has in files, changes and lists.
fn rule_properties() -> Vec<Property> {
    vec![
        ("target", of::<Target>("What the rule matches")),
        ("policy", of::<PolicyKind>("What the rule does")),
        ("scope", of::<Scope>("The hosts that the rule applies to; fleet if it is absent")),
        (
            "cel",
            optional_text("The CEL expression; required for the policy cel, invalid for others"),
        ),
        ("message", optional_text("The text that Santa shows (custom_msg)")),
        ("url", optional_text("The URL that Santa opens (custom_url)")),
        (
            "button_label",
            optional_text(
                "The label of Santa's button (event_detail_button_label), at most 48 characters",
            ),
        ),
        ("app_name", optional_text("The name that Santa shows (notification_app_name)")),
        ("bundle_hash", optional_text("The hash of the program's bundle (file_bundle_hash)")),
        (
            "bundle_binary_count",
            optional_count("The number of programs in the bundle (file_bundle_binary_count)"),
        ),
        ("comment", optional_text("Why the rule exists")),
        ("ticket", optional_text("The ticket that requested the rule")),
        ("source", optional_text("Where the rule came from, such as the name of a file")),
        ("expires", optional_time("When the rule expires")),
    ]
}

fn optional_count(description: &str) -> RefOr<Schema> {
    let kinds = SchemaType::from_iter([Type::Integer, Type::Null]);
    let count = ObjectBuilder::new().schema_type(kinds).description(Some(description));
    count.minimum(Some(0)).maximum(Some(u32::MAX)).into()
}

fn rule_draft() -> Object {
    closed(object("A rule", &["target", "policy"], rule_properties()))
}

fn rule_patch() -> Object {
    let description = "A rule in a change. While the policy stays the same, absent fields keep the values of \
                       the current rule for the target and scope; null and empty texts erase them";
    let patch = object(description, &["target", "policy"], rule_properties());
    let expires_in = of::<ExpiresIn>("When the rule expires, counted from now, instead of expires");
    closed(patch.property("expires_in", expires_in))
}

fn program() -> Object {
    let certificate = object(
        "The leaf certificate",
        &["sha256"],
        [
            ("sha256", text("SHA-256 of the certificate")),
            ("common_name", text("Common name")),
            ("organization", text("Organization")),
        ],
    );
    let status = words_of::<SigningStatus>("How the program is signed");
    closed(object(
        "A program, as far as it is known",
        &[],
        [
            ("sha256", text("SHA-256 of the file")),
            ("cdhash", text("Code directory hash")),
            ("team_id", text("Team ID")),
            ("signing_id", text("Signing ID, with or without its team ID")),
            ("signing_status", status.into()),
            ("certificate", closed(certificate).into()),
        ],
    ))
}

/// The schema of an object that contains a revision and other properties.
fn revision(description: &str, required: &[&str], properties: Vec<Property>) -> Object {
    let at = plain(Type::String, "When the revision was created.");
    let at = at.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into();
    let author =
        "The author: the name of a token, `local:USER`, or `nicelist` for automatic changes.";
    let of_all = [
        ("revision", of::<Revision>("The number of the revision.")),
        ("at", at),
        ("author", text(author)),
        ("message", optional_text("Why the change is made.")),
    ];
    let of_every_revision: &[&str] = &["revision", "at", "author"];
    let required = [of_every_revision, required].concat();
    object(description, &required, of_all.into_iter().chain(properties)).build()
}

fn membership() -> Object {
    let name = |description: &str| -> RefOr<Schema> { matching(description, NAME).into() };
    closed(object(
        "Which hosts have a tag automatically: all hosts that match at least one item",
        &[],
        [
            ("serials", list("Serial numbers", name("A serial number"))),
            ("users", list("Primary users", name("A user"))),
            ("groups", list("Groups that hosts report", name("A group"))),
            ("hostnames", list("Patterns of host names, with * and ?", name("A pattern"))),
        ],
    ))
}

macro_rules! schema {
    ($($name:ident $(as $public:ident)? $(with $part:ident)? => $schema:expr;)+) => {
        $(
            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    Schema::Object($schema).into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    let names: &[&str] = &[$(stringify!($public),)? stringify!($name)];
                    Cow::Borrowed(names[0])
                }

                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    schemas.extend([$((<$part>::name().into_owned(), <$part>::schema()))?]);
                }
            }
        )+

        /// The Rust name and the schema of each type in the `schema!` call.
        #[cfg(test)]
        fn all() -> Vec<(&'static str, RefOr<Schema>)> {
            vec![$((stringify!($name), <$name as PartialSchema>::schema()),)+]
        }
    };
}

schema! {
    Target => matching("TYPE:IDENTIFIER, such as teamid:EQHXZ8M8AV", TARGET);
    Scope => matching("The hosts that something applies to: fleet, group:NAME, tag:NAME, user:NAME or host:NAME", SCOPE);
    MachineId => matching("The ID of a host, as in its sync URL; usually the hardware UUID", NAME);
    ChangeMessage => plain(Type::String, "Why the change is made, at most 4,096 bytes").max_length(Some(4096)).build();
    TagDescription => plain(Type::String, "What the tag is for, at most 1,024 bytes").max_length(Some(1024)).build();
    TokenName => plain(Type::String, "The name of a token: 1 to 100 characters, no colon, no invisible characters").pattern(Some(TOKEN)).max_length(Some(100)).build();
    TagName => matching("The name of a tag", TAG);
    Revision => number("The number of a revision", 0, u64::MAX);
    EventId => plain(Type::Integer, "The number of an event").minimum(Some(i64::MIN)).maximum(Some(i64::MAX)).build();
    ProgramId => number("The number of a program", 1, i64::MAX as u64);
    Decision => plain(Type::String, "What Santa decided, such as BLOCK_UNKNOWN").build();
    EventKind => words_of::<Self>("What was reported");
    SettingKey => words("The name of a setting", Self::ALL.iter().map(|key| key.name()));
    SigningStatus => words_of::<Self>("How a program is signed");
    RuleType => words_of::<Self>("The kind of identifier that a rule matches");
    PolicyKind => words_of::<Self>("What a rule does");
    Ruling => words_of::<Self>("Whether a program may run");
    StepResult as Finding => words_of::<Self>("The result of one step of Santa's evaluation");
    RevisionRecord as RevisionMark => revision("Who created a revision, when and why.", &[], vec![]);
    RevisionSummary as RevisionView with Counts => revision(
        "A revision and how much it changed.", &["rules", "settings", "tags", "hosts"], vec![
        ("rules", of::<Counts>("Changed rules.")),
        ("settings", of::<Counts>("Changed settings.")),
        ("tags", of::<Counts>("Changed tags.")),
        ("hosts", derived::<u64>("The number of hosts whose tags changed.")),
    ]);
    RuleDifference => object("What a change does to one rule or tag.", &["edit", "fields"], [
        ("edit", derived::<usize>("The index of the edit in `outcomes`, from 0. Indexes beyond its end continue in `pruned`.")),
        ("fields", list("The fields that differ, with their values before and after.", Ref::from_schema_name(FieldChange::name()))),
    ]).build();
    Outcome => words_of::<Self>("What an edit did, or would do");
    Counts => object("How many items of one kind a revision changed", &["added", "changed", "removed"], [
        ("added", count("Items that are new")),
        ("changed", count("Items that are different")),
        ("removed", count("Items that no longer exist")),
    ]).build();
    Role => words_of::<Self>("What a token may do. viewer: read, and try changes. helpdesk: also decide about events. editor: also change rules, settings, tags and hosts. admin: also create and revoke tokens. enrollment: only sync, for hosts");
    Membership => membership();
    CleanSync => words_of::<Self>("What the host deletes first: clean keeps transitive rules, clean-all deletes all rules");
    ClientMode => client_mode();
    RuleCounts => object("How many rules of each type a host has", &[], [
        ("binary", small_count("Rules for file hashes, including transitive rules")),
        ("certificate", small_count("Rules for certificates")),
        ("teamid", small_count("Rules for team IDs")),
        ("signingid", small_count("Rules for signing IDs")),
        ("cdhash", small_count("Rules for code directory hashes")),
        ("compiler", small_count("Rules of all types that allow compilers")),
        ("transitive", small_count("Rules for the output of compilers")),
    ]).build();
    SigningLink => object("A certificate of a signing chain", &[], [
        ("sha256", text("SHA-256 of the certificate")),
        ("common_name", text("Common name")),
        ("organization", text("Organization")),
        ("organizational_unit", text("Organizational unit")),
        ("valid_from", number("Seconds since 1970; absent if unknown", 0, u32::MAX.into()).into()),
        ("valid_until", number("Seconds since 1970; absent if unknown", 0, u32::MAX.into()).into()),
    ]).build();
    Ancestor => object("A process above the one that accessed a file", &[], [
        ("pid", number("Process ID", i64::from(i32::MIN), u64::from(i32::MAX.unsigned_abs())).into()),
        ("path", text("Path of the program")),
        ("sha256", text("SHA-256 of the program")),
        ("signing_id", text("Signing ID; empty if it has none")),
        ("cdhash", text("Code directory hash; absent if unknown")),
        ("team_id", text("Team ID; absent if it has none")),
    ]).build();
    Program => program();
    Candidate => object("A rule that could be created for a program", &["target", "covers"], [
        ("target", of::<Target>("The target of the rule")),
        ("covers", text("What the rule would match")),
    ]).build();
    RuleDraft => rule_draft();
    RulePatch => rule_patch();
    RuleKey as RuleReference => closed(object("A reference to a rule.", &["target", "scope"], [
        ("target", of::<Target>("The target.")),
        ("scope", of::<Scope>("The scope.")),
    ]));
    RuleField => words_of::<Self>("A field of a rule");
    FieldChange => object("One field that differs", &["field"], [
        ("field", text("The name of the field")),
        ("before", text("The value before; absent if there was none")),
        ("after", text("The value after; absent if there is none")),
    ]).build();
    ExpiresIn => matching("A duration such as 24h or 7d", r"^[1-9][0-9]{0,4}[smhdw]$");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(schema: &RefOr<Schema>) -> serde_json::Value {
        serde_json::to_value(schema).unwrap()
    }

    #[test]
    fn a2_the_words_of_enums_are_those_that_are_read() {
        let role = json_of(&Role::schema());
        assert_eq!(role["enum"], serde_json::json!(Role::ALL.map(Role::word)));
        for (name, schema) in all() {
            let schema = json_of(&schema);
            let words = schema["enum"].as_array();
            assert!(words.is_none_or(|words| words.len() > 1), "{name}");
            assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        }
    }

    #[test]
    fn a2_objects_have_the_properties_that_are_read() {
        /// Records the fields of a struct.
        struct Fields<'a>(&'a mut &'static [&'static str]);

        impl<'de> Deserializer<'de> for Fields<'_> {
            type Error = ValueError;

            fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
                Err(ValueError::custom("not a struct"))
            }

            fn deserialize_struct<V: Visitor<'de>>(
                self,
                _: &'static str,
                fields: &'static [&'static str],
                _: V,
            ) -> Result<V::Value, ValueError> {
                *self.0 = fields;
                Err(ValueError::custom("only its fields are wanted"))
            }

            forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
                option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
                ignored_any
            }
        }

        fn check<T: ToSchema + for<'de> Deserialize<'de>>() {
            let mut fields: &'static [&'static str] = &[];
            drop(T::deserialize(Fields(&mut fields)));
            let mut fields = fields.to_vec();
            fields.sort_unstable();
            let schema = json_of(&T::schema());
            let properties: Vec<&str> =
                schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(properties, fields, "{}", T::name());
        }

        check::<Counts>();
        check::<Membership>();
        check::<RuleCounts>();
        check::<SigningLink>();
        check::<Ancestor>();
        check::<Program>();
        check::<Candidate>();
        check::<RuleKey>();
        check::<RuleDraft>();
        check::<RulePatch>();
        check::<FieldChange>();
    }
}
