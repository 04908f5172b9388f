//! What Santa does with the result of an expression.

use super::santa_cel::{result_name, schema};
use super::{Execution, PolicyKind};
use crate::cel::{Expression, Outcome, Stop};

/// The cost limit of an evaluation on the server.
const COST: u64 = 20_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CelVerdict {
    Policy(PolicyKind),
    /// The result is `UNSPECIFIED`. Santa continues as if no rule matched.
    NoRule,
    /// The result depends on these variables and fields, which are unknown.
    Unknown(Vec<String>),
    /// The evaluation failed for this reason. Santa continues as if no rule matched.
    Failed(String),
}

impl CelVerdict {
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Ok(value) => {
                let policy = result_name(value).and_then(|name| name.parse().ok());
                policy.map_or(Self::NoRule, Self::Policy)
            }
            Err(Stop::Unknown(names)) => {
                Self::Unknown(names.iter().map(ToString::to_string).collect())
            }
            Err(Stop::Error { reason, .. }) => Self::Failed(reason.to_string()),
            Err(Stop::CostLimit) => Self::Failed("the evaluation is too expensive".to_owned()),
        }
    }

    /// The verdict of an expression for one execution. None if the expression is not valid, which
    /// is possible if another version of nicelist stored it.
    pub fn evaluate(expression: &Expression, execution: &Execution) -> Option<Self> {
        let program = expression.compile(schema()).ok()?;
        Some(Self::of(&program.evaluate(execution, COST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::Value;

    #[test]
    fn each_result_of_an_expression_has_a_verdict() {
        let mut execution = Execution::default();
        execution.set("path", Value::text("/bin/sh"));
        execution.set("args", Value::texts(["sh"]));
        let verdict = |source: &str| {
            let expression = Expression::parse(source, schema()).unwrap();
            CelVerdict::evaluate(&expression, &execution).unwrap()
        };
        assert_eq!(verdict("path == '/bin/sh'"), CelVerdict::Policy(PolicyKind::Allow));
        assert_eq!(verdict("path != '/bin/sh'"), CelVerdict::Policy(PolicyKind::Block));
        assert_eq!(verdict("SILENT_GUI_BLOCKLIST"), CelVerdict::Policy(PolicyKind::SilentBlockGui));
        assert_eq!(verdict("UNSPECIFIED"), CelVerdict::NoRule);
        assert_eq!(verdict("euid == 0"), CelVerdict::Unknown(vec!["euid".to_owned()]));
        let failed = CelVerdict::Failed("the index is out of range".to_owned());
        assert_eq!(verdict("args[1] == '-c'"), failed);
        let stored = Expression::stored("euid == 'a'", schema());
        assert_eq!(CelVerdict::evaluate(&stored, &execution), None);
    }
}
