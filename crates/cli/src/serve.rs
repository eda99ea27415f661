//! `liandong serve`: one node, until it is told to stop.

use std::path::PathBuf;

use clap::Args;
use liandong_node::{NodeError, Serving};

/// The arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// 节点的配置文件 || The node's configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Stop when standard input is closed, so that a node never outlives the program that started
    /// it.
    #[arg(long, hide = true)]
    stop_with_stdin: bool,
}

/// Runs the node; in plain text only when that is asked for.
///
/// # Errors
/// When it cannot start, or its port failed.
pub(crate) async fn run(args: ServeArgs, insecure_loopback: bool) -> Result<(), NodeError> {
    let serving = Serving {
        stop_with_stdin: args.stop_with_stdin,
        insecure_loopback,
    };
    liandong_node::run(&args.config, serving).await
}
