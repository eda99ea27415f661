//! The office of an authority: whom it invites, what it issues and takes back, and for how long.
//!
//! Whatever leaves the office stands in the register first. The operator's commands and the node's
//! program both work here, at the same time if need be.

mod error;
mod revoking;
mod wanted;

pub use error::OfficeError;
pub use revoking::{TakenBack, Which};
pub use wanted::{MOST_DAYS, NODE_DAYS, PERSON_DAYS, Wanted};

use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::{Identity, TrustDomain};
use rcgen::PublicKeyData;

use crate::authority::{Authority, AuthorityError, Grant};
use crate::certificate::{Certificate, Chain};
use crate::folder::{Folder, FolderError};
use crate::invitation::{Invitation, Secret};
use crate::package::Package;
use crate::random::random;
use crate::register::{Register, RegisterError, Registered};
use crate::request::Request;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An authority in its home.
#[derive(Debug)]
pub struct Office {
    folder: Folder,
    authority: Authority,
    /// The root before, and what it says of this one, while one takes the place of the other.
    former: Option<(Authority, Certificate)>,
}

impl Office {
    /// The office in a folder, if it is an authority's home.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn at(folder: &Folder) -> Result<Option<Self>, FolderError> {
        let Some(authority) = folder.authority()? else {
            return Ok(None);
        };
        let is_of_this = |crossed: &Certificate| {
            crossed.public_key_info() == authority.certificate().public_key_info()
        };
        let former = folder.former_authority()?;
        let former = former.filter(|(_, crossed)| is_of_this(crossed));
        Ok(Some(Self {
            folder: folder.clone(),
            authority,
            former,
        }))
    }

    /// Makes a folder the home of a new authority.
    ///
    /// # Errors
    /// [`OfficeError::Taken`] where there is one; nothing is changed then.
    pub fn found(
        folder: &Folder,
        domain: TrustDomain,
        years: u8,
        now: Timestamp,
    ) -> Result<Self, OfficeError> {
        if let Some(there) = folder.authority()? {
            return Err(OfficeError::Taken {
                folder: folder.path().display().to_string(),
                domain: there.domain().clone(),
            });
        }
        // A quarter of a day for the leap years.
        let lasts = SignedDuration::from_hours(i64::from(years) * (365 * 24 + 6));
        let authority = Authority::create(domain, random()?, now, now + lasts)?;
        folder.keep_authority(&authority)?;
        let office = Self {
            folder: folder.clone(),
            authority,
            former: None,
        };
        office.publish(now)?;
        Ok(office)
    }

    /// Makes a new root that issues from now on. The one before says that it is to be believed, so that
    /// whoever trusts that goes on as before, and takes the new root up with its next certificate.
    ///
    /// # Errors
    /// [`OfficeError::Replacing`] while the root before the present one is valid still.
    pub fn replace_root(self, years: u8, now: Timestamp) -> Result<Self, OfficeError> {
        if let Some((former, _)) = self.former.as_ref().filter(|(root, _)| is_valid(root, now)) {
            let until = former.certificate().not_after();
            return Err(OfficeError::Replacing { until });
        }
        let lasts = SignedDuration::from_hours(i64::from(years) * (365 * 24 + 6));
        let serials = [random()?, random()?];
        let (next, crossed) = self.authority.succeed(serials, now, now + lasts)?;
        self.folder
            .keep_successor(&self.authority, &next, &crossed)?;
        Ok(Self {
            folder: self.folder,
            former: Some((self.authority, crossed)),
            authority: next,
        })
    }

    /// The root before, where it is valid still.
    pub fn former_root(&self, now: Timestamp) -> Option<&Certificate> {
        let (former, _) = self.former.as_ref()?;
        is_valid(former, now).then(|| former.certificate())
    }

    /// Whose authority it is.
    pub fn domain(&self) -> &TrustDomain {
        self.authority.domain()
    }

    /// The root's certificate.
    pub fn root(&self) -> &Certificate {
        self.authority.certificate()
    }

    /// The root's certificate as text, for whoever shall trust it.
    pub fn root_pem(&self) -> String {
        self.authority.root_pem()
    }

    /// What was issued, invited and taken back.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn registered(&self) -> Result<Registered, RegisterError> {
        self.register().read()
    }

    /// Invites somebody who finds the office at that address, until then.
    ///
    /// # Errors
    /// [`OfficeError`].
    pub fn invite(
        &self,
        wanted: Wanted,
        address: String,
        until: Timestamp,
    ) -> Result<Invitation, OfficeError> {
        wanted.check()?;
        self.own_domain(&wanted.identity)?;
        let secret = Secret(random()?);
        let identity = wanted.identity.clone();
        self.register().invite(&secret, wanted, until)?;
        Ok(Invitation {
            address,
            identity,
            root: self.root().fingerprint(),
            until,
            secret,
        })
    }

    /// Issues a certificate to whoever was invited, once; whoever asks again for the same key within
    /// [`ANSWERED_AGAIN`](crate::ANSWERED_AGAIN) is given the same certificate.
    ///
    /// # Errors
    /// [`RegisterError::NotInvited`] among others. The request is looked at first, so that what is
    /// wrong with it tells nothing of the secret.
    pub fn enrol(
        &self,
        secret: &Secret,
        request: &Request,
        now: Timestamp,
    ) -> Result<Package, OfficeError> {
        let asked = request.checked()?;
        let is_of_key = |issued: &Certificate| {
            asked.public_key.subject_public_key_info() == issued.public_key_info()
        };
        let issued = self
            .register()
            .issue_invited(secret, now, is_of_key, |invited| {
                let wanted = Wanted {
                    identity: invited.identity.clone(),
                    names: invited.names.clone(),
                };
                let days = wanted.days();
                self.make(request, wanted, days, now)
            });
        self.package(issued?)
    }

    /// Issues a certificate in place of one that is valid still, for the same identity and names.
    ///
    /// # Errors
    /// [`OfficeError::Revoked`] and [`OfficeError::NotIssuedHere`] among others.
    pub fn renew(
        &self,
        shown: &Certificate,
        request: &Request,
        now: Timestamp,
    ) -> Result<Package, OfficeError> {
        let serial = shown.serial();
        let registered = self.registered()?;
        let mut certificates = registered.certificates.iter();
        let known = certificates.find(|issued| issued.serial == *serial);
        let known = known.filter(|issued| Some(&issued.identity) == shown.identity());
        let Some(known) = known else {
            let serial = serial.clone();
            return Err(OfficeError::NotIssuedHere { serial });
        };
        if registered.is_revoked(serial) {
            let serial = serial.clone();
            return Err(OfficeError::Revoked { serial });
        }
        let wanted = Wanted {
            identity: known.identity.clone(),
            names: known.names.clone(),
        };
        let days = wanted.days();
        self.issue(request, wanted, days, now)
    }

    /// Issues a certificate because whoever sits in the office says so.
    ///
    /// # Errors
    /// [`OfficeError`].
    pub fn issue(
        &self,
        request: &Request,
        wanted: Wanted,
        days: u16,
        now: Timestamp,
    ) -> Result<Package, OfficeError> {
        let identity = wanted.identity.clone();
        let certificate = self.make(request, wanted, days, now)?;
        self.register().note_issued(&certificate, identity, now)?;
        self.package(certificate)
    }

    fn register(&self) -> Register {
        self.folder.register()
    }

    fn own_domain(&self, identity: &Identity) -> Result<(), AuthorityError> {
        if identity.domain == *self.domain() {
            return Ok(());
        }
        Err(AuthorityError::ForeignDomain {
            identity: identity.clone(),
            domain: self.domain().clone(),
        })
    }

    fn make(
        &self,
        request: &Request,
        wanted: Wanted,
        days: u16,
        now: Timestamp,
    ) -> Result<Certificate, OfficeError> {
        wanted.check()?;
        let until = now + DAY * i32::from(days.clamp(1, MOST_DAYS));
        let grant = Grant {
            identity: wanted.identity,
            names: wanted.names,
            serial: random()?,
            from: now,
            until: until.min(self.root().not_after()),
        };
        Ok(self.authority.issue(request, &grant)?)
    }

    /// A certificate with what its owner needs besides.
    fn package(&self, leaf: Certificate) -> Result<Package, OfficeError> {
        let domain = self.domain();
        let roots = self.folder.roots(domain)?;
        let crossed = self.former.iter().map(|(_, crossed)| crossed);
        let crossed = crossed.filter(|crossed| leaf.not_before() < crossed.not_after());
        let above = crossed.cloned().collect();
        Ok(Package {
            chain: Chain { leaf, above },
            roots: roots.unwrap_or_else(|| self.authority.root_pem()),
            list: self.folder.list(domain)?,
        })
    }
}

fn is_valid(root: &Authority, now: Timestamp) -> bool {
    now < root.certificate().not_after()
}
