//! Absent and unknown fields, `has` and logic, compared with a model of three values.

use proptest::prelude::*;

use super::*;
use crate::cel::{DEFAULT_COST, Stop};

/// A field of the test's schema: its name, a literal of its default value, and whether `has` is
/// true for the default value.
const FIELDS: [(&str, &str, bool); 4] = [
    ("target.team_id", "''", false),
    ("target.signing_time", "timestamp(0)", true),
    ("target.parent.path", "''", true),
    ("target.parent.pid", "0", false),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Default,
    Other,
    Absent,
    Unknown,
}

#[derive(Debug, Clone)]
enum Condition {
    Has(usize),
    IsDefault(usize),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// An error, such as a division by zero.
    Fails,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    Known(bool),
    Fails,
    Unknown,
}

impl Condition {
    fn source(&self) -> String {
        let joined = |conditions: &[Self], operator: &str| {
            let sources: Vec<String> = conditions.iter().map(Self::source).collect();
            format!("({})", sources.join(operator))
        };
        match self {
            Self::Has(field) => format!("has({})", FIELDS[*field].0),
            Self::IsDefault(field) => format!("{} == {}", FIELDS[*field].0, FIELDS[*field].1),
            Self::Not(inner) => format!("!({})", inner.source()),
            Self::All(conditions) => joined(conditions, " && "),
            Self::Any(conditions) => joined(conditions, " || "),
            Self::Fails => "1 / 0 == 1".to_owned(),
        }
    }

    fn truth(&self, states: &[State]) -> Truth {
        match self {
            Self::Has(field) => match states[*field] {
                State::Default => Truth::Known(FIELDS[*field].2),
                State::Other => Truth::Known(true),
                State::Absent => Truth::Known(false),
                State::Unknown => Truth::Unknown,
            },
            Self::IsDefault(field) => match states[*field] {
                State::Default | State::Absent => Truth::Known(true),
                State::Other => Truth::Known(false),
                State::Unknown => Truth::Unknown,
            },
            Self::Not(inner) => match inner.truth(states) {
                Truth::Known(flag) => Truth::Known(!flag),
                other => other,
            },
            Self::All(conditions) => decided(conditions, states, false),
            Self::Any(conditions) => decided(conditions, states, true),
            Self::Fails => Truth::Fails,
        }
    }
}

/// The value of a chain: `decisive` if an operand has it. Otherwise, unknown comes before errors.
fn decided(conditions: &[Condition], states: &[State], decisive: bool) -> Truth {
    let truths: Vec<Truth> = conditions.iter().map(|it| it.truth(states)).collect();
    if truths.contains(&Truth::Known(decisive)) {
        return Truth::Known(decisive);
    }
    truths.into_iter().max().unwrap_or(Truth::Known(!decisive))
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        4 => (0..FIELDS.len()).prop_map(Condition::Has),
        4 => (0..FIELDS.len()).prop_map(Condition::IsDefault),
        1 => Just(Condition::Fails),
    ];
    leaf.prop_recursive(4, 32, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::All),
            prop::collection::vec(inner, 2..4).prop_map(Condition::Any),
        ]
    })
}

fn states() -> impl Strategy<Value = Vec<State>> {
    let all = vec![State::Default, State::Other, State::Absent, State::Unknown];
    prop::collection::vec(prop::sample::select(all), FIELDS.len())
}

fn facts(states: &[State]) -> Facts {
    let time = |seconds| Value::Timestamp(jiff::Timestamp::from_second(seconds).unwrap());
    let values = [
        (Value::text(""), Value::text("EQHXZ8M8AV")),
        (time(0), time(1_700_000_000)),
        (Value::text(""), Value::text("/bin/sh")),
        (Value::Int(0), Value::Int(7)),
    ];
    let mut facts = Facts::default();
    for ((&(name, ..), state), (default, other)) in FIELDS.iter().zip(states).zip(values) {
        facts = match state {
            State::Default => facts.with(name, default),
            State::Other => facts.with(name, other),
            State::Absent => facts,
            State::Unknown => facts.unknown(name),
        };
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn absent_and_unknown_fields_follow_the_model(condition in condition(), states in states()) {
        let source = condition.source();
        let outcome = compile(&source).evaluate(&facts(&states), DEFAULT_COST);
        let found = match outcome {
            Ok(Value::Bool(flag)) => Truth::Known(flag),
            Err(Stop::Unknown(_)) => Truth::Unknown,
            Err(Stop::Error { .. }) => Truth::Fails,
            other => return Err(TestCaseError::fail(format!("{source}: {other:?}"))),
        };
        prop_assert_eq!(found, condition.truth(&states), "{}", source);
    }
}
