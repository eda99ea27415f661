//! What an office takes back, and how it tells so.

use jiff::Timestamp;
use liandong_core::identity::Identity;

use super::{Office, OfficeError, is_valid};
use crate::certificate::Serial;
use crate::list::{is_signed_by_any, list_number, revoked_count};

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// One certificate.
    Serial(Serial),
    /// All of an identity that are valid still.
    Identity(Identity),
}

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The numbers of the certificates.
    pub serials: Vec<Serial>,
    /// How many invitations that had not been used.
    pub invitations: usize,
}

impl Office {
    /// Takes certificates back, and tells so in a new list. With all certificates of an identity go
    /// the invitations that it has not used: whoever stole the one may have the other.
    ///
    /// # Errors
    /// [`OfficeError::NothingToRevoke`] and [`RegisterError::NoCertificate`] among others.
    ///
    /// [`RegisterError::NoCertificate`]: crate::RegisterError::NoCertificate
    pub fn revoke(&self, which: &Which, now: Timestamp) -> Result<TakenBack, OfficeError> {
        let mut invitations = 0;
        let serials = match which {
            Which::Serial(serial) => vec![serial.clone()],
            Which::Identity(identity) => {
                // First, so that none is used between the two.
                invitations = self.register().withdraw(identity, now)?;
                let known = self.registered()?;
                let issued = known.certificates.iter().filter(|issued| {
                    issued.identity == *identity
                        && issued.until > now
                        && !known.is_revoked(&issued.serial)
                });
                issued.map(|issued| issued.serial.clone()).collect()
            }
        };
        let is_nothing = serials.is_empty() && invitations == 0;
        if let (Which::Identity(identity), true) = (which, is_nothing) {
            let identity = identity.clone();
            return Err(OfficeError::NothingToRevoke { identity });
        }
        for serial in &serials {
            self.register().revoke(serial, now)?;
        }
        self.publish(now)?;
        Ok(TakenBack {
            serials,
            invitations,
        })
    }

    /// Signs a new list of what was taken back, if the register is ahead of the list that there is.
    /// A crash between the two is made good by the next call; whether there was need.
    ///
    /// # Errors
    /// [`OfficeError`].
    pub fn publish(&self, now: Timestamp) -> Result<bool, OfficeError> {
        let revocations = self.registered()?.revocations;
        let count = u64::try_from(revocations.len()).unwrap_or(u64::MAX);
        // While two roots are valid, the one signs that everybody knows.
        let former = self.former.as_ref().map(|(former, _)| former);
        let signing = former.filter(|root| is_valid(root, now));
        let signing = signing.unwrap_or(&self.authority);
        let known = self.folder.list(self.domain())?;
        let known = known.as_deref();
        let is_current = |list: &&[u8]| {
            revoked_count(list) >= Some(count)
                && is_signed_by_any(list, &[signing.certificate().clone()])
        };
        if known.filter(is_current).is_some() {
            return Ok(false);
        }
        // The first list says that nothing was taken back.
        let before = known.and_then(list_number).unwrap_or(0);
        let number = count.max(before).saturating_add(1);
        let list = signing.revoked(&revocations, number, now)?;
        Ok(self.folder.keep_list(self.domain(), &list)?)
    }
}
