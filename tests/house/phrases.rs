//! Phrases that must not appear in comments, names and messages, each with its replacement.

/// A phrase, its replacement, and longer phrases that contain it and are correct. A phrase consists
/// of words with one space between them. `a|b` matches either word.
pub(crate) type Phrase = (&'static str, &'static str, &'static [&'static str]);

/// Phrases that must not appear in comments, names or messages.
pub(crate) const EVERYWHERE: &[Phrase] = &[
    ("in step", "up to date", &[]),
    ("speak|speaks|spoken|spoke", "match; contain; use", &[]),
    ("told|tells|tell|telling", "report; list; show; distinguish; detect", &[]),
    ("cannot say|take|tell", "cannot express; does not support", &["cannot take longer|more"]),
    ("mend|mends|mended|mending", "fix", &[]),
    ("pass|passes|passed|passing over", "ignore; skip", &[]),
    ("what waits", "pending approval", &[]),
    ("let run", "allowed", &[]),
    ("under way", "in progress", &[]),
    ("beside|besides", "in addition to; next to; also", &[]),
    ("whom", "rewrite: scope; the hosts that a rule applies to", &[]),
    ("of which", "whose; or rewrite", &[]),
    ("nobody|somebody|anybody|everybody", "no one; someone; anyone; or name them", &[]),
    ("whoever|whosoever", "anyone who; or name them", &[]),
    ("meanwhile", "at the same time", &[]),
    ("shall", "must; will", &[]),
    ("anew", "again; from scratch", &[]),
    ("on paper", "in the model", &[]),
];

pub(crate) const IN_COMMENTS: &[Phrase] = &[
    ("in force", "active; effective", &[]),
    ("is|are|was|were|becomes|became|comes|fell due", "pending", &["is|are due to"]),
    (
        "hold|holds",
        "has; contains; is valid; keep",
        &["hold|holds a|the|no|this|its|one lock|locks|guard|mutex|permit"],
    ),
    ("talk|talks|talked|talking to", "connect to", &[]),
    ("says|say|said of|otherwise", "contain; report; return", &[]),
    (
        "rule|rules|policy|row|host|mac|client|server says|say|said",
        "contains; reports; returns",
        &[],
    ),
    ("does|do|did not name", "does not contain; does not list", &[]),
    ("it|that|which|who|row|cursor|manifest|request names", "contains; lists", &[]),
    ("rule|rules|tag|tags ends|end|ended", "is deleted; expires", &[]),
    ("token|tokens ends|end|ended", "is revoked; expires", &[]),
    ("by itself|themselves", "automatically; alone", &[]),
    ("of itself|themselves", "leave it out; about itself", &[]),
    ("event|events go|goes", "are deleted", &[]),
    ("go|goes|going|went on", "continue", &[]),
    (
        "make|makes|made|making a|an|the database|rule|revision|token|tag|host|file|table|folder|cluster|page|profile|row",
        "create",
        &[],
    ),
    ("lets", "allows; or make the host the subject", &[]),
    ("take|takes|taken|took|taking in|over", "accept; load; import; read", &[]),
    ("look|looks|looked|looking at", "view; list; check", &["first look at"]),
    ("the least|most that|it|they|of", "minimum; maximum", &[]),
    ("so many|much", "N; the same number of", &["so much as|that"]),
    ("as many|much", "N; the same number of", &["as many|much as"]),
    (
        "is|are|was|were no",
        "is not a; invalid; has no",
        &["there is|are|was|were no", "is|are|was|were no longer|more"],
    ),
    (
        "is|are|was|were|be|still|not there",
        "exists; is in the file",
        &["is|are|was|were there a|an|any|no"],
    ),
    ("answer|answers|answered|answering", "response; respond; return", &[]),
    ("show|shows|showed the server", "send; present", &[]),
    ("at once", "immediately; at the same time", &[]),
    (
        "host|hosts|client|clients|mac|macs|it|they|who|one|that ask|asks|asked",
        "request; sync",
        &[],
    ),
    ("ask|asks|asked|asking the server|store|database", "request; call; query", &[]),
    ("stand|stands|stood in|on|at|there|alone|before|after|twice|where|here", "is in; is", &[]),
    ("nothing but", "only", &[]),
    ("lest|thereof|whereby|therein|hence", "rewrite", &[]),
];

/// Phrases that must not appear in messages.
pub(crate) const IN_MESSAGES: &[Phrase] = &[
    ("in force", "active; effective", &[]),
    (
        "is|are|was|were no",
        "invalid; not a valid; X not found",
        &["is|are|was|were no longer|more"],
    ),
    ("nothing waits", "no programs are pending approval", &[]),
    ("host|hosts ask|asks", "syncs; requests", &[]),
    ("hold|holds", "has; contains", &[]),
    ("make|makes|made it|a|an|one|this", "create", &[]),
    ("takes no", "does not support", &[]),
    ("not taken", "invalid; not accepted", &[]),
    ("row|rows|rule|rules|event|events|target|targets is|are wrong", "invalid", &[]),
    ("names no|it|all|the|neither", "has no; contains; sets", &[]),
    ("due", "pending", &["due to"]),
    ("ends|ended early", "stops unexpectedly", &[]),
    ("stand|stands", "is; means", &["stand|stands for"]),
    ("answer|answers|answered", "response; respond", &[]),
    ("say|says|said", "contain; report", &[]),
    ("let|lets it|them|everybody", "allow", &[]),
    ("the same way", "the same", &["in the same way"]),
    ("at once", "at the same time; immediately", &[]),
    ("by itself|themselves", "automatically", &[]),
    ("cut off", "incomplete; ends unexpectedly", &["was|were|is cut off"]),
    ("look|looked at", "view; check", &[]),
];
