//! `liandong console`: a node's pages in a browser, seen with the person's own certificate.

use std::io::Write;

use clap::Args;
use liandong_client::Address;

use crate::failure::{Failure, Verdict};
use crate::output::{Format, Output};
use crate::relay::Relay;
use crate::session::Standing;

/// The arguments of `console`.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArguments {
    /// 本机端口，0 为任选 || The port of this machine; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
}

/// Listens for a browser until it is interrupted.
pub(crate) async fn run(
    arguments: &ConsoleArguments,
    node: &Address,
    standing: Standing,
    output: Output,
) -> Result<Verdict, Failure> {
    let (node, credentials) = standing.showing(node)?;
    // Whoever may not look learns it here, and not from an empty page.
    drop(credentials.line(&node).await?);
    let relay = Relay::open(node.clone(), credentials, arguments.port).await?;
    let url = relay.url();
    let mut out = std::io::stdout().lock();
    if output.format == Format::Table {
        let text = output.language.pick(
            format!("节点 {node} 的页面，请在本机浏览器打开（Ctrl-C 结束）：\n{url}"),
            format!(
                "The pages of {node}; open in a browser of this machine (Ctrl-C ends it):\n{url}"
            ),
        );
        writeln!(out, "{text}")?;
    } else {
        writeln!(out, "{}", serde_json::json!({ "url": url }))?;
    }
    out.flush()?;
    drop(out);
    tokio::select! {
        () = relay.run() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(Verdict::Done)
}
