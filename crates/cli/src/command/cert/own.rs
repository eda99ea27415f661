//! One's own certificate: getting it with an invitation, renewing it, and both without a network.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use liandong_client::wire::identity::v1;
use liandong_client::{Address, Client, ClientError, ConnectOptions, Credentials};
use liandong_core::refusal::{Reason, Refusal};
use liandong_identity::{
    Certificate, Chain, Folder, Introduction, Invitation, Key, NoHandshake, NotMeant, Office,
    Package, Request,
};

use super::{CertFailure, InstallArguments, RenewArguments};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Output, Said};

/// How every invitation begins.
const INVITATION: &str = "liandong-1-";

/// The most of a file that is read as an invitation.
const LONGEST: u64 = 16 << 10;

/// After how long the authority's node is dialled again that shows another root than the invitation
/// names, …
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// … and how often: a node takes its new certificate up within two seconds.
const TRIES: u32 = 8;

/// Gets a certificate with an invitation.
pub(super) async fn enrol(
    folder: &Folder,
    given: &str,
    output: Output,
) -> Result<Verdict, Failure> {
    let invitation: Invitation = text(given)?.parse().map_err(CertFailure::from)?;
    let (until, now) = (invitation.until, Timestamp::now());
    if until < now {
        return Err(CertFailure::Expired { until }.into());
    }
    folder
        .free_for(&invitation.identity)
        .map_err(CertFailure::from)?;
    let client = dial_authority(&invitation, output).await?;
    // Kept before it is asked for: where the answer is lost, the same command asks for the same key
    // again, and is given the same certificate.
    let key = asking(folder)?;
    let request = Request::of(&key).map_err(|error| CertFailure::Office(error.into()))?;
    let request = v1::EnrolRequest {
        secret: invitation.secret.0.to_vec(),
        request: request.as_str().to_owned(),
    };
    let enrolled = client.identities().enrol(request).await.or_else(|error| {
        let reason = error.refusal().and_then(|refusal| refusal.reason);
        // To whom it was refused nothing was issued, now or before.
        if reason == Some(Reason::NoRight) {
            folder.forget_asking().map_err(CertFailure::from)?;
        }
        Err(Failure::from(error))
    })?;
    let package = package(enrolled.issued)?;
    let (identity, root) = (&invitation.identity, invitation.root);
    let known = Introduction::Fingerprint(root);
    let installed = package.install(folder, key, Some(identity), known, Timestamp::now());
    let own = installed.map_err(CertFailure::from)?;
    folder.forget_asking().map_err(CertFailure::from)?;
    folder
        .keep_authority_address(&invitation.address)
        .map_err(CertFailure::from)?;
    said(folder, &own, output)
}

/// Has the certificate renewed.
pub(super) async fn renew(
    folder: &Folder,
    arguments: RenewArguments,
    output: Output,
) -> Result<Verdict, Failure> {
    let own = folder.own().map_err(CertFailure::from)?;
    let own = own.ok_or_else(|| CertFailure::NoCertificate {
        folder: folder.path().to_path_buf(),
    })?;
    let leaf = own.chain.leaf;
    let (key, request) = asked()?;
    let office = Office::at(folder).map_err(CertFailure::from)?;
    let package = match office {
        Some(office) if arguments.address.is_none() => office
            .renew(&leaf, &Request::from_text(request), Timestamp::now())
            .map_err(CertFailure::from)?,
        _ => {
            let noted = folder.authority_address().map_err(CertFailure::from)?;
            let address = arguments.address.or(noted);
            let address = address.ok_or(CertFailure::NoAddress)?;
            let credentials = Credentials::of_folder(folder.clone())?;
            let client = dial(&address, credentials, output).await?;
            let request = v1::RenewRequest { request };
            package(client.identities().renew(request).await?.issued)?
        }
    };
    let known = Introduction::Folder;
    let installed = package.install(folder, key, leaf.identity(), known, Timestamp::now());
    let own = installed.map_err(CertFailure::from)?;
    said(folder, &own, output)
}

/// Makes a key, and writes what asks for its certificate.
pub(super) fn request(folder: &Folder, out: &Path, output: Output) -> Result<Verdict, Failure> {
    let key = asking(folder)?;
    let request = Request::of(&key).map_err(|error| CertFailure::Office(error.into()))?;
    std::fs::write(out, request.as_str()).map_err(Failure::file(out))?;
    let (to, place) = (out.display(), folder.path().display());
    let said = Said::new(
        format!(
            "申请已写入 {to}，私钥留在 {place}。请把申请交给机构：\n\
             liandong cert issue --request {to} --region 代码 --role 角色 --out certificate.pem"
        ),
        format!(
            "the request is in {to}; the key stays in {place}. Hand the request to the authority:\n\
             liandong cert issue --request {to} --region CODE --role ROLE --out certificate.pem"
        ),
    );
    let said = said.fact("file", Cell::text(to.to_string()));
    output.said(&said)?;
    Ok(Verdict::Done)
}

/// Installs what the authority issued for a request.
pub(super) fn install(
    folder: &Folder,
    arguments: &InstallArguments,
    output: Output,
) -> Result<Verdict, Failure> {
    let asking = folder.asking().map_err(CertFailure::from)?;
    let key = asking.ok_or_else(|| CertFailure::NothingRequested {
        folder: folder.path().to_path_buf(),
    })?;
    let file = &arguments.file;
    let text = std::fs::read_to_string(file).map_err(Failure::file(file))?;
    let package = Package::from_pem(&text).map_err(CertFailure::from)?;
    let known = arguments
        .root
        .map_or(Introduction::Folder, Introduction::Fingerprint);
    let installed = package.install(folder, key, None, known, Timestamp::now());
    let own = installed.map_err(CertFailure::from)?;
    folder.forget_asking().map_err(CertFailure::from)?;
    said(folder, &own, output)
}

/// The text of an invitation, from standard input or a file.
fn text(given: &str) -> Result<String, Failure> {
    if given.starts_with(INVITATION) {
        return Err(CertFailure::Exposed.into());
    }
    let mut text = String::new();
    if given == "-" {
        let read = std::io::stdin().take(LONGEST).read_to_string(&mut text);
        read.map_err(Failure::file(Path::new("-")))?;
        return Ok(text);
    }
    let path = Path::new(given);
    let opened = std::fs::File::open(path);
    let read = opened.and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    read.map_err(Failure::file(path))?;
    Ok(text)
}

async fn dial(address: &str, credentials: Credentials, output: Output) -> Result<Client, Failure> {
    let address: Address = address.parse().map_err(|_| {
        let (zh, en) = ("填 https://主机:端口", "write https://HOST:PORT");
        Refusal::advise(Reason::Malformed, "address", address, zh, en)
    })?;
    let options = ConnectOptions {
        language: output.language,
        credentials: Some(credentials),
        ..ConnectOptions::default()
    };
    Ok(Client::connect_with(&address, options).await?)
}

/// The node of the authority that invited. What it shows may be from before `cert replace-root`.
async fn dial_authority(invitation: &Invitation, output: Output) -> Result<Client, Failure> {
    let credentials = Credentials::of_invitation(invitation)?;
    for _ in 0..TRIES {
        let dialled = dial(&invitation.address, credentials.clone(), output).await;
        match dialled {
            Err(failure) if is_another_root(&failure) => tokio::time::sleep(TRY_AGAIN).await,
            done => return done,
        }
    }
    dial(&invitation.address, credentials, output).await
}

fn is_another_root(failure: &Failure) -> bool {
    let Failure::Client(ClientError::NoHandshake { why, .. }) = failure else {
        return false;
    };
    matches!(**why, NoHandshake::NotMeant(NotMeant::AnotherRoot { .. }))
}

/// The key whose certificate is being asked for, made and kept if there is none. What is asked again
/// is asked for the same key: the first answer may be on its way.
fn asking(folder: &Folder) -> Result<Key, CertFailure> {
    if let Some(key) = folder.asking()? {
        return Ok(key);
    }
    let key = Key::generate()?;
    folder.keep_asking(&key)?;
    Ok(key)
}

fn asked() -> Result<(Key, String), CertFailure> {
    let key = Key::generate()?;
    let request = Request::of(&key).map_err(|error| CertFailure::Office(error.into()))?;
    Ok((key, request.as_str().to_owned()))
}

fn package(issued: Option<v1::IssuedCertificate>) -> Result<Package, Failure> {
    let missing = || {
        let (zh, en) = ("答复中没有证书", "the answer holds no certificate");
        Failure::Answer(Refusal::advise(Reason::Missing, "issued", "", zh, en))
    };
    let v1::IssuedCertificate {
        certificates,
        roots,
        revoked,
    } = issued.ok_or_else(missing)?;
    Ok(Package {
        chain: Chain::from_pem(&certificates).map_err(CertFailure::from)?,
        roots,
        list: (!revoked.is_empty()).then_some(revoked),
    })
}

/// What is there now.
fn said(folder: &Folder, own: &Certificate, output: Output) -> Result<Verdict, Failure> {
    let identity = own.identity().map(ToString::to_string).unwrap_or_default();
    let (serial, place) = (own.serial().to_string(), folder.path().display());
    let ends = Cell::Moment(Some(own.not_after()));
    let until = ends.for_people(output.language);
    let said = Said::new(
        format!(
            "{identity} 的证书已放入 {place}：编号 {serial}，有效至 {until}\n\
             节点：在 node.toml 写入 [identity] folder = \"{place}\"（已写的几秒内自行换用）；命令行：--identity {place}"
        ),
        format!(
            "the certificate of {identity} is in {place}: serial {serial}, valid until {until}\n\
             A node: [identity] folder = \"{place}\" in node.toml (one that has it takes it up within seconds); the command line: --identity {place}"
        ),
    );
    let said = said
        .fact("identity", Cell::text(identity))
        .fact("serial", Cell::text(serial))
        .fact("until", ends)
        .fact("folder", Cell::text(place.to_string()));
    output.said(&said)?;
    Ok(Verdict::Done)
}
