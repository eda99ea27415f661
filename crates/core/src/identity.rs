//! Identities: who somebody is, as a region and a role in it.
//!
//! A certificate names one identity in its URI SAN, in the form of SPIFFE:
//! `spiffe://edu.example/region/371524/reporter`. How such a certificate comes about and how it is
//! checked is no business of these rules; they are handed an identity that has been proven.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::region::RegionCode;

/// The longest name of a trust domain in bytes, as the SPIFFE ID standard (2.1) has it.
pub const MAX_TRUST_DOMAIN_LEN: usize = 255;

const SCHEME: &str = "spiffe://";
const SEGMENT: &str = "/region/";

/// What somebody does in a region. One identity has one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The region's node itself, on links.
    Node,
    /// Keeps the node running and decides who may take part (管理员).
    Admin,
    /// Plans, assigns, and judges what comes back (审核员).
    Reviewer,
    /// Reports figures and the progress of tasks (填报员).
    Reporter,
    /// Looks at what is published (查看者).
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Node,
        Self::Admin,
        Self::Reviewer,
        Self::Reporter,
        Self::Viewer,
    ];

    /// The word used in certificates, files and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Admin => "admin",
            Self::Reviewer => "reviewer",
            Self::Reporter => "reporter",
            Self::Viewer => "viewer",
        }
    }

    /// Reads the word used in certificates, files and on the wire.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// The name of those who trust one root: lower-case letters, digits, dots, hyphens and underscores.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustDomain(Box<str>);

impl TrustDomain {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TrustDomain {
    /// The URI of the domain itself, which its root carries.
    pub fn uri(&self) -> String {
        format!("{SCHEME}{self}")
    }

    /// Reads the URI of a domain itself.
    ///
    /// # Errors
    /// [`InvalidIdentity`].
    pub fn from_uri(text: &str) -> Result<Self, InvalidIdentity> {
        let domain = text.strip_prefix(SCHEME);
        let domain = domain.ok_or_else(|| InvalidIdentity::new(Part::Form, text))?;
        domain.parse()
    }
}

impl FromStr for TrustDomain {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
        };
        if text.is_empty() || text.len() > MAX_TRUST_DOMAIN_LEN || !text.bytes().all(allowed) {
            return Err(InvalidIdentity::new(Part::TrustDomain, text));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Whose root vouches for it.
    pub domain: TrustDomain,
    /// The region it belongs to.
    pub region: RegionCode,
    /// What it does there.
    pub role: Role,
}

/// Which part of an identity cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole does not have the form.
    Form,
    /// The trust domain.
    TrustDomain,
    /// The region's code.
    Region,
    /// The role.
    Role,
}

/// A text that names no identity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct InvalidIdentity {
    /// What is wrong with it.
    pub part: Part,
    /// The part that was given, shortened to what an error message can bear.
    pub value: String,
}

impl InvalidIdentity {
    fn new(part: Part, value: &str) -> Self {
        let value = value.chars().take(64).collect();
        Self { part, value }
    }
}

impl fmt::Display for InvalidIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = &self.value;
        match self.part {
            Part::Form => write!(
                f,
                "{value:?} is not an identity: write spiffe://DOMAIN/region/CODE/ROLE"
            ),
            Part::TrustDomain => write!(
                f,
                "{value:?} is not a trust domain: 1 to {MAX_TRUST_DOMAIN_LEN} lower-case letters, \
                 digits, dots, hyphens and underscores"
            ),
            Part::Region => write!(f, "{value:?} is not a region code"),
            Part::Role => {
                let words: Vec<&str> = Role::ALL.into_iter().map(Role::word).collect();
                write!(f, "{value:?} is not a role; accepted: {}", words.join(", "))
            }
        }
    }
}

impl FromStr for Identity {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || InvalidIdentity::new(Part::Form, text);
        let rest = text.strip_prefix(SCHEME).ok_or_else(form)?;
        let (domain, path) = rest.split_once(SEGMENT).ok_or_else(form)?;
        let (region, role) = path.split_once('/').ok_or_else(form)?;
        Ok(Self {
            domain: domain.parse()?,
            region: region
                .parse()
                .map_err(|_| InvalidIdentity::new(Part::Region, region))?,
            role: Role::from_word(role).ok_or_else(|| InvalidIdentity::new(Part::Role, role))?,
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            domain,
            region,
            role,
        } = self;
        write!(f, "{SCHEME}{domain}{SEGMENT}{region}/{}", role.word())
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, MAX_TRUST_DOMAIN_LEN, Part, Role, TrustDomain};

    #[test]
    fn an_identity_is_written_as_it_is_read() {
        for role in ["node", "admin", "reviewer", "reporter", "viewer"] {
            let text = format!("spiffe://edu.example/region/371524S01/{role}");
            let identity: Identity = text.parse().expect("an identity");
            assert_eq!(identity.role.word(), role);
            assert_eq!(identity.region.as_str(), "371524S01");
            assert_eq!(identity.domain.as_str(), "edu.example");
            assert_eq!(identity.to_string(), text);
        }
    }

    #[test]
    fn a_domain_has_a_uri_of_its_own() {
        let domain: TrustDomain = "edu.example".parse().expect("a domain");
        assert_eq!(domain.uri(), "spiffe://edu.example");
        assert_eq!(TrustDomain::from_uri(&domain.uri()), Ok(domain));
        assert!(TrustDomain::from_uri("spiffe://edu.example/region/371524/node").is_err());
        assert!("spiffe://edu.example".parse::<Identity>().is_err());
    }

    #[test]
    fn every_role_has_a_word_of_its_own() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
        assert_eq!(Role::from_word("Admin"), None);
    }

    #[test]
    fn what_names_no_identity_is_refused_by_part() {
        let long = "a".repeat(MAX_TRUST_DOMAIN_LEN + 1);
        let long = format!("spiffe://{long}/region/371524/node");
        let refused = [
            ("", Part::Form),
            ("https://edu.example/region/371524/node", Part::Form),
            ("SPIFFE://edu.example/region/371524/node", Part::Form),
            ("spiffe://edu.example/371524/node", Part::Form),
            ("spiffe://edu.example/region/371524", Part::Form),
            ("spiffe:///region/371524/node", Part::TrustDomain),
            ("spiffe://Edu.example/region/371524/node", Part::TrustDomain),
            (
                "spiffe://edu.example:1/region/371524/node",
                Part::TrustDomain,
            ),
            (
                "spiffe://me@edu.example/region/371524/node",
                Part::TrustDomain,
            ),
            (long.as_str(), Part::TrustDomain),
            ("spiffe://edu.example/region//node", Part::Region),
            ("spiffe://edu.example/region/聊城/node", Part::Region),
            ("spiffe://edu.example/region/%33/node", Part::Region),
            ("spiffe://edu.example/region/371524/", Part::Role),
            ("spiffe://edu.example/region/371524/root", Part::Role),
            ("spiffe://edu.example/region/371524/node/", Part::Role),
            ("spiffe://edu.example/region/371524/node?x", Part::Role),
            ("spiffe://edu.example/region/371524/node#x", Part::Role),
        ];
        for (text, part) in refused {
            let error = text.parse::<Identity>().expect_err(text);
            assert_eq!(error.part, part, "{text}");
        }
    }
}
