//! `liandong cert trust`: another domain's root, for the regions that it speaks for.

use std::fs;

use liandong_identity::{Chain, Folder, Regions};

use super::{CertFailure, TrustArguments};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Output, Said};

/// Trusts the root in a file.
pub(super) fn run(
    folder: &Folder,
    arguments: &TrustArguments,
    output: Output,
) -> Result<Verdict, Failure> {
    let file = &arguments.file;
    let text = fs::read_to_string(file).map_err(Failure::file(file))?;
    let chain = Chain::from_pem(&text).map_err(CertFailure::from)?;
    let mut certificates = [chain.leaf].into_iter().chain(chain.above);
    // Of several roots in a file only the one is taken that somebody compared.
    let meant = certificates.find(|found| found.fingerprint() == arguments.root);
    let root = meant.ok_or_else(|| CertFailure::AnotherRoot {
        file: file.clone(),
        expected: arguments.root,
    })?;
    let domain = root.root_of().cloned();
    let domain = domain.ok_or_else(|| CertFailure::NotARoot { file: file.clone() })?;
    let (until, fingerprint) = (root.not_after(), root.fingerprint().to_string());
    let kept = Chain {
        leaf: root,
        above: Vec::new(),
    };
    folder
        .keep_foreign(&domain, &kept.to_pem(), &arguments.regions)
        .map_err(CertFailure::from)?;
    let regions = Regions::Named(arguments.regions.clone()).to_string();
    let ends = Cell::Moment(Some(until));
    let said = Said::new(
        format!(
            "已信任 {domain}，只认区域 {regions}（根证书有效至 {}）；节点几秒内自行生效",
            ends.for_people(output.language)
        ),
        format!(
            "{domain} is trusted for the regions {regions} (its root ends {}); a node takes it up within seconds",
            ends.for_people(output.language)
        ),
    );
    let said = said
        .fact("domain", Cell::text(domain.to_string()))
        .fact("regions", Cell::text(regions))
        .fact("root", Cell::text(fingerprint))
        .fact("until", ends);
    output.said(&said)?;
    Ok(Verdict::Done)
}
