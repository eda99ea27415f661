//! The same work from few connections and from many.
//!
//! A city hosts ten counties with ten townships each and all schools below them. Every school sends
//! its months, one batch of 41 figures each, and so many batches are under way in every run. Only
//! who sends them differs: few connections are those of county reporters, more those of townships,
//! several clerks each, and in the end every school has a certificate and a connection of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use liandong_client::wire::progress::v1::PushReportsRequest;
use liandong_client::{Client, ClientError, ConnectOptions, Credentials};
use liandong_core::identity::Role;
use liandong_core::region::RegionKind;
use liandong_identity::Folder;
use liandong_load::{LoadPlan, PushError, Requests, Target, process};
use liandong_tests::certificates::furnish;
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::measure::Measures;
use crate::ready::us;
use crate::sizes::Sizes;
use crate::traffic::{INDICATORS, monthly, push_all};

const CITY: &str = "371500";
const COUNTIES: usize = 10;
const TOWNS: usize = 10;
const UNDER_WAY: usize = 32;
const HANDSHAKES_AT_ONCE: usize = 16;

/// Whoever reports, and for which schools.
struct Place {
    county: String,
    town: String,
    school: String,
}

/// Measures and adds what every number of connections costs.
pub(crate) async fn run(sizes: &Sizes, measures: &mut Measures) -> Result<()> {
    let most = sizes.connections.last().copied().unwrap_or(10);
    let places = places(most);
    let plan = LoadPlan {
        indicators: monthly(RegionKind::PrimarySchool, INDICATORS)?,
        months: sizes.months.min(12),
        rows: INDICATORS,
        corrected_one_of: 0,
        repeated_one_of: 0,
        ..LoadPlan::of_units(places.iter().map(|place| place.school.clone()).collect())?
    };
    let requests = plan.make()?.requests;
    let certificates = Certificates::make(&places)?;
    println!(
        "{} schools, {} batches of {INDICATORS}, {UNDER_WAY} under way",
        places.len(),
        requests.len()
    );
    let mut costs: BTreeMap<usize, Vec<Cost>> = BTreeMap::new();
    for round in 1..=sizes.rounds {
        for &count in &sizes.connections {
            let cost = measure(count, &places, &certificates, &requests).await?;
            println!("round {round}: {count} connections: {cost:?}");
            costs.entry(count).or_default().push(cost);
        }
    }
    for (count, costs) in costs {
        let of = |what: fn(&Cost) -> i64| costs.iter().map(what).collect::<Vec<i64>>();
        let cpu = of(|cost| cost.cpu_us_per_million);
        measures.add(
            &format!("cpu_us_per_million_connections_{count}"),
            "us",
            cpu,
        );
        let shaking = of(|cost| cost.handshake_us);
        measures.add(
            &format!("handshake_cpu_us_connections_{count}"),
            "us",
            shaking,
        );
        let open = of(|cost| cost.bytes_per_connection);
        measures.add(
            &format!("resident_bytes_each_connections_{count}"),
            "bytes",
            open,
        );
        let after = of(|cost| cost.resident);
        measures.add(
            &format!("resident_bytes_connections_{count}"),
            "bytes",
            after,
        );
        let rate = of(|cost| cost.per_second);
        measures.add(
            &format!("reports_per_second_connections_{count}"),
            "reports/s",
            rate,
        );
    }
    Ok(())
}

fn places(schools: usize) -> Vec<Place> {
    let mut places = Vec::new();
    for number in 0..schools {
        let county = format!("3715C{}", number % COUNTIES);
        let town = format!("{county}T{}", number / COUNTIES % TOWNS);
        let school = school(&town, number / (COUNTIES * TOWNS) + 1);
        places.push(Place {
            county,
            town,
            school,
        });
    }
    places
}

fn settings(places: &[Place], connections: usize) -> Settings {
    let mut settings = Settings::new(CITY);
    let schools = places.len().div_ceil(COUNTIES * TOWNS);
    for county in 0..COUNTIES {
        let county = format!("3715C{county}");
        settings = settings.below(CITY, &county, "county", "bureau");
        for town in 0..TOWNS {
            let town = format!("{county}T{town}");
            settings = settings.below(&county, &town, "township", "bureau");
            settings = settings.schools(&town, schools);
        }
    }
    // The administrator asks how the node is beside them.
    let connections = connections + 64;
    settings.section(&format!(
        "[limits]\nconnections = {connections}\nconnections_per_address = {connections}\n"
    ))
}

/// One certificate for every region that reports.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    fn make(places: &[Place]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut regions: Vec<&str> = Vec::new();
        for place in places {
            regions.extend([&*place.county, &*place.town, &*place.school]);
        }
        regions.sort_unstable();
        regions.dedup();
        for region in regions {
            furnish(&folder.path().join(region), region, Role::Reporter)?;
        }
        Ok(Self { folder })
    }

    fn of(&self, region: &str) -> Result<Credentials> {
        let folder = Folder::at(self.folder.path().join(region));
        Credentials::of_folder(folder).with_context(|| format!("the certificate of {region}"))
    }
}

/// What a run came to.
#[derive(Debug)]
struct Cost {
    /// Of the node, while it took the reports.
    cpu_us_per_million: i64,
    /// Of the node, for each connection that was made.
    handshake_us: i64,
    /// What each open connection took before anything was sent.
    bytes_per_connection: i64,
    /// The whole node afterwards, with its cells.
    resident: i64,
    per_second: i64,
}

async fn measure(
    count: usize,
    places: &[Place],
    certificates: &Certificates,
    requests: &Requests,
) -> Result<Cost> {
    let node = Node::start(settings(places, count)).await?;
    let pid = node.pid()?;
    let (cpu, empty) = (process::cpu_time(pid)?, process::resident(pid)?);
    let crowd = Crowd::connect(&node, count, places, certificates).await?;
    let shaken = process::cpu_time(pid)?;
    let open = process::resident(pid)?;
    let pushed = push_all(&[crowd], Arc::clone(requests), UNDER_WAY).await?;
    let pushing = process::cpu_time(pid)?.saturating_sub(shaken);
    let connections = i64::try_from(count)?;
    Ok(Cost {
        cpu_us_per_million: us(pushing) * 1_000_000 / i64::try_from(pushed.reports)?,
        handshake_us: us(shaken.saturating_sub(cpu)) / connections,
        bytes_per_connection: i64::try_from(open.saturating_sub(empty))? / connections,
        resident: i64::try_from(process::resident(pid)?)?,
        per_second: i64::try_from(pushed.per_second())?,
    })
}

/// All reporters together: a batch goes over a connection of whoever may send it, in turn.
#[derive(Clone)]
struct Crowd {
    clients: Arc<Vec<Client>>,
    /// By the school whose batch it is: the first of its connections, and how many there are.
    of_school: Arc<BTreeMap<String, (usize, usize)>>,
}

impl Crowd {
    async fn connect(
        node: &Node,
        count: usize,
        places: &[Place],
        certificates: &Certificates,
    ) -> Result<Self> {
        // The largest regions of which there are not more than connections.
        let reporter = |place: &Place| {
            if count >= places.len() {
                place.school.clone()
            } else if count >= COUNTIES * TOWNS {
                place.town.clone()
            } else {
                place.county.clone()
            }
        };
        let mut reporters: Vec<String> = places.iter().map(reporter).collect();
        reporters.sort_unstable();
        reporters.dedup();
        let clerks = count / reporters.len();
        let mut of_region = BTreeMap::new();
        let mut dials = Vec::new();
        for (number, region) in reporters.into_iter().enumerate() {
            let credentials = certificates.of(&region)?;
            for _ in 0..clerks {
                dials.push(credentials.clone());
            }
            of_region.insert(region, (number * clerks, clerks));
        }
        let mut of_school = BTreeMap::new();
        for place in places {
            let region = reporter(place);
            let own = of_region.get(&region).copied().context("a reporter")?;
            of_school.insert(place.school.clone(), own);
        }
        Ok(Self {
            clients: Arc::new(dial(node, dials).await?),
            of_school: Arc::new(of_school),
        })
    }
}

/// Connections in the order of what is shown on them.
async fn dial(node: &Node, shown: Vec<Credentials>) -> Result<Vec<Client>> {
    let address = node.url().parse()?;
    let mut clients: BTreeMap<usize, Client> = BTreeMap::new();
    let mut dialling: JoinSet<(usize, Result<Client, ClientError>)> = JoinSet::new();
    let mut waiting = shown.into_iter().enumerate();
    loop {
        while dialling.len() < HANDSHAKES_AT_ONCE
            && let Some((number, credentials)) = waiting.next()
        {
            let address = liandong_client::Address::clone(&address);
            let options = ConnectOptions {
                credentials: Some(credentials),
                ..ConnectOptions::default()
            };
            dialling.spawn(async move { (number, Client::connect_with(&address, options).await) });
        }
        let Some(done) = dialling.join_next().await else {
            return Ok(clients.into_values().collect());
        };
        let (number, client) = done?;
        clients.insert(number, client?);
    }
}

impl Target for Crowd {
    type Error = ClientError;

    async fn push(&self, request: Arc<PushReportsRequest>) -> Result<u64, PushError> {
        let batch = request.batch.as_ref();
        let row = batch.and_then(|batch| batch.rows.first());
        let school = row.map(|row| row.source.as_str()).unwrap_or_default();
        let month = row.map_or(0, |row| row.period.bytes().map(usize::from).sum());
        let (first, clerks) = self.of_school.get(school).copied().unwrap_or((0, 1));
        // Each clerk has schools and months of their own.
        let number: usize = school.bytes().map(usize::from).sum();
        let client = self.clients.get(first + (number + month) % clerks);
        match client {
            Some(client) => client.push(request).await,
            None => Err(PushError::Stopped(format!("nobody reports for {school}"))),
        }
    }
}
