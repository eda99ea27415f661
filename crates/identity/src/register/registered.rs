//! What a register holds: the certificates, the invitations, and what was taken back of both.

use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::Identity;

use super::error::{NotInvited, Untaken};
use super::line::Line;
use crate::authority::Revocation;
use crate::certificate::{Certificate, Chain, Serial};
use crate::invitation::{Secret, SecretHash};

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
    pub(super) fn answered(
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

    pub(super) fn invitation(
        &self,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<&Invited, NotInvited> {
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

    pub(super) fn take(&mut self, line: Line) -> Result<(), Untaken> {
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
