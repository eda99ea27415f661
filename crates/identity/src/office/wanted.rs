//! Whom a certificate is for, and for how long it is issued.

use liandong_core::identity::{Identity, Role};
use rustls::pki_types::DnsName;

use crate::authority::AuthorityError;

/// How many days a node's certificate is valid: short, because a node has it renewed by itself.
pub const NODE_DAYS: u16 = 90;

/// How many days a person's certificate is valid: people renew theirs by hand.
pub const PERSON_DAYS: u16 = 365;

/// The most days that a certificate may be issued for.
pub const MOST_DAYS: u16 = 825;

/// Whom a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose it will be.
    pub identity: Identity,
    /// Hosts and addresses that its owner is called by, when it listens.
    pub names: Vec<String>,
}

impl Wanted {
    /// Whether a certificate can be made for it.
    ///
    /// # Errors
    /// [`AuthorityError::Name`] for a name that no certificate can carry.
    pub fn check(&self) -> Result<(), AuthorityError> {
        for name in &self.names {
            let is_address = name.parse::<std::net::IpAddr>().is_ok();
            if !is_address && DnsName::try_from(name.as_str()).is_err() {
                let name = name.chars().take(64).collect();
                return Err(AuthorityError::Name { name });
            }
        }
        Ok(())
    }

    /// For how many days it is issued unless somebody says otherwise.
    pub fn days(&self) -> u16 {
        match self.identity.role {
            Role::Node => NODE_DAYS,
            _ => PERSON_DAYS,
        }
    }
}
