//! Nodes that are started to be measured: as they are shipped, with certificates, on loopback.

use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use liandong_client::{Client, ClientError, ConnectOptions, Credentials};
use liandong_core::identity::Role;
use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use liandong_identity::Folder;

use super::error::BenchError;
use crate::local::{NODE, Realm, Running, Starting, Workdir, make_dir, person, stop, write};

/// The trust domain of the nodes.
const DOMAIN: &str = "bench.example";

/// Nodes, each with its region.
pub(super) struct Nodes {
    base: PathBuf,
    lock: File,
    language: Language,
    running: Vec<(RegionCode, Running)>,
}

impl Nodes {
    /// None yet.
    pub(super) fn new(workdir: &Workdir, language: Language) -> Result<Self, BenchError> {
        Ok(Self {
            base: workdir.path().to_owned(),
            lock: workdir.lock()?,
            language,
            running: Vec::new(),
        })
    }

    /// Starts a node for every region, each the parent of the next; the last one has schools.
    pub(super) async fn start(
        &mut self,
        part: &str,
        regions: &[RegionCode],
        schools: &[String],
    ) -> Result<(), BenchError> {
        let base = self.base.join(part);
        if let Some(top) = regions.first() {
            let realm = Realm::found(&base, *top, DOMAIN)?;
            for region in regions {
                realm.issue(*region, Role::Node)?;
                realm.issue(*region, Role::Admin)?;
            }
        }
        let mut parent: Option<(RegionCode, String)> = None;
        for (place, region) in (1..).zip(regions) {
            let dir = base.join(region.as_str());
            make_dir(&dir)?;
            let has_schools = place == regions.len();
            let tree = if has_schools { schools } else { &[] };
            write(&dir.join("schools.csv"), &tree_csv(*region, tree))?;
            write(&dir.join("node.toml"), &node_toml(*region, parent.as_ref()))?;
            let starting = Starting::spawn(*region, dir, &self.lock)?;
            let running = starting.meet(self.options(&base, *region)?).await?;
            parent = Some((*region, running.address().to_owned()));
            self.running.push((*region, running));
        }
        Ok(())
    }

    /// How a node's administrator dials it.
    fn options(&self, base: &Path, region: RegionCode) -> Result<ConnectOptions, BenchError> {
        let admin = Folder::at(person(base, region, Role::Admin));
        Ok(ConnectOptions {
            language: self.language,
            credentials: Some(Credentials::of_folder(admin).map_err(ClientError::from)?),
            ..ConnectOptions::default()
        })
    }

    /// The same, for the nodes of a part.
    pub(super) fn options_of(
        &self,
        part: &str,
        region: RegionCode,
    ) -> Result<ConnectOptions, BenchError> {
        self.options(&self.base.join(part), region)
    }

    /// A node that runs.
    pub(super) fn node(&self, region: RegionCode) -> Option<&Running> {
        let mut of_region = self.running.iter().filter(|(of, _)| *of == region);
        of_region.next().map(|(_, node)| node)
    }

    /// Its client.
    pub(super) fn client(&self, region: RegionCode) -> Result<Client, BenchError> {
        let node = self.node(region);
        node.map(|node| node.client().clone())
            .ok_or_else(|| BenchError::Fell(region, String::new()))
    }

    /// Kills a node and starts it again on the data it left; how long its end took.
    pub(super) async fn kill_and_restart(
        &mut self,
        part: &str,
        region: RegionCode,
    ) -> Result<Duration, BenchError> {
        let base = self.base.join(part);
        let begun = Instant::now();
        if let Some(place) = self.running.iter().position(|(of, _)| *of == region) {
            let (_, killed) = self.running.remove(place);
            killed.kill().await?;
        }
        let killed = begun.elapsed();
        let starting = Starting::spawn(region, base.join(region.as_str()), &self.lock)?;
        let running = starting.meet(self.options(&base, region)?).await?;
        self.running.push((region, running));
        Ok(killed)
    }

    /// The first node that ended by itself, with the end of its log.
    pub(super) fn fallen(&mut self) -> Option<(RegionCode, String)> {
        let mut nodes = self.running.iter_mut();
        nodes.find_map(|(region, node)| Some((*region, node.fallen()?)))
    }

    /// Stops all of them and waits until they are gone.
    pub(super) async fn stop(&mut self) {
        stop(self.running.drain(..).map(|(_, node)| node)).await;
    }
}

fn tree_csv(region: RegionCode, schools: &[String]) -> String {
    let mut rows = String::from("code,name,parent,level,kind\n");
    for school in schools {
        // Writing to a text does not fail.
        let _ = writeln!(
            rows,
            "{school},样例小学 {school},{region},unit,primary-school"
        );
    }
    rows
}

/// What has to be said; all else is as it is shipped.
fn node_toml(region: RegionCode, parent: Option<&(RegionCode, String)>) -> String {
    let mut text = format!(
        "region = \"{region}\"\ndata = \"data\"\nlisten = \"127.0.0.1:0\"\ntree = [\"schools.csv\"]\n"
    );
    if let Some((region, address)) = parent {
        let _ = write!(
            text,
            "\n[parent]\nregion = \"{region}\"\naddress = \"{address}\"\n"
        );
    }
    let _ = write!(text, "\n[identity]\nfolder = \"{NODE}\"\n");
    text
}
