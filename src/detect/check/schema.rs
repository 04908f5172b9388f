//! What expressions over telemetry can use.

use std::sync::LazyLock;

use crate::cel::{self, Enum, EnumValue, Field, Function, Message, Type};
use crate::detect::rule_files::Dialect;
use crate::detect::telemetry::{self, FieldType, Kind, Presence, Schema, root};

/// The variable with the kind of the event, and the name of its type.
pub(super) const KIND: &str = "kind";

/// The variable of the typed dialect with all fields.
pub(super) const EVENT: &str = "event";

/// The arguments of an execution, in the typed dialect.
pub(super) const DECODED_ARGS: &str = "decoded_args";

/// The parent of the process, from the process tree.
pub(super) const PARENT: &str = "parent";

/// The message of [`PARENT`], which is not part of an event.
const PARENT_MESSAGE: &str = "Parent";

/// The package of Santa's telemetry, which begins the full names of enums.
const PACKAGE: &str = "santa.telemetry.v1";

/// The functions are available in every version of nicelist.
const ALWAYS: cel::Version = (0, 0);

/// The variables, messages, enums and functions of one dialect.
///
/// Values of enums are numbers. In the map dialect, expressions contain their names as text, and in
/// the typed dialect as constants. Fields of bytes are texts; a `cdhash` has 40 hexadecimal digits.
/// An absent field has the default value of its type, and an absent message is null.
#[derive(Debug)]
pub struct TelemetrySchema {
    variables: Vec<Field>,
    messages: Vec<Message>,
    enums: Vec<Enum>,
    functions: Vec<Function>,
    results: Vec<Type>,
}

static MAP: LazyLock<TelemetrySchema> = LazyLock::new(|| TelemetrySchema::new(Dialect::Map));
static TYPED: LazyLock<TelemetrySchema> = LazyLock::new(|| TelemetrySchema::new(Dialect::Typed));

impl TelemetrySchema {
    pub fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Map => &MAP,
            Dialect::Typed => &TYPED,
        }
    }

    fn new(dialect: Dialect) -> Self {
        let schema = Schema::get();
        let mut messages: Vec<Message> = schema.messages().iter().map(message).collect();
        let path = Field::new("path", Type::String, "The path of the executable");
        messages.push(Message { name: PARENT_MESSAGE, fields: vec![path.optional()] });
        let mut enums: Vec<Enum> = schema.enums().iter().map(|it| named(it, dialect)).collect();
        enums.push(kinds());
        Self {
            variables: variables(dialect),
            messages,
            enums,
            functions: cel::strings_extension(ALWAYS),
            results: vec![Type::Bool],
        }
    }
}

impl cel::Schema for TelemetrySchema {
    fn variables(&self) -> &[Field] {
        &self.variables
    }

    fn messages(&self) -> &[Message] {
        &self.messages
    }

    fn enums(&self) -> &[Enum] {
        &self.enums
    }

    fn functions(&self) -> &[Function] {
        &self.functions
    }

    fn results(&self) -> &[Type] {
        &self.results
    }

    fn package(&self) -> &str {
        PACKAGE
    }
}

fn variables(dialect: Dialect) -> Vec<Field> {
    let kind = Field::new(KIND, Type::Enum(KIND), "The kind of the event");
    let parent = Type::Message(PARENT_MESSAGE);
    let parent = Field::new(PARENT, parent, "The parent of the process").optional();
    let mut variables = vec![kind, parent];
    let is_common = |field: &&telemetry::Field| !matches!(field.presence, Presence::Oneof(_));
    match dialect {
        Dialect::Map => variables.extend(root().fields.iter().map(field)),
        Dialect::Typed => {
            variables.extend(root().fields.iter().filter(is_common).map(field));
            let event = Field::new(EVENT, Type::Message(root().name), "The event").optional();
            let args = Type::list(Type::String);
            let args = Field::new(DECODED_ARGS, args, "The arguments of an execution");
            variables.extend([event, args]);
        }
    }
    variables
}

fn message(message: &telemetry::Message) -> Message {
    Message { name: message.name, fields: message.fields.iter().map(field).collect() }
}

fn field(field: &telemetry::Field) -> Field {
    let kind = type_of(field.field_type);
    let found = match field.is_repeated() {
        true => Field::new(field.name, Type::list(kind), ""),
        false => Field::new(field.name, kind, ""),
    };
    let is_message = matches!(field.field_type, FieldType::Message(_) | FieldType::Timestamp);
    match field.presence {
        Presence::Optional | Presence::Oneof(_) => found.optional(),
        Presence::Plain if is_message => found.optional(),
        Presence::Plain | Presence::Repeated => found,
    }
}

fn type_of(field_type: FieldType) -> Type {
    let schema = Schema::get();
    match field_type {
        FieldType::Bool => Type::Bool,
        FieldType::Int32 | FieldType::Int64 => Type::Int,
        FieldType::Uint32 | FieldType::Uint64 => Type::Uint,
        FieldType::String | FieldType::Bytes => Type::String,
        FieldType::Timestamp => Type::Timestamp,
        FieldType::Enum(id) => Type::Enum(schema.enum_type(id).name),
        FieldType::Message(id) => Type::Message(schema.message(id).name),
    }
}

fn named(of: &telemetry::EnumType, dialect: Dialect) -> Enum {
    let value = |(number, name): &(i32, &'static str)| EnumValue {
        name,
        number: i64::from(*number),
        since: None,
    };
    Enum {
        name: of.name,
        values: of.values.iter().map(value).collect(),
        is_textual: dialect == Dialect::Map,
        is_named: dialect == Dialect::Typed,
    }
}

/// In both dialects, kinds are written as text.
fn kinds() -> Enum {
    let value =
        |kind: Kind| EnumValue { name: kind.name(), number: kind.number().into(), since: None };
    let values = Kind::all().map(value).collect();
    Enum { name: KIND, values, is_textual: true, is_named: false }
}
