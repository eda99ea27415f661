//! What a process has used.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::MachineError;

/// The processor time of all of its threads, in user mode and in the kernel, as exact as Linux
/// counts it (a hundredth of a second, mostly).
///
/// # Errors
/// When there is no such process, or no `/proc`.
pub fn cpu_time(pid: u32) -> Result<Duration, MachineError> {
    let (path, stat) = read(&format!("/proc/{pid}/stat"))?;
    let shape = |what| MachineError::Shape {
        path: path.clone(),
        what,
    };
    // The name stands in brackets and may hold spaces; user and system time are the 14th and 15th.
    let (_, after) = stat.rsplit_once(')').ok_or(shape("a name"))?;
    let mut fields = after.split_whitespace().skip(11);
    let mut ticks: u64 = 0;
    for _ in 0..2 {
        let field = fields.next().and_then(|field| field.parse::<u64>().ok());
        ticks += field.ok_or(shape("processor time"))?;
    }
    let each = 1_000_000 / rustix::param::clock_ticks_per_second().max(1);
    Ok(Duration::from_micros(ticks * each))
}

/// Bytes of memory that it has resident now.
///
/// # Errors
/// Those of [`cpu_time`].
pub fn resident(pid: u32) -> Result<u64, MachineError> {
    memory(pid, "VmRSS:")
}

/// The most bytes of memory that it ever had resident.
///
/// # Errors
/// Those of [`cpu_time`].
pub fn peak_resident(pid: u32) -> Result<u64, MachineError> {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, line: &'static str) -> Result<u64, MachineError> {
    let (path, status) = read(&format!("/proc/{pid}/status"))?;
    kib_after(&status, line).ok_or(MachineError::Shape { path, what: line })
}

/// The bytes in a line such as `VmRSS:   1234 kB`.
pub(crate) fn kib_after(text: &str, line: &str) -> Option<u64> {
    let rest = text.lines().find_map(|found| found.strip_prefix(line))?;
    let kib: u64 = rest.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1_024)
}

pub(crate) fn read(path: &str) -> Result<(PathBuf, String), MachineError> {
    let path = Path::new(path).to_owned();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(source) => Err(MachineError::Read { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{cpu_time, peak_resident, resident};
    use crate::error::MachineError;

    #[test]
    fn work_costs_processor_time() -> Result<(), MachineError> {
        let me = std::process::id();
        let before = cpu_time(me)?;
        let begun = Instant::now();
        let mut number: u64 = 1;
        while cpu_time(me)? < before + Duration::from_millis(50) {
            number = std::hint::black_box(number.wrapping_mul(3));
            assert!(begun.elapsed() < Duration::from_secs(60), "{number}");
        }
        Ok(())
    }

    #[test]
    fn memory_is_counted_in_bytes() -> Result<(), MachineError> {
        let me = std::process::id();
        let held = resident(me)?;
        assert!(held > 500_000, "{held}");
        assert!(peak_resident(me)? >= held / 2);
        Ok(())
    }

    #[test]
    fn a_process_that_is_not_there_is_told_of() {
        assert!(matches!(cpu_time(u32::MAX), Err(MachineError::Read { .. })));
    }
}
