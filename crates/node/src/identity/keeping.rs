//! Keeping an identity up: what was taken back is heard of within minutes, and the own certificate
//! is renewed while it is valid still.
//!
//! A node asks its authority where it knows its address, else its parent, which passes on what the
//! root signed. Where nobody answers nothing changes: a node that is cut off goes on with what it
//! has.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use liandong_core::region::RegionCode;
use liandong_identity::{
    Certificate, Chain, Folder, FolderError, Introduction, Key, KeyError, Office, OfficeError,
    Package, PackageError, Request, RequestError,
};
use liandong_wire::identity::v1::identity_service_client::IdentityServiceClient;
use liandong_wire::identity::v1::{GetTrustRequest, IssuedCertificate, RenewRequest};
use thiserror::Error;
use tokio::sync::watch;
use tonic::Status;
use tonic::transport::Channel;

use super::Identities;
use crate::context::Context;
use crate::link::{DialError, connect};

/// How often it is asked what was taken back, besides whenever a link comes up.
const EVERY: Duration = Duration::from_secs(120);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate is renewed when less than this part of its life is left.
const PART_LEFT: i64 = 3;

/// Why something could not be kept up.
#[derive(Debug, Error)]
enum KeepingError {
    #[error(transparent)]
    Office(#[from] OfficeError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("{address}: {cause}")]
    Dial {
        address: String,
        cause: Box<DialError>,
    },
    #[error("{}", .0.message())]
    Status(#[from] Status),
    #[error("the answer came too late")]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error("the answer holds no certificate")]
    Nothing,
    #[error("work on a thread of its own failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Who is asked.
struct Asked {
    address: String,
    /// Whose node has to be there; any of a trusted domain where nobody knows.
    region: Option<RegionCode>,
    /// Whether it can issue.
    is_authority: bool,
}

/// Keeps an identity up until the node stops.
pub(crate) async fn keep_up(
    context: Arc<Context>,
    identities: Arc<Identities>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut trouble = String::new();
    loop {
        let kept = tokio::select! {
            kept = once(&context, &identities) => kept,
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        let why = kept
            .err()
            .map_or_else(String::new, |error| error.to_string());
        if why != trouble && !why.is_empty() {
            tracing::warn!(why, "cannot ask what was revoked, or for a new certificate");
        }
        trouble = why;
        let wait = EVERY / 2 + EVERY / 2 * u32::from(context.surroundings.draw()) / 0x1_0000;
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = identities.asked_to_look.notified() => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

async fn once(context: &Context, identities: &Identities) -> Result<(), KeepingError> {
    let now = context.surroundings.clock.now();
    let own = identities.certificate();
    let is_due = is_due(&own, now);
    let folder = identities.folder.clone();
    let threads = context.surroundings.threads;
    let leaf = own.clone();
    let at_home = threads.blocking(move || at_home(&folder, &leaf, is_due, now));
    if at_home.await?? {
        return Ok(());
    }
    let mut last = Ok(());
    let mut renewed = !is_due;
    for asked in to_ask(context, &identities.folder)? {
        let done = ask(context, identities, &asked, !renewed).await;
        match done {
            Ok(has_renewed) => {
                renewed |= has_renewed;
                // The list is here; others are asked only for what this one cannot give.
                if renewed {
                    return Ok(());
                }
            }
            Err(error) => last = Err(error),
        }
    }
    last
}

/// Whether little of the certificate's life is left.
fn is_due(own: &Certificate, now: Timestamp) -> bool {
    let life = own.not_after().duration_since(own.not_before()).as_secs();
    let left = own.not_after().duration_since(now).as_secs();
    left < life / PART_LEFT
}

/// What the authority's own node does: it publishes what a crash left unsaid, and has its own
/// certificate renewed across the table. Whether the authority is at home here.
fn at_home(
    folder: &Folder,
    own: &Certificate,
    is_due: bool,
    now: Timestamp,
) -> Result<bool, KeepingError> {
    let Some(office) = Office::at(folder)? else {
        return Ok(false);
    };
    office.publish(now)?;
    if is_due {
        let key = Key::generate()?;
        let package = office.renew(own, &Request::of(&key)?, now)?;
        install(folder, key, own, package, now)?;
    }
    Ok(true)
}

fn install(
    folder: &Folder,
    key: Key,
    own: &Certificate,
    package: Package,
    now: Timestamp,
) -> Result<(), KeepingError> {
    let installed = package.install(folder, key, own.identity(), Introduction::Folder, now)?;
    let (serial, until) = (installed.serial().to_string(), installed.not_after());
    tracing::info!(serial, %until, "the node's certificate was renewed");
    Ok(())
}

/// The authority first, then the parent.
fn to_ask(context: &Context, folder: &Folder) -> Result<Vec<Asked>, FolderError> {
    let mut asked = Vec::new();
    let configured = context.config.authority.clone();
    let authority = match configured {
        Some(address) => Some(address),
        None => folder.authority_address()?,
    };
    if let Some(address) = authority {
        asked.push(Asked {
            address,
            region: None,
            is_authority: true,
        });
    }
    if let Some(parent) = &context.config.parent
        && let Some(address) = &parent.address
    {
        asked.push(Asked {
            address: address.clone(),
            region: Some(parent.region),
            is_authority: false,
        });
    }
    Ok(asked)
}

/// Asks for lists, and for another certificate where that is due; whether it was given.
async fn ask(
    context: &Context,
    identities: &Identities,
    asked: &Asked,
    renew_too: bool,
) -> Result<bool, KeepingError> {
    let connecting = connect(context, asked.region, &asked.address);
    let channel = connecting.await.map_err(|cause| KeepingError::Dial {
        address: asked.address.clone(),
        cause: Box::new(cause),
    })?;
    take_lists(context, identities, channel.clone()).await?;
    if !renew_too || !asked.is_authority {
        return Ok(false);
    }
    let key = Key::generate()?;
    let request = RenewRequest {
        request: Request::of(&key)?.as_str().to_owned(),
    };
    let mut client = IdentityServiceClient::new(channel);
    let renewed = tokio::time::timeout(PATIENCE, client.renew(request)).await??;
    let issued = renewed.into_inner().issued.ok_or(KeepingError::Nothing)?;
    let package = package(issued)?;
    let (folder, own) = (identities.folder.clone(), identities.certificate());
    let now = context.surroundings.clock.now();
    let threads = context.surroundings.threads;
    threads
        .blocking(move || install(&folder, key, &own, package, now))
        .await??;
    Ok(true)
}

/// Keeps the lists that are newer than those that are here.
async fn take_lists(
    context: &Context,
    identities: &Identities,
    channel: Channel,
) -> Result<(), KeepingError> {
    let mut client = IdentityServiceClient::new(channel);
    let everything = GetTrustRequest {
        domain: String::new(),
    };
    let answer = tokio::time::timeout(PATIENCE, client.get_trust(everything)).await??;
    let domains = answer.into_inner().domains;
    let folder = identities.folder.clone();
    let threads = context.surroundings.threads;
    let keeping = threads.blocking(move || {
        for domain in domains {
            // Whom a peer trusts is its own business, but for those that are trusted here, too.
            let Ok(name) = domain.name.parse() else {
                continue;
            };
            if domain.revoked.is_empty() || folder.roots(&name)?.is_none() {
                continue;
            }
            // One that is not signed as it should be is as good as none, and keeps no other back.
            match folder.keep_list(&name, &domain.revoked) {
                Ok(true) => tracing::info!(%name, "a newer list of revoked certificates is here"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "a list that was passed on is not taken"),
            }
        }
        Ok::<_, FolderError>(())
    });
    Ok(keeping.await??)
}

fn package(issued: IssuedCertificate) -> Result<Package, PackageError> {
    let IssuedCertificate {
        certificates,
        roots,
        revoked,
    } = issued;
    Ok(Package {
        chain: Chain::from_pem(&certificates)?,
        roots,
        list: (!revoked.is_empty()).then_some(revoked),
    })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use liandong_identity::{Certificate, Folder, Key, Office, Request, Wanted};

    use super::{at_home, install, is_due};

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn now() -> Timestamp {
        "2026-09-01T08:00:00Z".parse().unwrap()
    }

    fn authority(folder: &Folder) -> Certificate {
        let office = Office::found(folder, "edu.example".parse().unwrap(), 10, now()).unwrap();
        let key = Key::generate().unwrap();
        let wanted = Wanted {
            identity: "spiffe://edu.example/region/371500/node".parse().unwrap(),
            names: Vec::new(),
        };
        let package = office.issue(&Request::of(&key).unwrap(), wanted, 90, now());
        let package = package.unwrap();
        let leaf = package.chain.leaf.clone();
        install(folder, key, &leaf, package, now()).unwrap();
        leaf
    }

    #[test]
    fn a_certificate_is_due_in_the_last_third_of_its_life() {
        let place = tempfile::tempdir().unwrap();
        let leaf = authority(&Folder::at(place.path()));
        assert!(!is_due(&leaf, now() + 59 * DAY));
        assert!(is_due(&leaf, now() + 61 * DAY));
        assert!(is_due(&leaf, now() + 91 * DAY));
    }

    #[test]
    fn the_authoritys_own_node_renews_its_certificate_at_home() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let leaf = authority(&folder);
        let later = now() + 70 * DAY;
        assert!(at_home(&folder, &leaf, false, later).unwrap());
        assert_eq!(folder.own().unwrap().unwrap().chain.leaf, leaf);
        assert!(at_home(&folder, &leaf, true, later).unwrap());
        let renewed = folder.own().unwrap().unwrap().chain.leaf;
        assert_eq!(renewed.not_after(), later + 90 * DAY);
        assert_eq!(renewed.identity(), leaf.identity());
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(!at_home(&Folder::at(elsewhere.path()), &leaf, true, later).unwrap());
    }
}
