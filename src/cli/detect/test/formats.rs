//! The results of tests in the formats that CI systems read.

use super::TestResult;

/// JUnit's XML, with a suite for each file.
pub(super) fn junit(results: &[TestResult]) -> String {
    let failures = |results: &[TestResult]| results.iter().filter(|it| it.is_failure()).count();
    let (tests, failed) = (results.len(), failures(results));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"nicelist detect test\" tests=\"{tests}\" failures=\"{failed}\">\n"
    );
    for suite in results.chunk_by(|a, b| a.file == b.file) {
        let file = suite.first().map_or("", |it| &*it.file);
        let (file, tests, failed) = (escaped(file), suite.len(), failures(suite));
        let head = format!("name=\"{file}\" tests=\"{tests}\" failures=\"{failed}\"");
        xml.push_str(&format!("  <testsuite {head}>\n"));
        for test in suite {
            let line = test.line.map(|line| format!(" line=\"{line}\"")).unwrap_or_default();
            let name = escaped(&test.name);
            let head = format!("name=\"{name}\" classname=\"{file}\" file=\"{file}\"{line}");
            if test.is_failure() {
                let problems = escaped(&test.problems.join("; "));
                let failure = format!("<failure message=\"{problems}\"/>");
                xml.push_str(&format!("    <testcase {head}>{failure}</testcase>\n"));
            } else {
                xml.push_str(&format!("    <testcase {head}/>\n"));
            }
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// A text in an attribute of XML. Characters that XML 1.0 does not allow are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// TAP, version 14.
pub(super) fn tap(results: &[TestResult]) -> String {
    let mut tap = format!("TAP version 14\n1..{}\n", results.len());
    for (number, test) in (1..).zip(results) {
        let word = if test.is_failure() { "not ok" } else { "ok" };
        let file = described(&test.file);
        tap.push_str(&format!("{word} {number} - {file}: {}\n", described(&test.name)));
        if test.is_failure() {
            tap.push_str("  ---\n  problems:\n");
            for problem in &test.problems {
                // A JSON string is also a YAML string.
                let problem = serde_json::Value::from(problem.as_str());
                tap.push_str(&format!("    - {problem}\n"));
            }
            tap.push_str("  ...\n");
        }
    }
    tap
}

/// A description of TAP, in which # begins a directive.
fn described(text: &str) -> String {
    let mut described = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | '\\' => described.extend(['\\', c]),
            c if c.is_control() => described.push(' '),
            c => described.push(c),
        }
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Vec<TestResult> {
        let result = |name: &str, problems: &[&str]| TestResult {
            result: if problems.is_empty() { "passed" } else { "failed" },
            file: "a & b.test.yaml".into(),
            line: Some(2),
            name: name.into(),
            problems: problems.iter().map(|it| (*it).into()).collect(),
        };
        vec![result("a \"shell\" #1", &[]), result("a <disk>", &["missing signal A"])]
    }

    #[test]
    fn junit_is_valid_xml() {
        assert_eq!(
            junit(&results()),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nicelist detect test" tests="2" failures="1">
  <testsuite name="a &amp; b.test.yaml" tests="2" failures="1">
    <testcase name="a &quot;shell&quot; #1" classname="a &amp; b.test.yaml" file="a &amp; b.test.yaml" line="2"/>
    <testcase name="a &lt;disk&gt;" classname="a &amp; b.test.yaml" file="a &amp; b.test.yaml" line="2"><failure message="missing signal A"/></testcase>
  </testsuite>
</testsuites>
"#
        );
    }

    #[test]
    fn tap_escapes_directives() {
        let expected = "TAP version 14\n1..2\nok 1 - a & b.test.yaml: a \"shell\" \\#1\nnot ok 2 - \
                        a & b.test.yaml: a <disk>\n  ---\n  problems:\n    - \"missing signal A\"\n  \
                        ...\n";
        assert_eq!(tap(&results()), expected);
    }
}
