//! The secret that signs cookies.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha512};

use super::keys::random_key;

/// Name of the file in the data folder.
const FILE: &str = "secret-key";
/// Fewest characters of a secret that can be called one.
const SHORTEST: usize = 16;

/// Returns the secret of the settings; with none the one in the data folder, which is made on first use.
///
/// # Errors
/// When the secret of the settings is too short, or the file cannot be read or made.
pub(super) fn load(given: Option<&str>, data_dir: &Path) -> anyhow::Result<String> {
    if let Some(given) = given {
        anyhow::ensure!(
            given.len() >= SHORTEST,
            "TREEHERDER_SECRET_KEY has {} characters: it needs {SHORTEST} at least",
            given.len()
        );
        return Ok(given.to_owned());
    }
    let path = data_dir.join(FILE);
    let cannot = || format!("cannot keep the secret key in {}", path.display());
    fs::create_dir_all(data_dir).with_context(cannot)?;
    match private_file(&path) {
        Ok(mut file) => {
            let secret = random_key();
            file.write_all(secret.as_bytes()).with_context(cannot)?;
            Ok(secret)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let secret = fs::read_to_string(&path).with_context(cannot)?;
            let secret = secret.trim().to_owned();
            anyhow::ensure!(
                secret.len() >= SHORTEST,
                "{} does not hold a secret key: remove it, and a new one is made",
                path.display()
            );
            Ok(secret)
        }
        Err(error) => Err(error).with_context(cannot),
    }
}

/// Makes a file that only its owner may read, unless it is there already.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Derives a key for one purpose, so that no two purposes share one.
pub(super) fn derive(secret: &str, purpose: &str) -> [u8; 64] {
    let mut hash = Sha512::new();
    hash.update(purpose.as_bytes());
    hash.update([0]);
    hash.update(secret.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = load(None, folder.path()).unwrap();
        assert_eq!(load(None, folder.path()).unwrap(), first);
        assert!(first.len() >= 43);
        assert_eq!(load(Some("0123456789abcdef"), folder.path()).unwrap(), "0123456789abcdef");
        assert!(load(Some("short"), folder.path()).is_err());
        #[cfg(unix)]
        {
            let mode = fs::metadata(folder.path().join(FILE)).unwrap();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
        }
        fs::write(folder.path().join(FILE), "").unwrap();
        assert!(load(None, folder.path()).unwrap_err().to_string().contains("remove it"));
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        assert_ne!(derive("secret", "a"), derive("secret", "b"));
        assert_eq!(derive("secret", "a"), derive("secret", "a"));
    }
}
