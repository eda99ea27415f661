//! The folder that an identity lives in.
//!
//! ```text
//! key.pem                 the private key, for its owner alone
//! key-next.pem            the next one, while certificate and key are being replaced
//! certificate.pem         its certificate
//! key-requested.pem       a key whose certificate was asked for and is not here yet
//! roots/DOMAIN.pem        the roots of each trust domain that is trusted
//! roots/DOMAIN.regions    which regions another domain than the own may speak for, one in a line
//! revoked/DOMAIN.crl      the newest list of what they took back
//! authority-address       where the authority was that issued the certificate
//! authority/root.pem      at the authority of a domain: its root, …
//! authority/key.pem       … the root's key, for its owner alone, …
//! authority/former-root.pem, former-key.pem  the root before this one, while one takes the place of the other
//! authority/crossed.pem   what the former root says of this one
//! authority/register      … and what it issued, see `Register`
//! ```

mod error;
mod trusted;

pub use error::FolderError;

use std::path::{Path, PathBuf};

use crate::authority::{Authority, AuthorityError};
use crate::certificate::{Certificate, Chain, to_pem};
use crate::files::{self, Secrecy, is_exposed};
use crate::key::{Key, KeyError};
use crate::register::Register;

const KEY: &str = "key.pem";
const NEXT_KEY: &str = "key-next.pem";
const ASKING: &str = "key-requested.pem";
const CERTIFICATE: &str = "certificate.pem";
const ROOTS: &str = "roots";
const REVOKED: &str = "revoked";
const AUTHORITY: &str = "authority";
const ROOT: &str = "root.pem";
const FORMER_ROOT: &str = "former-root.pem";
const FORMER_KEY: &str = "former-key.pem";
const CROSSED: &str = "crossed.pem";
const ADDRESS: &str = "authority-address";
const REGISTER: &str = "register";

/// How often certificate and key are read that do not belong together.
const READS: u32 = 3;

/// A folder with an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// A certificate with its key.
#[derive(Debug)]
pub struct Own {
    /// The certificate.
    pub chain: Chain,
    /// Its key.
    pub key: Key,
}

impl Folder {
    /// The folder at that place, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The own certificate and its key; `None` while there is none.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn own(&self) -> Result<Option<Own>, FolderError> {
        let mut found = self.read_own();
        // Both may have been replaced between the reading of the one and of the other.
        for _ in 1..READS {
            if !matches!(found, Err(FolderError::NotTogether { .. })) {
                break;
            }
            found = self.read_own();
        }
        found
    }

    fn read_own(&self) -> Result<Option<Own>, FolderError> {
        let path = self.0.join(CERTIFICATE);
        let Some(text) = files::read(&path)? else {
            return Ok(None);
        };
        let chain = Chain::from_pem(&String::from_utf8_lossy(&text));
        let chain = chain.map_err(|cause| FolderError::Certificate {
            path: path.clone(),
            cause,
        })?;
        for name in [KEY, NEXT_KEY] {
            if let Some(key) = read_key(&self.0.join(name))?
                && key.is_of(&chain.leaf)
            {
                return Ok(Some(Own { chain, key }));
            }
        }
        Err(FolderError::NotTogether {
            key: self.0.join(KEY),
            certificate: path,
        })
    }

    /// Keeps a certificate and its key in place of those that are there. Whatever is in the way in
    /// between, there is a key for the certificate.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn keep_own(&self, own: &Own) -> Result<(), FolderError> {
        let (key, chain) = (own.key.to_pem(), own.chain.to_pem());
        let next = self.0.join(NEXT_KEY);
        files::replace(&next, key.as_bytes(), Secrecy::Secret)?;
        files::replace(&self.0.join(CERTIFICATE), chain.as_bytes(), Secrecy::Public)?;
        files::replace(&self.0.join(KEY), key.as_bytes(), Secrecy::Secret)?;
        Ok(files::remove(&next)?)
    }

    /// Keeps a key whose certificate is being asked for elsewhere.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn keep_asking(&self, key: &Key) -> Result<(), FolderError> {
        let text = key.to_pem();
        Ok(files::replace(
            &self.0.join(ASKING),
            text.as_bytes(),
            Secrecy::Secret,
        )?)
    }

    /// The key whose certificate is being asked for elsewhere.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn asking(&self) -> Result<Option<Key>, FolderError> {
        read_key(&self.0.join(ASKING))
    }

    /// Forgets the key whose certificate was being asked for, when it is here, and the folder when
    /// that was all.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn forget_asking(&self) -> Result<(), FolderError> {
        files::remove(&self.0.join(ASKING))?;
        // One that holds something stays.
        let _ = std::fs::remove_dir(&self.0);
        Ok(())
    }

    /// Where the authority was that issued the certificate here; `None` where nobody noted it.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn authority_address(&self) -> Result<Option<String>, FolderError> {
        let read = files::read(&self.0.join(ADDRESS))?;
        let text = read.map(|text| String::from_utf8_lossy(&text).trim().to_owned());
        Ok(text.filter(|address| !address.is_empty()))
    }

    /// Notes where the authority is, for renewals.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn keep_authority_address(&self, address: &str) -> Result<(), FolderError> {
        let line = format!("{address}\n");
        Ok(files::replace(
            &self.0.join(ADDRESS),
            line.as_bytes(),
            Secrecy::Public,
        )?)
    }

    /// The authority whose home this is, if it is one's.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn authority(&self) -> Result<Option<Authority>, FolderError> {
        let folder = self.0.join(AUTHORITY);
        let Some(root) = files::read(&folder.join(ROOT))? else {
            return Ok(None);
        };
        let path = folder.join(KEY);
        let Some(key) = read_key(&path)? else {
            return Err(FolderError::Key {
                path,
                cause: KeyError::Unreadable,
            });
        };
        let root = String::from_utf8_lossy(&root);
        let mut opened = Authority::open(&root, key);
        if matches!(opened, Err(AuthorityError::AnotherKey))
            && let Some(former) = read_key(&folder.join(FORMER_KEY))?
        {
            // The next root's key is here, and its certificate did not get so far.
            opened = Authority::open(&root, former);
        }
        let opened = opened.map_err(|cause| FolderError::Authority {
            path: folder,
            cause,
        });
        opened.map(Some)
    }

    /// Makes this the home of an authority; its root is trusted here, too.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn keep_authority(&self, authority: &Authority) -> Result<(), FolderError> {
        let folder = self.0.join(AUTHORITY);
        let (key, root) = (authority.key().to_pem(), authority.root_pem());
        files::replace(&folder.join(KEY), key.as_bytes(), Secrecy::Secret)?;
        self.keep_roots(authority.domain(), &root)?;
        Ok(files::replace(
            &folder.join(ROOT),
            root.as_bytes(),
            Secrecy::Public,
        )?)
    }

    /// The root that the authority had before, and what that says of the one it has.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn former_authority(&self) -> Result<Option<(Authority, Certificate)>, FolderError> {
        let folder = self.0.join(AUTHORITY);
        let (Some(root), Some(crossed), Some(key)) = (
            files::read(&folder.join(FORMER_ROOT))?,
            files::read(&folder.join(CROSSED))?,
            read_key(&folder.join(FORMER_KEY))?,
        ) else {
            return Ok(None);
        };
        let path = folder.join(CROSSED);
        let crossed = Chain::from_pem(&String::from_utf8_lossy(&crossed));
        let crossed = crossed.map_err(|cause| FolderError::Certificate { path, cause })?;
        let opened = Authority::open(&String::from_utf8_lossy(&root), key);
        let former = opened.map_err(|cause| FolderError::Authority {
            path: folder,
            cause,
        })?;
        Ok(Some((former, crossed.leaf)))
    }

    /// Keeps the root that takes the place of an authority's. Whatever is in the way in between, the one
    /// or the other is whole; both are trusted here from now on.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn keep_successor(
        &self,
        former: &Authority,
        next: &Authority,
        crossed: &Certificate,
    ) -> Result<(), FolderError> {
        let folder = self.0.join(AUTHORITY);
        let public = |name: &str, text: &str| {
            files::replace(&folder.join(name), text.as_bytes(), Secrecy::Public)
        };
        let secret = |name: &str, key: &Key| {
            files::replace(&folder.join(name), key.to_pem().as_bytes(), Secrecy::Secret)
        };
        secret(FORMER_KEY, former.key())?;
        public(FORMER_ROOT, &former.root_pem())?;
        public(CROSSED, &to_pem(crossed))?;
        let known = self.roots(next.domain())?;
        let known = known.unwrap_or_else(|| former.root_pem());
        self.keep_roots(next.domain(), &(known + &next.root_pem()))?;
        secret(KEY, next.key())?;
        Ok(public(ROOT, &next.root_pem())?)
    }

    /// What the authority issued.
    pub fn register(&self) -> Register {
        Register::at(self.0.join(AUTHORITY).join(REGISTER))
    }
}

fn read_key(path: &Path) -> Result<Option<Key>, FolderError> {
    let Some(text) = files::read(path)? else {
        return Ok(None);
    };
    let path = path.to_path_buf();
    if is_exposed(&path)? {
        return Err(FolderError::Exposed { path });
    }
    let key = Key::from_pem(&String::from_utf8_lossy(&text));
    key.map(Some)
        .map_err(|cause| FolderError::Key { path, cause })
}
