//! Reads a Sigma rule.

use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use super::condition::{self, Condition, MOST_TESTS};
use super::field::Category;
use super::{Reason, reason, search};
use crate::detect::rule_files::{Credit, DetectionId, References, Severity, Tags, Title, UpTo};
use crate::document::{Node, Value};

/// Maximum searches of a rule.
const MOST_SEARCHES: usize = 100;

/// The keys of `detection` that are not searches.
const CONDITION: &str = "condition";
const TIMEFRAME: &str = "timeframe";

pub(super) struct SigmaRule {
    pub(super) id: DetectionId,
    pub(super) title: Title,
    pub(super) description: String,
    pub(super) severity: Severity,
    pub(super) tags: Tags,
    pub(super) references: References,
    pub(super) author: Option<Credit>,
    pub(super) license: Option<Credit>,
    pub(super) is_enabled: bool,
    pub(super) category: Category,
    pub(super) condition: Condition,
}

/// The ID or the title of a rule, for reports.
pub(super) fn name(root: &Node) -> Option<String> {
    let text = |key: &str| root.get(key).and_then(Node::as_str);
    let name = text("id").or_else(|| text("title"))?;
    // A report is one line.
    Some(name.chars().filter(|c| !c.is_control()).take(100).collect())
}

impl SigmaRule {
    /// Reads the rule of a file. Adds what its author should know to `notes`.
    ///
    /// # Errors
    /// All reasons why the rule cannot be converted.
    pub(super) fn read(
        root: &Node,
        file: &str,
        notes: &mut Vec<Reason>,
    ) -> Result<Self, Vec<Reason>> {
        if root.entries().is_none() {
            return Err(vec![reason(root.position, root.expected("a Sigma rule"))]);
        }
        for key in ["correlation", "action", "filter"] {
            if let Some(node) = root.get(key) {
                let text = format!("{key}: rules of this kind are not supported");
                return Err(vec![reason(node.position, text)]);
            }
        }
        let mut reader = Reader { root, reasons: Vec::new(), notes };
        let title = reader.required("title");
        let id = match root.get("id") {
            Some(_) => reader.required("id"),
            None => reader.id_of_file(file),
        };
        let severity = reader.severity();
        let is_enabled = reader.is_enabled();
        let tags: Tags = reader.bounded("tags");
        let references: References = reader.bounded("references");
        let (author, license) = (reader.optional::<Credit>("author"), reader.optional("license"));
        let description = reader.description();
        let category = reader.category();
        let condition = category.and_then(|category| reader.condition(category));
        match (id, title, severity, category, condition) {
            (Some(id), Some(title), Some(severity), Some(category), Some(condition))
                if reader.reasons.is_empty() =>
            {
                Ok(Self {
                    id,
                    title,
                    description,
                    severity,
                    tags,
                    references,
                    author,
                    license,
                    is_enabled,
                    category,
                    condition,
                })
            }
            _ => Err(reader.reasons),
        }
    }
}

struct Reader<'n, 'o> {
    root: &'n Node,
    reasons: Vec<Reason>,
    notes: &'o mut Vec<Reason>,
}

impl<'n> Reader<'n, '_> {
    /// The value of a key that is neither missing nor null.
    fn get(&self, key: &str) -> Option<&'n Node> {
        self.root.get(key).filter(|node| node.value != Value::Null)
    }

    fn refuse(&mut self, node: &Node, key: &str, message: impl Display) {
        self.reasons.push(reason(node.position, format!("{key}: {message}")));
    }

    fn required<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        if self.get(key).is_none() {
            self.reasons.push(reason(self.root.position, format!("{key} is missing")));
        }
        self.optional(key)
    }

    fn optional<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        let node = self.get(key)?;
        self.parsed(node, key)
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, node: &Node, key: &str) -> Option<T> {
        match node.scalar().map(|text| text.parse::<T>()) {
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => {
                self.refuse(node, key, error);
                None
            }
            None => {
                self.refuse(node, key, node.expected("a string"));
                None
            }
        }
    }

    fn list<T: FromStr<Err: Display>>(&mut self, key: &str) -> Vec<T> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let nodes = node.elements().unwrap_or(std::slice::from_ref(node));
        nodes.iter().filter_map(|node| self.parsed(node, key)).collect()
    }

    fn bounded<const MAX: usize, T: FromStr<Err: Display>>(&mut self, key: &str) -> UpTo<MAX, T> {
        let values = self.list(key);
        UpTo::new(values).unwrap_or_else(|error| {
            self.reasons.push(reason(self.root.position, format!("{key}: {error}")));
            UpTo::default()
        })
    }

    /// An ID from the name of the file, for rules without one.
    fn id_of_file(&mut self, file: &str) -> Option<DetectionId> {
        let stem = Path::new(file).file_stem().map_or(Cow::Borrowed(""), |it| it.to_string_lossy());
        let id = stem.parse::<DetectionId>();
        let message = match &id {
            Ok(id) => format!("the rule has no ID; the name of its file is used: {id}"),
            Err(_) => {
                self.reasons.push(reason(self.root.position, "id is missing"));
                return None;
            }
        };
        self.notes.push(reason(self.root.position, message));
        id.ok()
    }

    fn severity(&mut self) -> Option<Severity> {
        let Some(node) = self.get("level") else {
            let message = "the rule has no level; medium is used";
            self.notes.push(reason(self.root.position, message));
            return Some(Severity::Medium);
        };
        match node.as_str() {
            Some("informational") => Some(Severity::Info),
            _ => self.parsed(node, "level"),
        }
    }

    fn is_enabled(&mut self) -> bool {
        let Some(node) = self.get("status") else { return true };
        match node.as_str() {
            Some(status @ ("deprecated" | "unsupported")) => {
                let message = format!("status: the rule is {status}, so it is not enabled");
                self.notes.push(reason(node.position, message));
                false
            }
            _ => true,
        }
    }

    /// The description, with the known false positives.
    fn description(&mut self) -> String {
        let mut text = self.optional::<String>("description").unwrap_or_default().trim().to_owned();
        let list: Vec<String> = self.list("falsepositives");
        let list: Vec<&str> = list.iter().map(|it| it.trim()).filter(|it| !it.is_empty()).collect();
        if !list.is_empty() {
            let separator = if text.is_empty() { "" } else { "\n" };
            text = format!("{text}{separator}False positives: {}", list.join("; "));
        }
        text
    }

    fn category(&mut self) -> Option<Category> {
        let Some(source) = self.get("logsource") else {
            self.reasons.push(reason(self.root.position, "logsource is missing"));
            return None;
        };
        let text = |key: &str| source.get(key).and_then(Node::as_str);
        let product = text("product").unwrap_or("missing");
        if product != "macos" {
            self.refuse(source, "logsource", format!("the product is {product}, not macos"));
            return None;
        }
        if let Some(node) = source.get("service") {
            self.refuse(node, "logsource", "a service is not supported");
        }
        let category = text("category").unwrap_or("missing");
        let found = Category::from_word(category);
        if found.is_none() {
            let known = Category::ALL.map(Category::word).join(" and ");
            let message = format!("the category is {category}; only {known} are supported");
            self.refuse(source, "logsource", message);
        }
        found
    }

    fn condition(&mut self, category: Category) -> Option<Condition> {
        let Some(node) = self.get("detection") else {
            self.reasons.push(reason(self.root.position, "detection is missing"));
            return None;
        };
        let entries = node.entries().unwrap_or_default();
        let is_search = |key: &str| key != CONDITION && key != TIMEFRAME;
        let mut searches = Vec::new();
        for entry in entries.iter().filter(|entry| is_search(&entry.key)).take(MOST_SEARCHES + 1) {
            match search::read(&entry.node, category) {
                Ok(search) => searches.push((entry.key.clone(), search)),
                Err(reasons) => {
                    let reasons = reasons.into_iter();
                    self.reasons.extend(
                        reasons.map(|it| {
                            reason(it.position, format!("{}: {}", entry.key, it.message))
                        }),
                    );
                }
            }
        }
        if searches.len() > MOST_SEARCHES {
            self.refuse(node, "detection", format!("has more than {MOST_SEARCHES} searches"));
        }
        if let Some(node) = node.get(TIMEFRAME) {
            self.refuse(node, TIMEFRAME, "correlations are not supported");
        }
        // A search that is missing because it was refused would only cause another reason.
        if !self.reasons.is_empty() {
            return None;
        }
        let Some(text) = node.get(CONDITION) else {
            self.refuse(node, "detection", "the condition is missing");
            return None;
        };
        let (mut conditions, mut tests) = (Vec::new(), 0);
        for node in text.elements().unwrap_or(std::slice::from_ref(text)) {
            let parsed = node.as_str().ok_or_else(|| node.expected("a string"));
            match parsed.and_then(|text| condition::parse(text, &searches)) {
                Ok(condition) => {
                    tests += condition.size();
                    conditions.push(condition);
                }
                Err(message) => self.refuse(node, CONDITION, message),
            }
            if tests > MOST_TESTS {
                self.refuse(text, CONDITION, format!("has more than {MOST_TESTS} tests"));
                return None;
            }
        }
        // One of several conditions must be true.
        (!conditions.is_empty()).then(|| Condition::any(conditions))
    }
}
