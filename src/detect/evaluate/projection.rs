//! Reads some fields of an event from its wire bytes, in one walk. Nothing else is decoded.

use crate::detect::telemetry::{Field, FieldPath, FieldType, Message, Presence, Schema, root};
use crate::detect::wire::{Fields, WireError, WireField, WireValue, packed};

/// Maximum items of all lists that are read from an event.
const MOST_ITEMS: usize = 500_000;

/// The fields to read. Each has a slot, in the order of the paths.
#[derive(Debug, Default)]
pub(in crate::detect) struct Projection {
    nodes: Vec<Node>,
    slots: usize,
}

/// A message with needed fields.
#[derive(Debug, Default)]
struct Node {
    steps: Vec<Step>,
    /// For each field number, the place in `steps` plus 1, or 0.
    places: Vec<u8>,
}

#[derive(Debug)]
struct Step {
    field: &'static Field,
    slot: Option<usize>,
    /// Whether the slot is a list, because the field or one around it is repeated.
    is_list: bool,
    /// The node of the fields inside.
    inner: Option<usize>,
    /// The slots in the other fields of the same group of alternatives.
    clears: Vec<usize>,
}

/// A value as it is in the bytes of the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::detect) enum Raw {
    #[default]
    Absent,
    Number(u64),
    /// A text, bytes or a message: start and length in the event.
    Bytes(u32, u32),
    /// A message or a list that exists.
    Present,
}

/// The values of one event. It can be reused for the next one.
#[derive(Debug, Default)]
pub(in crate::detect) struct Values {
    values: Vec<Raw>,
    /// The items of all lists, each with its slot.
    items: Vec<(usize, Raw)>,
}

impl Values {
    pub(in crate::detect) fn get(&self, slot: usize) -> Raw {
        self.values.get(slot).copied().unwrap_or_default()
    }

    pub(in crate::detect) fn items(&self, slot: usize) -> impl Iterator<Item = Raw> {
        self.items.iter().filter(move |(owner, _)| *owner == slot).map(|(_, raw)| *raw)
    }

    fn clear(&mut self, slots: &[usize]) {
        for slot in slots {
            if std::mem::take(&mut self.values[*slot]) == Raw::Present {
                self.items.retain(|(owner, _)| owner != slot);
            }
        }
    }
}

impl Raw {
    /// The bytes of a text, bytes or a message.
    pub(in crate::detect) fn bytes(self, event: &[u8]) -> Option<&[u8]> {
        let Self::Bytes(start, length) = self else { return None };
        let start = start as usize;
        event.get(start..start + length as usize)
    }
}

impl Projection {
    pub(in crate::detect) fn new<'p>(paths: impl IntoIterator<Item = &'p FieldPath>) -> Self {
        let mut projection = Self { nodes: vec![Node::default()], slots: 0 };
        for path in paths {
            projection.insert(path);
        }
        projection.add_alternatives();
        projection
    }

    fn insert(&mut self, path: &FieldPath) {
        let slot = self.slots;
        self.slots += 1;
        let (mut node, mut message, mut is_list) = (0, root(), false);
        let Some((last, before)) = path.fields().split_last() else { return };
        for field in before {
            is_list |= field.is_repeated();
            let FieldType::Message(id) = field.field_type else { return };
            let at = self.step(node, message, field);
            let next = self.nodes.len();
            let inner = *self.nodes[node].steps[at].inner.get_or_insert(next);
            if inner == next {
                self.nodes.push(Node::default());
            }
            (node, message) = (inner, Schema::get().message(id));
        }
        let at = self.step(node, message, last);
        let step = &mut self.nodes[node].steps[at];
        (step.slot, step.is_list) = (Some(slot), is_list || last.is_repeated());
    }

    /// The place of a field's step. The other fields of its group of alternatives get steps, too,
    /// because they can replace the field.
    fn step(&mut self, node: usize, message: &'static Message, field: &'static Field) -> usize {
        if let Some(at) = self.nodes[node].find(field.number) {
            return at;
        }
        let is_alternative = matches!(field.presence, Presence::Oneof(_));
        let others = message.fields.iter().filter(|other| {
            is_alternative && other.presence == field.presence && other.number != field.number
        });
        let node = &mut self.nodes[node];
        others.for_each(|other| node.add(other));
        node.add(field);
        node.steps.len() - 1
    }

    fn add_alternatives(&mut self) {
        for node in 0..self.nodes.len() {
            for at in 0..self.nodes[node].steps.len() {
                let field = self.nodes[node].steps[at].field;
                let Presence::Oneof(_) = field.presence else { continue };
                let mut clears = Vec::new();
                for other in &self.nodes[node].steps {
                    let is_other = other.field.number != field.number;
                    if is_other && other.field.presence == field.presence {
                        self.slots_of(other, &mut clears);
                    }
                }
                self.nodes[node].steps[at].clears = clears;
            }
        }
    }

    fn slots_of(&self, step: &Step, found: &mut Vec<usize>) {
        found.extend(step.slot);
        for inner in step.inner.iter().flat_map(|inner| &self.nodes[*inner].steps) {
            self.slots_of(inner, found);
        }
    }

    /// Reads the fields of an event. As in every protobuf parser, the last value of a field counts,
    /// and the occurrences of a submessage are merged.
    ///
    /// # Errors
    /// If the event or one of the submessages that are read is not a message.
    pub(in crate::detect) fn read(
        &self,
        event: &[u8],
        values: &mut Values,
    ) -> Result<(), WireError> {
        values.items.clear();
        values.values.clear();
        values.values.resize(self.slots, Raw::Absent);
        self.walk(0, event, 0, values)
    }

    /// `start` is where `message` begins in the event. No message contains itself, so the depth is
    /// that of the schema.
    fn walk(
        &self,
        node: usize,
        message: &[u8],
        start: usize,
        values: &mut Values,
    ) -> Result<(), WireError> {
        let Some(node) = self.nodes.get(node).filter(|node| !node.steps.is_empty()) else {
            return Ok(());
        };
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next() {
            let WireField { number, value } = field?;
            let Some(step) = node.find(number).map(|at| &node.steps[at]) else { continue };
            let end = start + message.len() - fields.rest().len();
            self.take(step, value, end, values)?;
        }
        Ok(())
    }

    /// Takes the value of a field, which ends at `end` of the event. A value with another wire type
    /// than the schema's is ignored, like an unknown field.
    fn take(
        &self,
        step: &Step,
        value: WireValue<'_>,
        end: usize,
        values: &mut Values,
    ) -> Result<(), WireError> {
        let raw = match (step.field.field_type, value) {
            (FieldType::Message(_), WireValue::Bytes(bytes)) => {
                values.clear(&step.clears);
                let start = end - bytes.len();
                if let Some(inner) = step.inner {
                    self.walk(inner, bytes, start, values)?;
                }
                if step.is_list { raw_bytes(start, bytes) } else { Raw::Present }
            }
            (
                FieldType::String | FieldType::Bytes | FieldType::Timestamp,
                WireValue::Bytes(bytes),
            ) => raw_bytes(end - bytes.len(), bytes),
            (field_type, WireValue::Varint(number)) if is_number(field_type) => Raw::Number(number),
            (field_type, WireValue::Bytes(bytes)) if is_number(field_type) && step.is_list => {
                let slot = step.slot.unwrap_or_default();
                return packed(bytes)
                    .try_for_each(|number| values.push(slot, Raw::Number(number?)));
            }
            (_, _) => return Ok(()),
        };
        if raw != Raw::Present {
            values.clear(&step.clears);
        }
        match step.slot {
            Some(slot) if step.is_list => values.push(slot, raw)?,
            Some(slot) => values.values[slot] = raw,
            None => {}
        }
        Ok(())
    }
}

impl Values {
    fn push(&mut self, slot: usize, raw: Raw) -> Result<(), WireError> {
        if self.items.len() >= MOST_ITEMS {
            return Err(WireError::TooManyFields);
        }
        self.values[slot] = Raw::Present;
        self.items.push((slot, raw));
        Ok(())
    }
}

impl Node {
    fn find(&self, number: u32) -> Option<usize> {
        let place = *self.places.get(usize::try_from(number).ok()?)?;
        usize::from(place).checked_sub(1)
    }

    /// Does nothing if the field has a step.
    fn add(&mut self, field: &'static Field) {
        if self.find(field.number).is_some() {
            return;
        }
        let number = field.number as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, 0);
        }
        let step = Step { field, slot: None, is_list: false, inner: None, clears: Vec::new() };
        self.steps.push(step);
        self.places[number] = u8::try_from(self.steps.len()).unwrap_or(0);
    }
}

fn raw_bytes(start: usize, bytes: &[u8]) -> Raw {
    // Events are shorter than 4 GiB: see `spool::Limits`.
    match (u32::try_from(start), u32::try_from(bytes.len())) {
        (Ok(start), Ok(length)) => Raw::Bytes(start, length),
        (Err(_), _) | (_, Err(_)) => Raw::Absent,
    }
}

const fn is_number(field_type: FieldType) -> bool {
    match field_type {
        FieldType::Bool
        | FieldType::Int32
        | FieldType::Int64
        | FieldType::Uint32
        | FieldType::Uint64
        | FieldType::Enum(_) => true,
        FieldType::String | FieldType::Bytes | FieldType::Timestamp | FieldType::Message(_) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::wire::{put_bytes, put_number};

    fn read<'e>(paths: &[&str], event: &'e [u8]) -> Vec<Option<&'e [u8]>> {
        let paths: Vec<_> = paths.iter().map(|it| FieldPath::find(root(), it).unwrap()).collect();
        let mut values = Values::default();
        Projection::new(&paths).read(event, &mut values).unwrap();
        (0..paths.len())
            .map(|slot| match values.get(slot) {
                Raw::Present => Some(&b"present"[..]),
                raw => raw.bytes(event),
            })
            .collect()
    }

    fn message(number: u32, inner: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes(&mut out, number, inner);
        out
    }

    /// An execution (10) whose target (2) has an executable (15) with a path (1).
    fn path(text: &str) -> Vec<u8> {
        message(10, &message(2, &message(15, &message(1, text.as_bytes()))))
    }

    #[test]
    fn the_last_value_counts_and_submessages_are_merged() {
        let name = "execution.target.executable.path";
        let signature = "execution.target.code_signature";
        let mut event = path("/first");
        event.extend(path("/second"));
        event.extend(message(10, &message(2, &message(13, b""))));
        let expected = [Some(&b"/second"[..]), Some(b"present")];
        assert_eq!(read(&[name, signature], &event), expected);
    }

    #[test]
    fn another_kind_replaces_the_fields_before_it() {
        let name = "execution.target.executable.path";
        let mut event = path("/first");
        event.extend(message(11, b""));
        assert_eq!(read(&[name], &event), [None]);
        event.extend(path("/second"));
        assert_eq!(read(&[name], &event), [Some(&b"/second"[..])]);
    }

    #[test]
    fn fields_of_another_wire_type_are_ignored() {
        let mut target = Vec::new();
        put_number(&mut target, 15, 7);
        let event = message(10, &message(2, &target));
        let name = "execution.target.executable.path";
        assert_eq!(read(&[name, "execution.target"], &event), [None, Some(&b"present"[..])]);
    }

    #[test]
    fn a_damaged_submessage_is_found_only_where_it_is_read() {
        let event = message(10, &message(2, b"\xff"));
        let paths = ["execution.decision", "execution.target.is_platform_binary"];
        let [unread, needed] = paths.map(|name| {
            let path = FieldPath::find(root(), name).unwrap();
            Projection::new([&path]).read(&event, &mut Values::default())
        });
        assert_eq!(unread, Ok(()));
        assert_eq!(needed, Err(WireError::Truncated));
    }

    #[test]
    fn lists_keep_their_items() {
        let event = message(10, &[message(5, b"sh"), message(5, b"-c")].concat());
        let path = FieldPath::find(root(), "execution.args").unwrap();
        let mut values = Values::default();
        Projection::new([&path]).read(&event, &mut values).unwrap();
        let items: Vec<_> = values.items(0).filter_map(|raw| raw.bytes(&event)).collect();
        assert_eq!(items, [&b"sh"[..], b"-c"]);
    }
}
