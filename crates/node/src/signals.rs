//! What asks a node to stop.

use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGTERM (systemd, containers) or SIGINT (a terminal), or with `stdin` for the end of
/// standard input (a program that started the node and is gone).
///
/// # Errors
/// When the process may not listen for signals.
pub(crate) async fn stopping(stdin: bool) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = end_of_stdin(), if stdin => {}
    }
    Ok(())
}

/// Waits until standard input ends; what is written to it is passed over.
async fn end_of_stdin() {
    let mut stdin = tokio::io::stdin();
    let mut passed_over = [0; 64];
    while let Ok(1..) = stdin.read(&mut passed_over).await {}
}
