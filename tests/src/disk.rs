//! Disks that can lose their power: ext4 in a file, attached as a loop device.
//!
//! A cut is the file system's own shutdown: from that moment nothing more is written, and what was
//! only in memory is gone when it is unmounted. That models a machine whose disk keeps whatever it
//! was ever given. A [`Disk`] with a volatile cache goes further: it stands on a second file
//! system, in whose memory everything lands that was written to the disk, and only a flush, which
//! an fdatasync ends with, takes it from there to the file underneath. The cut is then made below:
//! what was written to the disk but not flushed is gone, too.
//!
//! Everything is taken away again when the value is dropped, and what an earlier run that was
//! killed left behind is swept away before the first disk is made.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::machine::{is_running, run};

/// The programs that are needed, besides root.
pub const NEEDS: [&str; 5] = ["mkfs.ext4", "losetup", "mount", "umount", "python3"];

const PREFIX: &str = "liandong-disk-";

/// Shuts the file system down as soon as a line comes in; prints a line when it is ready and when
/// it is done. `EXT4_IOC_SHUTDOWN` with a flag.
const CUTTER: &str = "\
import fcntl, os, struct, sys
place = os.open(sys.argv[1], os.O_RDONLY)
print('ready', flush=True)
sys.stdin.readline()
fcntl.ioctl(place, 0x8004587d, struct.pack('I', int(sys.argv[2])))
os.close(place)
print('cut', flush=True)
";

/// How a disk loses its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing more is written, the file system's journal neither.
    Plain,
    /// The file system still writes its own journal, but no data.
    AfterJournal,
}

/// One ext4 file system with what it stands on.
#[derive(Debug)]
struct Layer {
    image: PathBuf,
    at: PathBuf,
    device: Option<String>,
    mounted: bool,
}

/// A disk, mounted.
#[derive(Debug)]
pub struct Disk {
    upper: Layer,
    /// What plays the disk's volatile cache.
    lower: Option<Layer>,
    _home: TempDir,
}

/// Somebody who stands at the switch.
#[derive(Debug)]
pub struct Switch {
    child: std::process::Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Layer {
    fn make(image: PathBuf, at: PathBuf, megabytes: u64) -> Result<Self> {
        let file = File::create(&image).with_context(|| format!("{}", image.display()))?;
        file.set_len(megabytes << 20)?;
        run(&["mkfs.ext4", "-q", "-F", text(&image)?])?;
        std::fs::create_dir_all(&at)?;
        Ok(Self {
            image,
            at,
            device: None,
            mounted: false,
        })
    }

    fn mount(&mut self) -> Result<()> {
        let device = run(&["losetup", "--find", "--show", text(&self.image)?])?;
        self.device = Some(device.clone());
        run(&["mount", "-t", "ext4", &device, text(&self.at)?])?;
        self.mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<()> {
        if self.mounted {
            unmount(text(&self.at)?)?;
            self.mounted = false;
        }
        if let Some(device) = self.device.take() {
            run(&["losetup", "--detach", &device])?;
        }
        Ok(())
    }
}

/// A process that has just been killed may still hold its files for a moment.
fn unmount(at: &str) -> Result<()> {
    let mut last = Ok(());
    for _ in 0..100 {
        last = run(&["umount", at]).map(drop);
        if last.is_ok() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    last
}

impl Drop for Layer {
    fn drop(&mut self) {
        if let Err(error) = self.unmount() {
            eprintln!("{} is left mounted: {error:#}", self.at.display());
        }
    }
}

impl Disk {
    /// A disk of that size, mounted at a folder; with or without a volatile cache.
    ///
    /// # Errors
    /// When the machine does not let it be made.
    pub fn make(at: &Path, megabytes: u64, volatile_cache: bool) -> Result<Self> {
        sweep();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let home = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-{number}-", std::process::id()))
            .tempdir()?;
        let mut lower = None;
        let mut image = home.path().join("upper.img");
        if volatile_cache {
            let below = home.path().join("lower");
            let mut layer = Layer::make(
                home.path().join("lower.img"),
                below.clone(),
                megabytes * 3 / 2 + 32,
            )?;
            layer.mount()?;
            image = below.join("upper.img");
            lower = Some(layer);
        }
        let upper = Layer::make(image, at.to_owned(), megabytes)?;
        if lower.is_some() {
            run(&["sync"])?;
        }
        let mut disk = Self {
            upper,
            lower,
            _home: home,
        };
        disk.upper.mount()?;
        Ok(disk)
    }

    /// Puts somebody at the switch, so that the cut itself takes no time.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn switch(&self, cut: Cut) -> Result<Switch> {
        let place = self.lower.as_ref().unwrap_or(&self.upper);
        let flag = match cut {
            Cut::AfterJournal => "1",
            Cut::Plain => "2",
        };
        let mut child = Command::new("python3")
            .args(["-c", CUTTER, text(&place.at)?, flag])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start python3")?;
        let said = child.stdout.take().context("no output")?;
        let mut switch = Switch {
            child,
            said: BufReader::new(said),
        };
        switch.hears("ready")?;
        Ok(switch)
    }

    /// Gives the power back, after every process that used the disk has ended: what was not
    /// written for good is gone, and the file system's journal is played again.
    ///
    /// # Errors
    /// When the disk cannot be mounted again.
    pub fn power_on(&mut self) -> Result<()> {
        self.upper.unmount()?;
        if let Some(lower) = &mut self.lower {
            lower.unmount()?;
            lower.mount()?;
        }
        self.upper.mount()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The upper layer stands on the lower one.
        if let Err(error) = self.upper.unmount() {
            eprintln!("{} is left mounted: {error:#}", self.upper.at.display());
        }
    }
}

impl Switch {
    fn hears(&mut self, word: &str) -> Result<()> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        ensure!(line.trim() == word, "the switch said {line:?}");
        Ok(())
    }

    /// Cuts the power.
    ///
    /// # Errors
    /// When the file system does not let itself be shut down.
    pub fn cut(mut self) -> Result<()> {
        let mut input = self.child.stdin.take().context("no input")?;
        input.write_all(b"now\n")?;
        drop(input);
        self.hears("cut")?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the switch: {status}");
        Ok(())
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        // One that was used has ended by now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a folder with a strange name")
}

/// Takes away the disks of test runs that are no more.
fn sweep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for _ in 0..2 {
            // A volatile disk is two: the upper one goes first.
            if let Err(error) = sweep_once() {
                eprintln!("cannot sweep: {error:#}");
            }
        }
    });
}

fn sweep_once() -> Result<()> {
    let attached = run(&[
        "losetup",
        "--list",
        "--noheadings",
        "--raw",
        "--output",
        "NAME,BACK-FILE",
    ])?;
    let mounts = std::fs::read_to_string("/proc/mounts")?;
    for line in attached.lines() {
        let Some((device, file)) = line.split_once(' ') else {
            continue;
        };
        let Some((_, rest)) = file.split_once(PREFIX) else {
            continue;
        };
        let owner = rest.split('-').next().and_then(|pid| pid.parse().ok());
        if owner.is_none_or(is_running) {
            continue;
        }
        for mount in mounts
            .lines()
            .filter(|mount| mount.split(' ').next() == Some(device))
        {
            if let Some(at) = mount.split(' ').nth(1) {
                // Busy when it carries another one, which the second sweep has taken away.
                let _ = run(&["umount", at]);
            }
        }
        let _ = run(&["losetup", "--detach", device]);
    }
    Ok(())
}
