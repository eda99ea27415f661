//! The certificates of the compose file's nodes, as its script makes them with the program.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use liandong_identity::Folder;
use liandong_tests::program::{liandong, workspace};

/// The folder of the program, before everything else that is found by name.
fn path_with_program() -> Result<std::ffi::OsString> {
    let program = liandong()?;
    let own = program.parent().context("a program in no folder")?;
    let before = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(own.to_owned()).chain(std::env::split_paths(&before));
    Ok(std::env::join_paths(all)?)
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn every_node_of_the_compose_file_gets_a_certificate_once() -> Result<()> {
    let place = tempfile::tempdir()?;
    let deploy = workspace()?.join("deploy");
    let make = || -> Result<()> {
        let mut script = Command::new("sh");
        script.arg(deploy.join("compose/certificates.sh"));
        script.arg(place.path()).env("PATH", path_with_program()?);
        let output = script.output().context("cannot start a shell")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{said}");
        Ok(())
    };
    make()?;
    let own = |region: &str, name: &str| -> Result<String> {
        let folder = Folder::at(place.path().join(region).join(name));
        let own = folder.own()?.context("no certificate")?;
        let identity = own.chain.leaf.identity().context("nobody's")?;
        Ok(format!("{identity} {}", own.chain.leaf.serial()))
    };
    let mut made = Vec::new();
    for entry in std::fs::read_dir(deploy.join("compose"))? {
        let file = entry?.path();
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let region = file.file_stem().and_then(|stem| stem.to_str());
        let region = region.context("a strange name")?.to_owned();
        let domain = if region.starts_with("37") {
            "shandong"
        } else {
            "chongqing"
        };
        for (name, role) in [("identity", "node"), ("admin", "admin")] {
            let found = own(&region, name)?;
            let expected = format!("spiffe://{domain}.example/region/{region}/{role} ");
            ensure!(found.starts_with(&expected), "{found}");
            made.push((region.clone(), name, found));
        }
    }
    ensure!(made.len() == 24, "{} certificates", made.len());
    for (region, other) in [("371500", "chongqing"), ("500243", "shandong")] {
        let folder = Folder::at(place.path().join(region).join("identity"));
        let other = format!("{other}.example").parse()?;
        ensure!(
            folder.roots(&other)?.is_some(),
            "{region} trusts no {other}"
        );
    }
    // What is there stays.
    make()?;
    for (region, name, found) in made {
        ensure!(
            own(&region, name)? == found,
            "{region}/{name} is another one"
        );
    }
    Ok(())
}
