//! What can go wrong while something is measured.

use std::io;
use std::path::PathBuf;

use liandong_client::ClientError;
use thiserror::Error;

/// A plan that no load can be made of.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The indicators that ship with the program cannot be read.
    #[error("the catalogue cannot be read: {0}; build the program anew")]
    Catalogue(String),
    /// Something of which there is none: nothing would be sent.
    #[error("a load without {0}: give at least one")]
    Nothing(&'static str),
    /// Months that a year does not have.
    #[error("{0} months: a load is of one year, 1 to 12 months")]
    Months(usize),
    /// More than a number of the load can hold.
    #[error("{0} units or indicators: that many cannot be numbered")]
    TooMany(usize),
}

/// Reports that did not go through. `E` is what the target says.
#[derive(Debug, Error)]
pub enum PushError<E = ClientError> {
    /// The target did not take a batch.
    #[error("{0}")]
    Target(#[source] E),
    /// The target took a part of a batch and said nothing of the rest.
    #[error(
        "a batch of {sent} reports was answered with {taken} taken and {refused} refused: \
         look at the node's log for why"
    )]
    NotTaken {
        /// Reports in the batch.
        sent: u64,
        /// Reports that it holds now, or held before.
        taken: u64,
        /// Reports that it refused.
        refused: u64,
    },
    /// A rate or a number of which there has to be at least one.
    #[error("{0} is zero: nothing would ever be sent; give at least 1")]
    Zero(&'static str),
    /// A part of this program ended before it was done.
    #[error("a part of the measurement ended before it was done: {0}")]
    Stopped(String),
}

/// The system does not tell what it was asked.
#[derive(Debug, Error)]
pub enum MachineError {
    /// A file of the system that cannot be read.
    #[error("cannot read {path}: {source}; measuring needs Linux's /proc and a process that runs")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the system in which something is missing.
    #[error("{path} does not have {what} where Linux writes it")]
    Shape {
        /// Which.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
}

/// A folder that cannot be written to.
#[derive(Debug, Error)]
#[error("cannot write and sync {path}: {source}; name a folder on the disk that is to be measured")]
pub struct DiskError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}
