//! Declares the commands of a noun. Each command gets a variant with its arguments, and a call to
//! the function `run` of its module.

macro_rules! commands {
    ($(#[$about:meta])+ $($variant:ident => $module:ident::$args:ident,)+) => {
        $(#[$about])+
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum Command {
            $($variant(Box<$module::$args>),)+
        }

        pub(in crate::cli) async fn run(
            context: &$crate::cli::context::Context,
            command: Command,
        ) -> Result<(), $crate::cli::error::CliError> {
            match command {
                $(Command::$variant(args) => $module::run(context, *args).await,)+
            }
        }
    };
}

pub(super) use commands;
