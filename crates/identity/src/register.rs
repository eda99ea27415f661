//! What an authority has issued, invited and taken back: one line of JSON each, never changed.
//!
//! The node's program and the operator's commands both write here, each line under a lock and made
//! durable before anything is given away because of it. A last line that a crash cut off never
//! counted, and is cut off.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::Identity;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::authority::Revocation;
use crate::certificate::{Certificate, CertificateError, Chain, NoSerial, Serial, to_pem};
use crate::files::{FileError, failing, sync_folder};
use crate::invitation::{Secret, SecretHash};
use crate::office::Wanted;

/// The file with what an authority did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register(PathBuf);

/// What it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// Certificates, oldest first.
    pub certificates: Vec<Issued>,
    /// Invitations, oldest first.
    pub invitations: Vec<Invited>,
    /// What was taken back, oldest first; as many as the number of the newest list.
    pub revocations: Vec<Revocation>,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its number.
    pub serial: Serial,
    /// Whose it is.
    pub identity: Identity,
    /// Hosts and addresses in it.
    pub names: Vec<String>,
    /// When it was issued.
    pub at: Timestamp,
    /// Until when it is valid.
    pub until: Timestamp,
}

/// An invitation that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// By what it is recognised.
    pub secret: SecretHash,
    /// Whose the certificate will be.
    pub identity: Identity,
    /// Hosts and addresses that will be in it.
    pub names: Vec<String>,
    /// Until when the invitation holds.
    pub until: Timestamp,
    /// The certificate that was issued for it, if one was.
    pub used: Option<Serial>,
    /// That certificate and when it was issued, where the register holds it.
    pub answer: Option<Answered>,
    /// When it was withdrawn, if it was.
    pub withdrawn: Option<Timestamp>,
}

/// What an invitation was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// When.
    pub at: Timestamp,
    /// The certificate.
    pub certificate: Certificate,
}

/// How long whoever was invited is given the same certificate again, when the answer was lost.
pub const ANSWERED_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// Why an invitation is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotInvited {
    /// Nobody gave it, or another authority did.
    #[error("the invitation is not known here")]
    Unknown,
    /// It was used before.
    #[error("the invitation has been used: ask for another")]
    Used,
    /// It was used before, with another key.
    #[error("the invitation has been used, with another key: ask for another")]
    UsedByAnother,
    /// It is over.
    #[error("the invitation has expired: ask for another")]
    Expired,
    /// It was taken back with what its owner had.
    #[error("the invitation was withdrawn: ask for another")]
    Withdrawn,
}

/// A register that cannot be read or written.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line that is none of ours.
    #[error("{}, line {line}: not an entry of a register: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the reader said.
        why: String,
    },
    /// No such certificate.
    #[error("no certificate {serial} was issued here")]
    NoCertificate {
        /// The number.
        serial: Serial,
    },
    /// It was taken back before.
    #[error("the certificate {serial} was revoked at {at}")]
    Revoked {
        /// The number.
        serial: Serial,
        /// When.
        at: Timestamp,
    },
    /// An invitation that is not taken.
    #[error(transparent)]
    NotInvited(#[from] NotInvited),
}

/// Why a line that can be read says nothing.
#[derive(Debug, Error)]
enum Untaken {
    #[error(transparent)]
    Serial(#[from] NoSerial),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Issued {
        serial: String,
        identity: Identity,
        names: Vec<String>,
        at: Timestamp,
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invitation: Option<SecretHash>,
        /// As text, where it was issued for an invitation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<String>,
    },
    Invited {
        secret: SecretHash,
        identity: Identity,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
        until: Timestamp,
    },
    Revoked {
        serial: String,
        at: Timestamp,
    },
    Withdrawn {
        secret: SecretHash,
        at: Timestamp,
    },
}

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
        open.write(&issued(&certificate, identity, now, Some(hash)))?;
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
            .write(&issued(certificate, identity, now, None))
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

impl Invited {
    /// Whether it can be used at that time.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used.is_none() && self.withdrawn.is_none() && self.until >= now
    }
}

impl Registered {
    /// Whether a certificate was taken back.
    pub fn is_revoked(&self, serial: &Serial) -> bool {
        self.revocations.iter().any(|it| it.serial == *serial)
    }

    /// What was issued for an invitation not long ago, to whoever has the key that it is of.
    fn answered(
        &self,
        secret: &Secret,
        now: Timestamp,
        is_of_key: impl FnOnce(&Certificate) -> bool,
    ) -> Result<Option<&Certificate>, NotInvited> {
        let mut invitations = self.invitations.iter();
        let invited = invitations.find(|invited| secret.is(&invited.secret));
        let Some(answer) = invited.and_then(|invited| invited.answer.as_ref()) else {
            return Ok(None);
        };
        let Answered { at, certificate } = answer;
        let is_over = now.duration_since(*at) > ANSWERED_AGAIN
            || certificate.not_after() < now
            || self.is_revoked(certificate.serial());
        if is_over {
            return Err(NotInvited::Used);
        }
        if !is_of_key(certificate) {
            return Err(NotInvited::UsedByAnother);
        }
        Ok(Some(certificate))
    }

    fn invitation(&self, secret: &Secret, now: Timestamp) -> Result<&Invited, NotInvited> {
        let mut invitations = self.invitations.iter();
        let invited = invitations.find(|invited| secret.is(&invited.secret));
        match invited {
            None => Err(NotInvited::Unknown),
            Some(invited) if invited.used.is_some() => Err(NotInvited::Used),
            Some(invited) if invited.withdrawn.is_some() => Err(NotInvited::Withdrawn),
            Some(invited) if invited.until < now => Err(NotInvited::Expired),
            Some(invited) => Ok(invited),
        }
    }

    fn take(&mut self, line: Line) -> Result<(), Untaken> {
        match line {
            Line::Issued {
                serial,
                identity,
                names,
                at,
                until,
                invitation,
                certificate,
            } => {
                let serial: Serial = serial.parse()?;
                let answer = match certificate {
                    Some(text) => Some(Answered {
                        at,
                        certificate: Chain::from_pem(&text)?.leaf,
                    }),
                    None => None,
                };
                let mut invitations = self.invitations.iter_mut();
                let used = invitations.find(|invited| Some(invited.secret) == invitation);
                if let Some(invited) = used {
                    invited.used = Some(serial.clone());
                    invited.answer = answer;
                }
                self.certificates.push(Issued {
                    serial,
                    identity,
                    names,
                    at,
                    until,
                });
            }
            Line::Invited {
                secret,
                identity,
                names,
                until,
            } => self.invitations.push(Invited {
                secret,
                identity,
                names,
                until,
                used: None,
                answer: None,
                withdrawn: None,
            }),
            Line::Revoked { serial, at } => {
                let serial = serial.parse()?;
                self.revocations.push(Revocation { serial, at });
            }
            Line::Withdrawn { secret, at } => {
                let mut invitations = self.invitations.iter_mut();
                let meant = invitations.find(|invited| invited.secret == secret);
                if let Some(invited) = meant {
                    invited.withdrawn = Some(at);
                }
            }
        }
        Ok(())
    }
}

fn issued(
    certificate: &Certificate,
    identity: Identity,
    at: Timestamp,
    invitation: Option<SecretHash>,
) -> Line {
    Line::Issued {
        serial: certificate.serial().to_string(),
        identity,
        names: certificate.names().to_vec(),
        at,
        until: certificate.not_after(),
        certificate: invitation.map(|_| to_pem(certificate)),
        invitation,
    }
}
