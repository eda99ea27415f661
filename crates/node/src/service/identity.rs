//! Certificates over the network: `IdentityService` of `liandong.identity.v1`.
//!
//! Issuing is for the node at whose home the authority is. Whoever is not let in learns nothing of
//! why: an unknown, a used and an expired secret get the same words, and the log the reason.

mod pace;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use liandong_core::refusal::{Reason, Refusal};
use liandong_identity::{
    Certificate, Folder, Office, OfficeError, Package, RegisterError, Request as Asked, Secret,
};
use liandong_wire::identity::v1::identity_service_server::IdentityService as Service;
use liandong_wire::identity::v1::{
    EnrolRequest, EnrolResponse, GetTrustRequest, GetTrustResponse, IssuedCertificate,
    RenewRequest, RenewResponse, TrustDomain,
};
use liandong_wire::identity::{request as bounded, secret as sixteen};
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use tracing::info_span;

use self::pace::Pace;
use super::call::{Method, blocking, internal, serve};
use crate::context::Context;
use crate::server::Shown;

/// Looks after identities.
#[derive(Clone, Debug)]
pub(crate) struct IdentityService {
    context: Arc<Context>,
    /// Enrolling costs a look into the register, and anybody may ask for it.
    pace: Arc<Mutex<Pace>>,
}

impl IdentityService {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            pace: Arc::new(Mutex::new(Pace::new(Instant::now()))),
        }
    }

    fn method(&self, name: &'static str) -> Method {
        Method::new("identity", name, self.context.config.limits.timeout)
    }

    /// Refuses whoever comes when too many have.
    fn one_more(&self) -> Result<(), Refusal> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if pace.take(Instant::now()) {
            return Ok(());
        }
        let (zh, en) = ("请稍后重试", "try again shortly");
        Err(Refusal::advise(Reason::Overloaded, "", "", zh, en))
    }
}

#[tonic::async_trait]
impl Service for IdentityService {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let context = &self.context;
        let span = info_span!("enrol");
        serve(
            self.method("Enrol"),
            span,
            request,
            |caller, message| async move {
                self.one_more()?;
                let EnrolRequest { secret, request } = message;
                let secret = Secret(sixteen(&secret)?);
                let request = Asked::from_text(bounded(request)?);
                // The secret is what entitles.
                let _anybody = context.asking(&caller);
                let folder = folder(context)?;
                let now = context.surroundings.clock.now();
                let enrolling = blocking(context, move || enrol(&folder, &secret, &request, now));
                let issued = enrolling.await.map(message_of)?;
                Ok(EnrolResponse {
                    issued: Some(issued),
                })
            },
        )
        .await
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        let context = &self.context;
        let shown = request.extensions().get::<Shown>().cloned();
        let span = info_span!("renew");
        serve(
            self.method("Renew"),
            span,
            request,
            |caller, message| async move {
                let RenewRequest { request } = message;
                let request = Asked::from_text(bounded(request)?);
                // The certificate is what entitles, to another of its own.
                let _anybody = context.asking(&caller);
                let folder = folder(context)?;
                let Shown(shown) = shown.ok_or_else(plain)?;
                let now = context.surroundings.clock.now();
                let renewing = blocking(context, move || renew(&folder, &shown, &request, now));
                let issued = renewing.await.map(message_of)?;
                Ok(RenewResponse {
                    issued: Some(issued),
                })
            },
        )
        .await
    }

    async fn get_trust(
        &self,
        request: Request<GetTrustRequest>,
    ) -> Result<Response<GetTrustResponse>, Status> {
        let context = &self.context;
        let span = info_span!("get_trust");
        serve(
            self.method("GetTrust"),
            span,
            request,
            |caller, message| async move {
                let GetTrustRequest { domain } = message;
                // What is signed for everybody is for everybody who is let in.
                let _anybody = context.asking(&caller);
                let folder = folder(context)?;
                let domains = blocking(context, move || trusted(&folder, &domain)).await?;
                Ok(GetTrustResponse { domains })
            },
        )
        .await
    }
}

/// Where the node's identity is.
fn folder(context: &Context) -> Result<Folder, Refusal> {
    let folder = context.config.identity.as_deref();
    folder.map(Folder::at).ok_or_else(plain)
}

fn plain() -> Refusal {
    let (zh, en) = (
        "本节点以明文运行，没有身份：请问签发机构的节点",
        "the node speaks in plain text and has no identity: ask the authority's node",
    );
    Refusal::advise(Reason::NotAllowedNow, "", "", zh, en)
}

fn office(folder: &Folder) -> Result<Office, Refusal> {
    let office = Office::at(folder).map_err(|error| {
        tracing::error!(%error, "the authority's files cannot be used");
        internal("authority")
    })?;
    office.ok_or_else(|| {
        let (zh, en) = (
            "签发机构不在本节点：请问邀请中写明的地址，或机构的管理员",
            "the authority is not at this node: ask at the address in the invitation, or its \
             administrator",
        );
        Refusal::advise(Reason::NotAllowedNow, "", "", zh, en)
    })
}

fn enrol(
    folder: &Folder,
    secret: &Secret,
    request: &Asked,
    now: Timestamp,
) -> Result<Package, Refusal> {
    let package = office(folder)?.enrol(secret, request, now);
    let package = package.map_err(|error| match error {
        OfficeError::Register(RegisterError::NotInvited(why)) => {
            tracing::warn!(%why, "somebody was not enrolled");
            let (zh, en) = (
                "它不被接受：请向机构另要一份",
                "it is not accepted: ask the authority for another",
            );
            Refusal::advise(Reason::NoRight, "invitation", "", zh, en)
        }
        OfficeError::Request(_) => unreadable(),
        error => broken(&error),
    })?;
    note(&package.chain.leaf, "enrolled");
    Ok(package)
}

fn renew(
    folder: &Folder,
    shown: &Certificate,
    request: &Asked,
    now: Timestamp,
) -> Result<Package, Refusal> {
    let package = office(folder)?.renew(shown, request, now);
    let package = package.map_err(|error| match error {
        OfficeError::Revoked { .. } | OfficeError::NotIssuedHere { .. } => {
            tracing::warn!(%error, "a certificate was not renewed");
            let (zh, en) = (
                "该证书不能换发：请向机构要一份新的邀请",
                "this certificate is not renewed: ask the authority for an invitation",
            );
            Refusal::advise(Reason::NoRight, "", shown.serial(), zh, en)
        }
        OfficeError::Request(_) => unreadable(),
        error => broken(&error),
    })?;
    note(&package.chain.leaf, "renewed");
    Ok(package)
}

fn trusted(folder: &Folder, only: &str) -> Result<Vec<TrustDomain>, Refusal> {
    let failing = |error| {
        tracing::error!(%error, "whom the node trusts cannot be read");
        internal("trust")
    };
    let trust = folder.trust().map_err(failing)?;
    let mut domains = Vec::new();
    for domain in trust.domains() {
        let name = domain.name();
        if !only.is_empty() && name.as_str() != only {
            continue;
        }
        domains.push(TrustDomain {
            name: name.to_string(),
            roots: folder.roots(name).map_err(failing)?.unwrap_or_default(),
            revoked: folder.list(name).map_err(failing)?.unwrap_or_default(),
        });
    }
    Ok(domains)
}

fn unreadable() -> Refusal {
    let (zh, en) = (
        "应为用自己的私钥签名的 PKCS #10（PEM）",
        "write PEM (PKCS #10), signed with its own key",
    );
    Refusal::advise(Reason::Malformed, "request", "", zh, en)
}

fn broken(error: &OfficeError) -> Refusal {
    tracing::error!(%error, "the authority cannot issue");
    internal("authority")
}

fn note(certificate: &Certificate, how: &'static str) {
    let identity = certificate.identity().map(ToString::to_string);
    let (serial, until) = (certificate.serial().to_string(), certificate.not_after());
    tracing::info!(identity, serial, %until, how, "a certificate was issued");
    metrics::counter!("liandong_certificates_issued_total", "how" => how).increment(1);
}

fn message_of(package: Package) -> IssuedCertificate {
    IssuedCertificate {
        certificates: package.chain.to_pem(),
        roots: package.roots,
        revoked: package.list.unwrap_or_default(),
    }
}
