//! The Rust SDK: typed calls of a node, retrying, with resumable pushes and watches.
//!
//! [`Client::connect`] dials a node; [`Client::progress`], [`Client::task`], [`Client::rollup`],
//! [`Client::collaboration`] and [`Client::admin`] give the calls of each noun, one method per RPC.
//! Requests and answers are the messages of [`wire`], whose conversions lead to and from the types
//! of the core. A [`Pusher`] sends any number of reports in batches and may be told to send them
//! again at any time; a [`Watch`] goes on where it stopped when the connection breaks. A [`Proof`]
//! is a figure with all that it is made of, for whoever checks it without any node.
//!
//! Nothing here decides what a figure means, and nothing here computes with totals.

mod address;
mod admin;
mod call;
mod collaboration;
mod connect;
mod credentials;
mod error;
mod identity;
mod link;
mod metadata;
mod plain;
mod progress;
mod proof;
mod pusher;
mod retry;
mod rollup;
mod task;
mod watch;

pub use address::{Address, InvalidAddress};
pub use admin::{Admin, ExportStream};
pub use collaboration::Collaboration;
pub use connect::{Client, ConnectOptions};
pub use credentials::{Credentials, CredentialsError};
pub use error::ClientError;
pub use identity::Identities;
pub use liandong_identity::NoHandshake;
pub use liandong_wire as wire;
pub use liandong_wire::refusal::RemoteRefusal;
pub use link::{Link, LinkExportStream};
pub use metadata::{InvalidTraceParent, TraceParent};
pub use progress::Progress;
pub use proof::{Proof, ProofError, ProofPart};
pub use pusher::{PushCounts, Pusher, RefusedReport, Upload};
pub use retry::RetryPolicy;
pub use rollup::Rollup;
pub use task::Task;
pub use watch::{Watch, WatchEvent};
