//! What every command works with: the node, the acting region, the author, the output.

use std::collections::BTreeSet;
use std::path::PathBuf;

use liandong_client::wire::admin::v1 as admin;
use liandong_client::wire::rollup::v1::PlanKey;
use liandong_client::wire::task::v1 as task;
use liandong_client::{Address, Client, ClientError, ConnectOptions, Credentials, TraceParent};
use liandong_core::indicator::Indicator;
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_identity::Folder;
use liandong_input::KnownIndicators;

use crate::failure::Failure;
use crate::output::Output;

/// Names what `--insecure-loopback` says, for everything that is run from one shell.
const INSECURE: &str = "LIANDONG_INSECURE_LOOPBACK";

/// Who somebody is to nodes: the identity of a folder, or nobody on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    identity: Option<PathBuf>,
    insecure_loopback: bool,
}

impl Standing {
    /// As the command line and the environment say.
    pub(crate) fn new(identity: Option<PathBuf>, insecure_loopback: bool) -> Self {
        let named = std::env::var(INSECURE).unwrap_or_default();
        Self {
            identity,
            insecure_loopback: insecure_loopback || !matches!(named.as_str(), "" | "0" | "false"),
        }
    }

    /// The same, or with the identity of that folder where none was named.
    pub(crate) fn or_identity(mut self, folder: Option<PathBuf>) -> Self {
        self.identity = self.identity.or(folder);
        self
    }

    /// The node as it is dialled by whoever has an identity, and that identity.
    pub(crate) fn showing(self, node: &Address) -> Result<(Address, Credentials), Failure> {
        let Some(folder) = self.identity.map(Folder::at) else {
            return Err(Failure::Client(ClientError::NobodyShown {
                address: node.to_string(),
            }));
        };
        let credentials = Credentials::of_folder(folder)?;
        Ok((node.for_identity(), credentials))
    }

    /// How nodes are dialled.
    pub(crate) fn options(self, language: Language) -> Result<ConnectOptions, Failure> {
        let folder = self.identity.map(Folder::at);
        Ok(ConnectOptions {
            language,
            credentials: folder.map(Credentials::of_folder).transpose()?,
            insecure_loopback: self.insecure_loopback,
            ..ConnectOptions::default()
        })
    }
}

/// One run of a command.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) output: Output,
    pub(crate) by: String,
    pub(crate) why: String,
    pub(crate) region: Option<RegionCode>,
    /// The folder of the identity that is shown.
    pub(crate) identity: Option<PathBuf>,
}

impl Session {
    /// Dials the node.
    pub(crate) async fn open(
        address: &Address,
        standing: Standing,
        output: Output,
        trace: Option<TraceParent>,
    ) -> Result<Self, Failure> {
        let options = standing.options(output.language)?;
        let dialled = Client::connect_with(address, options).await?;
        let client = match trace {
            Some(parent) => dialled.with_trace_parent(parent),
            None => dialled,
        };
        Ok(Self {
            client,
            output,
            by: String::new(),
            why: String::new(),
            region: None,
            identity: None,
        })
    }

    pub(crate) fn language(&self) -> Language {
        self.output.language
    }

    /// Who acts and why.
    pub(crate) fn author(&self) -> Option<task::Author> {
        Some(task::Author {
            name: self.by.clone(),
            why: self.why.clone(),
        })
    }

    /// Refuses a region that the node does not know, whatever the command makes of it: a mistyped
    /// code must not pass as "nothing there".
    pub(crate) async fn require_known_region(&self) -> Result<(), Failure> {
        let Some(region) = self.region else {
            return Ok(());
        };
        let request = admin::ListRegionsRequest {
            under: region.to_string(),
            depth: 1,
        };
        match self.client.admin().list_regions(request).await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .refusal()
                    .is_some_and(|refusal| refusal.field == "under") =>
            {
                Err(Refusal::advise(
                    Reason::UnknownRegion,
                    "--region",
                    region,
                    "用 liandong region list 查看本节点所知的区域",
                    "liandong region list shows those that the node knows",
                )
                .into())
            }
            // Too many below it to be listed: then it is there.
            Err(error) if error.refusal().is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The region that acts: the one that was named, or the node's own.
    pub(crate) async fn acting_region(&self) -> Result<String, Failure> {
        if let Some(region) = self.region {
            return Ok(region.to_string());
        }
        let request = admin::GetStatusRequest {};
        Ok(self.client.admin().get_status(request).await?.region)
    }

    /// The regions and units that the node hosts.
    pub(crate) async fn hosted_regions(&self) -> Result<BTreeSet<RegionCode>, Failure> {
        let request = admin::GetStatusRequest {};
        let status = self.client.admin().get_status(request).await?;
        let codes = status.hosted.iter();
        Ok(codes
            .filter_map(|hosted| hosted.region.parse().ok())
            .collect())
    }

    /// The region that acts, or no region for a filter.
    pub(crate) fn region_or_any(&self) -> String {
        self.region
            .map(|region| region.to_string())
            .unwrap_or_default()
    }

    /// The indicators that the node knows.
    pub(crate) async fn indicators(&self) -> Result<KnownIndicators, Failure> {
        let request = admin::ListIndicatorsRequest::default();
        let answer = self.client.admin().list_indicators(request).await?;
        let mut indicators = Vec::with_capacity(answer.indicators.len());
        for message in answer.indicators {
            indicators.push(Indicator::try_from(message).map_err(Failure::Answer)?);
        }
        Ok(KnownIndicators::new(indicators))
    }

    /// The plan of that code; its issuer is looked up unless it is named.
    pub(crate) async fn plan_key(
        &self,
        code: &str,
        issuer: Option<RegionCode>,
    ) -> Result<PlanKey, Failure> {
        if let Some(issuer) = issuer {
            return Ok(PlanKey {
                issuer: issuer.to_string(),
                plan: code.to_owned(),
            });
        }
        let request = task::ListPlansRequest::default();
        let known = self.client.task().list_plans(request).await?.plans;
        let issuers: Vec<String> = known
            .iter()
            .filter(|plan| plan.plan == code)
            .map(|plan| plan.issuer.clone())
            .collect();
        if let [only] = issuers.as_slice() {
            return Ok(PlanKey {
                issuer: only.clone(),
                plan: code.to_owned(),
            });
        }
        if issuers.is_empty() {
            let codes = known.into_iter().map(|plan| plan.plan).collect();
            return Err(none_of(Reason::UnknownPlan, "PLAN", code, codes).into());
        }
        Err(several(Reason::Missing, "--issuer", "", issuers).into())
    }

    /// The issuer of the task of that id.
    pub(crate) async fn task_record(
        &self,
        id: &str,
        issuer: Option<RegionCode>,
    ) -> Result<task::TaskRecord, Failure> {
        let request = task::ListTasksRequest {
            issuer: issuer.map(|issuer| issuer.to_string()).unwrap_or_default(),
            ..task::ListTasksRequest::default()
        };
        let known = self.client.task().list_tasks(request).await?.tasks;
        let mut found: Vec<task::TaskRecord> =
            known.into_iter().filter(|record| record.id == id).collect();
        match (found.pop(), found.is_empty()) {
            (Some(record), true) => Ok(record),
            (Some(last), false) => {
                found.push(last);
                let issuers = found.into_iter().map(|record| record.issuer).collect();
                Err(several(Reason::Missing, "--issuer", "", issuers).into())
            }
            (None, _) => Err(Refusal::advise(
                Reason::UnknownTask,
                "ID",
                id,
                "用 liandong task list 查看全部任务",
                "liandong task list shows them all",
            )
            .into()),
        }
    }
}

/// A refusal of a name of which there is none.
pub(crate) fn none_of(reason: Reason, field: &str, value: &str, known: Vec<String>) -> Refusal {
    let accepted = if known.is_empty() {
        Accepted::Nothing
    } else {
        Accepted::OneOf(known)
    };
    Refusal::new(reason, field, value, accepted)
}

/// A refusal of a name of which there are several.
pub(crate) fn several(reason: Reason, field: &str, value: &str, known: Vec<String>) -> Refusal {
    Refusal::new(reason, field, value, Accepted::OneOf(known))
}
