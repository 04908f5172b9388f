//! HCL, the language of Terraform.

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Element, Template};

use super::{Entry, Fault, Node, Position, Text, Value};

/// Reads a text as a map of attributes and blocks. Several blocks may have the same key.
///
/// # Errors
/// The text is not HCL.
pub fn parse(text: &Text<'_>) -> Result<Node, Fault> {
    let body = parse_body(text.as_str()).map_err(|error| {
        let position = text.position(error.location().offset());
        Fault::new(Some(position), format!("is not valid HCL: {}", error.message()))
    })?;
    Ok(Node { position: Some(text.position(0)), value: Value::Map(entries(text, &body)) })
}

fn entries(text: &Text<'_>, body: &Body) -> Vec<Entry> {
    let entries = body.iter().map(|structure| {
        let key_position = position(text, structure);
        match structure {
            Structure::Attribute(attribute) => {
                let value = value(text, &attribute.value);
                let position = position(text, &attribute.value).or(key_position);
                let key = attribute.key.as_str().to_owned();
                Entry { key, key_position, node: Node { position, value } }
            }
            Structure::Block(block) => {
                let labels = block.labels.iter().map(|label| label.as_str().to_owned()).collect();
                let value = Value::Block { labels, entries: entries(text, &block.body) };
                let key = block.ident.as_str().to_owned();
                Entry { key, key_position, node: Node { position: key_position, value } }
            }
        }
    });
    entries.collect()
}

fn position(text: &Text<'_>, part: &impl Span) -> Option<Position> {
    part.span().map(|span| text.position(span.start))
}

fn value(text: &Text<'_>, expression: &Expression) -> Value {
    let spelled = || {
        let source = expression.span().and_then(|span| text.as_str().get(span));
        Value::Expression(source.unwrap_or_default().to_owned())
    };
    match expression {
        Expression::Null(_) => Value::Null,
        Expression::Bool(flag) => Value::Bool(*flag.value()),
        Expression::Number(number) => Value::Number(number.value().to_string()),
        Expression::String(string) => Value::String(string.value().clone()),
        Expression::HeredocTemplate(heredoc) => {
            literal(&heredoc.template).map_or_else(spelled, Value::String)
        }
        Expression::Array(values) => {
            let nodes = values.iter().map(|expression| {
                let value = value(text, expression);
                Node { position: position(text, expression), value }
            });
            Value::List(nodes.collect())
        }
        Expression::Parenthesis(inner) => value(text, inner.inner()),
        Expression::Object(_) => Value::Other("an object"),
        Expression::StringTemplate(_)
        | Expression::Variable(_)
        | Expression::Conditional(_)
        | Expression::FuncCall(_)
        | Expression::Traversal(_)
        | Expression::UnaryOp(_)
        | Expression::BinaryOp(_)
        | Expression::ForExpr(_) => spelled(),
    }
}

/// The text of a template. None if a part of the template must be evaluated.
fn literal(template: &Template) -> Option<String> {
    let parts = template.iter().map(|part| match part {
        Element::Literal(text) => Some(text.as_str()),
        Element::Interpolation(_) | Element::Directive(_) => None,
    });
    parts.collect()
}
