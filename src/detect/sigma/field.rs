//! The fields of Sigma rules, and the fields of events that they become.

use crate::rule::words;

/// The categories of Sigma's log sources that have events of their own in telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    ProcessCreation,
    FileEvent,
}

words!(Category { ProcessCreation = "process_creation", FileEvent = "file_event", });

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Image,
    CommandLine,
    ParentImage,
    User,
    TargetFilename,
}

words!(Field {
    Image = "Image",
    CommandLine = "CommandLine",
    ParentImage = "ParentImage",
    User = "User",
    TargetFilename = "TargetFilename",
});

/// The kinds of events that a category becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Execution,
    Close,
    Rename,
    Copyfile,
    Clone,
    Link,
}

impl EventKind {
    pub(super) const fn of(category: Category) -> &'static [Self] {
        match category {
            Category::ProcessCreation => &[Self::Execution],
            Category::FileEvent => {
                &[Self::Close, Self::Rename, Self::Copyfile, Self::Clone, Self::Link]
            }
        }
    }

    /// The expression that is true for events of this kind.
    pub(super) const fn guard(self) -> &'static str {
        match self {
            Self::Execution => r#"kind == "execution""#,
            Self::Close => "kind == \"close\" &&\nclose.modified",
            Self::Rename => r#"kind == "rename""#,
            Self::Copyfile => r#"kind == "copyfile""#,
            Self::Clone => r#"kind == "clone""#,
            Self::Link => r#"kind == "link""#,
        }
    }

    /// The expression for a field. Fields that the category does not have were refused before.
    pub(super) const fn field(self, field: Field) -> &'static str {
        match (self, field) {
            (Self::Execution, Field::Image) => "execution.target.executable.path",
            (Self::Execution, Field::User) => "execution.target.effective_user.name",
            // The arguments contain the name of the program, as a command line does.
            (_, Field::CommandLine) => "execution.args.join(\" \")",
            // The instigator of an execution is the image before exec, not the parent.
            (_, Field::ParentImage) => "parent.path",
            (Self::Execution, Field::TargetFilename) => "",
            (Self::Close, Field::Image) => "close.instigator.executable.path",
            (Self::Close, Field::User) => "close.instigator.effective_user.name",
            (Self::Close, Field::TargetFilename) => "close.target.path",
            (Self::Rename, Field::Image) => "rename.instigator.executable.path",
            (Self::Rename, Field::User) => "rename.instigator.effective_user.name",
            (Self::Rename, Field::TargetFilename) => "rename.target",
            (Self::Copyfile, Field::Image) => "copyfile.instigator.executable.path",
            (Self::Copyfile, Field::User) => "copyfile.instigator.effective_user.name",
            (Self::Copyfile, Field::TargetFilename) => "copyfile.target",
            (Self::Clone, Field::Image) => "clone.instigator.executable.path",
            (Self::Clone, Field::User) => "clone.instigator.effective_user.name",
            (Self::Clone, Field::TargetFilename) => "clone.target",
            (Self::Link, Field::Image) => "link.instigator.executable.path",
            (Self::Link, Field::User) => "link.instigator.effective_user.name",
            (Self::Link, Field::TargetFilename) => "link.target",
        }
    }
}

impl Field {
    /// The field with this name in a rule of this category, or why it cannot be converted.
    pub(super) fn find(name: &str, category: Category) -> Result<Self, String> {
        let Some(field) = Self::from_word(name) else {
            return Err(format!("the field {name} has no equivalent in the telemetry of a Mac"));
        };
        match (category, field) {
            (_, Self::Image | Self::User)
            | (Category::ProcessCreation, Self::CommandLine | Self::ParentImage)
            | (Category::FileEvent, Self::TargetFilename) => Ok(field),
            (Category::ProcessCreation, Self::TargetFilename)
            | (Category::FileEvent, Self::CommandLine | Self::ParentImage) => {
                Err(format!("the field {field} has no equivalent in events of {category}"))
            }
        }
    }
}
