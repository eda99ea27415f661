//! Identities in practice: keys, certificates, an authority that issues them, and who is trusted.
//!
//! A certificate carries one [`Identity`](liandong_core::identity::Identity) in its URI SAN. A
//! *trust domain* has one root; whoever holds the root's key is its [`Authority`]. A node trusts its
//! own domain and those of its partners, and takes from each root only identities of that root's
//! domain, in regions that the domain may speak for.
//!
//! Keys are ECDSA on P-256 with SHA-256, which every TLS library knows; they are made where they are
//! used and never leave there. Nothing here reads the clock: the time is handed in. Nothing here
//! shows a key, in a log or a message.

mod attestation;
mod authority;
mod certificate;
mod files;
mod folder;
mod invitation;
mod key;
mod list;
mod office;
mod package;
mod plain;
mod random;
mod regions;
mod register;
mod request;
mod roots;
mod spoken;
mod tls;
mod trust;

pub use attestation::{Attestation, NotAttested, Purpose};
pub use authority::{Authority, AuthorityError, Grant, Revocation};
pub use certificate::{
    Certificate, CertificateError, Chain, Fingerprint, NoFingerprint, NoSerial, Serial,
};
pub use files::FileError;
pub use folder::{Folder, FolderError, Own};
pub use invitation::{Invitation, NoInvitation, Secret, SecretHash};
pub use key::{Key, KeyError, SIGNATURE_ALGORITHM, Signature, has_signed};
pub use list::{list_number, revoked_count};
pub use office::{
    MOST_DAYS, NODE_DAYS, Office, OfficeError, PERSON_DAYS, TakenBack, Wanted, Which,
};
pub use package::{Introduction, Package, PackageError};
pub use plain::{is_of_this_machine, is_said_by_tls};
pub use random::NoRandomBytes;
pub use regions::{NoRegionPattern, RegionPattern, Regions};
pub use register::{
    ANSWERED_AGAIN, Answered, Invited, Issued, NotInvited, Register, RegisterError, Registered,
};
pub use request::{Request, RequestError};
pub use roots::read_roots;
pub use tls::{NoHandshake, NotMeant, TlsError, client_config, invited_config, server_config};
pub use trust::{Domain, Refused, Trust, TrustError, Usage};
