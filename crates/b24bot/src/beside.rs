//! Files that stand beside a store, for the user of this process only.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The store's path with that ending. Beside the store itself, whatever link led to it: by another path they are the same.
pub(crate) fn beside(store: &Path, ending: &str) -> PathBuf {
    with_ending(&store.canonicalize().unwrap_or_else(|_| store.to_owned()), ending)
}

/// Written beside and moved, so that whoever reads sees all of it or nothing, after a crash too; and safely on the disk
/// when this returns.
pub(crate) fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let draft = with_ending(file, ".new");
    remove(&draft)?;
    let mut opened = private(&mut OpenOptions::new()).write(true).create_new(true).open(&draft)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()?;
    fs::rename(&draft, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Where folders cannot be opened, they need no sync either.
    File::open(folder.unwrap_or(Path::new("."))).map_or(Ok(()), |folder| folder.sync_all())
}

/// Removes a file that may be gone already.
pub(crate) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b24bot.db.key");
        // As a crash leaves it behind.
        fs::write(with_ending(&file, ".new"), "half").unwrap();
        for text in ["one", "two"] {
            write_private(&file, text).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
