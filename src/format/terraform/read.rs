//! Reads resources.

use hcl_edit::Span;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Block, Body, Structure};
use memchr::memmem;

use super::{WORKSHOP, ZENTRAL};
use crate::format::configurations::Configurations;
use crate::format::gather::Gather;
use crate::format::record::{Keys, Record, Value, santa};
use crate::format::text::Text;
use crate::format::workshop;
use crate::format::zentral::numbered;
use crate::format::{Defaults, Document, File, Remark};
use crate::rule::RuleDraft;

/// The block of Workshop's rules with a maximum of affected hosts.
const THRESHOLD: &str = "affected_host_threshold";
/// What repeats a resource.
const REPEATS: [&str; 2] = ["count", "for_each"];
/// The lists of a rule of Zentral's that cannot become one scope.
const UNREAD: [&str; 4] =
    ["tagids", "excludedtagids", "excludedserialnumbers", "excludedprimaryusers"];

/// Whether a file has resources of either provider.
#[must_use]
pub fn recognises(file: &File) -> bool {
    let says = |word: &str| memmem::find(&file.bytes, word.as_bytes()).is_some();
    says("resource") && (says(WORKSHOP) || says(ZENTRAL))
}

#[must_use]
pub fn read(files: &[File], defaults: &Defaults) -> Document {
    let mut gather = Gather::new(files, defaults);
    let wanted = defaults.configuration.as_deref();
    let mut configurations = Configurations::default();
    for (number, file) in files.iter().enumerate() {
        let read = Text::open(number, file).and_then(|text| {
            let body = parse(&text)?;
            for structure in &body {
                let configuration = configuration(structure);
                if configuration.is_none_or(|name| configurations.add(&name, wanted)) {
                    resource(&text, structure, &mut gather);
                }
            }
            Ok(())
        });
        read.unwrap_or_else(|fault| gather.fault(fault));
    }
    if let Some(fault) = configurations.fault(wanted) {
        gather.refuse_all(fault);
    }
    gather.finish()
}

/// The configuration of a rule of Zentral's: its number, or the name of its resource.
fn configuration(structure: &Structure) -> Option<String> {
    let Structure::Block(block) = structure else { return None };
    if block.labels.first().map(|label| label.as_str()) != Some(ZENTRAL) {
        return None;
    }
    match &block.body.get_attribute("configuration_id")?.value {
        Expression::Number(number) => Some(number.value().to_string()),
        Expression::String(text) => Some(text.value().clone()),
        Expression::Traversal(traversal) => {
            let names = traversal.operators.iter().filter_map(|operator| match operator.value() {
                TraversalOperator::GetAttr(name) => Some(name.as_str()),
                _ => None,
            });
            // zentral_santa_configuration.NAME.id
            names.into_iter().next().map(str::to_owned)
        }
        _ => None,
    }
}

fn parse(text: &Text<'_>) -> Result<Body, Remark> {
    parse_body(text.as_str()).map_err(|error| {
        let place = text.place(error.location().offset());
        Remark { place, text: format!("is no HCL: {}", error.message()) }
    })
}

fn resource(text: &Text<'_>, structure: &Structure, gather: &mut Gather<'_>) {
    let Structure::Block(block) = structure else { return };
    let place = text.place(block.span().map_or(0, |span| span.start));
    let kind = block.labels.first().map(|label| label.as_str());
    match (block.ident.as_str(), kind) {
        ("resource", Some(WORKSHOP)) => {
            take(text, block, gather, |record| workshop::draft(record).map(|draft| vec![draft]));
        }
        ("resource", Some(ZENTRAL)) => take(text, block, gather, zentral),
        (ident, kind) => {
            let name = kind.map_or_else(|| ident.to_owned(), |kind| format!("{ident} {kind}"));
            gather.note_once(place, format!("{name}: is no rule and is passed over"));
        }
    }
}

fn take(
    text: &Text<'_>,
    block: &Block,
    gather: &mut Gather<'_>,
    draft: fn(&mut Record<'_>) -> Result<Vec<RuleDraft>, Remark>,
) {
    let read = record(text, block, gather).and_then(|mut record| {
        let drafts = draft(&mut record)?;
        Ok((record, drafts))
    });
    match read {
        Ok((record, drafts)) => drafts.into_iter().for_each(|it| gather.record(&record, it)),
        Err(fault) => gather.fault(fault),
    }
}

fn record<'t>(
    text: &'t Text<'t>,
    block: &Block,
    gather: &mut Gather<'_>,
) -> Result<Record<'t>, Remark> {
    let start = |span: Option<std::ops::Range<usize>>| span.map(|span| span.start);
    let place = text.place(start(block.span()).unwrap_or(0));
    let mut fields = Vec::new();
    for structure in &block.body {
        match structure {
            Structure::Attribute(attribute) => {
                let key = attribute.key.as_str().to_owned();
                let at = start(attribute.span());
                let here = at.map_or(place, |at| text.place(at));
                if REPEATS.contains(&key.as_str()) {
                    let text = format!("{key}: a resource that is repeated is not read");
                    return Err(Remark { place: here, text });
                }
                let value = value(&attribute.value);
                fields.push((key, at, value));
            }
            // What Terraform shall do with the resource is no part of the rule.
            Structure::Block(block) if block.has_ident("lifecycle") => {}
            Structure::Block(block) => {
                let place = start(block.span()).map_or(place, |at| text.place(at));
                let name = block.ident.as_str();
                let text = match name {
                    THRESHOLD => format!("{name}: {}", workshop::THRESHOLD),
                    name => format!("{name}: is not known here and is left out"),
                };
                gather.note(place, text);
            }
        }
    }
    Record::new(place, Some(text), Keys::AnyStyle, fields)
}

/// A value, if it stands in the file.
fn value(expression: &Expression) -> Value {
    let worked_out = || Value::Other("worked out by Terraform".to_owned());
    match expression {
        Expression::Null(_) => Value::Nothing,
        Expression::Bool(flag) => Value::Flag(*flag.value()),
        Expression::Number(number) => Value::Number(number.value().to_string()),
        Expression::String(text) => Value::Text(text.value().clone()),
        Expression::HeredocTemplate(text) => {
            literal(&text.template).map_or_else(worked_out, Value::Text)
        }
        Expression::Array(values) => Value::List(values.iter().map(value).collect()),
        Expression::Parenthesis(inner) => value(inner.inner()),
        Expression::Object(_) => Value::Other("an object".to_owned()),
        Expression::StringTemplate(_)
        | Expression::Variable(_)
        | Expression::Conditional(_)
        | Expression::FuncCall(_)
        | Expression::Traversal(_)
        | Expression::UnaryOp(_)
        | Expression::BinaryOp(_)
        | Expression::ForExpr(_) => worked_out(),
    }
}

/// A template without anything to fill in.
fn literal(template: &hcl_edit::template::Template) -> Option<String> {
    let parts = template.iter().map(|part| match part {
        hcl_edit::template::Element::Literal(text) => Some(text.as_str()),
        hcl_edit::template::Element::Interpolation(_)
        | hcl_edit::template::Element::Directive(_) => None,
    });
    parts.collect()
}

/// A rule of Zentral's. Serial numbers and primary users become a scope each.
fn zentral(record: &mut Record<'_>) -> Result<Vec<RuleDraft>, Remark> {
    record.pass(&["configurationid", "rulesetid", "version", "id"]);
    for name in UNREAD {
        if let Some(field) = record.take(name).filter(|field| !field.value.is_blank()) {
            let text = "is not read from Terraform; what Zentral's API answers has it";
            return Err(record.fault(&field, text));
        }
    }
    let serials = names(record, "serialnumbers", "host")?;
    let users = names(record, "primaryusers", "user")?;
    let scopes = match (serials.is_empty(), users.is_empty()) {
        (true, true) => vec![String::new()],
        (false, true) => serials,
        (true, false) => users,
        (false, false) => {
            let text =
                "serial_numbers: a rule for serial numbers and users at once has no scope here";
            return Err(Remark { place: record.place, text: text.to_owned() });
        }
    };
    let policy = zentral_policy(record)?;
    let identifier = record.text("target", "targetidentifier")?.unwrap_or_default();
    let word = record.word("rule_type", "targettype")?.unwrap_or_default();
    let (place, key) = record.origin("rule_type");
    let rule_type = santa::parsed_type(&word, place, key)?;
    let draft = RuleDraft {
        target: santa::target(rule_type, &identifier),
        policy,
        cel: record.text("cel", "celexpr")?,
        message: record.text("message", "custommessage")?,
        url: record.text("url", "customurl")?,
        comment: record.text("comment", "description")?,
        ..RuleDraft::default()
    };
    Ok(scopes.into_iter().map(|scope| RuleDraft { scope, ..draft.clone() }).collect())
}

/// A policy by name, or by its number as in older versions of Zentral's provider.
fn zentral_policy(record: &mut Record<'_>) -> Result<String, Remark> {
    let Some(number) = record.number("policy") else {
        return Ok(record.text("policy", "policy")?.unwrap_or_default());
    };
    let field = record.take("policy");
    match (numbered(&number), field) {
        (Some(kind), _) => Ok(kind.word().to_owned()),
        (None, Some(field)) => {
            Err(record.fault(&field, &format!("Zentral has no policy with the number {number}")))
        }
        (None, None) => Ok(String::new()),
    }
}

fn names(record: &mut Record<'_>, name: &str, kind: &str) -> Result<Vec<String>, Remark> {
    let Some(field) = record.take(name) else { return Ok(Vec::new()) };
    let Value::List(values) = &field.value else {
        return Err(record.fault(&field, "expected a list of strings"));
    };
    let names = values.iter().map(|value| match value {
        Value::Text(text) => Ok(format!("{kind}:{text}")),
        _ => Err(record.fault(&field, "expected a list of strings")),
    });
    names.collect()
}
