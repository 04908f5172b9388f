//! `nicelist enroll profile`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueHint};
use tempfile::NamedTempFile;

use crate::api::{Code, TokenRequest};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::pem;
use crate::cli::policy_files::{STDIO, unwritable};
use crate::cli::secret_file;
use crate::client::{Authorities, ClientError};
use crate::config::CaFile;
use crate::fleet::{Role, TokenName};
use crate::format::enrollment::{
    CertificatePassword, ClientCertificate, Enrollment, EnrollmentSecret, Organization,
    ProfileIdentifier, RootCertificates, SecretPlace, SyncUrl,
};
use crate::shell::argument;

/// Write a configuration profile that enrolls Macs
///
/// The profile makes Santa sync with the server. Upload it to your MDM server: docs/ENROLLING.md
/// shows how. The same options result in the same profile, so a second upload changes nothing.
///
/// --secret creates an enrollment secret on the server and includes it. The server does not store
/// secrets in readable form. To include an existing secret, use --secret-file. A profile with a
/// secret is not shown on a terminal, unless -O - is given. An existing file is replaced only with
/// --force, because it may contain the only copy of its secret.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("any_secret").args(["secret", "secret_file"])))]
#[command(after_long_help = "\
Examples:
  nicelist enroll profile --url https://santa.example.com/santa/ \\
      --secret macs --with-approvals -O santa.mobileconfig
  nicelist enroll profile --url https://santa.example.com/santa/ \\
      --secret-file secret.txt --ca server-ca.pem -O santa.mobileconfig
  nicelist enroll profile --url https://santa.example.com/santa/ \\
      --client-certificate 'issuer:Santa Macs CA' \\
      --organization 'Example Inc.' > santa.mobileconfig")]
pub(crate) struct ProfileArgs {
    /// URL of the server, as Macs reach it
    #[arg(long, value_name = "URL")]
    url: SyncUrl,
    /// Create an enrollment secret with this name on the server, and include it
    #[arg(long, value_name = "NAME")]
    secret: Option<TokenName>,
    /// Include the enrollment secret from this file; - reads stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    secret_file: Option<PathBuf>,
    /// Put the secret into the URL, for Santa before 2023.7
    #[arg(long, requires = "any_secret")]
    secret_in_url: bool,
    /// Include the CAs from this PEM file; Macs then trust only these for the server
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca: Option<CaFile>,
    /// Client certificate of Macs: file:PATH (a PKCS#12 file on the Mac), or cn:NAME or
    /// issuer:NAME (in the system keychain)
    #[arg(long, value_name = "WHICH")]
    client_certificate: Option<ClientCertificate>,
    /// File with the password of the PKCS#12 file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(requires = "client_certificate")]
    certificate_password_file: Option<PathBuf>,
    /// Also approve Santa's system extension, full disk access, background service and notifications
    #[arg(long)]
    with_approvals: bool,
    /// Identifier; a profile replaces an installed one with the same identifier
    #[arg(long, value_name = "ID", default_value = "nicelist.enrollment")]
    identifier: ProfileIdentifier,
    /// Organization that System Settings shows
    #[arg(long, value_name = "NAME")]
    organization: Option<Organization>,
    /// File to write; - writes to stdout, even if it is a terminal
    #[arg(short = 'O', long = "out", value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

pub(super) async fn run(context: &Context, args: ProfileArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let has_secret = args.secret.is_some()
        || args.secret_file.is_some()
        || args.certificate_password_file.is_some();
    if has_secret && args.out.is_none() && ui.is_terminal() {
        return Err(CliError::usage("the profile has a secret, which is not shown on a terminal")
            .hint("to write it to a file: -O santa.mobileconfig"));
    }
    let certificate = certificate(&args)?;
    let roots = args.ca.as_ref().map(|ca| roots(ca.path())).transpose()?;
    // The file is created before the secret, because a secret is lost if it cannot be written.
    let out = args.out.as_deref().filter(|path| *path != Path::new(STDIO));
    if let Some(path) = out.filter(|path| path.exists() && !args.force) {
        // The file may contain the only copy of its secret.
        return Err(CliError::failed(format!("{} already exists", path.display()))
            .hint(format!("to replace it: {}", ui.again("--force"))));
    }
    let out = out.map(Unfinished::create).transpose()?;
    let secret = match (&args.secret, &args.secret_file) {
        (Some(name), _) => Some(create_secret(context, name).await?),
        (None, Some(path)) => Some(secret_file::read::<EnrollmentSecret>(path)?),
        (None, None) => None,
    };
    let enrollment = Enrollment {
        url: args.url,
        secret,
        secret_place: if args.secret_in_url { SecretPlace::Url } else { SecretPlace::Header },
        roots,
        certificate,
        identifier: args.identifier,
        organization: args.organization,
        with_approvals: args.with_approvals,
    };
    if !enrollment.has_credential() {
        ui.warn(
            "the profile has neither an enrollment secret nor a client certificate, so only a \
             server with --sync-auth none accepts it; to add a secret: --secret NAME",
        );
    }
    let profile = enrollment.profile();
    let Some(out) = out else { return ui.raw(&profile) };
    let path = out.path.display().to_string();
    out.write(&profile)?;
    let secret = if has_secret { "; it contains a secret" } else { "" };
    ui.status(format!("wrote the profile to {path}{secret}"));
    ui.hint(format!("to try it: nicelist lab sync --profile {}", argument(&path)));
    Ok(())
}

/// The client certificate with its password.
fn certificate(args: &ProfileArgs) -> Result<Option<ClientCertificate>, CliError> {
    let certificate = args.client_certificate.clone();
    let Some(file) = &args.certificate_password_file else { return Ok(certificate) };
    match certificate {
        Some(ClientCertificate::File { path, password: _ }) => {
            let password = Some(secret_file::read::<CertificatePassword>(file)?);
            Ok(Some(ClientCertificate::File { path, password }))
        }
        Some(ClientCertificate::CommonName(_) | ClientCertificate::Issuer(_)) | None => {
            Err(CliError::usage("only a certificate in a file has a password")
                .hint("use --client-certificate file:PATH"))
        }
    }
}

fn roots(path: &Path) -> Result<RootCertificates, CliError> {
    let text = pem::read(path)?;
    let invalid = |error| CliError::usage(format!("{}: {error}", path.display()));
    let roots = RootCertificates::of_pem(&text).map_err(invalid)?;
    // The profile has the text of the file, but an invalid certificate would stop every sync.
    match Authorities::from_pem(&text) {
        Some(_) => Ok(roots),
        None => Err(pem::no_certificate(path)),
    }
}

async fn create_secret(context: &Context, name: &TokenName) -> Result<EnrollmentSecret, CliError> {
    let request = TokenRequest { name: name.clone(), role: Role::Enrollment, expires: None };
    let created = context.client_to_change(false).await?.create_token(&request).await;
    let token = created.map_err(|error| {
        let exists =
            matches!(&error, ClientError::Problem(problem) if problem.code == Code::Guarded);
        let error = CliError::from(error);
        match exists {
            true => error.hint("to include an existing secret: --secret-file FILE"),
            false => error,
        }
    })?;
    let unusable =
        |error| CliError::failed(format!("the secret that the server created is invalid: {error}"));
    let secret: EnrollmentSecret = token.secret.parse().map_err(unusable)?;
    context
        .ui
        .status(format!("created the enrollment secret {name}; only the profile contains it"));
    Ok(secret)
}

/// A file that replaces the one at `path` when it is complete. Only its owner can read it.
struct Unfinished<'p> {
    path: &'p Path,
    file: NamedTempFile,
}

impl<'p> Unfinished<'p> {
    fn create(path: &'p Path) -> Result<Self, CliError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        Ok(Self { path, file: file.map_err(|error| unwritable(path, &error))? })
    }

    fn write(mut self, bytes: &[u8]) -> Result<(), CliError> {
        let written = self.file.write_all(bytes);
        let written =
            written.and_then(|()| self.file.persist(self.path).map_err(|error| error.error));
        written.map(drop).map_err(|error| unwritable(self.path, &error))
    }
}
