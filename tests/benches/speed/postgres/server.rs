//! A PostgreSQL server of its own for one round: a fresh cluster on the disk of the nodes, tuned as
//! the manual's chapters on resources and the write-ahead log advise, with every sync it does by
//! itself left on.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::peer::{ended_with_this, folder, free_port, program, run, tail, until};

/// The folder of `initdb` and `postgres`, version 15 or newer.
const PROGRAMS: &str = "LIANDONG_BENCH_POSTGRES";

/// What is not as it is by default; printed with the figures. `{shared}` and `{cache}` are a quarter
/// and three quarters of the machine's memory, in MB.
const SETTINGS: [&str; 21] = [
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "wal_sync_method=fdatasync",
    "shared_buffers={shared}MB",
    "effective_cache_size={cache}MB",
    "work_mem=64MB",
    "maintenance_work_mem=512MB",
    "wal_buffers=64MB",
    "wal_compression=lz4",
    "min_wal_size=4GB",
    "max_wal_size=16GB",
    "checkpoint_timeout=15min",
    "checkpoint_completion_target=0.9",
    "random_page_cost=1.1",
    "effective_io_concurrency=200",
    "jit=off",
    "autovacuum=on",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=50",
];

/// A running cluster; ended when dropped.
pub(super) struct Server {
    process: Child,
    port: u16,
    log: PathBuf,
    /// Removed after the server is gone.
    _home: TempDir,
}

/// The settings with this machine's sizes.
pub(super) fn settings() -> Result<Vec<String>> {
    let memory = liandong_load::Machine::here()?.memory_bytes >> 20;
    let sized = |text: &&str| {
        text.replace("{shared}", &(memory / 4).to_string())
            .replace("{cache}", &(memory / 4 * 3).to_string())
    };
    Ok(SETTINGS.iter().map(sized).collect())
}

/// A command as the user `postgres` when this is root, as whom PostgreSQL does not run; it is told to
/// stop at once when this process is gone.
fn as_user(program: &Path) -> Command {
    let mut command = ended_with_this("QUIT");
    if geteuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

impl Server {
    pub(super) async fn start() -> Result<Self> {
        let programs = program(PROGRAMS)?;
        let home = folder()?;
        // Entered by the server's user, listed by nobody.
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711))?;
        let data = home.path().join("data");
        std::fs::create_dir(&data)?;
        if geteuid().is_root() {
            run(Command::new("chown").arg("postgres:").arg(&data))?;
        }
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))?;
        let mut make = as_user(&programs.join("initdb"));
        make.current_dir(&data)
            .args(["--auth=trust", "--username=bench", "--encoding=UTF8"])
            .args(["--locale=C", "--no-instructions", "--pgdata"])
            .arg(&data);
        run(&mut make)?;
        let port = free_port()?;
        let log = home.path().join("log");
        let said = File::create(&log)?;
        let mut serve = as_user(&programs.join("postgres"));
        serve
            .current_dir(&data)
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="]);
        for setting in settings()? {
            serve.args(["-c", &setting]);
        }
        let process = serve
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .context("cannot start postgres")?;
        let server = Self {
            process,
            port,
            log,
            _home: home,
        };
        let ready = until("PostgreSQL", async || server.connect().await.ok()).await;
        if ready.is_err() {
            ensure!(false, "PostgreSQL does not answer:\n{}", tail(&server.log));
        }
        Ok(server)
    }

    /// A connection of its own.
    pub(super) async fn connect(&self) -> Result<tokio_postgres::Client> {
        let place = format!(
            "host=127.0.0.1 port={} user=bench dbname=postgres",
            self.port
        );
        let (client, connection) = tokio_postgres::connect(&place, tokio_postgres::NoTls).await?;
        // It ends with its client; what went wrong on it, the client is told.
        tokio::spawn(connection);
        Ok(client)
    }

    /// The processor time of the server and everything it started, those that have ended included.
    pub(super) fn cpu(&self) -> Result<Duration> {
        let pid = self.process.id();
        let mut sum = ticks(pid, 4)?;
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        for child in children.split_whitespace() {
            // One that has just ended is counted with its parent from now on.
            sum += child.parse().map_or(0, |pid| ticks(pid, 2).unwrap_or(0));
        }
        let each = 1_000_000 / rustix::param::clock_ticks_per_second().max(1);
        Ok(Duration::from_micros(sum * each))
    }
}

/// User and system time of a process, and with four fields that of its children that have ended.
fn ticks(pid: u32, fields: usize) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, after) = stat.rsplit_once(')').context("no name in stat")?;
    let times = after.split_whitespace().skip(11).take(fields);
    let mut sum: u64 = 0;
    for time in times {
        sum += time.parse::<u64>()?;
    }
    Ok(sum)
}

impl Drop for Server {
    fn drop(&mut self) {
        // "Immediate shutdown": the server ends everything it started.
        let pid = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::QUIT);
        }
        for _ in 0..100 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
