//! Pages of the audit trail, as they are asked for and told.
//!
//! A page token says where the trail goes on: it is checked here to be one that a node gave for the
//! same question, and by the node to name a place that its journal has. It keeps nothing secret.

use jiff::Timestamp;
use liandong_core::audit::{Actor, Deed};
use liandong_core::identity::Role;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::v1;
use crate::read::{moment, optional_region, text_or_empty};

/// The most entries of a page; who asks for more is given as many.
pub const MAX_AUDIT_PAGE: u16 = 1_000;

/// The longest serial number of a certificate in bytes (RFC 5280, section 4.1.2.2).
const MAX_SERIAL: usize = 20;

/// The word of whoever showed no certificate.
const LOCAL: &str = "local";

/// Whose doings are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Everybody's but nodes'.
    People,
    /// Those of a role.
    Role(Role),
    /// Those of whoever was at the machine of a node that speaks in plain text.
    Local,
}

impl By {
    /// Whether those of an actor of that role are asked for; `None` for one without.
    pub fn is(self, role: Option<Role>) -> bool {
        match self {
            Self::People => role != Some(Role::Node),
            Self::Role(asked) => role == Some(asked),
            Self::Local => role.is_none(),
        }
    }
}

/// Which entries are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only what was done to this region and those below.
    pub region: Option<RegionCode>,
    /// By whom.
    pub by: By,
    /// Only this.
    pub deed: Option<Deed>,
    /// Only by the certificate of this serial number, most significant byte first.
    pub certificate: Option<Vec<u8>>,
    /// Only at this moment or later.
    pub since: Option<Timestamp>,
    /// Only before this moment.
    pub until: Option<Timestamp>,
}

/// Asks for one page of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// Which entries.
    pub filter: AuditFilter,
    /// How many, 1 to [`MAX_AUDIT_PAGE`].
    pub size: u16,
    /// Where the page begins; `None` for the newest.
    pub from: Option<AuditPlace>,
}

/// Where the trail goes on: with what stands before that entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// The journal frame.
    pub frame: u64,
    /// The entry in it, from 0.
    pub entry: u32,
}

impl AuditPlace {
    const BYTES: usize = 16;

    /// The page token for this place in what the filter lets through.
    pub fn token(self, filter: &AuditFilter) -> String {
        let digest = blake3::hash(format!("{filter:?} {self:?}").as_bytes());
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.frame.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.entry.to_be_bytes());
        bytes[12..].copy_from_slice(&digest.as_bytes()[..4]);
        hexadecimal(&bytes)
    }

    /// Reads a page token that was given for the same filter.
    ///
    /// # Errors
    /// A refusal of any other text.
    pub fn from_token(token: &str, filter: &AuditFilter) -> Result<Self, Refusal> {
        let number = u128::from_str_radix(token, 16).map_err(|_| Self::refused(token))?;
        let [a, b, c, d, e, f, g, h, entry @ .., _, _, _, _] = number.to_be_bytes();
        let place = Self {
            frame: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            entry: u32::from_be_bytes(entry),
        };
        // Compared as text, so that one place has one token.
        if place.token(filter) == token {
            Ok(place)
        } else {
            Err(Self::refused(token))
        }
    }

    /// Refuses a page token that names no place in the trail that was asked for.
    pub fn refused(token: &str) -> Refusal {
        Refusal::advise(
            Reason::Malformed,
            "page_token",
            token,
            "请填条件相同的上一页的 next_page_token；从头列出请留空",
            "give the next_page_token of the page before, asked for in the same way; or leave it \
             empty to begin with the newest entry",
        )
    }
}

impl TryFrom<v1::ListAuditRequest> for AuditPage {
    type Error = Refusal;

    fn try_from(request: v1::ListAuditRequest) -> Result<Self, Refusal> {
        let v1::ListAuditRequest {
            region,
            role,
            action,
            certificate,
            since,
            until,
            page_size,
            page_token,
        } = request;
        let filter = AuditFilter {
            region: optional_region("region", &region)?,
            by: by(&role)?,
            deed: deed(&action)?,
            certificate: serial(&certificate)?,
            since: since.map(|at| moment("since", Some(at))).transpose()?,
            until: until.map(|at| moment("until", Some(at))).transpose()?,
        };
        if let (Some(since), Some(until)) = (filter.since, filter.until)
            && until < since
        {
            return Err(Refusal::advise(
                Reason::OutOfRange,
                "until",
                until,
                format!("不得早于 since（{since}）"),
                format!("give a moment that is not before since ({since})"),
            ));
        }
        if page_size < 0 {
            let accepted = Accepted::Range(0, MAX_AUDIT_PAGE.into());
            let (reason, field) = (Reason::OutOfRange, "page_size");
            return Err(Refusal::new(reason, field, page_size, accepted));
        }
        let size = match u16::try_from(page_size) {
            Ok(0) | Err(_) => MAX_AUDIT_PAGE,
            Ok(size) => size.min(MAX_AUDIT_PAGE),
        };
        let from = match page_token.as_str() {
            "" => None,
            token => Some(AuditPlace::from_token(token, &filter)?),
        };
        Ok(Self { filter, size, from })
    }
}

fn by(word: &str) -> Result<By, Refusal> {
    if word.is_empty() {
        return Ok(By::People);
    }
    if word == LOCAL {
        return Ok(By::Local);
    }
    Role::from_word(word).map(By::Role).ok_or_else(|| {
        let roles = Role::ALL.into_iter().map(Role::word);
        let words = roles.chain([LOCAL]).map(str::to_owned).collect();
        Refusal::new(Reason::Malformed, "role", word, Accepted::OneOf(words))
    })
}

fn deed(word: &str) -> Result<Option<Deed>, Refusal> {
    if word.is_empty() {
        return Ok(None);
    }
    Deed::from_word(word).map(Some).ok_or_else(|| {
        let words = Deed::ALL.map(|deed| deed.word().to_owned()).to_vec();
        Refusal::new(Reason::Malformed, "action", word, Accepted::OneOf(words))
    })
}

fn serial(text: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let refused = || {
        let (zh, en) = (
            "请按 cert show 的写法填写序列号：最多 40 位十六进制数字",
            "write the serial number as cert show does: up to 40 hexadecimal digits",
        );
        Refusal::advise(Reason::Malformed, "certificate", text, zh, en)
    };
    let digits = text.trim().replace(':', "");
    if digits.is_empty() {
        return if text.is_empty() {
            Ok(None)
        } else {
            Err(refused())
        };
    }
    let bytes = digits.as_bytes();
    let is_hex = bytes.iter().all(u8::is_ascii_hexdigit);
    if !is_hex || bytes.len() % 2 == 1 || bytes.len() > 2 * MAX_SERIAL {
        return Err(refused());
    }
    let mut read = Vec::with_capacity(bytes.len() / 2);
    for pair in bytes.chunks_exact(2) {
        let pair = std::str::from_utf8(pair).map_err(|_| refused())?;
        read.push(u8::from_str_radix(pair, 16).map_err(|_| refused())?);
    }
    Ok(Some(read))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl v1::AuditEntry {
    /// The entry with who it was, and nothing else.
    pub fn of(actor: &Actor) -> Self {
        let (identity, certificate) = match actor {
            Actor::Node | Actor::Local => (None, String::new()),
            Actor::Shown { identity, serial } => (Some(identity), hexadecimal(serial)),
        };
        Self {
            identity: text_or_empty(identity),
            role: actor.role().map_or(LOCAL, Role::word).to_owned(),
            certificate,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests;
