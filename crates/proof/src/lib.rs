//! Proof files: what a figure is made of, signed level by level, for whoever wants to check it and
//! has no access to any node.
//!
//! # The format
//!
//! A proof file is text in UTF-8: JSON objects, one a line, each line ended by one line feed, and
//! nothing else. A line is written in one way only (members in the order shown here, no spaces, no
//! escapes where none are needed), so that no byte of it can be another. All numbers are whole.
//!
//! ```text
//! {"proof":{"format":1,"region":"371500","indicator":"compulsory-dropouts","period":"2025-03"}}
//! {"certificate":{"number":1,"der":"MIIB…"}}
//! {"statement":{"region":"371500","indicator":"compulsory-dropouts","period":"2025-03",
//!     "sums":{"numerator":12,"denominator":0,"reported":3,"on_time":3},
//!     "journal":{"frame":812,"hash":"9f…"},
//!     "own":null,
//!     "parts":[{"region":"371524","sums":{…},"report":null},…]}}
//! {"signature":{"certificates":[1],"at":"2025-04-02T01:15:00.000001Z","value":"MEUC…"}}
//! …
//! {"end":{"statements":4,"missing":0,"blake3":"5c…"}}
//! ```
//!
//! - `proof` comes first and names the figure.
//! - `certificate` is one certificate in DER (base64), before the first signature under it, numbered
//!   from 1, of 16 KiB at most. Roots are not in the file: whoever checks brings those that they
//!   trust.
//! - `statement` is what the node of a region says of one cell. `own` is what the region reported
//!   itself, `parts` are the regions directly below whose cells hold anything, ordered by code.
//!   Where a part has a `report`, its cell is made of that report alone; where it has none, a
//!   statement of that region follows further down. The first statement is of the region asked
//!   about; each other stands behind the one that names it.
//! - a report is `{"numerator":3,"denominator":0,"revision":1,"role":"unit","on_time":true,
//!   "received":"2025-04-01T08:00:00Z","journal":{"frame":7,"hash":"…"}}`; `role` is `unit` or
//!   `bureau` for one that counts among those expected, `own` for what a bureau adds (本级). Money is
//!   in 分. `journal` is the frame of the node's journal that it stands in and its BLAKE3, which
//!   names all frames before it, too: a node that later shows another past is found out.
//! - `signature` is of the `statement` on the line before it. `certificates` are the numbers of the
//!   signer's certificate and of those between it and the root: four at most, none twice. `value` (base64) is an ECDSA
//!   signature (P-256, SHA-256, DER) of these bytes: `liandong attestation 1` and a line feed,
//!   `figure` and a line feed, `at` as microseconds since 1970 in eight bytes (little endian), and
//!   the 32 bytes of the BLAKE3 of the statement's line without its line feed.
//! - `missing` (`{"missing":{"region":"371525"}}`) says of a region that a statement names that its
//!   own could not be had. A proof with such a line is none of the whole figure.
//! - `end` counts, and has the BLAKE3 of all bytes before its own line.
//!
//! Nothing but signed statements tells anything: the first and the last line have to say what they
//! say. There is no free text in a proof: no names, notes or ids that clients gave.

mod fault;
mod line;
mod reading;
mod signed;
mod statement;
mod text;
mod writing;

pub use fault::{BadLine, NotProven};
pub use reading::{Proven, Told, read};
pub use signed::{Believes, NotOpened, Opened, digest, open};
pub use statement::{statement_from_line, statement_line};
pub use writing::{ProofWriter, Written};
