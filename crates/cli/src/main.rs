//! The command line `liandong`.
//!
//! It speaks the words of the protocol and keeps no rule of its own: what may be done is decided
//! by the node. The exit status is 0 only when everything that was asked was done, 1 when
//! something was refused or failed, 2 when the command line itself is wrong, 3 when a verification
//! found nothing wrong but could not compare with every peer.

mod arguments;
mod bench;
mod command;
mod demo;
mod failure;
mod local;
mod localise;
mod output;
mod progress;
mod relay;
mod runtime;
mod serve;
mod session;
mod value;
mod watched;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches};
use liandong_core::language::Language;

use arguments::{Arguments, Command, Shared};
use failure::{Failure, Verdict};
use output::Output;
use session::{Session, Standing};

/// The exit status of a wrong command line.
const USAGE: u8 = 2;
/// The exit status of a verification that found nothing wrong and could not reach everybody.
const NOT_COMPARED: u8 = 3;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let language = localise::language(&words, |name| std::env::var(name).ok());
    let arguments = match read_arguments(language) {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    match run(arguments, language) {
        Ok(status) => status,
        Err(error) => {
            let mark = language.pick("错误：", "error: ");
            let mut text = error.to_string();
            for cause in error.chain().skip(1) {
                let said = cause.to_string();
                if !text.contains(&said) {
                    text.push_str(language.pick("：", ": "));
                    text.push_str(&said);
                }
            }
            tell(&format!("{mark}{text}"));
            ExitCode::FAILURE
        }
    }
}

fn read_arguments(language: Language) -> Result<Arguments, ExitCode> {
    let command = localise::localised(Arguments::command(), language);
    let read = command
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    read.map_err(|error| {
        if !error.use_stderr() {
            // Help and version were asked for.
            let mut out = std::io::stdout().lock();
            let written = out.write_all(error.to_string().as_bytes());
            return if written.is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
        }
        let text = localise::usage_error(&error, language);
        tell(text.trim_end());
        ExitCode::from(USAGE)
    })
}

fn run(arguments: Arguments, language: Language) -> anyhow::Result<ExitCode> {
    let Arguments { shared, command } = arguments;
    let output = Output {
        format: shared.format,
        language,
        bom: shared.bom,
    };
    if shared.acting_region.is_some() && command.is_of_this_machine() {
        let mark = language.pick("错误：", "error: ");
        let text = language.pick(
            "--region 不用于这个命令：它不以任何区域的名义办理",
            "--region does not belong to this command: it acts for no region",
        );
        tell(&format!("{mark}{text}"));
        return Ok(ExitCode::from(USAGE));
    }
    if matches!(command, Command::Bench(_)) && names_node() {
        let mark = language.pick("错误：", "error: ");
        let text = language.pick(
            "--node 不用于这个命令：要测量已有的节点，请用 --to URL；不填则自行启动节点",
            "--node does not belong to this command: --to URL measures a node that runs; without it nodes are started",
        );
        tell(&format!("{mark}{text}"));
        return Ok(ExitCode::from(USAGE));
    }
    let is_of_certificates = match &command {
        Command::Demo(_) | Command::Cert(_) => true,
        Command::Bench(arguments) => !arguments.is_of_a_node(),
        _ => false,
    };
    if shared.insecure_loopback && is_of_certificates {
        let mark = language.pick("错误：", "error: ");
        let text = language.pick(
            "--insecure-loopback 不用于这个命令：它只用证书",
            "--insecure-loopback does not belong to this command: it works with certificates alone",
        );
        tell(&format!("{mark}{text}"));
        return Ok(ExitCode::from(USAGE));
    }
    if let Command::Demo(arguments) = &command {
        return demo::run(arguments, output);
    }
    let runtime = runtime::start().context("tokio")?;
    let command = match command {
        Command::Serve(arguments) => {
            let served = runtime.block_on(serve::run(arguments, shared.insecure_loopback));
            // A read of standard input that still waits must not hold up the end.
            runtime.shutdown_background();
            return Ok(match served {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    let mark = language.pick("错误：", "error: ");
                    tell(&format!("{mark}{}", error.message(language)));
                    ExitCode::FAILURE
                }
            });
        }
        other => other,
    };
    let verdict = match command {
        Command::Cert(command) => {
            let (folder, region) = (shared.identity, shared.acting_region);
            runtime.block_on(command::cert::run(command, folder, region, output))
        }
        command => runtime.block_on(ask_node(shared, &command, output)),
    };
    // Tasks that still wait for the node must not hold up the end.
    runtime.shutdown_background();
    Ok(match verdict {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        Ok(Verdict::Incomplete) => ExitCode::FAILURE,
        Ok(Verdict::NotCompared) => ExitCode::from(NOT_COMPARED),
        Err(failure) => {
            if !failure.is_broken_pipe() {
                let mark = language.pick("错误：", "error: ");
                tell(&format!("{mark}{}", failure.message(language)));
            }
            ExitCode::FAILURE
        }
    })
}

async fn ask_node(shared: Shared, command: &Command, output: Output) -> Result<Verdict, Failure> {
    if let Command::Plan(command) = command
        && let Some(verdict) = command::plan::without_node(command, output)
    {
        return verdict;
    }
    let standing = Standing::new(shared.identity.clone(), shared.insecure_loopback);
    match command {
        Command::Bench(arguments) => return bench::run(arguments, standing, output).await,
        Command::Backup(arguments) => {
            return command::backup::run(arguments, standing, output).await;
        }
        Command::Console(arguments) => {
            return command::console::run(arguments, &shared.node, standing, output).await;
        }
        Command::Repair(arguments) => return command::repair::run(arguments, output).await,
        Command::Restore(arguments) => return command::restore::run(arguments, output).await,
        Command::Verify(arguments) if arguments.is_of_files() => {
            return command::verify::run_on_files(arguments, shared.identity, output).await;
        }
        _ => {}
    }
    let trace = shared.trace();
    let mut session = Session::open(&shared.node, standing, output, trace).await?;
    session.identity = shared.identity;
    session.by = shared.by.unwrap_or_else(user_name);
    session.why = shared.why;
    session.region = shared.acting_region;
    session.require_known_region().await?;
    match command {
        Command::Plan(command) => command::plan::run(&session, command).await,
        Command::Task(command) => command::task::run(&session, command).await,
        Command::Report(command) => command::report::run(&session, command).await,
        Command::Rollup(command) => command::rollup::run(&session, command).await,
        Command::Aid(command) => command::aid::run(&session, command).await,
        Command::Region(command) => command::region::run(&session, command).await,
        Command::Link(command) => command::link::run(&session, command).await,
        Command::Audit(command) => command::audit::run(&session, command).await,
        Command::Indicator(command) => command::indicator::run(&session, command).await,
        Command::Status(arguments) => command::status::run(&session, arguments).await,
        Command::Verify(arguments) => command::verify::run(&session, arguments).await,
        // Handled before a node was dialled.
        Command::Backup(_)
        | Command::Bench(_)
        | Command::Cert(_)
        | Command::Console(_)
        | Command::Repair(_)
        | Command::Restore(_)
        | Command::Serve(_)
        | Command::Demo(_) => Ok(Verdict::Done),
    }
}

/// Whether the command line itself names a node; the default and the environment do for all others.
fn names_node() -> bool {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    words.any(|word| word == "--node" || word.starts_with("--node="))
}

/// Who acts unless `--by` says so.
fn user_name() -> String {
    let user = std::env::var("USER").unwrap_or_default();
    if user.trim().is_empty() {
        "cli".to_owned()
    } else {
        user
    }
}

/// Writes to the standard error; when that has gone nobody is left to be told.
fn tell(text: &str) {
    let _nobody_listens = writeln!(std::io::stderr().lock(), "{text}");
}
