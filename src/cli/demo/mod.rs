//! `nicelist demo`: a server, a small fleet that syncs with it, and a short tour.

mod fleet;
mod story;

use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use super::context::Context;
use super::error::{CliError, Kind};
use super::serve;
use super::signals::shutdown;
use crate::client::Client;
use crate::server::{App, Options};
use fleet::Fleet;
use story::Story;

/// Maximum width of the story in columns, also in a pipe.
const WIDTH: usize = 80;
/// The pause between two syncs of the Macs after the tour.
const SYNC_EVERY: Duration = Duration::from_secs(10);

/// Try nicelist on this machine with a simulated fleet
///
/// Starts a server on a free loopback port with a temporary database. Five simulated Macs sync with
/// it over HTTP, and the demo shows how a blocked program is approved. The server then runs until
/// Ctrl-C, and the Macs sync every 10 seconds, so that you can try commands. Everything is deleted
/// at the end.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist demo
  nicelist demo --once")]
pub(crate) struct DemoArgs {
    /// Exit at the end of the tour
    #[arg(long)]
    once: bool,
}

pub(super) fn run(context: &Context, args: &DemoArgs) -> Result<(), CliError> {
    serve::runtime()?.block_on(demo(context, args))
}

async fn demo(context: &Context, args: &DemoArgs) -> Result<(), CliError> {
    let folder = tempfile::tempdir()?;
    let failed = |error: crate::server::ServerError| CliError::failed(error.to_string());
    let options = Options {
        database: format!("sqlite:{}", folder.path().join("nicelist.db").display()),
        first_tokens: true,
        ..Options::default()
    };
    let app = App::open(options).await.map_err(failed)?;
    let first = app.first_start().cloned();
    let secrets = first.and_then(|first| Some((first.admin_token?, first.enrollment_secret?)));
    let (token, secret) =
        secrets.ok_or_else(|| CliError::failed("the demo's database is not empty"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let server = format!("http://{}", listener.local_addr()?);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let tour = async {
        let url = url::Url::parse(&server).map_err(|error| CliError::failed(error.to_string()))?;
        let client = Client::http(&url, Some(&token), None)?;
        let (ui, width) = (&context.ui, context.ui.limit_width(WIDTH));
        let story = Story { ui, width, client: &client, server: &server, token: &token };
        let mut fleet = Fleet::connect(&format!("{server}/santa/{secret}/"))?;
        let mut interrupted = pin!(shutdown()?);
        tokio::select! {
            outcome = story.run(&mut fleet) => outcome?,
            () = &mut interrupted => {
                return Err(CliError::new(Kind::Interrupted, "interrupted"));
            }
        }
        if args.once {
            story.suggest_to_stay()?;
        } else {
            ui.status("The server runs and the Macs sync every 10 seconds, until Ctrl-C.");
            story.suggest_an_approval()?;
            tokio::select! {
                () = fleet.keep_syncing(SYNC_EVERY) => {}
                () = &mut interrupted => {}
            }
        }
        drop(end);
        Ok::<(), CliError>(())
    };
    let shutdown = async move { drop(ended.await) };
    let (_, result) = tokio::join!(app.serve(listener, None, shutdown), tour);
    result
}
