//! The files in `packaging/`: the systemd unit, the metadata of the Debian package, and the default
//! configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use crate::shell::Shell;

/// The exposure that `systemd-analyze security` may report, in tenths.
const EXPOSURE: &str = "--threshold=20";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn analyze(arguments: &[&str], unit: &Path) -> String {
    let output = Command::new("systemd-analyze").args(arguments).arg(unit).output();
    let output = output.expect("systemd-analyze runs: on Debian, apt-get install systemd");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{arguments:?}\n{text}");
    text
}

#[test]
fn the_unit_is_correct_and_hardened_with_and_without_tls() {
    let shell = Shell::new();
    // The program must exist, so that systemd accepts the unit.
    let unit = read("packaging/nicelist.service");
    assert!(unit.contains("\nExecStart=/usr/bin/nicelist serve "), "{unit}");
    let unit = unit.replace("/usr/bin/nicelist", env!("CARGO_BIN_EXE_nicelist"));
    shell.write("nicelist.service", &unit);
    let path = shell.path("nicelist.service");
    let check = || {
        let found = analyze(&["verify", "--man=no"], &path);
        assert!(!found.contains("nicelist.service"), "{found}");
        analyze(&["security", "--offline=true", EXPOSURE], &path);
    };
    check();
    fs::create_dir(shell.path("nicelist.service.d")).unwrap();
    shell.write("nicelist.service.d/tls.conf", &read("packaging/tls.conf"));
    check();
}

#[test]
fn the_default_files_of_the_service_are_accepted() {
    let mut shell = Shell::new();
    shell.write("config.toml", &read("packaging/config.toml"));
    shell.set("NICELIST_CONFIG", "config.toml");
    let database = shell.run("config get database");
    assert!(database.contains("sqlite:/var/lib/nicelist/nicelist.db\n"), "{database}");
    let default = read("packaging/default");
    let options = default.lines().find_map(|line| line.strip_prefix("NICELIST_SERVE_OPTIONS="));
    let options = options.unwrap().trim_matches('"');
    // The invalid database prevents a start. An unknown option would be reported instead of it.
    let transcript = shell.run(&format!("serve {options} --database sqlite:"));
    assert!(transcript.contains("the path is missing"), "{transcript}");
    assert!(!transcript.contains("unexpected argument"), "{transcript}");
}

struct DebianPackage {
    metadata: Table,
}

impl DebianPackage {
    fn read() -> Self {
        let cargo: Table = read("Cargo.toml").parse().unwrap();
        let metadata = cargo["package"]["metadata"]["deb"].as_table().unwrap().clone();
        Self { metadata }
    }

    /// The source and the target of each asset.
    fn assets(&self) -> Vec<(&str, &str)> {
        let assets = self.metadata["assets"].as_array().unwrap().iter();
        assets.map(|asset| (text(&asset[0]), text(&asset[1]))).collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The files that a path with at most one `*` in its last part matches.
fn matches(pattern: &str) -> Vec<PathBuf> {
    let path = root().join(pattern);
    let name = path.file_name().unwrap().to_str().unwrap();
    let Some((start, end)) = name.split_once('*') else {
        return if path.is_file() { vec![path] } else { Vec::new() };
    };
    let entries = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let matches = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(start) && name.ends_with(end)
    };
    entries.filter(matches).collect()
}

#[test]
fn the_debian_package_has_every_manual_page_and_completion() {
    let package = DebianPackage::read();
    let mut packaged = Vec::new();
    for (source, target) in package.assets() {
        assert!(!target.starts_with('/'), "{target} is relative to the root of the package");
        // Cargo builds this file later.
        if source != "target/release/nicelist" {
            let found = matches(source);
            assert!(!found.is_empty(), "{source} does not exist");
            packaged.extend(found);
        }
    }
    for folder in ["man", "completions"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            assert!(packaged.contains(&path), "{} is not in the package", path.display());
        }
    }
}

#[test]
fn the_debian_package_keeps_changed_configuration_and_creates_the_user() {
    let package = DebianPackage::read();
    let metadata = &package.metadata;
    for file in metadata["conf-files"].as_array().unwrap() {
        let relative = text(file).trim_start_matches('/');
        let is_packaged = package.assets().iter().any(|(_, target)| *target == relative);
        assert!(is_packaged, "{relative} is not in the package");
    }
    let unit = read("packaging/nicelist.service");
    assert!(unit.contains("\nUser=nicelist\n"), "{unit}");
    assert!(read("packaging/sysusers.conf").starts_with("u nicelist "));
    let scripts = text(&metadata["maintainer-scripts"]);
    for entry in fs::read_dir(root().join(scripts)).unwrap() {
        let path = entry.unwrap().path();
        let script = fs::read_to_string(&path).unwrap();
        // cargo-deb replaces this word with the commands for the unit.
        assert!(script.contains("\n#DEBHELPER#\n"), "{}", path.display());
        let syntax = Command::new("sh").arg("-n").arg(&path).status().unwrap();
        assert!(syntax.success(), "{}", path.display());
    }
}

#[test]
fn the_container_runs_as_its_own_user_with_a_volume_and_a_health_check() {
    let file = read("packaging/Containerfile");
    let (_, image) = file.rsplit_once("\nFROM ").unwrap();
    for line in [
        "USER 10001:10001",
        "VOLUME /var/lib/nicelist",
        "ENTRYPOINT [\"/usr/bin/nicelist\"]",
        "ENV NICELIST_DATABASE=sqlite:/var/lib/nicelist/nicelist.db",
    ] {
        assert!(image.lines().any(|found| found == line), "no {line:?} in\n{image}");
    }
    assert!(image.contains("\nHEALTHCHECK ") && image.contains("\nSTOPSIGNAL SIGTERM"), "{image}");
    let minimum = read("Cargo.toml").parse::<Table>().unwrap();
    let minimum = text(&minimum["package"]["rust-version"]).to_owned();
    assert!(file.contains(&format!("rust:{minimum}-")), "the image of Rust {minimum} is not used");
}
