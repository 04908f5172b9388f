//! Random expressions over random values have the same value in another implementation of the
//! language, the `cel` crate.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::Union;

use super::*;
use crate::cel::{DEFAULT_COST, Map, Stop};

#[derive(Debug, Clone)]
struct Random {
    args: Vec<String>,
    envs: HashMap<String, String>,
    euid: i64,
    cwd: String,
    is_root: bool,
}

impl Random {
    fn facts(&self) -> Facts {
        let envs = self.envs.iter();
        let envs = envs.map(|(name, value)| (name.as_str(), Value::text(value.as_str())));
        Facts::default()
            .with("args", Value::texts(self.args.iter().map(String::as_str)))
            .with("envs", Value::Map(Arc::new(Map::of_texts(envs))))
            .with("euid", Value::Int(self.euid))
            .with("cwd", Value::text(self.cwd.as_str()))
            .with("is_root", Value::Bool(self.is_root))
    }

    fn oracle(&self, source: &str) -> Option<Result<::cel::Value, String>> {
        let program = ::cel::Program::compile(source).ok()?;
        let mut context = ::cel::Context::default();
        context.add_variable_from_value("args", self.args.clone());
        context.add_variable_from_value("envs", self.envs.clone());
        context.add_variable_from_value("euid", self.euid);
        context.add_variable_from_value("cwd", self.cwd.clone());
        context.add_variable_from_value("is_root", self.is_root);
        Some(program.execute(&context).map_err(|error| error.to_string()))
    }
}

fn word() -> BoxedStrategy<String> {
    let words = ["", "a", "b", "ab", "ba", "aab", "-v", "/tmp", "/tmp/ä", "Ü"];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned).boxed()
}

fn random() -> impl Strategy<Value = Random> {
    let args = prop::collection::vec(word(), 0..4);
    let envs = prop::collection::hash_map(word(), word(), 0..3);
    let euid = prop_oneof![-3_i64..4, Just(i64::MAX), Just(i64::MIN), Just(501)];
    (args, envs, euid, word(), any::<bool>()).prop_map(|(args, envs, euid, cwd, is_root)| Random {
        args,
        envs,
        euid,
        cwd,
        is_root,
    })
}

/// Expressions of three types. `depth` limits how many are inside each other.
#[derive(Clone)]
struct Grammar {
    bool: BoxedStrategy<String>,
    int: BoxedStrategy<String>,
    text: BoxedStrategy<String>,
}

fn leaves() -> Grammar {
    let literal = word().prop_map(|word| format!("'{word}'"));
    Grammar {
        bool: prop::sample::select(vec!["true", "false", "is_root"])
            .prop_map(str::to_owned)
            .boxed(),
        int: prop_oneof![
            (-4_i64..5).prop_map(|number| format!("({number})")),
            Just("euid".to_owned()),
            Just("9223372036854775807".to_owned()),
        ]
        .boxed(),
        text: prop_oneof![
            literal,
            Just("cwd".to_owned()),
            Just("args[0]".to_owned()),
            Just("args[1]".to_owned()),
            Just("envs['a']".to_owned()),
            Just("envs.ab".to_owned()),
        ]
        .boxed(),
    }
}

fn pair(operand: &BoxedStrategy<String>, operators: &[&'static str]) -> BoxedStrategy<String> {
    (operand.clone(), prop::sample::select(operators.to_vec()), operand.clone())
        .prop_map(|(left, operator, right)| format!("({left} {operator} {right})"))
        .boxed()
}

fn bools(inner: &Grammar) -> BoxedStrategy<String> {
    let Grammar { bool, int, text } = inner;
    let method = prop::sample::select(vec!["contains", "startsWith", "endsWith"]);
    let body = (prop::sample::select(vec!["==", "!=", "<"]), word());
    let fold = prop::sample::select(vec!["exists", "all", "exists_one"]);
    Union::new(vec![
        pair(bool, &["&&", "||", "==", "!="]),
        pair(int, &["==", "!=", "<", "<=", ">", ">="]),
        pair(text, &["==", "!=", "<", ">="]),
        bool.clone().prop_map(|inner| format!("!{inner}")).boxed(),
        (bool.clone(), bool.clone(), bool.clone())
            .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})"))
            .boxed(),
        (text.clone(), method, text.clone())
            .prop_map(|(text, method, part)| format!("{text}.{method}({part})"))
            .boxed(),
        text.clone().prop_map(|text| format!("({text} in args)")).boxed(),
        text.clone().prop_map(|text| format!("({text} in ['a', 'b', 'ab', '/tmp'])")).boxed(),
        text.clone().prop_map(|text| format!("({text} in envs)")).boxed(),
        text.clone().prop_map(|text| format!("{text}.matches('^a+b?$')")).boxed(),
        (fold, body)
            .prop_map(|(fold, (operator, word))| format!("args.{fold}(x, x {operator} '{word}')"))
            .boxed(),
        (-1_i64..4)
            .prop_map(|number| format!("args.exists(x, is_root && size(x) > {number})"))
            .boxed(),
    ])
    .boxed()
}

fn grown(inner: &Grammar) -> Grammar {
    let Grammar { bool, int, text } = inner;
    let ints = Union::new(vec![
        pair(int, &["+", "-", "*", "/", "%"]),
        text.clone().prop_map(|text| format!("size({text})")).boxed(),
        Just("size(args)".to_owned()).boxed(),
        word().prop_map(|word| format!("args.filter(x, x != '{word}').size()")).boxed(),
        (bool.clone(), int.clone(), int.clone())
            .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})"))
            .boxed(),
    ]);
    let texts = Union::new(vec![
        pair(text, &["+"]),
        int.clone().prop_map(|number| format!("string({number})")).boxed(),
        int.clone().prop_map(|number| format!("args[{number}]")).boxed(),
        text.clone().prop_map(|text| format!("args.map(x, x + {text})[0]")).boxed(),
    ]);
    Grammar {
        bool: Union::new(vec![bool.clone(), bools(inner)]).boxed(),
        int: Union::new(vec![int.clone(), ints.boxed()]).boxed(),
        text: Union::new(vec![text.clone(), texts.boxed()]).boxed(),
    }
}

fn expression() -> BoxedStrategy<String> {
    bools(&grown(&grown(&leaves())))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_implementations_agree(source in expression(), random in random()) {
        let program = Program::compile(&source, &schema());
        let program = program.map_err(|error| TestCaseError::fail(format!("{source}: {error}")))?;
        let ours = program.evaluate(&random.facts(), DEFAULT_COST);
        match (ours, random.oracle(&source)) {
            (_, None) | (Err(Stop::CostLimit), _) => {}
            (Ok(Value::Bool(ours)), Some(Ok(::cel::Value::Bool(oracle)))) => {
                prop_assert_eq!(ours, oracle, "{}", source);
            }
            (Err(Stop::Error { .. }), Some(Err(_))) => {}
            (ours, oracle) => {
                return Err(TestCaseError::fail(format!("{source}: {ours:?}, oracle {oracle:?}")));
            }
        }
    }
}
