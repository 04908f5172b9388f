//! Walks a parsed expression and looks up every name.

use std::collections::BTreeSet;

use ::cel::common::ast::{
    CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, SelectExpr, SourceInfo,
};

use super::error::{CelError, NameKind, Position};
use super::schema::{Macro, STANDARD_FUNCTIONS, STANDARD_METHODS, Schema, Variable, nearest};

/// The names that `tree` uses, or the first error.
pub(super) fn names(
    tree: &IdedExpr,
    source: &str,
    info: &SourceInfo,
    schema: &Schema,
) -> Result<BTreeSet<String>, CelError> {
    let mut walk = Walk { schema, source, info, bound: Vec::new(), uses: BTreeSet::new() };
    walk.expression(tree)?;
    Ok(walk.uses)
}

struct Walk<'a> {
    schema: &'a Schema,
    source: &'a str,
    info: &'a SourceInfo,
    bound: Vec<&'a str>,
    uses: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn expression(&mut self, node: &'a IdedExpr) -> Result<(), CelError> {
        match &node.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(node, name),
            Expr::Select(select) => self.select(node, select),
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => self.all(&list.elements),
            Expr::Map(map) => self.entries(&map.entries),
            Expr::Struct(message) => {
                let name = message.type_name.clone();
                let at = self.position(node);
                Err(CelError::Unknown { kind: NameKind::Type, name, at, nearest: None })
            }
            Expr::Unspecified | Expr::Comprehension(_) => {
                let reason = "the parser returned an incomplete expression".to_owned();
                Err(CelError::Unchecked { reason })
            }
        }
    }

    fn all(&mut self, nodes: &'a [IdedExpr]) -> Result<(), CelError> {
        nodes.iter().try_for_each(|node| self.expression(node))
    }

    fn entries(&mut self, entries: &'a [IdedEntryExpr]) -> Result<(), CelError> {
        entries.iter().try_for_each(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => {
                self.expression(&entry.key)?;
                self.expression(&entry.value)
            }
            EntryExpr::StructField(field) => self.expression(&field.value),
        })
    }

    fn name(&mut self, node: &IdedExpr, written: &str) -> Result<(), CelError> {
        let name = absolute(written);
        if self.is_bound(written) || self.schema.types.contains(name) {
            return Ok(());
        }
        match self.schema.variables.get(name) {
            Some(Variable::Message(fields)) => {
                let field = fields.first().cloned().unwrap_or_default();
                let at = self.position(node);
                return Err(CelError::WholeMessage { name: name.to_owned(), field, at });
            }
            Some(Variable::Plain) => {}
            None if self.schema.constants.contains(name) => {}
            None => {
                let known = self.schema.values().chain(self.bound.iter().copied());
                return Err(self.unknown(NameKind::Variable, node, name, nearest(name, known)));
            }
        }
        self.uses.insert(name.to_owned());
        Ok(())
    }

    fn select(&mut self, node: &'a IdedExpr, select: &'a SelectExpr) -> Result<(), CelError> {
        let Some((name, fields)) = self.message(&select.operand) else {
            return self.expression(&select.operand);
        };
        let path = format!("{name}.{}", select.field);
        if !fields.contains(&select.field) {
            let known = nearest(&select.field, fields.iter().map(String::as_str));
            let known = known.map(|field| format!("{name}.{field}"));
            return Err(self.unknown(NameKind::Field, node, &path, known));
        }
        self.uses.insert(path);
        Ok(())
    }

    /// The message variable that `node` refers to, with its fields.
    fn message(&self, node: &'a IdedExpr) -> Option<(&'a str, &'a BTreeSet<String>)> {
        let Expr::Ident(written) = &node.expr else { return None };
        if self.is_bound(written) {
            return None;
        }
        match self.schema.variables.get(absolute(written))? {
            Variable::Message(fields) => Some((absolute(written), fields)),
            Variable::Plain => None,
        }
    }

    fn call(&mut self, node: &'a IdedExpr, call: &'a CallExpr) -> Result<(), CelError> {
        if is_operator(&call.func_name) {
            return self.all(&call.args);
        }
        if let Some(used) = self.schema.find_macro(&call.func_name, call.target.is_some()) {
            return self.expand(node, used, call);
        }
        match &call.target {
            None => self.function(node, absolute(&call.func_name))?,
            Some(target) => match self.qualified(target, &call.func_name) {
                Some(name) => self.function(node, &name)?,
                None => {
                    self.method(node, &call.func_name)?;
                    self.expression(target)?;
                }
            },
        }
        self.all(&call.args)
    }

    /// Records a call, unless the function is part of the language.
    fn called(&mut self, name: &str, is_standard: bool) {
        if !is_standard {
            self.uses.insert(format!("{name}()"));
        }
    }

    fn function(&mut self, node: &IdedExpr, name: &str) -> Result<(), CelError> {
        if self.schema.functions.contains(name) {
            self.called(name, STANDARD_FUNCTIONS.contains(&name));
            return Ok(());
        }
        let known = nearest(name, self.schema.callables(false));
        Err(self.unknown(NameKind::Function, node, name, known))
    }

    fn method(&mut self, node: &IdedExpr, name: &str) -> Result<(), CelError> {
        if self.schema.methods.contains(name) {
            self.called(name, STANDARD_METHODS.contains(&name));
            return Ok(());
        }
        let known = nearest(name, self.schema.callables(true));
        Err(self.unknown(NameKind::Method, node, name, known))
    }

    /// The full name, such as `strings.quote`, if the schema has a function whose name consists of
    /// `target`, a dot and `function`.
    fn qualified(&self, target: &IdedExpr, function: &str) -> Option<String> {
        let Expr::Ident(written) = &target.expr else { return None };
        let name = format!("{}.{function}", absolute(written));
        (!self.is_bound(written) && self.schema.functions.contains(&name)).then_some(name)
    }

    /// Walks the arguments of a macro. Except in `has`, the first argument defines a variable for
    /// the other arguments.
    fn expand(
        &mut self,
        node: &'a IdedExpr,
        used: Macro,
        call: &'a CallExpr,
    ) -> Result<(), CelError> {
        let wrong = CelError::MacroArguments { used, at: self.position(node) };
        if !used.takes(call.args.len()) {
            return Err(wrong);
        }
        match (&call.target, call.args.split_first()) {
            (None, Some((IdedExpr { expr: Expr::Select(_), .. }, _))) => self.all(&call.args),
            (Some(target), Some((IdedExpr { expr: Expr::Ident(name), .. }, rest)))
                if !name.starts_with('.') =>
            {
                self.expression(target)?;
                self.bound.push(name);
                let walked = self.all(rest);
                self.bound.pop();
                walked
            }
            _ => Err(wrong),
        }
    }

    /// Whether a name is the variable of a surrounding macro. A name with a leading dot is never a
    /// macro's variable, even if a macro's variable has the same name without the dot.
    fn is_bound(&self, written: &str) -> bool {
        self.bound.contains(&written)
    }

    fn unknown(
        &self,
        kind: NameKind,
        node: &IdedExpr,
        name: &str,
        nearest: Option<String>,
    ) -> CelError {
        CelError::Unknown { kind, name: name.to_owned(), at: self.position(node), nearest }
    }

    /// The position of `node`: the start of a name, the `.` of a selection, the `(` of a call or
    /// the `{` of a message.
    fn position(&self, node: &IdedExpr) -> Position {
        let offset = self.info.offset_for(node.id).map_or(0, |(start, _)| start as usize);
        Position::of_byte(self.source, offset)
    }
}

fn absolute(written: &str) -> &str {
    written.strip_prefix('.').unwrap_or(written)
}

/// Whether a function is an operator. The parser represents an operator as a call of a function
/// whose name cannot be written in an expression, such as `_+_` or `@in`.
fn is_operator(name: &str) -> bool {
    !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::super::Expression;
    use super::*;

    fn schema() -> Schema {
        Schema::standard()
            .message("target", ["signing_time", "team_id"])
            .variable("args")
            .variable("envs")
            .constants(["ALLOW", "BLOCK"])
            .functions(["strings.quote"])
    }

    fn uses(source: &str) -> Vec<String> {
        Expression::parse(source, &schema()).unwrap().uses().to_vec()
    }

    fn error(source: &str) -> String {
        Expression::parse(source, &schema()).unwrap_err().to_string()
    }

    #[test]
    fn used_names_are_sorted_and_listed_once() {
        let source = "target.signing_time > timestamp('2025-01-01T00:00:00Z') && '-v' in args \
                      ? ALLOW : (args[0] == envs.HOME ? ALLOW : BLOCK)";
        assert_eq!(uses(source), ["ALLOW", "BLOCK", "args", "envs", "target.signing_time"]);
    }

    #[test]
    fn names_bound_by_macros_are_known_only_inside_them() {
        assert_eq!(uses("args.exists(a, a == 'x')"), ["args"]);
        assert_eq!(uses("args.map(a, a != '', args.filter(b, a == b))"), ["args"]);
        assert_eq!(error("args.exists(a, true) && a"), "unknown variable `a` (line 1, column 25)");
        assert_eq!(error("a.exists(a, true)"), "unknown variable `a` (line 1, column 1)");
    }

    #[test]
    fn a_macro_variable_hides_a_variable_without_a_leading_dot() {
        assert_eq!(uses("args.exists(target, target == '')"), ["args"]);
        assert_eq!(uses("args.exists(target, target.any)"), ["args"]);
        assert_eq!(uses("args.all(target, .target.team_id == '')"), ["args", "target.team_id"]);
    }

    #[test]
    fn unknown_names_are_reported_with_the_nearest_known_one() {
        assert_eq!(
            error("arg == []"),
            "unknown variable `arg` (line 1, column 1), did you mean `args`?"
        );
        assert_eq!(
            error("true &&\n target.teamid == ''"),
            "unknown field `target.teamid` (line 2, column 8), did you mean `target.team_id`?"
        );
        assert_eq!(
            error("args[0].startWith('x')"),
            "unknown method `startWith` (line 1, column 18), did you mean `startsWith`?"
        );
        assert_eq!(
            error("sise(args)"),
            "unknown function `sise` (line 1, column 5), did you mean `size`?"
        );
        assert_eq!(error("Foo{a: 1}"), "unknown type `Foo` (line 1, column 4)");
    }

    #[test]
    fn every_part_of_an_expression_is_walked() {
        let places = [
            "[zz]",
            "{zz: 1}",
            "{1: zz}",
            "args[zz]",
            "size(zz)",
            "zz.size()",
            "''.matches(zz)",
            "!zz",
            "-zz",
            "1 + zz",
            "zz ? 1 : 2",
            "true ? zz : 2",
            "true ? 1 : zz",
            "zz.field",
            "has(zz.field)",
            "args.exists(a, zz)",
            "args.map(a, true, zz)",
            "zz.all(a, a)",
            "strings.quote(zz)",
            "'a' in zz",
        ];
        for source in places {
            assert!(error(source).starts_with("unknown variable `zz`"), "{source}");
        }
    }

    #[test]
    fn presence_tests_count_as_uses() {
        assert_eq!(uses("has(target.team_id)"), ["target.team_id"]);
        assert!(error("has(target.zz)").starts_with("unknown field `target.zz`"));
    }

    #[test]
    fn a_message_variable_needs_a_field() {
        let expected = "`target` is used without a field, such as `target.signing_time`";
        for source in ["target == target", "target['team_id']", "[target].exists(t, t.zz)"] {
            assert!(error(source).starts_with(expected), "{source}");
        }
    }

    #[test]
    fn macros_are_checked_for_their_shape() {
        assert_eq!(
            error("has(args)"),
            "wrong arguments for `has`: write `has(message.field)` (line 1, column 4)"
        );
        assert!(error("args.exists(1, true)").starts_with("wrong arguments for `exists`"));
        assert!(error("args.exists(.a, true)").starts_with("wrong arguments for `exists`"));
        assert!(error("args.all(a)").starts_with("wrong arguments for `all`"));
        assert!(error("exists(args, true)").starts_with("unknown function `exists`"));
        assert!(error("args.existsOne(a, true)").starts_with("unknown method `existsOne`"));
    }

    #[test]
    fn functions_may_have_dots_in_their_names() {
        assert_eq!(uses("strings.quote(args[0])"), ["args", "strings.quote()"]);
        assert!(error("strings.unquote('')").starts_with("unknown method `unquote`"));
    }

    #[test]
    fn names_of_the_language_are_not_uses() {
        assert!(uses("type(1) == int && size('a'.startsWith('a') ? 'b' : 'c') > 1").is_empty());
    }

    #[test]
    fn w1_functions_beyond_the_language_are_uses() {
        let schema = Schema::standard().variable("args").methods(["join"]);
        let expression = Expression::parse("args.join(' ').contains('x')", &schema).unwrap();
        assert_eq!(expression.uses(), ["args", "join()"]);
    }
}
