//! What is shipped for running nodes is read as a node reads it, so that it cannot rot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use liandong_catalog::{national_regions, parse_region_csv};
use liandong_node::config::Config;
use liandong_tests::program::workspace;

/// Every key of `node.toml`, by its section.
const KEYS: [(&str, &[&str]); 10] = [
    (
        "",
        &[
            "children", "data", "hosts", "listen", "name", "region", "tree",
        ],
    ),
    ("identity", &["authority", "folder"]),
    ("parent", &["address", "key", "region"]),
    ("partner", &["address", "key", "region"]),
    (
        "reporting",
        &["grace_days", "green_from_percent", "yellow_from_percent"],
    ),
    (
        "journal",
        &[
            "checkpoint_frames",
            "free_floor_mb",
            "mirror",
            "seal",
            "segment_mb",
        ],
    ),
    ("log", &["filter", "format"]),
    ("otlp", &["endpoint"]),
    (
        "limits",
        &[
            "connection_age_minutes",
            "connections",
            "connections_per_address",
            "handshake_seconds",
            "in_flight_mb",
            "message_mb",
            "queue",
            "requests_per_connection",
            "streams_per_connection",
            "timeout_seconds",
        ],
    ),
    (
        "limits.identity",
        &[
            "mb_per_day",
            "message_mb",
            "requests_burst",
            "requests_in_flight",
            "requests_per_second",
            "streams",
        ],
    ),
];

fn deploy() -> Result<PathBuf> {
    Ok(workspace()?.join("deploy"))
}

/// The configurations in a folder, by the name of the file.
fn configurations(folder: &Path) -> Result<BTreeMap<String, Config>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let name = path.file_stem().and_then(|name| name.to_str());
            let name = name.context("a file without a name")?.to_owned();
            found.insert(name, Config::load(&path)?);
        }
    }
    Ok(found)
}

#[test]
fn every_example_is_a_configuration_with_a_readable_tree() -> Result<()> {
    let folder = deploy()?.join("examples");
    let found = configurations(&folder)?;
    let levels: Vec<&str> = found.keys().map(String::as_str).collect();
    ensure!(
        levels == ["city", "county", "province", "school", "township"],
        "{levels:?}"
    );
    for (level, config) in &found {
        let mut known = national_regions()
            .map_err(|errors| anyhow!("the national tree cannot be read: {errors:?}"))?;
        for tree in &config.tree {
            let bytes = std::fs::read(tree)?;
            let regions = parse_region_csv(&bytes, &known)
                .map_err(|errors| anyhow!("{}: {errors:?}", tree.display()))?;
            for region in regions {
                known.insert(region).ok().context("a circle")?;
            }
        }
        ensure!(
            known.contains(config.region),
            "{level}: {} is in no tree",
            config.region
        );
        if let Some(parent) = &config.parent {
            let above: Vec<_> = known.ancestors(config.region).collect();
            ensure!(
                above.contains(&parent.region),
                "{level} is not below {}",
                parent.region
            );
        }
        for child in &config.children {
            // The node would host what its own tree holds.
            ensure!(
                !known.contains(*child),
                "{level}: {child} is child and hosted at once"
            );
        }
    }
    Ok(())
}

#[test]
fn every_example_explains_every_key() -> Result<()> {
    for entry in std::fs::read_dir(deploy()?.join("examples"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let named = keys_of(&text);
        for (section, keys) in KEYS {
            for key in keys {
                let is_named = named.contains(&(section.to_owned(), (*key).to_owned()));
                ensure!(is_named, "{} does not name {section}.{key}", path.display());
            }
        }
        let known = |section: &str, key: &str| {
            KEYS.iter()
                .any(|(name, keys)| *name == section && keys.contains(&key))
        };
        for (section, key) in &named {
            ensure!(known(section, key), "{}: {section}.{key}?", path.display());
        }
    }
    Ok(())
}

/// Section and key of every line that sets one, behind a `#` or not.
fn keys_of(text: &str) -> BTreeSet<(String, String)> {
    let mut section = String::new();
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
        } else if let Some((key, _)) = line.split_once(" = ") {
            let is_key = key
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if is_key {
                found.insert((section.clone(), key.to_owned()));
            }
        }
    }
    found
}

#[test]
fn the_compose_file_runs_the_mesh_that_its_configurations_describe() -> Result<()> {
    let folder = deploy()?;
    let configs = configurations(&folder.join("compose"))?;
    ensure!(configs.len() == 12, "{} nodes", configs.len());
    let compose = std::fs::read_to_string(folder.join("compose.yaml"))?;
    let regions = national_regions().map_err(|errors| anyhow!("{errors:?}"))?;
    let mut ports = BTreeSet::new();
    for (name, config) in &configs {
        let region = config.region;
        ensure!(region.as_str() == name, "{name}.toml is of {region}");
        let service = format!("\n  n{name}:\n");
        let begins = compose
            .find(&service)
            .with_context(|| format!("no service n{name}"))?;
        let rest = &compose[begins + service.len()..];
        let ends = rest.find("\n\n").unwrap_or(rest.len());
        let service = &rest[..ends];
        let mounts = format!("./compose/{name}.toml:/etc/liandong/node.toml:ro");
        ensure!(
            service.contains(&mounts),
            "n{name} has another configuration"
        );
        ensure!(
            service.contains(&format!("d{name}:/var/lib/liandong")),
            "n{name} keeps no data"
        );
        ensure!(
            config.data == Path::new("/var/lib/liandong/data"),
            "{name} writes elsewhere"
        );
        let identity = config.identity.as_deref();
        ensure!(
            identity == Some(Path::new("/var/lib/liandong/identity")),
            "{name} has its certificate elsewhere: {identity:?}"
        );
        ensure!(
            compose.contains(&format!("d{name}:/nodes/{name}\n")),
            "no certificate is made for {name}"
        );
        ensure!(config.listen.port() == 7410, "{name} listens elsewhere");
        let port = service
            .split("127.0.0.1:")
            .nth(1)
            .and_then(|rest| rest.split(':').next());
        ensure!(
            ports.insert(port.context("no port")?.to_owned()),
            "n{name} shares its port"
        );

        let above = regions.ancestors(region).next();
        let parent = config.parent.as_ref().map(|parent| parent.region);
        ensure!(
            above == parent,
            "{name} dials {parent:?} and stands below {above:?}"
        );
        for peer in config.parent.iter().chain(&config.partners) {
            let address = format!("https://n{}:7410", peer.region);
            let named = peer.address.as_ref().is_none_or(|named| *named == address);
            ensure!(named, "{name} dials {peer:?}");
            let other = configs.get(peer.region.as_str());
            ensure!(
                other.is_some(),
                "{name} dials a node that is not there: {peer:?}"
            );
        }
        for partner in &config.partners {
            let other = configs.get(partner.region.as_str()).context("no partner")?;
            let back = other.partners.iter().find(|back| back.region == region);
            let back = back.with_context(|| format!("{} does not know {name}", partner.region))?;
            let dials =
                usize::from(back.address.is_some()) + usize::from(partner.address.is_some());
            ensure!(
                dials == 1,
                "{dials} sides of {name} and {} dial",
                partner.region
            );
        }
    }
    Ok(())
}
