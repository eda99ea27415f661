//! A line of a register, as it is written.

use jiff::Timestamp;
use liandong_core::identity::Identity;
use serde::{Deserialize, Serialize};

use crate::certificate::{Certificate, to_pem};
use crate::invitation::SecretHash;

/// One thing that was done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Line {
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

impl Line {
    /// That a certificate was issued, and for which invitation.
    pub(super) fn issued(
        certificate: &Certificate,
        identity: Identity,
        at: Timestamp,
        invitation: Option<SecretHash>,
    ) -> Self {
        Self::Issued {
            serial: certificate.serial().to_string(),
            identity,
            names: certificate.names().to_vec(),
            at,
            until: certificate.not_after(),
            certificate: invitation.map(|_| to_pem(certificate)),
            invitation,
        }
    }
}
