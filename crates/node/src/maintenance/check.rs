//! Checking files at rest, part by part.

use std::path::Path;
use std::sync::Arc;

use liandong_identity::Folder;
use liandong_store::{Fault, Judge, Manifest, Report, VerifyOptions};

use super::{MaintenanceError, Progress, require_store};
use crate::evidence::ByTrust;

/// One part of a check of files.
#[derive(Debug)]
pub struct Checked {
    /// What was checked.
    pub what: Check,
    /// How many frames or cells; the frame of a checkpoint.
    pub count: u64,
    /// Whether it is as it should be; `None` when it could not be checked.
    pub fits: Option<bool>,
    /// The first thing that does not fit.
    pub wrong: Option<Fault>,
}

/// What can be checked of files at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The identity.
    Identity,
    /// Every frame of the journal, and the chain.
    Journal,
    /// Every frame of the second copy of the journal.
    Mirror,
    /// A backup, file by file and frame by frame.
    Backup,
    /// The state in the checkpoint, compared with what the journal folds to.
    Checkpoint,
    /// Every cell, counted again from the accepted reports.
    Cells,
    /// Who signed the documents that other nodes told of.
    Evidence,
    /// The figures of other nodes' regions, compared with what those sealed.
    Seals,
    /// Times that another node signed for a region than before.
    Turns,
    /// Changes that the former signer has signed, too.
    Handovers,
}

/// Checks the files of a node that is stopped, or a backup: the journal or the files of the backup,
/// the second copy if one is named, the checkpoint, and every cell that the journal folds to.
/// Nothing is written. With an `identity` folder, who signed what came from other nodes is checked
/// by whom that folder trusts.
///
/// # Errors
/// When the directory is in use or is none; what is damaged is no error but stands in the result.
pub fn verify(
    dir: &Path,
    mirror: Option<&Path>,
    kind: Files,
    identity: Option<&Path>,
    progress: Progress<'_>,
) -> Result<Vec<Checked>, MaintenanceError> {
    match kind {
        Files::OfANode => require_store(dir)?,
        Files::OfABackup => {
            Manifest::read(dir)?;
        }
    }
    let judge = match identity {
        Some(folder) => {
            let trust = Folder::at(folder).trust()?;
            Some(Arc::new(ByTrust(trust)) as Arc<dyn Judge>)
        }
        None => None,
    };
    let options = VerifyOptions {
        mirror: mirror.map(Path::to_path_buf),
        judge,
        ..VerifyOptions::default()
    };
    let mut reached = 0;
    let report = liandong_store::verify(dir, &options, &mut |done| {
        reached = done.frame;
        progress(done.done, done.total);
    })?;
    Ok(parts(
        report,
        kind,
        mirror.is_some(),
        identity.is_some(),
        reached,
    ))
}

/// What files are to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// A data directory.
    OfANode,
    /// A backup.
    OfABackup,
}

/// The report part by part, each with the first thing of it that does not fit.
fn parts(report: Report, kind: Files, mirrored: bool, judged: bool, reached: u64) -> Vec<Checked> {
    let Report {
        frames,
        mirror,
        checkpoint,
        cells,
        faults,
        reviewed,
        evidence,
        ..
    } = report;
    let whole = match kind {
        Files::OfANode => Check::Journal,
        Files::OfABackup => Check::Backup,
    };
    let mut wanted = vec![(whole, frames)];
    if mirrored {
        wanted.push((Check::Mirror, mirror.unwrap_or(0)));
    }
    if let Some(frame) = checkpoint {
        wanted.push((Check::Checkpoint, frame));
    }
    wanted.push((Check::Cells, cells as u64));
    let mut found: Vec<Checked> = Vec::with_capacity(wanted.len());
    for (what, count) in wanted {
        found.push(Checked {
            what,
            count,
            fits: Some(true),
            wrong: None,
        });
    }
    let reviewed = reviewed.unwrap_or_default();
    let signed = reviewed.signed + reviewed.unsigned.len() as u64;
    if judged || reviewed.signed > 0 {
        found.push(Checked {
            what: Check::Evidence,
            count: if judged { evidence } else { signed },
            // Without roots nobody can tell whose signatures they are.
            fits: judged.then_some(true),
            wrong: None,
        });
    }
    if reviewed.seals > 0 {
        found.push(Checked {
            what: Check::Seals,
            count: reviewed.seals,
            fits: Some(true),
            wrong: None,
        });
    }
    if reviewed.turns > 0 {
        found.push(Checked {
            what: Check::Turns,
            count: reviewed.turns,
            fits: Some(true),
            wrong: None,
        });
    }
    if !reviewed.agreed.is_empty() {
        found.push(Checked {
            what: Check::Handovers,
            count: reviewed.agreed.len() as u64,
            fits: Some(true),
            wrong: None,
        });
    }
    for fault in faults {
        let what = match &fault {
            Fault::Identity(_) => Check::Identity,
            Fault::Journal(_) | Fault::Backup(_) => whole,
            Fault::Mirror(_) => Check::Mirror,
            Fault::Checkpoint(_) | Fault::OtherState { .. } | Fault::JournalBehind { .. } => {
                Check::Checkpoint
            }
            Fault::Recount { .. } => Check::Cells,
            Fault::Evidence { .. } | Fault::Unsigned { .. } => Check::Evidence,
            Fault::Sealed { .. } | Fault::Beyond { .. } => Check::Seals,
            Fault::Turned { .. } => Check::Turns,
        };
        // That a former signer agreed cannot be told here, and no more that it did not.
        let fits = (what != Check::Turns).then_some(false);
        let place = found.iter_mut().find(|part| part.what == what);
        match place {
            Some(part) => {
                part.fits = fits;
                part.wrong = Some(fault);
            }
            None => found.push(Checked {
                what,
                count: 0,
                fits,
                wrong: Some(fault),
            }),
        }
    }
    let damaged = found
        .iter()
        .any(|part| part.what == whole && part.wrong.is_some());
    if damaged {
        for part in &mut found {
            if part.what == whole {
                part.count = reached;
            } else if part.wrong.is_none() {
                // The fold ended at the damage.
                part.fits = None;
                part.count = 0;
            }
        }
    }
    found
}
