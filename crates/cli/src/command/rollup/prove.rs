//! `rollup drill --proof`: a figure with all that it is made of, in one file for whoever checks it.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use liandong_client::wire::rollup::ProofQuestion;
use liandong_client::wire::rollup::v1;
use liandong_core::proof::{Fault, FaultKind};
use liandong_core::region::RegionCode;
use liandong_identity::{Folder, Trust};
use liandong_proof::{NotProven, Proven, Told, Written, read};

use crate::command::proof::ProofFailure;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Said};
use crate::progress;
use crate::session::Session;

/// Writes a proof beside the file, checks it as whoever gets it will, and only then renames it.
pub(super) async fn run(
    session: &Session,
    asked: v1::ProveRollupRequest,
    path: &Path,
) -> Result<Verdict, Failure> {
    let Some(identity) = &session.identity else {
        return Err(ProofFailure::NoIdentity.into());
    };
    let trust = Folder::at(identity).trust().map_err(ProofFailure::from)?;
    let question = ProofQuestion::try_from(asked.clone())?;
    let spinner = progress::spinner();
    let proof = session.client.rollup().prove(asked).await?;
    let unfinished = Unfinished::beside(path);
    let file = File::create(&unfinished.0).map_err(Failure::file(&unfinished.0))?;
    let mut out = BufWriter::new(file);
    let written = proof.write(&question.figure, &mut out).await;
    let written = written.map_err(ProofFailure::from)?;
    let file = out.into_inner().map_err(|error| error.into_error());
    let synced = file.and_then(|file| file.sync_all());
    synced.map_err(Failure::file(&unfinished.0))?;
    let (proven, host, reports) = check(&unfinished.0, path, &trust)?;
    std::fs::rename(&unfinished.0, path).map_err(Failure::file(path))?;
    spinner.finish_and_clear();
    let is_whole = proven.missing.is_empty();
    session
        .output
        .said(&said(path, &written, &proven, host, reports))?;
    Ok(if is_whole {
        Verdict::Done
    } else {
        Verdict::Incomplete
    })
}

/// Checks what was written; also says who speaks for the region where that is not its own node, and
/// how many reports there are.
fn check(
    written: &Path,
    path: &Path,
    trust: &Trust,
) -> Result<(Proven, Option<RegionCode>, usize), Failure> {
    let mut host = None;
    loop {
        let file = File::open(written).map_err(Failure::file(written))?;
        let mut reports = 0;
        let checked = read(BufReader::new(file), trust, host, &mut |told| {
            if let Told::Statement { row, .. } = told {
                reports += row.reports;
            }
        });
        match checked {
            Ok(proven) => return Ok((proven, host, reports)),
            Err(why) => match speaker(&why).filter(|_| host.is_none()) {
                Some(speaker) => host = Some(speaker),
                None => return Err(ProofFailure::not_proven(path, why).into()),
            },
        }
    }
}

/// The region whose node hosts the one that was asked about: the node that was asked says so.
fn speaker(why: &NotProven) -> Option<RegionCode> {
    let NotProven::Fault { fault, .. } = why else {
        return None;
    };
    let Fault { kind, .. } = &**fault;
    match kind {
        FaultKind::Host { signer } => Some(signer.region),
        _ => None,
    }
}

fn said(
    path: &Path,
    written: &Written,
    proven: &Proven,
    host: Option<RegionCode>,
    reports: usize,
) -> Said {
    let (file, count, bytes) = (path.display(), written.statements, written.bytes);
    let missing: Vec<String> = proven.missing.iter().map(ToString::to_string).collect();
    let hosted = host.map_or_else(String::new, |host| format!(" --hosted-by {host}"));
    let (lacking_zh, lacking_en) = if missing.is_empty() {
        (String::new(), String::new())
    } else {
        (
            format!("。不完整，缺：{}", missing.join("、")),
            format!(". It is not whole: {} missing", missing.join(", ")),
        )
    };
    let said = Said::new(
        format!(
            "{count} 份签名陈述、{reports} 条填报已写入 {file}（{bytes} 字节）；核对：liandong verify --proof {file}{hosted} --roots 根证书{lacking_zh}"
        ),
        format!(
            "wrote {count} signed statements and {reports} reports to {file} ({bytes} bytes); to check it: liandong verify --proof {file}{hosted} --roots ROOTS{lacking_en}"
        ),
    );
    said.fact("file", Cell::text(file.to_string()))
        .fact("statements", Cell::Count(count))
        .fact("reports", Cell::Count(reports as u64))
        .fact("bytes", Cell::Count(bytes))
        .fact("missing", Cell::List(missing))
        .fact(
            "hosted_by",
            Cell::text(host.map(|host| host.to_string()).unwrap_or_default()),
        )
}

/// A file that is being written; it is removed unless it was renamed.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        Self(PathBuf::from(name))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone when it was renamed; a rest that stays is overwritten by the next proof.
        let _ = std::fs::remove_file(&self.0);
    }
}
