//! On what something was measured.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::Serialize;

use crate::error::MachineError;
use crate::process::{kib_after, read};

/// A machine, as far as it decides how fast a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// The processor's name, as Linux tells it.
    pub processor: String,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// The kernel and its version.
    pub kernel: String,
    /// Whether this program was built without optimisation: its figures are worth nothing then.
    pub unoptimised: bool,
}

impl Machine {
    /// The machine that this runs on.
    ///
    /// # Errors
    /// When Linux's `/proc` is not there.
    pub fn here() -> Result<Self, MachineError> {
        let (_, info) = read("/proc/cpuinfo")?;
        let (path, memory) = read("/proc/meminfo")?;
        let memory_bytes = kib_after(&memory, "MemTotal:").ok_or(MachineError::Shape {
            path,
            what: "MemTotal",
        })?;
        let name = info.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            matches!(key.trim(), "model name" | "Model" | "cpu model").then(|| value.trim())
        });
        let system = rustix::system::uname();
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            // Not every architecture names its processor.
            processor: name
                .unwrap_or(&system.machine().to_string_lossy())
                .to_owned(),
            memory_bytes,
            kernel: format!(
                "{} {}",
                system.sysname().to_string_lossy(),
                system.release().to_string_lossy()
            ),
            unoptimised: cfg!(debug_assertions),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            processor,
            memory_bytes,
            kernel,
            unoptimised,
        } = self;
        let mib = memory_bytes / (1 << 20);
        write!(f, "{cores} cores of {processor}, {mib} MiB, {kernel}")?;
        if *unoptimised {
            write!(f, "; NOT AN OPTIMISED BUILD")?;
        }
        Ok(())
    }
}

/// Where a folder is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileSystem {
    /// Its kind: `ext4`, `xfs`, `tmpfs`.
    pub kind: String,
    /// What is mounted, as the system names it.
    pub device: String,
    /// Whether it is gone with the power whatever is synced.
    pub in_memory: bool,
}

impl FileSystem {
    /// The file system that a folder is on.
    ///
    /// # Errors
    /// When there is no such folder, or Linux does not say where it is.
    pub fn of(folder: &Path) -> Result<Self, MachineError> {
        let folder_on = std::fs::metadata(folder).map_err(|source| MachineError::Read {
            path: folder.to_owned(),
            source,
        })?;
        let number = folder_on.dev();
        let device_number = format!(
            "{}:{}",
            rustix::fs::major(number),
            rustix::fs::minor(number)
        );
        let (path, mounts) = read("/proc/self/mountinfo")?;
        let found = mounts
            .lines()
            .find_map(|line| of_mount(line, &device_number));
        found.ok_or(MachineError::Shape {
            path,
            what: "the folder's file system",
        })
    }
}

/// `36 35 98:0 /root /mount options - ext4 /dev/sda1 options`, if it is of that device.
fn of_mount(line: &str, device_number: &str) -> Option<FileSystem> {
    let (before, after) = line.split_once(" - ")?;
    if before.split(' ').nth(2)? != device_number {
        return None;
    }
    let mut fields = after.split(' ');
    let kind = fields.next()?.to_owned();
    let device = fields.next()?.to_owned();
    let in_memory = matches!(kind.as_str(), "tmpfs" | "ramfs");
    Some(FileSystem {
        kind,
        device,
        in_memory,
    })
}

#[cfg(test)]
mod tests {
    use super::{FileSystem, Machine, of_mount};
    use crate::error::MachineError;

    #[test]
    fn this_machine_has_a_processor_memory_and_a_kernel() -> Result<(), MachineError> {
        let machine = Machine::here()?;
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20);
        assert!(!machine.processor.is_empty());
        assert!(machine.kernel.starts_with("Linux "), "{}", machine.kernel);
        Ok(())
    }

    #[test]
    fn mounts_are_read_as_linux_writes_them() {
        let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        let found = of_mount(line, "98:0");
        let expected = FileSystem {
            kind: "ext3".to_owned(),
            device: "/dev/root".to_owned(),
            in_memory: false,
        };
        assert_eq!(found, Some(expected));
        assert_eq!(of_mount(line, "98:1"), None);
    }

    #[test]
    fn what_is_in_memory_is_said_to_be() -> Result<(), MachineError> {
        assert!(!FileSystem::of("/proc".as_ref())?.in_memory);
        assert!(FileSystem::of("/no/such/folder".as_ref()).is_err());
        Ok(())
    }
}
