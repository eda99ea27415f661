//! Roots that somebody got by hand, to check with and nothing else: a file, or a folder of files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use liandong_core::identity::TrustDomain;

use crate::certificate::{Certificate, all_from_pem, to_pem};
use crate::files::{self, failing};
use crate::folder::{Folder, FolderError};
use crate::trust::{Domain, Trust, TrustError};

/// Who is trusted by a file of roots (PEM, of one trust domain or of several), by a folder of such
/// files (`*.pem`) with the signed lists of what was revoked (`*.crl`), or by the folder of an
/// identity. Nobody is where there are no roots. Roots of a file or of a folder of files are believed
/// for every region: whoever brings them says so.
///
/// # Errors
/// [`FolderError`]: a file that cannot be read, a certificate that is no root, a list that no root
/// signed.
pub fn read_roots(path: &Path) -> Result<Trust, FolderError> {
    let folder = Folder::at(path);
    if folder.has_roots() {
        return folder.trust();
    }
    let (mut roots, mut lists) = (vec![path.to_path_buf()], Vec::new());
    if path.is_dir() {
        (roots, lists) = listed(path)?;
    }
    let mut found: BTreeMap<TrustDomain, String> = BTreeMap::new();
    for path in &roots {
        let text = std::fs::read(path).map_err(failing("read", path))?;
        let read = all_from_pem(&String::from_utf8_lossy(&text));
        let read = read.map_err(|cause| FolderError::Certificate {
            path: path.clone(),
            cause,
        })?;
        for root in read {
            let domain = domain_of(&root).ok_or_else(|| FolderError::NotARoot {
                path: path.clone(),
                serial: root.serial().clone(),
            })?;
            found.entry(domain).or_default().push_str(&to_pem(&root));
        }
    }
    let mut domains = Vec::new();
    for (name, pem) in found {
        let untrusted = |cause| FolderError::Trust {
            path: path.to_path_buf(),
            cause,
        };
        let without = Domain::new(name.clone(), &pem, None).map_err(untrusted)?;
        domains.push(with_list(without, &name, &pem, &mut lists)?);
    }
    if let Some((path, _)) = lists.into_iter().next() {
        return Err(FolderError::StrayList { path });
    }
    Trust::new(domains).map_err(|cause| FolderError::Trust {
        path: path.to_path_buf(),
        cause,
    })
}

fn domain_of(root: &Certificate) -> Option<TrustDomain> {
    root.root_of().cloned()
}

/// A list belongs to the domain whose root signed it, whatever the file is called. Two lists of one
/// domain are not both the newest: the second stays and is said to be astray.
fn with_list(
    without: Domain,
    name: &TrustDomain,
    pem: &str,
    lists: &mut Vec<(PathBuf, Vec<u8>)>,
) -> Result<Domain, FolderError> {
    for (place, (path, list)) in lists.iter().enumerate() {
        match Domain::new(name.clone(), pem, Some(list)) {
            Ok(domain) => {
                lists.remove(place);
                return Ok(domain);
            }
            Err(TrustError::List { .. }) => {}
            Err(cause) => {
                let path = path.clone();
                return Err(FolderError::Trust { path, cause });
            }
        }
    }
    Ok(without)
}

type Found = (Vec<PathBuf>, Vec<(PathBuf, Vec<u8>)>);

fn listed(folder: &Path) -> Result<Found, FolderError> {
    let (mut roots, mut lists) = (Vec::new(), Vec::new());
    let entries = std::fs::read_dir(folder).map_err(failing("list", folder))?;
    for entry in entries {
        let path = entry.map_err(failing("list", folder))?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("pem") => roots.push(path),
            Some("crl") => {
                let list = files::read(&path)?.unwrap_or_default();
                lists.push((path, list));
            }
            _ => {}
        }
    }
    roots.sort();
    lists.sort();
    Ok((roots, lists))
}
