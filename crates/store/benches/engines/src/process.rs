//! What this process and its files cost.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::engine::Outcome;

/// CPU time of all threads so far, in microseconds; the kernel counts it in steps of ten milliseconds.
pub fn cpu_micros() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? * 10_000.0)
}

/// A figure of a file of `/proc/self` by its name.
fn figure(file: &str, name: &str) -> Outcome<f64> {
    let text = fs::read_to_string(Path::new("/proc/self").join(file))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such figure")?;
    Ok(line.trim_start_matches(':').split_whitespace().next().unwrap_or_default().parse()?)
}

/// Memory in use, in MB.
pub fn rss_mb() -> Outcome<f64> {
    Ok(figure("status", "VmRSS")? / 1024.0)
}

/// Of this, what is not pages of mapped files, in MB.
pub fn rss_anon_mb() -> Outcome<f64> {
    Ok(figure("status", "RssAnon")? / 1024.0)
}

/// Bytes given to the disk so far.
pub fn written() -> Outcome<f64> {
    figure("io", "write_bytes")
}

/// What the files of a directory take on the disk, in MB.
pub fn disk_mb(dir: &Path) -> Outcome<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // Background work may remove a file meanwhile.
        let Ok(meta) = entry.metadata() else { continue };
        sum += if meta.is_dir() { disk_mb(&entry.path())? } else { meta.blocks() as f64 * 512.0 / 1e6 };
    }
    Ok(sum)
}
