//! Reads a YAML file with `rules`, `correlations` and `baselines`.

use std::fmt::Display;
use std::str::FromStr;

use super::detection::{
    Baseline, Correlation, Detection, Dialect, Exceptions, Paths, References, SingleEvent, Tags,
    Trigger,
};
use super::expression::{ExpressionText, Role};
use super::keys::{Key, KeyUse, Section, keys_of, unknown};
use super::read::FileReader;
use super::values::{
    Credit, Description, DetectionId, FieldPath, Period, Severity, Threshold, Title, UpTo,
};
use crate::document::{Entry, Node, Position, Text, Value, yaml};

const EMPTY: &str = "contains no detections";

pub(super) fn read(reader: &mut FileReader<'_, '_, '_>, text: &Text<'_>) {
    let is_blank = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
    if text.as_str().lines().all(is_blank) {
        return reader.warn(Some(text.position(0)), EMPTY);
    }
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(fault) => return reader.error(fault.position, fault.message),
    };
    let entries: &[Entry] = match &root.value {
        Value::Map(entries) => entries.as_slice(),
        Value::Null => &[],
        _ => {
            let expected = root.expected("an object with rules, correlations or baselines");
            return reader.error(root.position, expected);
        }
    };
    if entries.is_empty() {
        reader.warn(root.position, EMPTY);
    }
    for Entry { key, key_position, node } in entries {
        match Section::from_word(key) {
            Some(section) => section_of(reader, section, node),
            None => {
                let known = Section::ALL.map(Section::word);
                reader.error(*key_position, format!("{key}: {}", unknown(key, &known)));
            }
        }
    }
}

fn section_of(reader: &mut FileReader<'_, '_, '_>, section: Section, node: &Node) {
    match &node.value {
        Value::List(nodes) => nodes.iter().for_each(|node| detection(reader, section, node)),
        Value::Null => {}
        _ => {
            let expected = node.expected("a list");
            reader.error(node.position, format!("{section}: {expected}"));
        }
    }
}

fn detection(reader: &mut FileReader<'_, '_, '_>, section: Section, node: &Node) {
    let Some(entries) = node.entries() else {
        let expected = node.expected("an object for each detection");
        return reader.error(node.position, format!("{section}: {expected}"));
    };
    let errors = reader.errors();
    let mut values = Values { draft: Draft::default(), reader: &mut *reader };
    for Entry { key, key_position, node } in entries {
        let message = match Key::from_word(key) {
            Some(known) if known.use_in(section) != KeyUse::Unsupported => {
                // A key without a value is the same as no key.
                if node.value != Value::Null {
                    values.set(known, node);
                }
                continue;
            }
            Some(known) => known.misplaced(section),
            None => {
                let known: Vec<&str> = keys_of(section).map(Key::word).collect();
                unknown(key, &known)
            }
        };
        values.reader.error(*key_position, format!("{key}: {message}"));
    }
    let Values { draft, .. } = values;
    let is_given = |key: Key| node.get(key.word()).is_some_and(|node| node.value != Value::Null);
    for key in keys_of(section).filter(|key| key.use_in(section) == KeyUse::Required) {
        if !is_given(key) {
            let name = draft.id.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
            reader.error(node.position, format!("{name}{key} is missing"));
        }
    }
    if let Some(id) = &draft.id {
        reader.check_id(node.position, id);
        if !is_given(Key::Enabled) {
            reader.enabled_by_default(node.position, id);
        }
    }
    let dialect = draft.check(reader);
    if reader.errors() == errors
        && let Some(detection) = draft.finish(section, dialect)
    {
        reader.add(node.position, detection);
    }
}

/// The values of a detection's keys. Values that are missing or invalid are `None`.
#[derive(Default)]
struct Draft {
    id: Option<DetectionId>,
    title: Option<Title>,
    description: Option<Description>,
    expr: Option<ExpressionText>,
    unless: Exceptions,
    severity: Option<Severity>,
    tags: Tags,
    references: References,
    author: Option<Credit>,
    license: Option<Credit>,
    enabled: Option<bool>,
    window: Option<Period>,
    group_by: Paths,
    count_distinct: Option<FieldPath>,
    threshold: Option<Threshold>,
    track: Paths,
    learning_period: Option<Period>,
    allow_missing: bool,
    cooldown: Option<Period>,
    extra_context: Paths,
    include_event: bool,
    include_process_tree: bool,
}

impl Draft {
    /// Checks the expressions, and returns their dialect.
    fn check(&self, reader: &mut FileReader<'_, '_, '_>) -> Option<Dialect> {
        let mut found = None;
        let conditions = self.expr.iter().map(|it| (it, Role::Condition));
        let exceptions = self.unless.iter().map(|it| (it, Role::Exception));
        for (expression, role) in conditions.chain(exceptions) {
            let dialect = reader.check_expression(expression, role);
            match (found, dialect) {
                (Some(found), Some(dialect)) if found != dialect => {
                    let message = "is in another dialect than the expression of the detection; \
                                   write both with event. or both without";
                    reader.error(Some(expression.start()), message);
                }
                (None, _) => found = dialect,
                (Some(_), _) => {}
            }
        }
        found
    }

    /// The detection. None if a required value is missing.
    fn finish(self, section: Section, dialect: Option<Dialect>) -> Option<Detection> {
        let trigger = match section {
            Section::Rules => Trigger::Event(SingleEvent {
                extra_context: self.extra_context,
                include_event: self.include_event,
                include_process_tree: self.include_process_tree,
                cooldown: self.cooldown,
            }),
            Section::Correlations => Trigger::Window(Correlation {
                window: self.window?,
                group_by: self.group_by,
                count_distinct: self.count_distinct,
                threshold: self.threshold?,
                cooldown: self.cooldown,
                allow_missing: self.allow_missing,
            }),
            Section::Baselines => Trigger::First(Baseline {
                track: self.track,
                learning_period: self.learning_period,
                allow_missing: self.allow_missing,
            }),
        };
        Some(Detection {
            id: self.id?,
            title: self.title?,
            description: self.description,
            severity: self.severity?,
            tags: self.tags,
            references: self.references,
            author: self.author,
            license: self.license,
            is_enabled: self.enabled.unwrap_or(true),
            dialect,
            expression: self.expr?,
            unless: self.unless,
            trigger,
        })
    }
}

/// Reads values into a draft, and reports those that are invalid.
struct Values<'v, 'r, 'c, 't> {
    draft: Draft,
    reader: &'v mut FileReader<'r, 'c, 't>,
}

impl Values<'_, '_, '_, '_> {
    fn set(&mut self, key: Key, node: &Node) {
        match key {
            Key::Id => self.draft.id = self.text(key, node),
            Key::Title => self.draft.title = self.text(key, node),
            Key::Description => self.draft.description = self.text(key, node),
            Key::Expr => self.draft.expr = self.expression(key, node),
            Key::Unless => self.draft.unless = self.exceptions(key, node),
            Key::Severity => self.draft.severity = self.text(key, node),
            Key::Tags => self.draft.tags = self.texts(key, node),
            Key::References => self.draft.references = self.texts(key, node),
            Key::Author => self.draft.author = self.text(key, node),
            Key::License => self.draft.license = self.text(key, node),
            Key::Enabled => self.draft.enabled = self.flag(key, node),
            Key::Window => self.draft.window = self.period(key, node),
            Key::GroupBy => self.draft.group_by = self.paths(key, node),
            Key::CountDistinct => self.draft.count_distinct = self.path(key, node),
            Key::Threshold => self.draft.threshold = self.threshold(key, node),
            Key::Track => self.draft.track = self.paths(key, node),
            Key::LearningPeriod => self.draft.learning_period = self.period(key, node),
            Key::AllowMissing => self.draft.allow_missing = self.flag(key, node).unwrap_or(false),
            Key::Cooldown => self.draft.cooldown = self.period(key, node),
            Key::ExtraContext => self.draft.extra_context = self.paths(key, node),
            Key::IncludeEvent => self.draft.include_event = self.flag(key, node).unwrap_or(false),
            Key::IncludeProcessTree => {
                self.draft.include_process_tree = self.flag(key, node).unwrap_or(false);
            }
        }
    }

    fn error(&mut self, key: Key, position: Option<Position>, message: impl Display) {
        self.reader.error(position, format!("{key}: {message}"));
    }

    /// A text. Numbers and booleans are accepted, too, because YAML does not require quotes.
    fn text<T: FromStr<Err: Display>>(&mut self, key: Key, node: &Node) -> Option<T> {
        match node.scalar() {
            Some(text) => self.valid(key, node, text.parse()),
            None => {
                self.error(key, node.position, node.expected("a string"));
                None
            }
        }
    }

    fn valid<T>(&mut self, key: Key, node: &Node, read: Result<T, impl Display>) -> Option<T> {
        read.map_err(|error| self.error(key, node.position, error)).ok()
    }

    fn flag(&mut self, key: Key, node: &Node) -> Option<bool> {
        if node.as_bool().is_none() {
            self.error(key, node.position, node.expected("true or false"));
        }
        node.as_bool()
    }

    fn period(&mut self, key: Key, node: &Node) -> Option<Period> {
        match node.as_str() {
            Some(text) => self.valid(key, node, text.parse()),
            None => {
                self.error(key, node.position, node.expected("a duration such as 5m"));
                None
            }
        }
    }

    fn threshold(&mut self, key: Key, node: &Node) -> Option<Threshold> {
        match &node.value {
            Value::Number(text) => self.valid(key, node, text.parse()),
            _ => {
                self.error(key, node.position, node.expected("a whole number"));
                None
            }
        }
    }

    fn path(&mut self, key: Key, node: &Node) -> Option<FieldPath> {
        let path: FieldPath = self.text(key, node)?;
        self.reader.check_path(node.position, &path);
        Some(path)
    }

    fn paths(&mut self, key: Key, node: &Node) -> Paths {
        let paths = self.list(key, node, Self::path);
        if paths.is_empty() && key == Key::Track && node.elements().is_some_and(<[Node]>::is_empty)
        {
            self.error(key, node.position, "must contain at least one field");
        }
        paths
    }

    fn texts<const MAX: usize, T: FromStr<Err: Display>>(
        &mut self,
        key: Key,
        node: &Node,
    ) -> UpTo<MAX, T> {
        self.list(key, node, Self::text)
    }

    fn list<const MAX: usize, T>(
        &mut self,
        key: Key,
        node: &Node,
        read: impl Fn(&mut Self, Key, &Node) -> Option<T>,
    ) -> UpTo<MAX, T> {
        let Some(nodes) = node.elements() else {
            self.error(key, node.position, node.expected("a list"));
            return UpTo::default();
        };
        let entries = nodes.iter().filter_map(|node| read(self, key, node)).collect();
        self.valid(key, node, UpTo::new(entries)).unwrap_or_default()
    }

    fn expression(&mut self, key: Key, node: &Node) -> Option<ExpressionText> {
        // `true` is a valid expression, but YAML reads it as a boolean.
        let Some(text) = node.scalar() else {
            self.error(key, node.position, node.expected("a string"));
            return None;
        };
        let start = node.position.unwrap_or(Position { line: 1, column: 1 });
        let read = ExpressionText::new(&text, start, self.reader.lines());
        self.valid(key, node, read)
    }

    fn exceptions(&mut self, key: Key, node: &Node) -> Exceptions {
        match node.elements() {
            Some(_) => self.list(key, node, Self::expression),
            None => {
                let entries = self.expression(key, node).into_iter().collect();
                self.valid(key, node, UpTo::new(entries)).unwrap_or_default()
            }
        }
    }
}
