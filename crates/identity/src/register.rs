//! What an authority has issued, invited and taken back: one line of JSON each, never changed.
//!
//! The node's program and the operator's commands both write here, each line under a lock and made
//! durable before anything is given away because of it. A last line that a crash cut off never
//! counted, and is cut off.

mod error;
mod line;
mod registered;

pub use error::{NotInvited, RegisterError};
pub use registered::{ANSWERED_AGAIN, Answered, Invited, Issued, Registered};

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use jiff::Timestamp;
use liandong_core::identity::Identity;
use rustix::fs::{FlockOperation, flock};

use crate::authority::Revocation;
use crate::certificate::{Certificate, Serial};
use crate::files::{failing, sync_folder};
use crate::invitation::{Secret, SecretHash};
use crate::office::Wanted;

use line::Line;

/// The file with what an authority did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register(PathBuf);

impl Register {
    /// The register at that place, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// What it holds.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn read(&self) -> Result<Registered, RegisterError> {
        Ok(self.open()?.registered)
    }

    /// Notes an invitation before it is handed over.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn invite(
        &self,
        secret: &Secret,
        wanted: Wanted,
        until: Timestamp,
    ) -> Result<(), RegisterError> {
        let secret = secret.hash();
        let Wanted { identity, names } = wanted;
        self.open()?.write(&Line::Invited {
            secret,
            identity,
            names,
            until,
        })
    }

    /// Issues for an invitation, once: `issue` makes the certificate, which is noted before this
    /// returns. Whatever `issue` fails with leaves the invitation as it was. Whoever asks again with
    /// the same key, which `is_of_key` tells of a certificate, is given what was issued, for
    /// [`ANSWERED_AGAIN`]: the answer may have been lost on its way.
    ///
    /// # Errors
    /// [`RegisterError::NotInvited`] and others, or what `issue` fails with.
    pub fn issue_invited<E: From<RegisterError>>(
        &self,
        secret: &Secret,
        now: Timestamp,
        is_of_key: impl FnOnce(&Certificate) -> bool,
        issue: impl FnOnce(&Invited) -> Result<Certificate, E>,
    ) -> Result<Certificate, E> {
        let mut open = self.open()?;
        let again = open.registered.answered(secret, now, is_of_key);
        if let Some(certificate) = again.map_err(RegisterError::from)? {
            return Ok(certificate.clone());
        }
        let invited = open.registered.invitation(secret, now);
        let invited = invited.map_err(RegisterError::from)?;
        let (identity, hash) = (invited.identity.clone(), invited.secret);
        let certificate = issue(invited)?;
        open.write(&Line::issued(&certificate, identity, now, Some(hash)))?;
        Ok(certificate)
    }

    /// Notes a certificate that was issued without an invitation.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn note_issued(
        &self,
        certificate: &Certificate,
        identity: Identity,
        now: Timestamp,
    ) -> Result<(), RegisterError> {
        self.open()?
            .write(&Line::issued(certificate, identity, now, None))
    }

    /// Takes a certificate back; gives all that was taken back so far.
    ///
    /// # Errors
    /// [`RegisterError::NoCertificate`] and [`RegisterError::Revoked`] among others.
    pub fn revoke(&self, serial: &Serial, at: Timestamp) -> Result<Vec<Revocation>, RegisterError> {
        let mut open = self.open()?;
        let known = &open.registered;
        let before = known.revocations.iter().find(|it| it.serial == *serial);
        if let Some(before) = before {
            return Err(RegisterError::Revoked {
                serial: serial.clone(),
                at: before.at,
            });
        }
        if !known.certificates.iter().any(|it| it.serial == *serial) {
            return Err(RegisterError::NoCertificate {
                serial: serial.clone(),
            });
        }
        open.write(&Line::Revoked {
            serial: serial.to_string(),
            at,
        })?;
        let mut revocations = open.registered.revocations;
        revocations.push(Revocation {
            serial: serial.clone(),
            at,
        });
        Ok(revocations)
    }

    /// Withdraws the invitations of an identity that are open still; how many there were.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn withdraw(&self, identity: &Identity, at: Timestamp) -> Result<usize, RegisterError> {
        let mut open = self.open()?;
        let invitations = open.registered.invitations.iter();
        let meant = invitations.filter(|it| it.identity == *identity && it.is_open(at));
        let secrets: Vec<SecretHash> = meant.map(|invited| invited.secret).collect();
        for &secret in &secrets {
            open.write(&Line::Withdrawn { secret, at })?;
        }
        Ok(secrets.len())
    }

    /// Opens and locks the file, reads it, and cuts off what a crash left.
    fn open(&self) -> Result<Open, RegisterError> {
        let path = &self.0;
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder).map_err(failing("make", folder))?;
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path);
        let mut file = opened.map_err(failing("open", path))?;
        let locked = flock(&file, FlockOperation::LockExclusive);
        locked.map_err(|error| failing("lock", path)(error.into()))?;
        let mut text = Vec::new();
        let read = file.read_to_end(&mut text);
        read.map_err(failing("read", path))?;
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let mut registered = Registered::default();
        for (place, line) in text[..whole]
            .split_inclusive(|byte| *byte == b'\n')
            .enumerate()
        {
            let read = serde_json::from_slice(line).map_err(|error| error.to_string());
            let taken = read.and_then(|line| {
                let taken = registered.take(line);
                taken.map_err(|error| error.to_string())
            });
            taken.map_err(|why| RegisterError::Line {
                path: path.clone(),
                line: place + 1,
                why,
            })?;
        }
        let end = u64::try_from(whole).unwrap_or(u64::MAX);
        if whole < text.len() {
            file.set_len(end).map_err(failing("cut", path))?;
        }
        file.seek(SeekFrom::Start(end))
            .map_err(failing("read", path))?;
        if text.is_empty() {
            sync_folder(folder)?;
        }
        Ok(Open {
            file,
            path: path.clone(),
            registered,
        })
    }
}

/// A register that is open and locked; dropping it lets others in.
struct Open {
    file: File,
    path: PathBuf,
    registered: Registered,
}

impl Open {
    fn write(&mut self, line: &Line) -> Result<(), RegisterError> {
        let path = &self.path;
        let mut text = serde_json::to_vec(line).map_err(|error| RegisterError::Line {
            path: path.clone(),
            line: 0,
            why: error.to_string(),
        })?;
        text.push(b'\n');
        let written = self.file.write_all(&text);
        let written = written.and_then(|()| self.file.sync_all());
        Ok(written.map_err(failing("write", path))?)
    }
}
