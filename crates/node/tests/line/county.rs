//! A county with its schools, and whether its city shows what it does.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liandong_node::Node;
use liandong_node::config::Config;
use liandong_node::surroundings::{Clock, Random, Surroundings, Threads};
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::admin::v1::{
    GetStatusRequest, Indicator, IndicatorKind, ListIndicatorsRequest, PeriodKind, RegionKind,
};
use liandong_wire::link::v1::ExportLinkRequest;
use liandong_wire::link::v1::link_file_service_client::LinkFileServiceClient;
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_wire::rollup::v1::DrillRollupRequest;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::Channel;

use crate::slow::Memory;

const TOWNSHIPS: usize = 10;
const INDICATORS: usize = 54;
const MONTHS: usize = 12;
const ROWS_AT_ONCE: usize = 5_000;

/// The time that the runtime says, from a beginning in 2026 on.
#[derive(Debug)]
struct FromTheStart(Instant);

impl Clock for FromTheStart {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

#[derive(Debug)]
struct Counted(AtomicU64);

impl Random for Counted {
    fn bytes16(&self) -> [u8; 16] {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        (u128::from(count) << 64 | u128::from(count)).to_be_bytes()
    }
}

/// The configuration of the node above, dialled at a port.
pub(crate) fn parent_at(port: u16) -> String {
    format!("[parent]\nregion = '371500'\naddress = 'http://127.0.0.1:{port}'")
}

/// Starts a node whose syncs take five milliseconds.
pub(crate) async fn start(
    network: &Memory,
    dir: &TempDir,
    region: &str,
    port: u16,
    tree: &str,
    more: &str,
) -> Node {
    let data = dir.path().join(region);
    let tree_file = dir.path().join(format!("{region}.csv"));
    std::fs::write(&tree_file, tree).unwrap();
    let listed = if tree.is_empty() {
        String::new()
    } else {
        format!("'{}'", tree_file.display())
    };
    let text = format!(
        "region = '{region}'\ndata = '{}'\nlisten = '127.0.0.1:{port}'\ntree = [{listed}]\n{more}\n\
         [journal]\nsegment_mb = 64\nfree_floor_mb = 0\n",
        data.display()
    );
    let config = Config::read(&text, Path::new("node.toml")).unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let surroundings = Surroundings {
        clock: Arc::new(FromTheStart(Instant::now())),
        network: Arc::new(network.clone()),
        random: Arc::new(Counted(AtomicU64::new(1))),
        threads: Threads::Tasks {
            sync_takes: Duration::from_millis(5),
        },
    };
    Node::start_in(config, metrics, surroundings).await.unwrap()
}

/// Waits for something that is about to be so, for ten simulated minutes.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut look: impl FnMut() -> F) {
    let looking = async {
        while !look().await {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(600), looking)
        .await
        .expect(what);
}

/// A county whose schools report.
pub(crate) struct County {
    channel: Channel,
    indicators: Vec<Indicator>,
    schools: usize,
}

impl County {
    /// Ten townships, and schools in them.
    pub(crate) fn tree(schools: usize) -> String {
        let mut tree = "code,name,parent,level,kind\n".to_owned();
        for township in 0..TOWNSHIPS {
            let code = 371_524_100 + township;
            writeln!(tree, "{code},第{township}镇,371524,township,").unwrap();
        }
        for school in 0..schools {
            let parent = 371_524_100 + school % TOWNSHIPS;
            writeln!(
                tree,
                "371524-{school:03},第{school}小学,{parent},unit,primary-school"
            )
            .unwrap();
        }
        tree
    }

    /// The county on a node, with the monthly figures that its schools report.
    pub(crate) async fn of(channel: Channel, schools: usize) -> Self {
        let request = ListIndicatorsRequest::default();
        let listed = AdminServiceClient::new(channel.clone())
            .list_indicators(request)
            .await
            .unwrap();
        let reported = |indicator: &Indicator| {
            let by_schools = indicator.reported_by.is_empty()
                || indicator
                    .reported_by
                    .contains(&RegionKind::PrimarySchool.into());
            by_schools
                && indicator.period == i32::from(PeriodKind::Month)
                && indicator.kind != i32::from(IndicatorKind::RatioOfRatios)
                && indicator.kind != i32::from(IndicatorKind::Milestone)
        };
        let indicators = listed.into_inner().indicators.into_iter();
        let indicators: Vec<Indicator> = indicators.filter(reported).take(INDICATORS).collect();
        assert_eq!(indicators.len(), INDICATORS);
        Self {
            channel,
            indicators,
            schools,
        }
    }

    /// How many cells go up.
    pub(crate) fn cells(&self) -> u64 {
        ((TOWNSHIPS + 1) * INDICATORS * MONTHS) as u64
    }

    /// Every school reports every figure, other than in the rounds before.
    pub(crate) async fn push(&self, round: u64) {
        let mut progress = ProgressServiceClient::new(self.channel.clone());
        let mut rows = Vec::with_capacity(ROWS_AT_ONCE);
        let mut batches = 0;
        for month in 1..=MONTHS {
            for (place, indicator) in self.indicators.iter().enumerate() {
                for school in 0..self.schools {
                    rows.push(figure(school, place, month, round, indicator));
                    if rows.len() == ROWS_AT_ONCE {
                        batches += 1;
                        take(&mut progress, round, batches, std::mem::take(&mut rows)).await;
                    }
                }
            }
        }
        take(&mut progress, round, batches + 1, rows).await;
    }

    /// Whether the city has everything and shows the same.
    pub(crate) async fn agrees(&self, city: &Channel) -> bool {
        let mut admin = AdminServiceClient::new(self.channel.clone());
        let status = admin.get_status(GetStatusRequest {}).await.unwrap();
        let status = status.into_inner();
        let all = status
            .links
            .iter()
            .all(|link| link.connected && link.acked_upto == status.change);
        if !all {
            return false;
        }
        for place in [0, INDICATORS / 2, INDICATORS - 1] {
            for region in ["371524", "371524105"] {
                let here = self.total(&self.channel, region, place).await;
                assert!(here.is_some());
                if here != self.total(city, region, place).await {
                    return false;
                }
            }
        }
        true
    }

    /// How many changes the city has not confirmed, and how many cells they come to.
    pub(crate) async fn would_send(&self) -> (u64, u64) {
        let mut client = LinkFileServiceClient::new(self.channel.clone());
        let asked = ExportLinkRequest {
            peer: "371500".to_owned(),
            ..ExportLinkRequest::default()
        };
        let mut pieces = client.export_link(asked).await.unwrap().into_inner();
        while let Some(piece) = pieces.message().await.unwrap() {
            if let Some(summary) = piece.summary {
                assert_eq!(summary.documents, 0);
                return (summary.upto - summary.after, summary.cells);
            }
        }
        panic!("no summary");
    }

    /// Asks the city to take the county apart, which only the county can.
    pub(crate) async fn ask_live(&self, city: &Channel) -> bool {
        let request = DrillRollupRequest {
            region: "371524".to_owned(),
            indicator: self.indicators[0].code.clone(),
            period: "2025-07".to_owned(),
            live: true,
        };
        let mut rollup = RollupServiceClient::new(city.clone());
        rollup.drill_rollup(request).await.is_ok()
    }

    async fn total(&self, channel: &Channel, region: &str, place: usize) -> Option<(i64, i64)> {
        let request = DrillRollupRequest {
            region: region.to_owned(),
            indicator: self.indicators[place].code.clone(),
            period: "2025-07".to_owned(),
            live: false,
        };
        let mut rollup = RollupServiceClient::new(channel.clone());
        let drilled = rollup.drill_rollup(request).await.ok()?;
        let total = drilled.into_inner().drill?.total?;
        Some((total.numerator, total.denominator))
    }
}

fn figure(school: usize, place: usize, month: usize, round: u64, indicator: &Indicator) -> Report {
    let mixed = (school * 7_919 + place * 104_729 + month * 1_299_709) as u64;
    let mixed = (mixed + round * 15_485_863).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let denominator = 20 + (mixed >> 12) % 60;
    let has_denominator = indicator.denominator.is_some();
    let numerator = if has_denominator {
        mixed % (denominator + 1)
    } else {
        mixed % 40
    };
    Report {
        source: format!("371524-{school:03}"),
        indicator: indicator.code.clone(),
        period: format!("2025-{month:02}"),
        numerator: i64::try_from(numerator).unwrap(),
        denominator: has_denominator.then_some(i64::try_from(denominator).unwrap()),
        ..Report::default()
    }
}

async fn take(
    progress: &mut ProgressServiceClient<Channel>,
    round: u64,
    batch: usize,
    rows: Vec<Report>,
) {
    if rows.is_empty() {
        return;
    }
    let expected = rows.len() as u64;
    let request = PushReportsRequest {
        batch: Some(ReportBatch {
            id: format!("{round}-{batch}"),
            by: "教务处".to_owned(),
            rows,
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    };
    let pushed = progress.push_reports(request).await.unwrap().into_inner();
    let counts = pushed.counts.unwrap_or_default();
    assert_eq!(counts.refused, 0, "{:?}", pushed.outcomes.first());
    assert!(
        counts.accepted + counts.superseded + counts.duplicate >= expected,
        "{counts:?}"
    );
}
