//! The stream of a link as a file; the shape stands with `LinkFileHeader` in `file.proto`.
//!
//! The digest is made and compared here; who may have signed it is the node's business.

mod end;
mod fault;
mod header;
mod marks;
mod reader;
mod writer;

pub use end::FileEnd;
pub use fault::FileFault;
pub use header::{FileHeader, KeyShown};
pub use reader::{FileReader, FileSeal, FileSection};
pub use writer::FileWriter;

const MAGIC: &[u8; 16] = b"liandong-link 1\n";
/// What every format of these files begins with.
const MAGIC_OF_ALL: &[u8] = b"liandong-link ";

const HEADER: u8 = 1;
const CHANGES: u8 = 2;
const END: u8 = 3;

const SECTION_HEAD: usize = 5;
/// The largest header or end.
const LARGEST_SMALL: usize = 4 << 10;

const DIGEST: usize = 32;
const SIGNATURE: usize = 64;

#[cfg(test)]
mod tests;
