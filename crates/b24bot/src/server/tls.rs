//! The certificate with which the endpoint speaks TLS, read again when its files change.

use std::{
    error::Error as StdError,
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::Arc,
    time::Duration,
};

use b24bot_rules::TlsSettings;
use tokio::{sync::watch, task::JoinHandle, time::interval};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{Error, ErrorKind};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// The files, and what they hold.
pub(crate) struct Certificates {
    files: TlsSettings,
    /// What was last seen in them, whether it was of use or not.
    seen: Option<u64>,
    acceptor: watch::Sender<TlsAcceptor>,
}

/// What speaks TLS with the certificate of the moment.
#[derive(Clone)]
pub(crate) struct Acceptors(watch::Receiver<TlsAcceptor>);

/// Certificate and key, as their files have them.
#[derive(Hash)]
struct Pems(Vec<u8>, Vec<u8>);

type Failed = Box<dyn StdError + Send + Sync>;

impl Certificates {
    /// Reads both files.
    pub(crate) fn open(files: TlsSettings) -> Result<Self, Error> {
        let read = |files| -> Result<_, Failed> {
            let pems = Pems::read(files)?;
            Ok((acceptor(&pems)?, pems.digest()))
        };
        let (acceptor, seen) = read(&files).map_err(|error| {
            let message = "the endpoint cannot speak TLS (see `tls_certificate` and `tls_key` in [server])";
            Error::caused(ErrorKind::Config, message, error)
        })?;
        Ok(Self { files, seen: Some(seen), acceptor: watch::Sender::new(acceptor) })
    }

    pub(crate) fn acceptors(&self) -> Acceptors {
        Acceptors(self.acceptor.subscribe())
    }

    /// Looks at the files once a minute, and when SIGHUP comes.
    pub(crate) fn follow(self) -> Result<JoinHandle<()>, Error> {
        let mut asked = Asked::listen()
            .map_err(|error| Error::caused(ErrorKind::Listen, "SIGHUP cannot be listened to", error))?;
        let mut certificates = self;
        Ok(tokio::spawn(async move {
            let mut minute = interval(LOOK);
            loop {
                tokio::select! {
                    _ = minute.tick() => {}
                    () = asked.next() => {}
                }
                // Files can be far away.
                let looked = tokio::task::spawn_blocking(move || {
                    certificates.look();
                    certificates
                });
                certificates = match looked.await {
                    Ok(certificates) => certificates,
                    // Only the end of the runtime keeps it from being looked at.
                    Err(_) => return,
                };
            }
        }))
    }

    /// Takes what is new in the files. What is of no use is told once, and the old stays.
    pub(super) fn look(&mut self) {
        let pems = Pems::read(&self.files);
        let seen = pems.as_ref().ok().map(Pems::digest);
        if seen == self.seen {
            return;
        }
        self.seen = seen;
        match pems.and_then(|pems| acceptor(&pems)) {
            Ok(acceptor) => {
                self.acceptor.send_replace(acceptor);
                tracing::info!("the certificate was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate has changed and is of no use: the old one stays");
            }
        }
    }
}

impl Acceptors {
    pub(super) fn current(&self) -> TlsAcceptor {
        self.0.borrow().clone()
    }
}

impl fmt::Debug for Acceptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptors")
    }
}

impl Pems {
    fn read(files: &TlsSettings) -> Result<Self, Failed> {
        let read = |path: &Path| {
            fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
        };
        Ok(Self(read(&files.certificate)?, read(&files.key)?))
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

fn acceptor(pems: &Pems) -> Result<TlsAcceptor, Failed> {
    let chain = CertificateDer::pem_slice_iter(&pems.0)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("`tls_certificate` is no PEM: {error}"))?;
    if chain.is_empty() {
        return Err("`tls_certificate` holds no certificate".into());
    }
    let key = PrivateKeyDer::from_pem_slice(&pems.1).map_err(|error| format!("`tls_key`: {error}"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// SIGHUP.
#[cfg(unix)]
struct Asked(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Asked {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self(signal(SignalKind::hangup())?))
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
