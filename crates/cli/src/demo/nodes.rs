//! The nodes of the demonstration: real processes of this same program on the loopback interface.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};

use liandong_client::{Client, ClientError, ConnectOptions, Credentials};
use liandong_core::identity::Role;
use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use liandong_identity::Folder;

use super::error::DemoError;
use super::identities;
use super::world::World;
use crate::local::{LocalError, NODE, Running, Starting, Workdir, make_dir, person, stop, write};
use crate::relay::Relay;

/// All nodes that were started.
#[derive(Debug)]
pub(super) struct Mesh {
    base: PathBuf,
    lock: File,
    language: Language,
    nodes: BTreeMap<RegionCode, Running>,
}

impl Mesh {
    /// No nodes yet.
    pub(super) fn new(workdir: &Workdir, language: Language) -> Result<Self, DemoError> {
        Ok(Self {
            base: workdir.path().to_owned(),
            lock: workdir.lock()?,
            language,
            nodes: BTreeMap::new(),
        })
    }

    /// Starts every node, those above before those below, because a node dials the one above.
    pub(super) async fn start(&mut self, world: &World) -> Result<(), DemoError> {
        let places = &world.places;
        identities::make(&self.base, places)?;
        self.start_some(world, &[places.shandong, places.chongqing])
            .await?;
        self.start_some(world, &[places.liaocheng]).await?;
        let mut lower = vec![places.pengshui];
        lower.extend(&places.counties);
        self.start_some(world, &lower).await
    }

    /// Starts some nodes side by side.
    async fn start_some(&mut self, world: &World, regions: &[RegionCode]) -> Result<(), DemoError> {
        for region in regions {
            self.prepare(world, *region)?;
        }
        let mut starting = Vec::new();
        for region in regions {
            starting.push((*region, self.spawn(*region)?));
        }
        for (region, node) in starting {
            self.meet(region, node).await?;
        }
        Ok(())
    }

    /// Writes a node's configuration and tree of sample schools.
    fn prepare(&self, world: &World, region: RegionCode) -> Result<(), DemoError> {
        let dir = self.dir(region);
        make_dir(&dir)?;
        let reports = world.places.reporting().contains(&region);
        if reports {
            let mut rows = String::from("code,name,parent,level,kind\n");
            for school in world.sources(region)?.iter().skip(1) {
                let (code, name) = (school.code, &school.name);
                let line = format!("{code},{name},{region},unit,{}\n", school.kind.word());
                rows.push_str(&line);
            }
            write(&dir.join("schools.csv"), &rows)?;
        }
        let config = self.config(world, region, reports);
        Ok(write(&dir.join("node.toml"), &config)?)
    }

    fn config(&self, world: &World, region: RegionCode, reports: bool) -> String {
        let places = &world.places;
        let tree = if reports { r#"["schools.csv"]"# } else { "[]" };
        let mut text = format!(
            "region = \"{region}\"\ndata = \"data\"\nlisten = \"127.0.0.1:0\"\ntree = {tree}\n"
        );
        let mut peer = |table: &str, peer: RegionCode, address: Option<&str>| {
            // Writing to a text does not fail.
            let _ = writeln!(text, "\n{table}\nregion = \"{peer}\"");
            if let Some(address) = address {
                let _ = writeln!(text, "address = \"{address}\"");
            }
        };
        if let Some(parent) = places.parent(region) {
            peer("[parent]", parent, self.address(parent));
        }
        if region == places.liaocheng {
            peer("[[partner]]", places.pengshui, None);
        }
        if region == places.pengshui {
            peer(
                "[[partner]]",
                places.liaocheng,
                self.address(places.liaocheng),
            );
        }
        let _ = write!(text, "\n[identity]\nfolder = \"{NODE}\"\n");
        let _ = write!(
            text,
            "\n[reporting]\ngrace_days = {}\n\n[journal]\nsegment_mb = 4\nfree_floor_mb = 16\n",
            world.grace_days
        );
        text
    }

    fn dir(&self, region: RegionCode) -> PathBuf {
        self.base.join(region.as_str())
    }

    fn spawn(&self, region: RegionCode) -> Result<Starting, DemoError> {
        Ok(Starting::spawn(region, self.dir(region), &self.lock)?)
    }

    /// Waits until a node listens and connects with it.
    async fn meet(&mut self, region: RegionCode, starting: Starting) -> Result<(), DemoError> {
        let admin = Folder::at(self.folder(region, Role::Admin));
        let options = ConnectOptions {
            language: self.language,
            credentials: Some(Credentials::of_folder(admin).map_err(ClientError::from)?),
            ..ConnectOptions::default()
        };
        self.nodes.insert(region, starting.meet(options).await?);
        Ok(())
    }

    /// The client of a node.
    pub(super) fn client(&self, region: RegionCode) -> Result<Client, DemoError> {
        let node = self.nodes.get(&region);
        node.map(|node| node.client().clone())
            .ok_or(DemoError::NotRunning(region))
    }

    /// A way for a browser into a node, seen with somebody's certificate.
    pub(super) async fn relay(&self, region: RegionCode, role: Role) -> Result<Relay, DemoError> {
        let node = self.nodes.get(&region);
        let node = node.ok_or(DemoError::NotRunning(region))?;
        let folder = Folder::at(self.folder(region, role));
        let credentials = Credentials::of_folder(folder).map_err(ClientError::from)?;
        let opened = Relay::open(node.address().parse()?, credentials, 0).await;
        Ok(opened.map_err(LocalError::Start)?)
    }

    /// Where everything is.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The folder of somebody's certificate.
    pub(super) fn folder(&self, region: RegionCode, role: Role) -> PathBuf {
        person(&self.base, region, role)
    }

    /// Where a node listens.
    pub(super) fn address(&self, region: RegionCode) -> Option<&str> {
        self.nodes.get(&region).map(Running::address)
    }

    /// Ends a node without any warning, as a power cut would.
    pub(super) async fn kill(&mut self, region: RegionCode) -> Result<(), DemoError> {
        let node = self.nodes.remove(&region);
        Ok(node.ok_or(DemoError::NotRunning(region))?.kill().await?)
    }

    /// Starts a node again on the data it left.
    pub(super) async fn restart(&mut self, region: RegionCode) -> Result<(), DemoError> {
        let starting = self.spawn(region)?;
        self.meet(region, starting).await
    }

    /// The ends of the logs of nodes that ended by themselves, for a message about a failure.
    pub(super) fn fallen(&mut self) -> Vec<(RegionCode, String)> {
        let mut fallen = Vec::new();
        for (region, node) in &mut self.nodes {
            if let Some(log) = node.fallen() {
                fallen.push((*region, log));
            }
        }
        fallen
    }

    /// Stops every node and waits until all are gone.
    pub(super) async fn stop(&mut self) {
        stop(std::mem::take(&mut self.nodes).into_values()).await;
    }
}
